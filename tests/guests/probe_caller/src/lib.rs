//! Answers with everything that a plugin sees of a request. The gates check that they see the same caller.

use soma_sdk::prelude::*;

/// The body's own fields; the answer's are in `seen`.
#[derive(Deserialize)]
struct Probe {
    /// Whom the blacklist turns away is decided by the caller's address, never by this.
    #[serde(default)]
    claim: String,
}

#[derive(Serialize)]
struct Answer {
    claim: String,
    seen: Seen,
}

/// The request record of the contract, field by field.
#[derive(Serialize)]
struct Seen {
    id: String,
    route: String,
    target: String,
    hotkey: String,
    uid: Option<u16>,
    stake: f64,
    validator_permit: bool,
    ip: String,
    body_bound: bool,
    dialect: &'static str,
    method: String,
    headers: Vec<(String, String)>,
    content_type: String,
    body_len: u32,
    received_ms: f64,
    deadline_ms: u32,
}

fn forward(probe: Probe, request: &Request) -> Answer {
    let request = request.clone();
    let caller = request.caller;
    let seen = Seen {
        id: request.id,
        route: request.route,
        target: request.target,
        hotkey: caller.hotkey,
        uid: caller.uid,
        stake: caller.stake,
        validator_permit: caller.validator_permit,
        ip: caller.ip,
        body_bound: caller.body_bound,
        dialect: match request.dialect {
            Dialect::Synapse => "synapse",
            Dialect::Btauth => "btauth",
        },
        method: request.method,
        headers: request.headers,
        content_type: request.content_type,
        body_len: request.body_len,
        received_ms: request.received_ms,
        deadline_ms: request.deadline_ms,
    };
    Answer { claim: probe.claim, seen }
}

fn blacklist(request: &Request) -> (bool, String) {
    (request.caller.hotkey.is_empty(), "a caller without hotkey".into())
}

fn priority(request: &Request) -> f64 {
    request.caller.stake
}

soma_sdk::plugin! {
    forward: { Probe => forward },
    blacklist: blacklist,
    priority: priority,
}
