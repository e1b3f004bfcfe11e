//! Never decides: loops without end in the gate; would answer.

use soma_sdk::prelude::*;

fn forward(_: &Request, body: &[u8]) -> Result<Reply, Failure> {
    Ok(Reply { body: body.to_vec(), content_type: None, status: None })
}

fn blacklist(request: &Request) -> (bool, String) {
    let mut rounds = request.body_len;
    loop {
        rounds = std::hint::black_box(rounds.wrapping_add(1));
    }
}

soma_sdk::plugin! {
    forward: forward,
    blacklist: blacklist,
}
