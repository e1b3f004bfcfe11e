//! What a caller of btauth/1 gets, case by case.

use serde_json::json;
use soma_axon::Admission;

use crate::client::Request;
use crate::fixture::{Neuron, Options};
use crate::signed::{Btauth, CHARLIE, DAVE, MINUTE, forged, next_nonce};

/// Name, request, status, code, and what the message has to contain.
type Case = (&'static str, Request, u16, &'static str, &'static str);

const QUESTION: &str = r#"{"prompt": "one two"}"#;

fn text() -> Btauth {
    Btauth::new("/TextGeneration", QUESTION)
}

fn changed(change: impl FnOnce(&mut Btauth)) -> Request {
    let mut request = text();
    change(&mut request);
    request.sign()
}

fn sent(route: &str, body: &str) -> Request {
    Btauth::new(&format!("/{route}"), body).sign()
}

async fn check(neuron: &Neuron, cases: Vec<Case>) {
    for (name, request, status, code, message) in cases {
        let answer = neuron.ask(&request).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
        assert_eq!(answer.json()["code"], code, "{name}: {}", answer.text());
        assert!(answer.message().contains(message), "{name}: {}", answer.text());
        assert!(answer.message().bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{name}: {}", answer.message());
        assert_eq!(answer.header("bt_header_axon_status_code"), None, "{name}: no header of the other dialect");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{name}");
        assert_eq!(answer.header("retry-after").is_some(), status == 503, "{name}");
        assert_eq!(answer.header("allow").is_some(), status == 405, "{name}");
    }
}

#[tokio::test]
async fn who_does_not_prove_who_he_is_gets_401() {
    let used = text().sign();
    let neuron = Neuron::start().await;
    assert_eq!(neuron.ask(&used).await.status, 200);
    let (signature, unverified) = ("x-bittensor-signature", "not-verified");
    let cases: Vec<Case> = vec![
        ("forged", text().sign().with(signature, forged()), 401, unverified, "does not verify"),
        ("another sender", text().sign().with("x-bittensor-hotkey", &*DAVE.ss58), 401, unverified, ""),
        ("another nonce", text().sign().with("x-bittensor-nonce", next_nonce().to_string()), 401, unverified, ""),
        ("another body", text().sign().body(r#"{"prompt": "three"}"#), 401, unverified, "does not verify"),
        ("another query", text().sign().target("/TextGeneration?x=1"), 401, unverified, ""),
        ("another route", text().sign().target("/ImageGeneration"), 401, unverified, ""),
        ("another spelling", text().sign().target("/TextGeneratio%6e"), 401, unverified, ""),
        ("another method", text().sign().method("GET"), 401, unverified, ""),
        ("another scheme", text().sign().with("x-bittensor-crypto", "ed25519"), 401, unverified, ""),
        ("for another", changed(|it| it.receiver = Some(DAVE.ss58.clone())), 401, unverified, "different receiving"),
        ("for nobody", changed(|it| it.receiver = None), 401, unverified, "X-Bittensor-Receiver"),
        ("used", used, 401, "replayed", "already accepted"),
        ("stale", changed(|it| it.nonce -= MINUTE), 401, unverified, "older than"),
        ("future", changed(|it| it.nonce += MINUTE), 401, unverified, "in the future"),
        ("no nonce", text().sign().without("x-bittensor-nonce"), 401, unverified, "X-Bittensor-Nonce"),
        ("no signature", text().sign().without(signature), 401, unverified, "X-Bittensor-Signature"),
        ("no hotkey", text().sign().without("x-bittensor-hotkey"), 401, unverified, "X-Bittensor-Hotkey"),
        ("odd version", text().sign().with("x-bittensor-version", "2"), 401, unverified, "X-Bittensor-Version"),
        ("odd scheme", text().sign().with("x-bittensor-crypto", "rot13"), 401, unverified, ""),
        ("odd nonce", text().sign().with("x-bittensor-nonce", "1e9"), 401, unverified, ""),
        ("odd signature", text().sign().with(signature, "0xzz"), 401, unverified, ""),
    ];
    check(&neuron, cases).await;
    assert_eq!(neuron.ask(&text().sign()).await.status, 200);
}

#[tokio::test]
async fn what_is_wrong_with_a_head_or_a_body_has_its_status() {
    let neuron = Neuron::start().await;
    let too_large = format!("{{\"prompt\": \"{}\"}}", "a".repeat(1024 * 1024));
    let cases: Vec<Case> = vec![
        ("both dialects", text().sign().with("bt_header_dendrite_nonce", "1"), 400, "dialect", ""),
        ("a nonce twice", text().sign().twice("x-bittensor-nonce", "1"), 400, "dialect", "x-bittensor-nonce"),
        ("a receiver twice", text().sign().twice("x-bittensor-receiver", &*DAVE.ss58), 400, "dialect", ""),
        ("unknown route", sent("Nope", "{}"), 404, "unknown-route", ""),
        ("wrong method", changed(|it| it.method = "PATCH".to_owned()), 405, "method", ""),
        ("too large", sent("TextGeneration", &too_large), 413, "body-too-large", "1048576"),
        ("no JSON", sent("TextGeneration", "{oops"), 422, "json", ""),
        ("no object", sent("TextGeneration", "\"text\""), 422, "json", ""),
        ("a key twice", sent("TextGeneration", r#"{"prompt": "a", "prompt": "b"}"#), 422, "json", "prompt"),
        ("a field is missing", sent("TextGeneration", "{}"), 422, "schema", "prompt"),
        ("a field of another type", sent("TextGeneration", r#"{"prompt": 5}"#), 422, "schema", "prompt"),
    ];
    check(&neuron, cases).await;
}

#[tokio::test]
async fn what_a_plugin_does_has_its_status() {
    let neuron = Neuron::start().await;
    let odd = "first line??X-Second: ???";
    let failing = |kind: &str| sent("Failing", &json!({"kind": kind}).to_string());
    let head = |head| sent("Head", &serde_json::Value::to_string(&head));
    let cases: Vec<Case> = vec![
        ("denied", changed(|it| it.caller = &CHARLIE), 403, "denied", "this hotkey is denied"),
        ("denied at length", sent("Deny", "{}"), 403, "denied", "?????X-Second: line no no"),
        ("invalid", failing("invalid"), 422, "invalid", odd),
        ("refused", failing("refused"), 403, "refused", odd),
        ("unavailable", failing("unavailable"), 503, "unavailable", odd),
        ("internal", failing("internal"), 500, "internal", "Internal Server Error #"),
        ("trap", sent("Trap", "{}"), 500, "trap", "Internal Server Error #"),
        ("trap in a gate", sent("TrapGate", "{}"), 500, "trap", "Internal Server Error #"),
        ("no end in a gate", sent("SpinGate", "{}"), 408, "cpu-budget", "out of time"),
        ("memory", sent("Hoard", "{}"), 500, "memory-budget", "Internal Server Error #"),
        ("output", sent("Flood", "{}"), 500, "output-budget", "Internal Server Error #"),
        ("a status that is none", head(json!({"status": 700})), 500, "garbage", "Internal Server Error #"),
        ("a split head", head(json!({"content_type": "a/b\r\nx-second: 1"})), 500, "garbage", ""),
    ];
    check(&neuron, cases).await;
}

#[tokio::test]
async fn who_is_not_on_the_list_gets_403() {
    let admission = Admission::listed([CHARLIE.key.public_key()]);
    let neuron = Neuron::start_with(Options { admission, ..Options::default() }).await;
    let liar = changed(|it| it.caller = &DAVE).with("x-bittensor-hotkey", &*CHARLIE.ss58);
    let cases: Vec<Case> = vec![
        ("not listed", text().sign(), 403, "not-admitted", ""),
        ("a listed name on a stranger's request", liar, 401, "not-verified", ""),
    ];
    check(&neuron, cases).await;
    let counter = Btauth { caller: &CHARLIE, ..Btauth::new("/Counter", r#"{"then": "answer"}"#) };
    assert_eq!(neuron.ask(&counter.sign()).await.status, 200);
}
