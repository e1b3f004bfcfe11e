//! The classes that the recorded edge cases and captures of the Python axon were made with, as far as a plugin can do
//! what those handlers did: a plugin has no status of its own in this dialect, and what it returns is JSON.

use soma_sdk::prelude::*;
use soma_sdk::serde_json::{self, Map, Value, json};

/// Every route as bytes: some of these handlers answer what no class can be.
fn forward(request: &Request, body: &[u8]) -> Result<Reply, Failure> {
    let fields: Map<String, Value> =
        serde_json::from_slice(body).map_err(|error| Failure::invalid(error.to_string()))?;
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    match request.route.as_str() {
        "TextSynapse" => reply(&json!({ "output": text("prompt").to_uppercase() })),
        "HashedSynapse" => reply(&json!({ "output": text("prompt").chars().rev().collect::<String>() })),
        "Echo" => reply(&json!({ "reply": text("message") })),
        // `raise HTTPException(418, "teapot")`
        "HttpExc" => Err(Failure::refused("teapot")),
        // `return None`
        "RetNone" => Ok(bytes(b"")),
        // `return PlainTextResponse("plain", 202)`
        "RetResp" => Ok(bytes(b"plain")),
        // `synapse.axon.status_code = 429`, with the message `slow down`
        "StatusSet" => Err(Failure::unavailable("slow down")),
        // A status message that no header can carry: it is in the envelope, which is the host's.
        "MsgUni" => reply(&json!({ "axon": { "status_message": "\u{4f60}\u{597d}" } })),
        // `raise SynapseException("run failed")`
        "RaiseSynEx" => Err(Failure::internal("run failed")),
        "RaiseSynapse" => panic!("forward raises"),
        _ => reply(&json!({})),
    }
}

fn reply(fields: &Value) -> Result<Reply, Failure> {
    Ok(bytes(fields.to_string().as_bytes()))
}

fn bytes(body: &[u8]) -> Reply {
    Reply { body: body.to_vec(), content_type: None, status: None }
}

fn blacklist(request: &Request) -> (bool, String) {
    match request.route.as_str() {
        "BlRaise" => panic!("the blacklist raises"),
        "BlackSynapse" => (true, "not registered".into()),
        "BlUni" => (true, "\u{4f60}\u{597d}\nsecond line".into()),
        _ => (false, String::new()),
    }
}

/// Like a custom verify, but on top of the host's check and not in its place.
fn verify(request: &Request, _: &[u8]) -> Result<(), String> {
    match request.route.as_str() {
        "VfRaise" => Err("custom verify says no".into()),
        _ => Ok(()),
    }
}

fn priority(request: &Request) -> f64 {
    assert!(!matches!(request.route.as_str(), "PrRaise" | "PrioErr"), "the priority raises");
    0.0
}

fn stream(_: &Request, _: &[u8], out: &ResponseStream) -> Result<(), Failure> {
    for piece in ["Hello", ", ", "stream", "!"] {
        out.write(piece)?;
    }
    Ok(())
}

soma_sdk::plugin! {
    forward: forward,
    streaming: stream,
    blacklist: blacklist,
    verify: verify,
    priority: priority,
}
