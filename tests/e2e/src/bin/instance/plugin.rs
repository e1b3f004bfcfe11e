//! Loading, compiling, memory.

use std::fs;
use std::time::{Duration, Instant};

use soma_e2e::flood::report::median;
use soma_e2e::places;

use crate::Told;
use crate::cell::{Bed, Mode, READY, question, slot};

/// Calls at the same time, so that more than one warm instance is made.
const AT_ONCE: usize = 64;
/// Loads from the cache; the median counts.
const LOADS: usize = 5;

/// What a plugin costs before its first call, and what its instances hold.
#[derive(Clone, Debug)]
pub struct Loading {
    /// The language.
    pub guest: &'static str,
    /// Bytes of the plugin file.
    pub size: u64,
    /// Milliseconds of the first load: admission, compiling in a child, warming up.
    pub compile: f64,
    /// Milliseconds of reading the compiled code from the cache, with the check that this host wrote it.
    pub cached: f64,
    /// Milliseconds of a whole load then: the file read and admitted, the code from the cache, an instance made and checked.
    pub load: f64,
    /// KiB of one ready-made instance, by the proportional set size of this process.
    pub idle: f64,
    /// KiB of one warm instance after calls.
    pub called: f64,
}

impl Loading {
    /// Loads, calls and drops. Afterwards its code is in the cache.
    pub async fn measure(bed: &Bed, guest: &'static str) -> Told<Loading> {
        let loader = bed.loader(0)?;
        let size = fs::metadata(places::guest(&format!("text-miner-{guest}"))?)?.len();
        let started = Instant::now();
        let first = loader.load(&slot(&format!("{guest}-first"), guest, Mode::Fresh)?).await?;
        let compile = milliseconds(started.elapsed());
        let (request, body) = question();
        let (mut cached, mut loads) = (Vec::new(), Vec::new());
        for number in 0..LOADS {
            let started = Instant::now();
            let code =
                loader.cache.load(loader.engine.engine(), first.digest()).ok_or("the code is not in the cache")?;
            cached.push(milliseconds(started.elapsed()));
            drop(code);
            let started = Instant::now();
            loader.load(&slot(&format!("{guest}-load-{number}"), guest, Mode::Fresh)?).await?;
            loads.push(milliseconds(started.elapsed()));
        }
        // Code pages that the first call touches are not its instance's.
        let engine = &loader.engine;
        let call = |version: &std::sync::Arc<soma_runtime::version::Version>| {
            let (version, request, body) = (version.clone(), request.clone(), body.clone());
            engine.spawn(async move { version.call_once(request, body).await })
        };
        call(&first).await.ok_or("the engine stopped")??;

        // What a version holds without instances is what the same one without ready-made ones adds.
        let before = proportional()?;
        let bare = loader.load(&slot(&format!("{guest}-bare"), guest, Mode::Fresh)?).await?;
        let without = proportional()?;
        let ready = loader.load(&slot(&format!("{guest}-ready"), guest, Mode::Ready)?).await?;
        ready.made_ready().await;
        let idle = (proportional()? - without - (without - before)) / READY as f64;
        drop((bare, ready));

        let warm = loader.load(&slot(&format!("{guest}-warm"), guest, Mode::Warm)?).await?;
        let before = (proportional()?, warm.idle());
        let running: Vec<_> = (0..AT_ONCE).map(|_| call(&warm)).collect();
        for lane in running {
            // More at once than its budget allows is no failure here.
            let _ = lane.await;
        }
        let made = warm.idle().saturating_sub(before.1).max(1);
        let called = (proportional()? - before.0) / made as f64;
        let (cached, load) = (median(&cached), median(&loads));
        Ok(Loading { guest, size, compile, cached, load, idle, called })
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// KiB of this process: pages that are shared count in parts.
fn proportional() -> Told<f64> {
    let text = fs::read_to_string("/proc/self/smaps_rollup")?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let number = line.and_then(|rest| rest.split_whitespace().next()).and_then(|word| word.parse().ok());
    number.ok_or_else(|| "the kernel does not tell the proportional set size".into())
}
