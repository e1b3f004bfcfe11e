//! Never writes and never returns.

use soma_sdk::prelude::*;

fn stream(_: &Request, body: &[u8], _: &ResponseStream) -> Result<(), Failure> {
    let mut rounds = body.len();
    loop {
        rounds = std::hint::black_box(rounds.wrapping_add(1));
    }
}

soma_sdk::plugin! {
    streaming: stream,
}
