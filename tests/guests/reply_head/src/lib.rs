//! Answers with the status and the content type that the request asks for, fitting or not.

use soma_sdk::prelude::*;
use soma_sdk::serde_json;

#[derive(Deserialize)]
struct Head {
    status: Option<u16>,
    content_type: Option<String>,
}

fn forward(_: &Request, body: &[u8]) -> Result<Reply, Failure> {
    let head: Head = serde_json::from_slice(body).map_err(|error| Failure::invalid(error.to_string()))?;
    Ok(Reply { body: b"{\"text\":\"answered\"}".to_vec(), content_type: head.content_type, status: head.status })
}

soma_sdk::plugin! {
    forward: forward,
}
