//! Answers with the status and the content type that the request asks for, fitting or not, and with fields of the
//! envelope, which is the host's.

use soma_sdk::prelude::*;
use soma_sdk::serde_json;

#[derive(Deserialize)]
struct Head {
    status: Option<u16>,
    content_type: Option<String>,
}

const BODY: &[u8] = br#"{"text": "answered", "name": "Forged", "timeout": 1.5, "axon": {"status_code": 404},
    "dendrite": {"hotkey": "forged"}, "total_size": 1, "header_size": 2, "computed_body_hash": "forged"}"#;

fn forward(_: &Request, body: &[u8]) -> Result<Reply, Failure> {
    let head: Head = serde_json::from_slice(body).map_err(|error| Failure::invalid(error.to_string()))?;
    Ok(Reply { body: BODY.to_vec(), content_type: head.content_type, status: head.status })
}

soma_sdk::plugin! {
    forward: forward,
}
