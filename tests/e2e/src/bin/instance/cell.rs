//! One plugin in one mode on some threads, called in a loop.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use soma_e2e::account::ALICE;
use soma_e2e::bench::callers::Question;
use soma_e2e::places;
use soma_runtime::artifact::ArtifactCache;
use soma_runtime::budget::BudgetGrant;
use soma_runtime::compile::Compiler;
use soma_runtime::version::{Loader, Version};
use soma_runtime::{Caller, Dialect, GuestEngine, InstanceSpec, Request, SlotSpec, Want};
use tempfile::TempDir;

use crate::Told;

/// Calls before the clock runs.
const WARM_UP: usize = 50;
/// Ready-made instances that are waited for, and calls until they are waited for again.
pub const READY: usize = 16;
/// The threads of the cells.
const THREADS: [usize; 2] = [1, 2];
/// Slots that are called in turns: four languages in three modes, on up to two threads.
const PLUGINS: usize = 24;

/// How long an instance lives, as the report names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Made for each call.
    Fresh,
    /// Made in advance, for one call.
    Ready,
    /// Used again.
    Warm,
}

impl Mode {
    /// All of them.
    pub const ALL: [Mode; 3] = [Mode::Fresh, Mode::Ready, Mode::Warm];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Fresh => "fresh",
            Mode::Ready => "ready-made",
            Mode::Warm => "warm",
        }
    }

    fn spec(self) -> InstanceSpec {
        match self {
            Mode::Fresh => InstanceSpec::Fresh { ready: Some(0) },
            Mode::Ready => InstanceSpec::Fresh { ready: Some(READY) },
            Mode::Warm => InstanceSpec::Warm { calls: None, age: None, memory: None, idle: None },
        }
    }
}

/// Engines, and a cache of compiled code that is empty at first.
pub struct Bed {
    engines: [GuestEngine; 2],
    folder: TempDir,
}

impl Bed {
    /// Starts them: one engine with one guest thread and one with two.
    pub fn open() -> Told<Bed> {
        let [one, two] = THREADS.map(|threads| GuestEngine::start(NonZeroUsize::new(threads), PLUGINS));
        Ok(Bed { engines: [one?, two?], folder: tempfile::tempdir()? })
    }

    /// What loads plugins for the engine with one thread (0) or two (1). Code is compiled as `soma run` does it.
    pub fn loader(&self, engine: usize) -> Told<Loader> {
        let engine = self.engines.get(engine).ok_or("there are two engines")?.clone();
        let cache = ArtifactCache::open(&self.folder.path().join("artifacts"), &self.folder.path().join("state"))?;
        let compiler = Compiler::Child { program: places::soma()?, confinement: Default::default() };
        Ok(Loader { engine, compiler, cache })
    }
}

/// A slot with the text miner of a language.
pub fn slot(name: &str, guest: &str, mode: Mode) -> Told<SlotSpec> {
    Ok(SlotSpec {
        name: name.to_owned(),
        plugin: places::guest(&format!("text-miner-{guest}"))?,
        routes: None,
        grant: Want::ALL.into(),
        config: Default::default(),
        budget: BudgetGrant::default(),
        instances: Some(mode.spec()),
    })
}

/// The question as a plugin gets it: with the schema's defaults.
pub fn question() -> (Request, Vec<u8>) {
    let mut body = Question::kibibyte().body;
    if let Some(fields) = body.as_object_mut() {
        fields.extend(["generated_text", "model_name"].map(|name| (name.to_owned(), serde_json::Value::Null)));
    }
    let body = body.to_string().into_bytes();
    let caller = Caller {
        hotkey: ALICE.hotkey.to_owned(),
        uid: Some(7),
        stake: 1000.0,
        validator_permit: true,
        ip: "127.0.0.1".to_owned(),
        body_bound: false,
    };
    let request = Request {
        id: "00000000-0000-4000-8000-000000000000".to_owned(),
        route: "TextGeneration".to_owned(),
        target: "/TextGeneration".to_owned(),
        caller,
        dialect: Dialect::Synapse,
        method: "POST".to_owned(),
        headers: Vec::new(),
        content_type: "application/json".to_owned(),
        body_len: u32::try_from(body.len()).unwrap_or(u32::MAX),
        received_ms: 0.0,
        deadline_ms: 12_000,
    };
    (request, body)
}

/// One row of the report.
pub struct Cell {
    /// The language.
    pub guest: &'static str,
    /// How long instances live.
    pub mode: Mode,
    /// Guest threads.
    pub threads: usize,
    /// Microseconds of the median call, each round's.
    pub p50: Vec<f64>,
    /// Microseconds that 99 of 100 calls took at most.
    pub p99: Vec<f64>,
    /// Calls a second, over all threads.
    pub rate: Vec<f64>,
    engine: usize,
    /// One slot for each thread: one slot alone gets all cores but one.
    versions: Vec<Arc<Version>>,
}

impl Cell {
    /// All cells of a language.
    pub async fn all(bed: &Bed, guest: &'static str) -> Told<Vec<Cell>> {
        let mut cells = Vec::new();
        for mode in Mode::ALL {
            for (engine, threads) in THREADS.into_iter().enumerate() {
                let mut versions = Vec::new();
                for number in 0..threads {
                    let name = format!("{guest}-{}-{number}", mode.name());
                    versions.push(bed.loader(engine)?.load(&slot(&name, guest, mode)?).await?);
                }
                let (p50, p99, rate) = (Vec::new(), Vec::new(), Vec::new());
                cells.push(Cell { guest, mode, threads, p50, p99, rate, engine, versions });
            }
        }
        Ok(cells)
    }

    /// Calls for so many seconds.
    pub async fn measure(&mut self, bed: &Bed, seconds: u64) -> Told<()> {
        let engine = bed.engines.get(self.engine).ok_or("there are two engines")?;
        let started = Instant::now();
        let end = started + Duration::from_secs(seconds);
        let running: Vec<_> =
            self.versions.iter().map(|version| engine.spawn(calls(version.clone(), self.mode, end))).collect();
        let mut all = Vec::new();
        let mut rate = 0.0;
        for lane in running {
            let (times, elapsed) = lane.await.ok_or("the engine stopped")??;
            rate += times.len() as f64 / elapsed.as_secs_f64();
            all.extend(times);
        }
        all.sort_unstable();
        let at = |part: f64| {
            let place = (all.len() as f64 * part).ceil() as usize;
            all.get(place.saturating_sub(1)).map_or(0.0, |time: &Duration| time.as_secs_f64() * 1e6)
        };
        self.p50.push(at(0.5));
        self.p99.push(at(0.99));
        self.rate.push(rate);
        Ok(())
    }
}

/// The time of each call until the end, and of all of them with what was done between them.
async fn calls(version: Arc<Version>, mode: Mode, end: Instant) -> Told<(Vec<Duration>, Duration)> {
    let (request, body) = question();
    for _ in 0..WARM_UP {
        version.call_once(request.clone(), body.clone()).await?;
    }
    let started = Instant::now();
    let mut times = Vec::new();
    while Instant::now() < end {
        // Making them counts in calls a second and not in the time of a call: that is what making them in advance is for.
        if mode == Mode::Ready && times.len() % READY == 0 {
            version.made_ready().await;
        }
        let (request, body) = (request.clone(), body.clone());
        let asked = Instant::now();
        version.call_once(request, body).await?;
        times.push(asked.elapsed());
    }
    Ok((times, started.elapsed()))
}
