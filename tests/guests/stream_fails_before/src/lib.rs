//! Fails before it has written anything, as it is told.

use soma_sdk::prelude::*;

/// How to fail.
#[derive(Deserialize)]
struct Failing {
    kind: String,
}

fn stream(failing: Failing, _: &ResponseStream) -> Result<(), Failure> {
    match failing.kind.as_str() {
        "invalid" => Err(Failure::invalid("told to")),
        "trap" => panic!("told to"),
        // Nothing written and nothing wrong is an empty answer.
        _ => Ok(()),
    }
}

soma_sdk::plugin! {
    streaming: { Failing => stream },
}
