//! Requests and replies as the real dendrite and axon of version 10.5.0 put them on the wire.

use std::fs;
use std::path::PathBuf;

use http::HeaderMap;
use serde_json::json;
use soma_protocol::dialect::{Dialect, detect};
use soma_protocol::json::parse_object;
use soma_protocol::pystr::py_str;
use soma_protocol::pytype::PyType;
use soma_protocol::synapse::{AuthError, Claim, EMPTY_BODY_HASH, RequestHead, body_hash, read_answer, strip_envelope};

use crate::{AXON, DENDRITE, header_map};

struct Message {
    start: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// Splits one message off; what follows stays.
fn message(bytes: &mut &[u8]) -> Message {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let (start, fields) = head.split_once("\r\n").unwrap();
    let headers = header_map(fields.lines().map(|line| line.split_once(": ").unwrap()));
    let length = headers.get("content-length").map_or(0, |length| length.to_str().unwrap().parse().unwrap());
    let body = bytes[end + 4..end + 4 + length].to_vec();
    *bytes = &bytes[end + 4 + length..];
    Message { start: start.to_owned(), headers, body }
}

fn capture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/captures").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn first(name: &str) -> Message {
    message(&mut capture(name).as_slice())
}

fn claim(name: &str) -> Result<Claim, AuthError> {
    Claim::from_head(&RequestHead::parse(&first(&format!("{name}.1.req.bin")).headers).unwrap())
}

#[test]
fn every_captured_request_is_read_and_its_signature_judged_rightly() {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/captures");
    let mut seen = 0;
    for entry in fs::read_dir(dir).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(label) = name.strip_suffix(".1.req.bin") else { continue };
        let bytes = capture(&name);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            seen += 1;
            let request = message(&mut rest);
            assert_eq!(detect(&request.headers), Ok(Dialect::Synapse));
            let head = RequestHead::parse(&request.headers).unwrap();
            let route = request.start.split(' ').nth(1).unwrap();
            assert_eq!(head.name.as_deref(), route.strip_prefix('/'), "{label}");
            assert_eq!(head.dendrite.hotkey.as_deref(), Some(DENDRITE), "{label}");
            assert_eq!(head.dendrite.version, Some(10_005_000), "{label}");
            parse_object(&request.body).unwrap();
            let outcome = Claim::from_head(&head).and_then(|claim| claim.check_signature(AXON));
            match label {
                "missing_nonce" => assert_eq!(outcome, Err(AuthError::MissingNonce)),
                "missing_signature" => assert_eq!(outcome, Err(AuthError::MissingSignature)),
                "nonhex_signature" => assert_eq!(outcome, Err(AuthError::SignatureNotHex)),
                "short_signature" => assert_eq!(outcome, Err(AuthError::SignatureLength)),
                "bad_signature" | "wrong_axon_hotkey" | "tampered_hashed" => {
                    assert!(matches!(outcome, Err(AuthError::Mismatch { .. })), "{label}: {outcome:?}");
                }
                _ => assert_eq!(outcome, Ok(()), "{label}"),
            }
        }
    }
    assert_eq!(seen, 21);
}

/// The refusals say what the real axon said in the same capture.
#[test]
fn refuses_in_the_words_of_the_real_axon() {
    for name in [
        "missing_nonce",
        "missing_signature",
        "nonhex_signature",
        "short_signature",
        "bad_signature",
        "wrong_axon_hotkey",
        "tampered_hashed",
    ] {
        let reply = first(&format!("{name}.1.resp.bin"));
        let said = reply.headers["bt_header_axon_status_message"].to_str().unwrap();
        let error = claim(name).and_then(|claim| claim.check_signature(AXON)).unwrap_err();
        assert_eq!(format!("Not Verified with error: {error}"), said, "{name}");
    }
}

#[test]
fn the_hashed_capture_is_bound_to_its_body_and_the_plain_one_is_not() {
    let request = first("success_hashed.1.req.bin");
    let fields = strip_envelope(parse_object(&request.body).unwrap());
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["prompt", "max_tokens", "tags", "output"]);
    let values =
        [py_str(&fields["prompt"], &PyType::Str).unwrap(), py_str(&fields["max_tokens"], &PyType::Int).unwrap()];
    assert_eq!(body_hash(&values), claim("success_hashed").unwrap().body_hash);
    assert_eq!(claim("success_text").unwrap().body_hash, EMPTY_BODY_HASH);
}

#[test]
fn reads_the_real_axon_s_replies() {
    let ok = first("success_hashed.1.resp.bin");
    let answer = read_answer(200, &ok.headers, &ok.body);
    assert!(answer.is_success() && answer.readable);
    assert_eq!(answer.status_message.as_deref(), Some("Success"));
    assert_eq!(answer.process_time, Some(0.000_114_202_499_389_648_44));
    let fields = answer.fields.unwrap();
    assert_eq!(json!(fields), json!({"prompt": "hello", "max_tokens": 100, "tags": ["a", "b"], "output": "olleh"}));

    for (name, status, message) in [
        ("blacklisted", 403, "Forbidden. Key is blacklisted: not registered."),
        ("missing_nonce", 401, "Not Verified with error: Missing Nonce"),
        ("priority_timeout", 408, "Response timeout after: 12.0s"),
    ] {
        let reply = first(&format!("{name}.1.resp.bin"));
        let answer = read_answer(status, &reply.headers, &reply.body);
        assert_eq!(answer.status_code, Some(status), "{name}");
        assert_eq!(answer.status_message.as_deref(), Some(message), "{name}");
        assert_eq!(answer.fields, None, "{name}");
    }
}
