//! The server's answers.

use http::HeaderMap;
use serde_json::{Map, Value, json};
use soma_protocol::json::parse_object;
use soma_protocol::synapse::{
    EMPTY_BODY_HASH, ENVELOPE_FIELDS, ReplyEnvelope, Terminal, printable_reason, read_answer, strip_envelope,
    write_input_objects,
};

use crate::{AXON, DENDRITE, headers_of, vector};

fn envelope() -> ReplyEnvelope {
    ReplyEnvelope {
        name: "TextSynapse".to_owned(),
        timeout: Some(12.0),
        axon: Terminal {
            process_time: Some(0.00003),
            ip: Some("127.0.0.1".to_owned()),
            port: Some(8091),
            hotkey: Some(AXON.to_owned()),
            ..Terminal::default()
        },
        dendrite: Terminal {
            ip: Some("203.0.113.7".to_owned()),
            nonce: Some(u64::MAX),
            hotkey: Some(DENDRITE.to_owned()),
            ..Terminal::default()
        },
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

#[test]
fn a_success_says_so_where_a_dendrite_looks() {
    let fields = json!({"prompt": "ü", "axon": "spoofed", "name": "Other", "output": null});
    let (headers, body) = envelope().success(fields.as_object().unwrap(), EMPTY_BODY_HASH);
    let expected = [
        ("content-type", "application/json"),
        ("name", "TextSynapse"),
        ("timeout", "12.0"),
        ("bt_header_axon_status_code", "200"),
        ("bt_header_axon_status_message", "Success"),
        ("bt_header_axon_process_time", "3e-05"),
        ("bt_header_axon_port", "8091"),
        ("bt_header_axon_hotkey", AXON),
        ("bt_header_dendrite_nonce", "18446744073709551615"),
        ("bt_header_dendrite_hotkey", DENDRITE),
        ("computed_body_hash", EMPTY_BODY_HASH),
    ];
    for (name, value) in expected {
        assert_eq!(header(&headers, name), Some(value), "{name}");
    }
    assert_eq!(header(&headers, "bt_header_axon_uuid"), None);
    let text = String::from_utf8(body.clone()).unwrap();
    assert!(text.contains("\"prompt\":\"ü\""), "compact and not escaped: {text}");
    let body_json: Value = serde_json::from_slice(&body).unwrap();
    let keys: Vec<_> = body_json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, [ENVELOPE_FIELDS, &["prompt", "output"]].concat());
    let terminal: Vec<_> = body_json["axon"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        terminal,
        [
            "status_code",
            "status_message",
            "process_time",
            "ip",
            "port",
            "version",
            "nonce",
            "uuid",
            "hotkey",
            "signature"
        ]
    );
    assert_eq!(body_json["axon"]["status_code"], 200);
    assert_eq!(body_json["computed_body_hash"], "");

    let answer = read_answer(200, &headers, &body);
    assert!(answer.is_success());
    assert_eq!(json!(answer.fields), json!({"prompt": "ü", "output": null}));
    assert_eq!(answer.process_time, Some(0.00003));
}

#[test]
fn a_handler_s_own_status_is_said() {
    let mut envelope = envelope();
    envelope.axon.status_code = Some(429);
    envelope.axon.status_message = Some("slow\r\ndown".to_owned());
    let (headers, body) = envelope.success(&serde_json::Map::new(), EMPTY_BODY_HASH);
    let answer = read_answer(200, &headers, &body);
    assert_eq!((answer.status_code, answer.status_message.as_deref()), (Some(429), Some("slow??down")));
}

#[test]
fn a_failure_says_the_same_in_header_and_body() {
    for (message, said) in [
        ("Not Verified with error: Missing Nonce", "Not Verified with error: Missing Nonce".to_owned()),
        ("zwei\nZeilen ü☃", "zwei?Zeilen ??".to_owned()),
        (&"x".repeat(5000), "x".repeat(1024)),
    ] {
        let (headers, body) = envelope().failure(401, message);
        assert_eq!(header(&headers, "bt_header_axon_status_code"), Some("401"));
        assert_eq!(header(&headers, "bt_header_axon_status_message"), Some(said.as_str()));
        assert_eq!(header(&headers, "content-type"), Some("application/json"));
        assert_eq!(body, json!({"message": said}).to_string().into_bytes());
        let answer = read_answer(401, &headers, &body);
        assert_eq!((answer.status_code, answer.status_message), (Some(401), Some(said)));
    }
}

#[test]
fn reasons_are_printable_and_short() {
    assert_eq!(printable_reason("not registered"), "not registered");
    assert_eq!(printable_reason("a\tb\r\n\u{7f}\0é☃~ "), "a?b??????~ ");
    assert_eq!(printable_reason(&"é".repeat(500)), "?".repeat(200));
}

#[test]
fn only_the_protocol_s_keys_are_stripped() {
    let body = json!({"z": 1, "name": 2, "timeout": 3, "total_size": 4, "header_size": 5, "dendrite": 6, "axon": 7, "computed_body_hash": 8, "Name": 9, "a": 10});
    let rest = strip_envelope(body.as_object().unwrap().clone());
    assert_eq!(rest.keys().collect::<Vec<_>>(), ["z", "Name", "a"]);
}

#[test]
fn a_success_says_the_empty_value_of_each_required_field_s_type() {
    let vectors = vector(include_str!("../vectors/input_obj_headers.json"));
    let with_values = json!({"s": "x", "i": 1, "f": 0.5, "b": true, "l": [1], "d": {"k": 1}, "u": "x", "o": "x"});
    let others = json!({"s": "x", "i": 1, "f": 0.5, "b": true, "l": [1], "d": {"k": 1}, "u": 7, "o": null});
    for (name, fields) in [("with_values", with_values), ("u_int_o_none", others)] {
        let mut headers = HeaderMap::new();
        write_input_objects(
            &mut headers,
            ["s", "i", "f", "b", "l", "d", "u", "o", "not_there"],
            fields.as_object().unwrap(),
        );
        assert_eq!(headers, headers_of(&vectors[name]), "{name}");
    }
}

#[test]
fn only_a_success_says_the_usual_time_out_when_none_was_asked_for() {
    let envelope = ReplyEnvelope { timeout: None, ..envelope() };
    let (headers, body) = envelope.clone().success(&Map::new(), EMPTY_BODY_HASH);
    assert_eq!(header(&headers, "timeout"), Some("12.0"));
    assert_eq!(parse_object(&body).unwrap()["timeout"], 12.0);
    assert_eq!(header(&envelope.failure(401, "no").0, "timeout"), None);
}
