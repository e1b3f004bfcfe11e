//! What an instance costs: fresh, made in advance, warm; on one thread and on two.
//!
//! `cargo run --release --features native --example instances -- PLUGIN.wasm ROUTE BODY [SECONDS]`
//!
//! Prints one JSON line for each case: calls per second, and the median and 99th percentile of a call in
//! microseconds. `one after another` has no pause between two calls; `with pauses` leaves 200 us, in which instances can
//! be made in advance. The plugin needs no grants.

use std::collections::BTreeMap;
use std::error::Error;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use soma_runtime::artifact::ArtifactCache;
use soma_runtime::budget::BudgetGrant;
use soma_runtime::compile::Compiler;
use soma_runtime::version::{Loader, Version};
use soma_runtime::{Caller, Dialect, GuestEngine, InstanceSpec, Request, SlotSpec, Want};

/// More than two: what a slot may have of them is one less.
const THREADS: usize = 3;

/// Pause between two calls.
const PAUSES: [(&str, Duration); 2] =
    [("one after another", Duration::ZERO), ("with pauses", Duration::from_micros(200))];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(plugin), Some(route), Some(body)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: instances PLUGIN.wasm ROUTE BODY [SECONDS]".into());
    };
    let seconds = arguments.next().map_or(Ok(2.0), |text| text.parse())?;
    let folder = std::env::temp_dir().join(format!("soma-instances-{}", std::process::id()));
    let engine = GuestEngine::start(NonZeroUsize::new(THREADS), 1)?;
    let cache = ArtifactCache::open(&folder.join("artifacts"), &folder.join("state"))?;
    let loader = Loader { engine, compiler: Compiler::InProcess, cache };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let modes = [
        ("fresh", InstanceSpec::Fresh { ready: None }),
        ("ready", InstanceSpec::Fresh { ready: Some(16) }),
        ("warm", InstanceSpec::Warm { calls: None, age: None, memory: None, idle: None }),
    ];
    let asked = Asked { request: request(&route), body: body.into_bytes() };
    for (name, instances) in modes {
        let version = runtime.block_on(loader.load(&slot(Path::new(&plugin), instances)))?;
        for (threads, (how, pause)) in [1, 2].into_iter().flat_map(|threads| PAUSES.map(|pause| (threads, pause))) {
            let mut taken = measure(&version, &asked, threads, Duration::from_secs_f64(seconds), pause)?;
            taken.sort_unstable();
            let at = |share: usize| taken.get(taken.len() * share / 1000).map_or(0.0, |time| time.as_secs_f64() * 1e6);
            let rate = taken.len() as f64 / seconds;
            println!(
                r#"{{"case":"{name}","how":"{how}","threads":{threads},"rate":{rate:.0},"p50_us":{:.1},"p99_us":{:.1}}}"#,
                at(500),
                at(990)
            );
        }
    }
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

#[derive(Clone)]
struct Asked {
    request: Request,
    body: Vec<u8>,
}

/// The time of each call, of all threads.
fn measure(
    version: &Arc<Version>,
    asked: &Asked,
    threads: usize,
    time: Duration,
    pause: Duration,
) -> Result<Vec<Duration>, Box<dyn Error>> {
    let failed = AtomicUsize::new(0);
    let run = || -> Vec<Duration> {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return Vec::new() };
        runtime.block_on(async {
            let (start, mut taken) = (Instant::now(), Vec::with_capacity(1 << 20));
            while start.elapsed() < time {
                let Asked { request, body } = asked.clone();
                let begun = Instant::now();
                if version.call_once(request, body).await.is_err() {
                    failed.fetch_add(1, Ordering::Relaxed);
                }
                taken.push(begun.elapsed());
                // A sleep would measure how fast a thread wakes up.
                while !pause.is_zero() && begun.elapsed() < pause {
                    std::hint::spin_loop();
                }
            }
            taken
        })
    };
    let taken = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    });
    match failed.into_inner() {
        0 => Ok(taken),
        failed => Err(format!("{failed} calls failed").into()),
    }
}

fn slot(plugin: &Path, instances: InstanceSpec) -> SlotSpec {
    SlotSpec {
        name: "measured".to_owned(),
        plugin: PathBuf::from(plugin),
        routes: None,
        grant: Want::ALL.into(),
        config: BTreeMap::new(),
        budget: BudgetGrant::default(),
        instances: Some(instances),
    }
}

fn request(route: &str) -> Request {
    Request {
        id: "measured".to_owned(),
        route: route.to_owned(),
        target: format!("/{route}"),
        caller: Caller {
            hotkey: "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY".to_owned(),
            uid: Some(7),
            stake: 1000.0,
            validator_permit: true,
            ip: "203.0.113.9".to_owned(),
            body_bound: true,
        },
        dialect: Dialect::Synapse,
        method: "POST".to_owned(),
        headers: Vec::new(),
        content_type: "application/json".to_owned(),
        body_len: 0,
        received_ms: 0.0,
        deadline_ms: 12_000,
    }
}
