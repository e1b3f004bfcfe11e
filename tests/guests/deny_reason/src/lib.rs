//! Turns everybody away, with a long reason of two lines that is not Latin.

use soma_sdk::prelude::*;

fn forward(_: &Request, body: &[u8]) -> Result<Reply, Failure> {
    Ok(Reply { body: body.to_vec(), content_type: None, status: None })
}

fn blacklist(_: &Request) -> (bool, String) {
    (true, format!("\u{43d}\u{435}\u{442}\r\nX-Second: line {}", "no ".repeat(400)))
}

soma_sdk::plugin! {
    forward: forward,
    blacklist: blacklist,
}
