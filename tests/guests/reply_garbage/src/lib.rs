//! Answers with bytes that are neither JSON nor UTF-8.

use soma_sdk::prelude::*;

fn forward(_: &Request, _: &[u8]) -> Result<Reply, Failure> {
    Ok(Reply { body: vec![0xff, 0x00, b'{', 0xfe], content_type: None, status: None })
}

soma_sdk::plugin! {
    forward: forward,
}
