//! Fails after its first piece, as it is told.

use soma_sdk::prelude::*;

/// How to fail.
#[derive(Deserialize)]
struct Failing {
    kind: String,
}

fn stream(failing: Failing, out: &ResponseStream) -> Result<(), Failure> {
    out.write("a part")?;
    match failing.kind.as_str() {
        "internal" => Err(Failure::internal("told to")),
        _ => panic!("told to"),
    }
}

soma_sdk::plugin! {
    streaming: { Failing => stream },
}
