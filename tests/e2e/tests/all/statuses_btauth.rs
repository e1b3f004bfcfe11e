//! What a caller of btauth/1 gets, case by case.

use soma_e2e::account::{CHARLIE, DAVE};
use soma_e2e::signed::{Btauth, unix_nanoseconds};
use soma_e2e::wire::Request;

use crate::miner::{self, ask_btauth, btauth};

const QUESTION: &str = r#"{"prompt": "one two"}"#;

/// One minute in nanoseconds: outside the window on either side.
const MINUTE: u64 = 60_000_000_000;

type Case = (&'static str, Request, u16, &'static str);

fn signed(change: impl FnOnce(&mut Btauth<'static>)) -> Request {
    let mut request = btauth(QUESTION);
    change(&mut request);
    request.request().unwrap()
}

fn authentication() -> Vec<Case> {
    vec![
        ("forged", ask_btauth().with("x-bittensor-signature", format!("0x{}", "01".repeat(64))), 401, ""),
        ("another sender than the signer", ask_btauth().with("x-bittensor-hotkey", DAVE.hotkey), 401, ""),
        ("for another receiver", signed(|it| it.receiver = Some(DAVE.hotkey)), 401, ""),
        ("for nobody", signed(|it| it.receiver = None), 401, ""),
        ("stale", signed(|it| it.nonce = unix_nanoseconds() - MINUTE), 401, ""),
        ("from the future", signed(|it| it.nonce = unix_nanoseconds() + MINUTE), 401, ""),
        ("another body than was signed", ask_btauth().body(r#"{"prompt": "three"}"#), 401, ""),
        ("another query than was signed", ask_btauth().target("/TextGeneration?x=1"), 401, ""),
        ("another route than was signed", ask_btauth().target("/ImageGeneration"), 401, ""),
        ("no signature", ask_btauth().without("x-bittensor-signature"), 401, ""),
        ("no nonce", ask_btauth().without("x-bittensor-nonce"), 401, ""),
        ("odd version", ask_btauth().with("x-bittensor-version", "2"), 401, ""),
        ("odd scheme", ask_btauth().with("x-bittensor-crypto", "rot13"), 401, ""),
        ("odd signature", ask_btauth().with("x-bittensor-signature", "0xzz"), 401, ""),
    ]
}

fn others() -> Vec<Case> {
    vec![
        ("nonce twice", ask_btauth().twice("x-bittensor-nonce", "1"), 400, ""),
        ("both dialects", ask_btauth().with("bt_header_dendrite_nonce", "1"), 400, ""),
        ("unknown route", signed(|it| it.target = "/Nope"), 404, ""),
        ("wrong method", signed(|it| it.method = "PUT"), 405, ""),
        ("too large", ask_btauth().body(vec![b' '; 1024 * 1024 + 1]), 413, ""),
        ("denied", signed(|it| it.caller = CHARLIE), 403, "this hotkey is denied"),
        ("not JSON", btauth("{oops").request().unwrap(), 422, ""),
        ("a key twice", btauth(r#"{"prompt": "a", "prompt": "b"}"#).request().unwrap(), 422, "prompt"),
        ("a field of another type", btauth(r#"{"prompt": 5}"#).request().unwrap(), 422, "prompt"),
        ("a required field is missing", btauth("{}").request().unwrap(), 422, "prompt"),
        ("the plugin finds it invalid", btauth(r#"{"prompt": " "}"#).request().unwrap(), 422, "there is no word in it"),
    ]
}

#[test]
fn every_refusal_has_its_status() {
    let neuron = miner::start();
    for (name, request, status, message) in authentication().into_iter().chain(others()) {
        let answer = neuron.ask(&request).unwrap();
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
        assert!(answer.message().contains(message), "{name}: {}", answer.text());
        assert!(!answer.message().is_empty(), "{name}: {}", answer.text());
        assert_eq!(answer.header("bt_header_axon_status_code"), None, "{name}: no header of the other dialect");
    }
    let after = neuron.ask(&ask_btauth()).unwrap();
    assert_eq!(after.status, 200, "{}", after.text());
}

#[test]
fn an_answer_is_the_plain_object() {
    let neuron = miner::start();
    let answer = neuron.ask(&ask_btauth()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.json()["generated_text"], "ONE TWO");
    assert_eq!(answer.json().get("axon"), None, "no envelope of the other dialect");
}
