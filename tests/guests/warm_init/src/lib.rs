//! Counts how often it was made ready and how often it was called, and leaves a call as the body says. Its setting `init`
//! says how getting ready ends.

use std::sync::atomic::{AtomicU32, Ordering};

use soma_sdk::config;
use soma_sdk::prelude::*;

static MADE_READY: AtomicU32 = AtomicU32::new(0);
static CALLS: AtomicU32 = AtomicU32::new(0);
static JUDGED: AtomicU32 = AtomicU32::new(0);

#[derive(Deserialize)]
struct Count {
    /// `trap` panics, `spin` works for some milliseconds first, `endless` never ends; anything else answers.
    then: String,
}

#[derive(Serialize)]
struct Counted {
    made_ready: u32,
    calls: u32,
    judged: u32,
}

fn init() -> Result<(), String> {
    MADE_READY.fetch_add(1, Ordering::Relaxed);
    match config::get("init").as_deref() {
        Some("fail") => Err("told to fail".into()),
        Some("trap") => panic!("told to panic"),
        _ => Ok(()),
    }
}

fn blacklist(request: &Request) -> (bool, String) {
    JUDGED.fetch_add(1, Ordering::Relaxed);
    (request.caller.ip == "192.0.2.66", "not from there".into())
}

fn forward(count: Count) -> Result<Counted, Failure> {
    let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
    match count.then.as_str() {
        "trap" => panic!("call {calls} was told to panic"),
        "fail" => return Err(Failure::refused("told to fail")),
        "endless" => loop {
            std::hint::black_box(&CALLS);
        },
        "spin" => {
            for round in 0..30_000_000_u32 {
                std::hint::black_box(round);
            }
        }
        _ => {}
    }
    let read = |counter: &AtomicU32| counter.load(Ordering::Relaxed);
    Ok(Counted { made_ready: read(&MADE_READY), calls, judged: read(&JUDGED) })
}

soma_sdk::plugin! {
    forward: { Count => forward },
    blacklist: blacklist,
    init: init,
}
