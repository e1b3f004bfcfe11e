//! Imports `config`, which its manifest does not want.

use soma_sdk::prelude::*;

fn forward(_: &Request, _: &[u8]) -> Result<Reply, Failure> {
    match config::get("secret") {
        Some(secret) => Err(Failure::internal(secret)),
        None => Ok(Reply { body: b"{}".to_vec(), content_type: None, status: None }),
    }
}

soma_sdk::plugin! {
    forward: forward,
}
