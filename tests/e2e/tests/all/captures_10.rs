//! What a real dendrite sent and the real axon answered, byte by byte, asked of ours.

use serde_json::{Map, Value, json};
use soma_e2e::Neuron;
use soma_e2e::account::RECORDED_AXON;
use soma_e2e::differential::{Observation, run};
use soma_e2e::neuron::Bench;
use soma_e2e::wire::{Answer, Request};

use crate::edge_overrides::EVERYWHERE;
use crate::recorded::{Mover, recorded_answer};

/// The captures belong to the protocol crate, which reads them without a server.
macro_rules! capture {
    ($name:literal) => {
        (
            $name,
            include_bytes!(concat!("../../../../host/protocol/tests/vectors/captures/", $name, ".1.req.bin"))
                .as_slice(),
            include_bytes!(concat!("../../../../host/protocol/tests/vectors/captures/", $name, ".1.resp.bin"))
                .as_slice(),
        )
    };
}

/// Every capture but the two that are about a client that does not wait.
const CAPTURES: [(&str, &[u8], &[u8]); 18] = [
    capture!("bad_signature"),
    capture!("blacklisted"),
    capture!("forward_raises"),
    capture!("future_nonce"),
    capture!("missing_nonce"),
    capture!("missing_signature"),
    capture!("nonhex_signature"),
    capture!("old_nonce"),
    capture!("ping_synapse"),
    capture!("priority_timeout"),
    capture!("replayed_nonce"),
    capture!("short_signature"),
    capture!("streaming"),
    capture!("success_hashed"),
    capture!("success_text"),
    capture!("tampered_hashed"),
    capture!("unknown_synapse"),
    capture!("wrong_axon_hotkey"),
];

/// Captures that ours answers otherwise: the status, and the row that says why.
const OVERRIDES: [(&str, u16, &str); 2] =
    [("future_nonce", 401, "future"), ("priority_timeout", 500, "priority-fault")];

/// Names and values.
type Headers = Vec<(String, String)>;

/// One message of a connection: its first line, headers and body, and where the next begins.
fn message(bytes: &[u8]) -> (String, Headers, Vec<u8>, &[u8]) {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n").map(str::to_owned);
    let first = lines.next().unwrap();
    let split = |line: String| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
    let headers: Headers = lines.filter_map(split).collect();
    let of =
        |name: &str| headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone());
    let rest = &bytes[end + 4..];
    if of("transfer-encoding").is_some() {
        return (first, headers, unchunked(rest), &[]);
    }
    let length = of("content-length").map_or(0, |length| length.parse().unwrap());
    (first, headers, rest[..length].to_vec(), &rest[length..])
}

/// The pieces of a chunked body, put together.
fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = bytes.windows(2).position(|window| window == b"\r\n").unwrap();
        let length = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            return body;
        }
        body.extend_from_slice(&bytes[end + 2..end + 2 + length]);
        bytes = &bytes[end + 2 + length + 2..];
    }
}

/// A captured request in the form of the recorded edge cases.
fn request_of(first: &str, headers: Headers, body: &[u8]) -> Value {
    let mut words = first.split(' ');
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    let own = ["host", "content-length", "content-type"];
    let kept = headers.into_iter().filter(|(name, _)| !own.contains(&name.to_ascii_lowercase().as_str()));
    let headers: Map<String, Value> = kept.map(|(name, value)| (name, Value::from(value))).collect();
    json!({
        "method": method, "path": path, "headers": headers, "content_type": "application/json",
        "body": String::from_utf8(body.to_vec()).unwrap(),
    })
}

/// A captured answer in the form of the recorded edge cases.
fn response_of(first: &str, headers: &[(String, String)], body: Vec<u8>) -> Value {
    let lines: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    json!({"status_line": first, "headers": lines, "body": String::from_utf8(body).unwrap()})
}

/// Asks, and puts the pieces of a stream together.
fn ask(neuron: &Neuron, request: &Request) -> Answer {
    let mut bytes = format!("{} {} HTTP/1.1\r\nconnection: close\r\n", request.method, request.target).into_bytes();
    let length = ("content-length".to_owned(), request.body.len().to_string().into_bytes());
    for (name, value) in request.headers.iter().chain([&length]) {
        bytes.extend_from_slice(format!("{name}: {}\r\n", String::from_utf8_lossy(value)).as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&request.body);
    let answer = soma_e2e::wire::send_bytes(neuron.address().parse().unwrap(), &bytes).unwrap();
    let (first, headers, body, _) = message(&answer);
    let status = first.split(' ').nth(1).unwrap().parse().unwrap();
    let headers = headers.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
    Answer { status, headers, body }
}

#[test]
fn answers_what_a_real_dendrite_sent_as_the_real_axon_did() {
    let neuron = Neuron::start_as(Bench::new().unwrap(), &run::settings().unwrap(), RECORDED_AXON).unwrap();
    let (mut found, mut asked) = (Vec::new(), 0);
    for (name, mut sent, mut answered) in CAPTURES {
        let mut mover = Mover::default();
        while !sent.is_empty() {
            let (first, headers, body, rest) = message(sent);
            let moved = mover.request(&request_of(&first, headers, &body));
            let (first, headers, body, more) = message(answered);
            (sent, answered) = (rest, more);
            let recorded = Observation::of(&recorded_answer(&response_of(&first, &headers, body), &moved.changed));
            let ours = Observation::of(&ask(&neuron, &moved.request));
            asked += 1;
            if let Some((_, status, _)) = OVERRIDES.iter().find(|(case, ..)| *case == name) {
                assert_ne!(recorded.status, ours.status, "{name}: needs no override");
                assert_eq!(ours.status, *status, "{name}");
                continue;
            }
            for aspect in recorded.differences(&ours) {
                if !EVERYWHERE.iter().any(|(known, of, _)| *known == aspect && of.contains(&ours.status)) {
                    found.push(format!(
                        "{name}: {aspect:?}: {:?}, recorded {:?}",
                        ours.part(aspect),
                        recorded.part(aspect)
                    ));
                }
            }
        }
    }
    assert_eq!(asked, 19, "one capture holds two requests");
    assert!(found.is_empty(), "{}\n{}", found.join("\n"), neuron.log());
}

#[test]
fn every_override_of_a_capture_names_a_row_of_the_document() {
    for (name, _, row) in OVERRIDES {
        assert!(soma_e2e::differential::rows::ids().contains(row), "{name}: no row {row}");
    }
}
