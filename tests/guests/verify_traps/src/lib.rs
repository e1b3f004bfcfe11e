//! Traps when it checks; would answer.

use soma_sdk::prelude::*;

fn forward(_: &Request, body: &[u8]) -> Result<Reply, Failure> {
    Ok(Reply { body: body.to_vec(), content_type: None, status: None })
}

fn verify(_: &Request, body: &[u8]) -> Result<(), String> {
    panic!("{} bytes are too many", body.len())
}

soma_sdk::plugin! {
    forward: forward,
    verify: verify,
}
