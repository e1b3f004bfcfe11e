//! The real 10.5.0 dendrite asks our axon.

use serde_json::{Value, json};
use soma_e2e::account::{ALICE, BOB, CHARLIE, DAVE};
use soma_e2e::python::{self, Sdk};
use soma_e2e::{Account, Neuron, Settings, Slot, places};

use crate::miner;

/// What the real dendrite makes of the answers to these cases.
pub fn ask(neuron: &Neuron, caller: Account, axon: Account, cases: &[&str]) -> Vec<Value> {
    let bench = neuron.bench();
    let port = neuron.port().to_string();
    let wallet = python::wallet_arguments(&bench.wallets(), caller);
    let mut arguments = vec!["--port", port.as_str(), "--axon-hotkey", axon.hotkey];
    arguments.extend(wallet.iter().map(String::as_str));
    for case in cases {
        arguments.extend(["--case", case]);
    }
    let results = python::run(Sdk::V10, "dendrite_10.py", &bench.home(), &arguments).unwrap();
    assert_eq!(results.len(), cases.len(), "{results:?}");
    results
}

fn ask_one(neuron: &Neuron, caller: Account, axon: Account, case: &str) -> Value {
    ask(neuron, caller, axon, &[case]).remove(0)
}

#[test]
fn gets_its_answers() {
    let neuron = miner::start();
    let results = ask(&neuron, BOB, ALICE, &["success", "defaults", "image", "hashed", "hashed_default"]);
    for result in &results {
        assert_eq!(result["status_code"], 200, "{result}\n{}", neuron.log());
        assert_eq!(result["status_message"], "Success", "{result}");
        assert_eq!(result["axon_status_code"], 200, "{result}");
        assert_eq!(result["is_success"], true, "{result}");
        assert_eq!(result["axon_hotkey"], ALICE.hotkey, "{result}");
        assert_eq!(result["dendrite_hotkey"], BOB.hotkey, "{result}");
        assert!(result["axon_process_time"].as_f64().is_some_and(|seconds| seconds >= 0.0), "{result}");
    }
    let fields: Vec<&Value> = results.iter().map(|result| &result["fields"]).collect();
    assert_eq!(
        *fields[0],
        json!({"prompt": "Hello", "max_tokens": 100, "temperature": 0.7, "generated_text": "HELLO", "model_name": "text-miner 0.1.0"})
    );
    // The class of this case has no max_tokens and no temperature: the host filled in what the schema says.
    assert_eq!(*fields[1], json!({"prompt": "Hello", "generated_text": "HELLO", "model_name": "text-miner 0.1.0"}));
    assert!(fields[2]["image_data"].as_str().is_some_and(|image| !image.is_empty()), "{}", fields[2]);
    assert_eq!(fields[2]["size"], "512x512");
    assert_eq!(fields[3]["output"], "cba");
    assert_eq!(fields[4]["output"], "€\n'setouq' evïan");
}

#[test]
fn reads_a_stream() {
    let slot = Slot::new("stream", places::guest("text-miner-rust").unwrap(), &["TextStream"]).grant(&["config"]);
    let neuron = Neuron::start(&Settings::default().slot(slot)).unwrap();
    let results = ask(&neuron, BOB, ALICE, &["stream", "stream_refused"]);
    let read = &results[0];
    assert_eq!((&read["status_code"], &read["is_success"]), (&json!(200), &json!(true)), "{read}\n{}", neuron.log());
    assert_eq!(read["fields"]["completion"], "ONE TWO THREE", "{read}");
    let pieces: String = read["pieces"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(pieces, "ONE TWO THREE", "{read}");
    // A failure before the first piece is an ordinary answer.
    let refused = &results[1];
    assert_eq!(refused["status_code"], 422, "{refused}");
    assert_eq!(refused["status_message"], "there is no word to write", "{refused}");
}

#[test]
fn is_told_that_it_is_blacklisted() {
    let neuron = miner::start();
    let result = ask_one(&neuron, CHARLIE, ALICE, "success");
    assert_eq!(result["status_code"], 403, "{result}");
    assert_eq!(result["status_message"], "Forbidden. Key is blacklisted: this hotkey is denied.");
    assert_eq!(result["is_blacklist"], true);
    assert_eq!(result["fields"]["generated_text"], Value::Null);
}

#[test]
fn is_told_that_it_signed_for_another_axon() {
    let neuron = miner::start();
    let result = ask_one(&neuron, BOB, DAVE, "success");
    assert_eq!(result["status_code"], 401, "{result}");
    assert_eq!(result["failed_verification"], true);
    let message = result["status_message"].as_str().unwrap();
    assert!(message.starts_with("Not Verified with error: Signature mismatch"), "{message}");
}

#[test]
fn is_told_which_routes_there_are() {
    let neuron = miner::start();
    let result = ask_one(&neuron, BOB, ALICE, "unknown_route");
    assert_eq!(result["status_code"], 404, "{result}");
    let message = result["status_message"].as_str().unwrap();
    assert!(message.starts_with("Synapse name 'Unregistered' not found. Available synapses ["), "{message}");
    assert!(message.contains("TextGeneration"), "{message}");
}

#[test]
fn is_told_which_field_is_wrong() {
    let neuron = miner::start();
    let result = ask_one(&neuron, BOB, ALICE, "wrong_type");
    assert_eq!(result["status_code"], 422, "{result}");
    assert!(result["status_message"].as_str().unwrap().contains("prompt"), "{result}");
}

#[test]
fn may_ask_many_things_at_once() {
    let neuron = miner::start();
    let result = ask_one(&neuron, BOB, ALICE, "concurrent");
    assert_eq!(result["statuses"], json!({"200": 32}), "{}", neuron.log());
}
