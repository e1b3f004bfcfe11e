//! Answers: what the host puts round them, and what a plugin cannot.

use serde_json::{Value, json};
use soma_protocol::synapse::{EMPTY_BODY_HASH, body_hash};

use crate::client::Answer;
use crate::fixture::Neuron;
use crate::signed::{AXON, BOB, Btauth, Synapse};

/// Fields of the body that are not the envelope's.
fn own_fields(answer: &Answer) -> Vec<String> {
    let envelope = ["name", "timeout", "total_size", "header_size", "dendrite", "axon", "computed_body_hash"];
    let body = answer.json();
    let keys: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(keys[..7], envelope, "the envelope comes first");
    keys[7..].iter().map(|key| (*key).clone()).collect()
}

#[tokio::test]
async fn a_synapse_comes_back_with_its_envelope() {
    let neuron = Neuron::start().await;
    let question = json!({"prompt": "one two", "temperature": 0});
    let answer = neuron.ask(&Synapse::new("TextGeneration", question).sign()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    for (name, value) in [
        ("content-type", "application/json"),
        ("name", "TextGeneration"),
        ("timeout", "12.0"),
        ("bt_header_axon_status_code", "200"),
        ("bt_header_axon_status_message", "Success"),
        ("bt_header_axon_hotkey", &*AXON.ss58),
        ("bt_header_dendrite_hotkey", &*BOB.ss58),
        ("computed_body_hash", EMPTY_BODY_HASH),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    assert!(answer.header("bt_header_axon_process_time").unwrap().parse::<f64>().unwrap() >= 0.0);
    let mut fields = own_fields(&answer);
    fields.sort();
    assert_eq!(fields, ["generated_text", "max_tokens", "model_name", "prompt", "temperature"]);
    let body = answer.json();
    assert_eq!((&body["generated_text"], &body["max_tokens"]), (&json!("ONE TWO"), &json!(100)));
}

/// The guest answers with all of them.
#[tokio::test]
async fn what_a_plugin_says_of_the_envelope_is_dropped() {
    let neuron = Neuron::start().await;
    let synapse = Synapse::new("Head", json!({"status": 404, "content_type": "text/html", "prompt": "kept"}));
    let answer = neuron.ask(&synapse.sign()).await;
    assert_eq!(answer.status, 200, "status and content type are for btauth: {}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("bt_header_axon_status_code"), Some("200"));
    assert_eq!(answer.header("name"), Some("Head"));
    let body = answer.json();
    assert!(!answer.text().contains("forged") && !answer.text().contains("Forged"), "{body}");
    assert_eq!((&body["name"], &body["timeout"]), (&json!("Head"), &json!(12.0)));
    assert_eq!(body["axon"]["status_code"], 200);
    assert_eq!(own_fields(&answer), ["status", "content_type", "prompt", "text"], "a partial reply is laid over");
    assert_eq!(body["text"], "answered");
}

#[tokio::test]
async fn what_a_body_says_of_the_envelope_is_not_seen_by_the_plugin() {
    let neuron = Neuron::start().await;
    let request = Synapse::new("Plain", json!({"text": "mine"})).sign();
    let body = json!({
        "text": "mine", "axon": {"status_code": 404}, "dendrite": {"hotkey": "forged"}, "name": "Forged",
        "timeout": 99.0, "computed_body_hash": "forged",
    });
    let answer = neuron.ask(&request.body(body.to_string())).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(!answer.text().contains("orged"), "{}", answer.text());
    assert_eq!(own_fields(&answer), ["text"]);
}

#[tokio::test]
async fn hashed_fields_are_bound_to_the_signature_and_the_answer_has_its_own_hash() {
    let neuron = Neuron::start().await;
    let mut synapse = Synapse::new("HashedText", json!({"prompt": "abc"}));
    synapse.body_hash = body_hash(&["abc".to_owned(), "100".to_owned()]);
    let answer = neuron.ask(&synapse.sign()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["output"], "cba");
    assert_eq!(answer.header("computed_body_hash"), Some(synapse.body_hash.as_str()));

    synapse.nonce = crate::signed::next_nonce();
    let changed = neuron.ask(&synapse.sign().body(r#"{"prompt": "abd"}"#)).await;
    assert_eq!(changed.status, 401, "{}", changed.text());
    assert!(changed.message().starts_with("Not Verified with error: "), "{}", changed.text());
}

#[tokio::test]
async fn btauth_passes_status_content_type_and_bytes() {
    let neuron = Neuron::start().await;
    let head = async |head: Value| neuron.ask(&Btauth::new("/Head?x=1&y", head.to_string()).sign()).await;
    let plain = head(json!({})).await;
    assert_eq!((plain.status, plain.header("content-type")), (200, Some("application/json")));
    assert_eq!(plain.json()["text"], "answered");
    assert_eq!(plain.json()["name"], "Forged", "there is no envelope to keep");
    let other = head(json!({"status": 418, "content_type": "text/plain; charset=utf-8"})).await;
    assert_eq!((other.status, other.header("content-type")), (418, Some("text/plain; charset=utf-8")));

    let garbage = neuron.ask(&Btauth::new("/Garbage", vec![0xff, 0x00]).sign()).await;
    assert_eq!((garbage.status, garbage.body.as_slice()), (200, &[0xff, 0x00, b'{', 0xfe][..]));
    let filled = neuron.ask(&Btauth::new("/TextGeneration", r#"{"prompt": "one"}"#).sign()).await;
    assert_eq!((filled.status, &filled.json()["max_tokens"]), (200, &json!(100)), "{}", filled.text());
}
