//! Never answers: loops without end.

use soma_sdk::prelude::*;

fn forward(_: &Request, body: &[u8]) -> Result<Reply, Failure> {
    let mut rounds = body.len();
    loop {
        rounds = std::hint::black_box(rounds.wrapping_add(1));
    }
}

soma_sdk::plugin! {
    forward: forward,
}
