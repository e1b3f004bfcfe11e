//! What a caller of the version 10 protocol gets, case by case.

use serde_json::json;
use soma_axon::Admission;

use crate::client::{Answer, Request};
use crate::fixture::{Neuron, Options};
use crate::log;
use crate::signed::{AXON, CHARLIE, DAVE, MINUTE, Synapse, forged, next_nonce};

/// Name, request, status, and what the message has to contain.
type Case = (&'static str, Request, u16, &'static str);

fn text() -> Synapse {
    Synapse::new("TextGeneration", json!({"prompt": "one two"}))
}

fn changed(change: impl FnOnce(&mut Synapse)) -> Request {
    let mut synapse = text();
    change(&mut synapse);
    synapse.sign()
}

fn plugin(route: &str) -> Request {
    Synapse::new(route, json!({"then": "answer"})).sign()
}

async fn check(neuron: &Neuron, cases: Vec<Case>) {
    for (name, request, status, message) in cases {
        let answer = neuron.ask(&request).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
        assert!(answer.message().contains(message), "{name}: {}", answer.text());
        check_refusal(name, &answer);
    }
}

/// A dendrite reads the status from the header, and the words from either.
fn check_refusal(name: &str, answer: &Answer) {
    assert_eq!(answer.header("bt_header_axon_status_code"), Some(answer.status.to_string().as_str()), "{name}");
    assert_eq!(answer.header("bt_header_axon_status_message"), Some(answer.message().as_str()), "{name}");
    assert_eq!(answer.json(), json!({"message": answer.message()}), "{name}");
    assert!(answer.message().bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{name}: {}", answer.message());
    assert_eq!(answer.header("retry-after").is_some(), answer.status == 503, "{name}");
    assert_eq!(answer.header("allow").is_some(), answer.status == 405, "{name}");
    assert!(answer.header("x-request-id").is_some_and(|id| id.len() == 36), "{name}");
}

#[tokio::test]
async fn who_does_not_prove_who_he_is_gets_401() {
    let signature = "bt_header_dendrite_signature";
    let used = text().sign();
    let neuron = Neuron::start().await;
    assert_eq!(neuron.ask(&used).await.status, 200);
    let cases: Vec<Case> = vec![
        ("forged", text().sign().with(signature, forged()), 401, "Not Verified with error: Signature mismatch"),
        ("for another axon", changed(|it| it.axon = DAVE.ss58.clone()), 401, "Signature mismatch"),
        ("another sender", text().sign().with("bt_header_dendrite_hotkey", &*DAVE.ss58), 401, "Signature mismatch"),
        ("another nonce", text().sign().with("bt_header_dendrite_nonce", next_nonce().to_string()), 401, "mismatch"),
        ("another uuid", text().sign().with("bt_header_dendrite_uuid", "other"), 401, "Signature mismatch"),
        ("used", used, 401, "Nonce is too old, a newer one was last processed"),
        ("stale", changed(|it| it.nonce -= MINUTE), 401, "Nonce is too old"),
        ("future", changed(|it| it.nonce += MINUTE), 401, "too far in the future"),
        (
            "stale, whatever it waits",
            changed(|it| (it.nonce, it.timeout) = (it.nonce - 2 * MINUTE, 1e9)),
            401,
            "Nonce is too old",
        ),
        ("no nonce", text().sign().without("bt_header_dendrite_nonce"), 401, "Missing Nonce"),
        ("no signature", text().sign().without(signature), 401, "Missing Signature"),
        ("no hotkey", text().sign().without("bt_header_dendrite_hotkey"), 401, "No SS58 formatted address"),
        ("no address", text().sign().with("bt_header_dendrite_hotkey", "5Bob"), 401, "Not Verified with error: "),
        ("no hex", text().sign().with(signature, "0xzz"), 401, "Invalid signature format"),
        ("short", text().sign().with(signature, "0x0101"), 401, "Invalid SR25519 signature"),
        ("no body hash", text().sign().without("computed_body_hash"), 401, "computed_body_hash"),
        ("a hash of nothing", changed(|it| it.body_hash = "0".repeat(64)), 401, "Not Verified with error: "),
        ("unhashed", changed(|it| it.route = "HashedText".to_owned()), 401, "Not Verified with error: "),
        ("nothing at all", Request { headers: Vec::new(), ..text().sign() }, 401, "Not Verified with error: "),
    ];
    check(&neuron, cases).await;
    assert_eq!(neuron.ask(&text().sign()).await.status, 200);
}

#[tokio::test]
async fn what_is_wrong_with_a_head_or_a_body_has_its_status() {
    let neuron = Neuron::start().await;
    let large = vec![b' '; 1024 * 1024 + 1];
    let cases: Vec<Case> = vec![
        ("a nonce that is none", text().sign().with("bt_header_dendrite_nonce", "soon"), 400, "nonce"),
        ("a time-out that is none", text().sign().with("timeout", "nan"), 400, "timeout"),
        ("an input object", text().sign().with("bt_header_input_obj_prompt", "%%"), 400, "input_obj"),
        ("unknown route", text().sign().target("/Nope"), 404, "Synapse name 'Nope' not found. Available synapses ["),
        ("no route", text().sign().target("/"), 404, "not found"),
        ("a route and more", text().sign().target("/TextGeneration/x"), 404, "not found"),
        ("an odd route", text().sign().target("/%0d%0aX:%ff"), 404, "not found"),
        ("wrong method", text().sign().method("PUT"), 405, ""),
        ("too large", text().sign().body(large), 413, ""),
        ("no JSON", text().sign().body("{oops"), 422, ""),
        ("no object", text().sign().body("[1]"), 422, ""),
        ("empty", text().sign().body(""), 422, ""),
        ("a key twice", text().sign().body(r#"{"prompt": "a", "prompt": "b"}"#), 422, "prompt"),
        ("a field is missing", text().sign().body("{}"), 422, "prompt"),
        ("a field of another type", text().sign().body(r#"{"prompt": 5}"#), 422, "prompt"),
        ("content type", text().sign().with("content-type", "text/plain"), 422, "content type"),
        ("no content type", text().sign().without("content-type"), 422, "content type"),
        ("too deep", text().sign().body("[".repeat(100_000)), 422, ""),
    ];
    check(&neuron, cases).await;
    let allowed = neuron.ask(&text().sign().method("DELETE")).await;
    assert_eq!((allowed.status, allowed.header("allow")), (405, Some("POST, GET")));
}

/// Which of two identities would count? So the answer is in neither dialect.
#[tokio::test]
async fn a_request_of_two_minds_gets_400() {
    let neuron = Neuron::start().await;
    for (name, request) in [
        ("both dialects", text().sign().with("x-bittensor-version", "1")),
        ("a nonce twice", text().sign().twice("bt_header_dendrite_nonce", next_nonce().to_string())),
        ("a hotkey twice", text().sign().twice("bt_header_dendrite_hotkey", &*AXON.ss58)),
        ("a body hash twice", text().sign().twice("computed_body_hash", "0".repeat(64))),
    ] {
        let answer = neuron.ask(&request).await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (400, Some("dialect")), "{name}");
        assert_eq!(answer.header("bt_header_axon_status_code"), None, "{name}");
    }
}

#[tokio::test]
async fn what_a_plugin_does_has_its_status() {
    let neuron = Neuron::start().await;
    let odd = "first line??X-Second: ???";
    let failing = |kind: &str| Synapse::new("Failing", json!({"kind": kind})).sign();
    let mut spin = Synapse::new("Spin", json!({}));
    spin.timeout = 0.25;
    let cases: Vec<Case> = vec![
        ("denied", changed(|it| it.caller = &CHARLIE), 403, "Forbidden. Key is blacklisted: this hotkey is denied."),
        ("denied at length", plugin("Deny"), 403, "Forbidden. Key is blacklisted: ?????X-Second: line no no"),
        ("invalid", failing("invalid"), 422, odd),
        ("refused", failing("refused"), 403, odd),
        ("unavailable", failing("unavailable"), 503, odd),
        ("internal", failing("internal"), 500, "Internal Server Error #"),
        ("trap", plugin("Trap"), 500, "Internal Server Error #"),
        ("trap in a gate", plugin("TrapGate"), 500, "Internal Server Error #"),
        ("no end", spin.sign(), 408, "Response timeout after: 0.25s"),
        ("no end in a gate", plugin("SpinGate"), 408, "Response timeout after: 12.0s"),
        ("memory", plugin("Hoard"), 500, "Internal Server Error #"),
        ("output", plugin("Flood"), 500, "Internal Server Error #"),
        ("garbage", plugin("Garbage"), 500, "Internal Server Error #"),
    ];
    check(&neuron, cases).await;
    let long = neuron.ask(&plugin("Deny")).await.message();
    assert!(long.len() <= 200 + "Forbidden. Key is blacklisted: .".len(), "{long}");
    assert_eq!(neuron.ask(&failing("unavailable")).await.header("retry-after"), Some("1"));
    assert_eq!(neuron.ask(&text().sign()).await.status, 200);
}

/// The caller gets an id, the log gets id and reason.
#[tokio::test]
async fn the_words_of_a_trap_stay_in_the_log() {
    log::keep();
    let neuron = Neuron::start().await;
    let internal = Synapse::new("Failing", json!({"kind": "internal"})).sign();
    for (request, code, reason) in [(plugin("Trap"), "trap", "unreachable"), (internal, "internal", "X-Second")] {
        let answer = neuron.ask(&request).await;
        let id = answer.header("x-request-id").unwrap().to_owned();
        assert_eq!(answer.message(), format!("Internal Server Error #{id}"));
        let said = format!("{} {:?}", answer.text(), answer.headers);
        for secret in ["panick", "unreachable", "X-Second", "wasm", "trap_panic", "reply_failures"] {
            assert!(!said.contains(secret), "{secret}: {said}");
        }
        let line = log::refusal_of(&id).expect("the log has the request");
        assert_eq!((line["status"].as_u64(), line["code"].as_str()), (Some(500), Some(code)));
        assert!(line["message"].as_str().unwrap().contains(reason), "{line}");
    }
}

#[tokio::test]
async fn who_is_not_on_the_list_gets_403_and_needs_no_signature_for_it() {
    let admission = Admission::listed([CHARLIE.key.public_key()]);
    let neuron = Neuron::start_with(Options { admission, ..Options::default() }).await;
    let stranger = text().sign();
    let unsigned = text().sign().with("bt_header_dendrite_signature", forged());
    let listed = Synapse { caller: &CHARLIE, ..Synapse::new("Counter", json!({"then": "answer"})) };
    let liar = Synapse { caller: &DAVE, ..text() }.sign().with("bt_header_dendrite_hotkey", &*CHARLIE.ss58);
    let cases: Vec<Case> = vec![
        ("not listed", stranger, 403, "Forbidden. Key is blacklisted: "),
        ("not listed and forged", unsigned, 403, "Forbidden. Key is blacklisted: "),
        ("a listed name on a stranger's request", liar, 401, "Signature mismatch"),
    ];
    check(&neuron, cases).await;
    assert_eq!(neuron.ask(&listed.sign()).await.status, 200);
}
