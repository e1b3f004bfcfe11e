//! The client's requests, read back by the server's side.

use serde_json::{Value, json};
use soma_protocol::synapse::{Claim, EMPTY_BODY_HASH, ENVELOPE_FIELDS, Outgoing, RequestHead, Terminal};

use crate::{AXON, DENDRITE, vector};

fn outgoing(fields: &Value, required: &[&str]) -> Outgoing {
    Outgoing {
        route: "TextSynapse".to_owned(),
        timeout_s: 12.0,
        axon: Terminal {
            ip: Some("127.0.0.1".to_owned()),
            port: Some(8091),
            hotkey: Some(AXON.to_owned()),
            ..Terminal::default()
        },
        dendrite: Terminal {
            version: Some(10_005_000),
            nonce: Some(1_795_405_768_635_129_084),
            uuid: Some("e22cec70-e6f0-11f1-a48b-02fc00000001".to_owned()),
            hotkey: Some(DENDRITE.to_owned()),
            signature: Some(format!("0x{}", "ab".repeat(64))),
            ..Terminal::default()
        },
        body_hash: EMPTY_BODY_HASH.to_owned(),
        fields: fields.as_object().unwrap().clone(),
        required: required.iter().map(|name| (*name).to_owned()).collect(),
    }
}

#[test]
fn the_server_s_side_reads_what_the_client_s_side_wrote() {
    let request = outgoing(&json!({"prompt": "hi", "name": "spoofed"}), &["prompt"]);
    let head = RequestHead::parse(&request.headers()).unwrap();
    assert_eq!(head.name.as_deref(), Some("TextSynapse"));
    assert_eq!(head.timeout, Some(12.0));
    assert_eq!(head.axon, request.axon);
    assert_eq!(head.dendrite, request.dendrite);
    assert_eq!(head.input_obj, [("prompt".to_owned(), json!(""))]);
    let claim = Claim::from_head(&head).unwrap();
    assert_eq!(claim.message(AXON), request.message());
    assert_eq!(claim.signature, [0xab; 64]);

    let body: Value = serde_json::from_slice(&request.body()).unwrap();
    let keys: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, [ENVELOPE_FIELDS, &["prompt"]].concat());
    assert_eq!(body["name"], "TextSynapse");
    assert_eq!(body["total_size"].as_u64(), head.total_size);
    assert_eq!(serde_json::from_value::<Terminal>(body["dendrite"].clone()).unwrap(), request.dendrite);
}

#[test]
fn signs_none_for_what_is_missing_as_python_does() {
    let request = Outgoing { body_hash: "h".to_owned(), ..Outgoing::default() };
    assert_eq!(request.message(), "None.None.None.None.h");
}

#[test]
fn required_fields_send_the_empty_value_of_their_type() {
    let vectors = vector(include_str!("../vectors/input_obj_headers.json"));
    let all = ["s", "i", "f", "b", "l", "d", "u", "o"];
    let cases = [
        (
            "with_values",
            json!({"s": "secret", "i": 5, "f": 2.5, "b": true, "l": [1], "d": {"k": 1}, "u": "x", "o": "y"}),
        ),
        ("u_int_o_none", json!({"s": "", "i": 0, "f": 1.0, "b": false, "l": [], "d": {}, "u": 7, "o": null})),
    ];
    for (case, fields) in cases {
        let headers = outgoing(&fields, &all).headers();
        let expected = vectors[case].as_object().unwrap();
        for name in all {
            let name = format!("bt_header_input_obj_{name}");
            // Where the Python dendrite sends nothing, and then gets a 500, this sends null.
            let expected = expected.get(&name).map_or("bnVsbA==", |value| value.as_str().unwrap());
            assert_eq!(headers[&name].to_str().unwrap(), expected, "{case}: {name}");
        }
    }
}
