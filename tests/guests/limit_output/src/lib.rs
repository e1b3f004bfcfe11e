//! Answers with more than any budget allows: a JSON text of 20 MB.

use soma_sdk::prelude::*;

const LENGTH: usize = 20_000_000;

fn forward(_: &Request, _: &[u8]) -> Result<Reply, Failure> {
    let mut body = Vec::with_capacity(LENGTH + 16);
    body.extend_from_slice(b"{\"text\":\"");
    body.resize(LENGTH, b'a');
    body.extend_from_slice(b"\"}");
    Ok(Reply { body, content_type: None, status: None })
}

soma_sdk::plugin! {
    forward: forward,
}
