//! What a client makes of replies, against the real dendrite of version 10.5.0.

use http::HeaderMap;
use serde_json::{Value, json};
use soma_protocol::synapse::{Answer, read_answer};

use crate::{header_map, vector};

/// Cases that never get as far as a reply (the transport's), or in which the class decides.
const ELSEWHERE: &[&str] = &["disconnect", "truncated", "garbage", "200_body_missing_required", "200_body_wrong_type"];

fn read(raw: &str) -> Answer {
    let (head, body) = raw.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap()[9..12].parse().unwrap();
    read_answer(status, &header_map(lines.map(|line| line.split_once(": ").unwrap())), body.as_bytes())
}

#[test]
fn reads_replies_as_the_real_dendrite_does() {
    let vectors = vector(include_str!("../vectors/dendrite_response_handling.json"));
    let mut skipped = 0;
    for (label, case) in vectors.as_object().unwrap() {
        if ELSEWHERE.contains(&label.as_str()) {
            skipped += 1;
            continue;
        }
        let answer = read(case["response_bytes"].as_str().unwrap());
        assert_eq!(json!(answer.status_code), case["dendrite_status_code"], "{label}");
        assert_eq!(json!(answer.process_time), case["process_time_axon"], "{label}");
        let said = case["dendrite_status_message"].as_str();
        match (answer.status_message.as_deref(), said) {
            // The reason behind the prefix is the Python library's.
            (Some(got), Some(said)) if said.starts_with("Failed to parse response: ") => {
                assert!(got.starts_with("Failed to parse response: "), "{label}: {got}");
                assert!(!answer.readable, "{label}");
            }
            (got, said) => assert_eq!(got, said, "{label}"),
        }
        let reply = answer.fields.as_ref().map_or(Value::Null, |fields| fields["reply"].clone());
        assert_eq!(reply, case["reply"], "{label}");
    }
    assert_eq!(skipped, ELSEWHERE.len());
}

#[test]
fn the_body_s_axon_counts_only_for_http_200_and_less_than_the_header() {
    let json_headers = |more: &[(&'static str, &'static str)]| -> HeaderMap {
        let mut fields = vec![("content-type", "application/problem+JSON; charset=utf-8")];
        fields.extend_from_slice(more);
        header_map(fields)
    };
    let body = br#"{"axon": {"status_code": 404, "status_message": "m", "process_time": -1}, "message": "b", "x": 1}"#;
    let cases = [
        (200, vec![], Some(404), Some("m")),
        (200, vec![("bt_header_axon_status_code", "200")], Some(200), Some("m")),
        (500, vec![], Some(500), Some("b")),
        (500, vec![("bt_header_axon_status_code", "200")], Some(200), Some("b")),
        (200, vec![("bt_header_axon_status_code", "99999")], Some(422), None),
        (200, vec![("bt_header_dendrite_nonce", "x")], Some(422), None),
    ];
    for (status, more, code, message) in cases {
        let answer = read_answer(status, &json_headers(&more), body);
        assert_eq!(answer.status_code, code, "{status} {more:?}");
        assert_eq!(answer.process_time, None, "a time below zero is no time");
        assert_eq!(answer.http_status, status);
        if let Some(message) = message {
            assert_eq!(answer.status_message.as_deref(), Some(message), "{status} {more:?}");
        }
        assert_eq!(answer.fields.is_some(), status == 200);
    }
    for odd in
        [&br#"{"axon": {"status_code": "200"}}"#[..], br#"{"axon": {"status_code": 70000}}"#, br#"{"axon": 5}"#, b"{}"]
    {
        assert_eq!(read_answer(200, &json_headers(&[]), odd).status_code, None);
    }
    let twice = read_answer(200, &json_headers(&[]), br#"{"a": 1, "a": 2}"#);
    assert_eq!((twice.status_code, twice.fields), (Some(422), None));
}
