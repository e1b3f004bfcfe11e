//! Panics in the hook that answers.

use soma_sdk::prelude::*;

fn forward(_: &Request, body: &[u8]) -> Result<Reply, Failure> {
    panic!("the plugin panicked over {} bytes", body.len());
}

soma_sdk::plugin! {
    forward: forward,
}
