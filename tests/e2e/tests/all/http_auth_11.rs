//! The real 11.3.0 `http_auth.sign` asks our axon.

use serde_json::Value;
use soma_e2e::Account;
use soma_e2e::account::{ALICE, BOB, CHARLIE};
use soma_e2e::python::{self, Sdk};

use crate::miner;

fn ask(caller: Account, cases: &[&str]) -> Vec<Value> {
    let neuron = miner::start();
    let bench = neuron.bench();
    let port = neuron.port().to_string();
    let wallet = python::wallet_arguments(&bench.wallets(), caller);
    let mut arguments = vec!["--port", port.as_str(), "--receiver", ALICE.hotkey];
    arguments.extend(wallet.iter().map(String::as_str));
    for case in cases {
        arguments.extend(["--case", case]);
    }
    let results = python::run(Sdk::V11, "client_11.py", &bench.home(), &arguments).unwrap();
    assert_eq!(results.len(), cases.len(), "{results:?}\n{}", neuron.log());
    results
}

#[test]
fn is_verified_under_both_schemes() {
    for result in ask(BOB, &["ok", "ed25519"]) {
        assert_eq!(result["http_status"], 200, "{result}");
        assert_eq!(result["content_type"], "application/json", "{result}");
        assert_eq!(result["body"]["generated_text"], "HELLO", "{result}");
        assert_eq!(result["body"]["model_name"], "text-miner 0.1.0", "{result}");
    }
}

#[test]
fn is_refused_with_401_whatever_is_wrong_with_its_authentication() {
    let cases = [
        "wrong_receiver",
        "missing_receiver",
        "stale_nonce",
        "future_nonce",
        "replayed_nonce",
        "tampered_body",
        "other_path",
        "forged_signature",
        "malformed",
    ];
    for result in ask(BOB, &cases) {
        assert_eq!(result["http_status"], 401, "{result}");
        assert!(result["body"]["message"].as_str().is_some_and(|message| !message.is_empty()), "{result}");
    }
}

#[test]
fn is_told_that_it_is_not_welcome() {
    for result in ask(CHARLIE, &["ok"]) {
        assert_eq!(result["http_status"], 403, "{result}");
        assert!(result["body"]["message"].as_str().unwrap().contains("this hotkey is denied"), "{result}");
    }
}
