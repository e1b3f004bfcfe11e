//! `soma query` asks the real 10.5.0 axon, an 11.3.0 verifier, and our own axon.

use serde_json::{Value, json};
use soma_e2e::account::{ALICE, BOB, CHARLIE, DAVE};
use soma_e2e::neuron::{Bench, free_port};
use soma_e2e::python::{self, Sdk, Service};
use soma_e2e::query::{Dialect, Query};

use crate::miner;

const QUESTION: &str = r#"{"prompt": "Hello", "max_tokens": 100, "temperature": 0.7}"#;

/// Alice's axon in Python, which denies Charlie.
fn python_axon(bench: &Bench) -> Service {
    let wallet = python::wallet_arguments(&bench.wallets(), ALICE);
    let mut arguments = vec!["--deny", CHARLIE.hotkey];
    arguments.extend(wallet.iter().map(String::as_str));
    Service::start(Sdk::V10, "axon_10.py", &bench.home(), &arguments).unwrap()
}

fn question(address: &str) -> Query<'_> {
    Query {
        address,
        route: "TextGeneration",
        body: QUESTION,
        hotkey: ALICE.hotkey,
        dialect: Dialect::Synapse,
        hash_fields: "",
        caller: BOB,
    }
}

#[test]
fn a_python_axon_answers() {
    let bench = Bench::new().unwrap();
    let axon = python_axon(&bench);
    let address = axon.address();
    let answer = question(&address).run(&bench).unwrap();
    assert_eq!(
        (&answer["dialect"], &answer["status_code"], &answer["http_status"]),
        (&json!("synapse"), &json!(200), &json!(200)),
        "{answer}"
    );
    assert_eq!(answer["status_message"], "Success");
    assert_eq!(answer["body"]["generated_text"], "Hello/100/0.7");
    assert_eq!(answer["body"]["model_name"], "python-axon");
    assert!(answer["elapsed_ms"].as_f64().is_some_and(|elapsed| elapsed > 0.0), "{answer}");

    let hashed = Query {
        route: "HashedText",
        body: r#"{"prompt": "naïve 'quotes'\n€", "max_tokens": 7}"#,
        hash_fields: "prompt=str,max_tokens=int",
        ..question(&address)
    };
    let answer = hashed.run(&bench).unwrap();
    assert_eq!(answer["status_code"], 200, "{answer}");
    assert_eq!(answer["body"]["output"], "€\n'setouq' evïan");
}

#[test]
fn a_python_axon_refuses() {
    let bench = Bench::new().unwrap();
    let axon = python_axon(&bench);
    let address = axon.address();
    let cases = [
        (
            Query { caller: CHARLIE, ..question(&address) },
            403,
            "Forbidden. Key is blacklisted: on the list of the test.",
        ),
        (Query { hotkey: DAVE.hotkey, ..question(&address) }, 401, "Not Verified with error: Signature mismatch"),
        (Query { route: "Unregistered", ..question(&address) }, 404, "Synapse name 'Unregistered' not found."),
        // Its class hashes two fields, and this request signs none.
        (Query { route: "HashedText", ..question(&address) }, 500, "Internal Server Error"),
    ];
    for (query, status, message) in cases {
        let answer = query.run(&bench).unwrap();
        assert_eq!(answer["status_code"], status, "{answer}");
        assert!(answer["status_message"].as_str().unwrap().starts_with(message), "{answer}");
    }
}

#[test]
fn a_python_verifier_knows_the_caller() {
    let bench = Bench::new().unwrap();
    let server = Service::start(Sdk::V11, "server_11.py", &bench.home(), &["--hotkey", ALICE.hotkey]).unwrap();
    let address = server.address();
    let query = Query { dialect: Dialect::Btauth, route: "generate/text?stream=0&q=%20", ..question(&address) };
    let answer = query.run(&bench).unwrap();
    assert_eq!((&answer["dialect"], &answer["http_status"]), (&json!("btauth"), &json!(200)), "{answer}");
    let seen = &answer["body"];
    assert_eq!((&seen["verified"], &seen["caller"]), (&json!(true), &json!(BOB.hotkey)), "{answer}");
    assert_eq!(seen["path"], "/generate/text?stream=0&q=%20");
    let body: Value = serde_json::from_str(seen["body"].as_str().unwrap()).unwrap();
    assert_eq!(body, serde_json::from_str::<Value>(QUESTION).unwrap());

    let other = Query { hotkey: DAVE.hotkey, ..query };
    let answer = other.run(&bench).unwrap();
    assert_eq!((&answer["http_status"], &answer["body"]["error"]), (&json!(401), &json!("WrongReceiver")), "{answer}");
}

#[test]
fn our_axon_answers_in_both_dialects() {
    let neuron = miner::start();
    let address = neuron.address();
    for dialect in [Dialect::Synapse, Dialect::Btauth] {
        let answer = Query { dialect, ..question(&address) }.run(neuron.bench()).unwrap();
        assert_eq!(answer["http_status"], 200, "{answer}\n{}", neuron.log());
        assert_eq!(answer["body"]["generated_text"], "HELLO", "{answer}");
    }
}

#[test]
fn a_call_that_gets_no_answer_is_a_typed_error() {
    let bench = Bench::new().unwrap();
    let address = format!("127.0.0.1:{}", free_port().unwrap());
    for (query, code) in [
        (question(&address), "soma::dendrite::unavailable"),
        (Query { address: "nowhere", ..question(&address) }, "soma::dendrite::address"),
        (Query { hotkey: "5Nobody", ..question(&address) }, "soma::dendrite::hotkey"),
        (Query { hash_fields: "absent=str", ..question(&address) }, "soma::dendrite::missing_field"),
    ] {
        let finished = query.finish(&bench).unwrap();
        assert!(!finished.status.success() && finished.stderr.contains(code), "{code}: {finished:?}");
        assert!(finished.stderr.contains("help:") && !finished.stderr.contains("panicked"), "{code}: {finished:?}");
    }
    // A request that was sent and not answered has the outcome that a Python dendrite writes for it.
    let outcome = question(&address).run(&bench).unwrap();
    assert_eq!((&outcome["status_code"], &outcome["http_status"]), (&json!(503), &Value::Null), "{outcome}");
}
