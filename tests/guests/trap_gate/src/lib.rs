//! Panics in the gate; would answer.

use soma_sdk::prelude::*;

fn forward(_: &Request, body: &[u8]) -> Result<Reply, Failure> {
    Ok(Reply { body: body.to_vec(), content_type: None, status: None })
}

fn blacklist(request: &Request) -> (bool, String) {
    panic!("the gate panicked over {}", request.caller.hotkey);
}

soma_sdk::plugin! {
    forward: forward,
    blacklist: blacklist,
}
