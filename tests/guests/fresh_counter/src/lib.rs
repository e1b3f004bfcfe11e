//! Counts its calls in a static and leaves the call as the field `then` says. Where each request has an instance of
//! its own, every answer is 1.

use std::sync::atomic::{AtomicU32, Ordering};

use soma_sdk::prelude::*;

static CALLS: AtomicU32 = AtomicU32::new(0);

#[derive(Deserialize)]
struct Counter {
    /// `trap` panics, `spin` loops without end, `fail` returns a failure; anything else answers.
    then: String,
}

#[derive(Serialize)]
struct Answer {
    calls: u32,
}

fn forward(counter: Counter) -> Result<Answer, Failure> {
    let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
    match counter.then.as_str() {
        "trap" => panic!("call {calls} was told to panic"),
        "spin" => loop {
            std::hint::spin_loop();
            std::hint::black_box(&CALLS);
        },
        "fail" => Err(Failure::internal("told to fail")),
        _ => Ok(Answer { calls }),
    }
}

soma_sdk::plugin! {
    forward: { Counter => forward },
}
