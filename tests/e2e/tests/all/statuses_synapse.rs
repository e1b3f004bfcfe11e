//! What a caller of the synapse dialect gets, case by case.

use serde_json::{Value, json};
use soma_e2e::account::{ALICE, CHARLIE, DAVE};
use soma_e2e::signed::{Synapse, unix_nanoseconds};
use soma_e2e::wire::{Answer, Request};

use crate::miner::{self, ROUTES, ask_synapse, synapse};

/// One hour in nanoseconds.
const HOUR: u64 = 3_600_000_000_000;

struct Case {
    name: &'static str,
    request: Request,
    status: u16,
    /// What the message has to contain.
    message: &'static str,
}

fn case(name: &'static str, request: Request, status: u16, message: &'static str) -> Case {
    Case { name, request, status, message }
}

fn signed(change: impl FnOnce(&mut Synapse<'static>)) -> Request {
    let mut synapse = synapse(json!({"prompt": "one two"}));
    change(&mut synapse);
    synapse.request().unwrap()
}

fn authentication() -> Vec<Case> {
    vec![
        case(
            "forged",
            ask_synapse().with("bt_header_dendrite_signature", format!("0x{}", "01".repeat(64))),
            401,
            "Not Verified with error: Signature mismatch",
        ),
        case("signed for another axon", signed(|it| it.axon = DAVE.hotkey), 401, "Signature mismatch"),
        case(
            "another sender than the signer",
            ask_synapse().with("bt_header_dendrite_hotkey", DAVE.hotkey),
            401,
            "Signature mismatch",
        ),
        case(
            "no nonce",
            ask_synapse().without("bt_header_dendrite_nonce"),
            401,
            "Not Verified with error: Missing Nonce",
        ),
        case(
            "no signature",
            ask_synapse().without("bt_header_dendrite_signature"),
            401,
            "Not Verified with error: Missing Signature",
        ),
        case("no hotkey", ask_synapse().without("bt_header_dendrite_hotkey"), 401, "Not Verified with error: "),
        case("no headers at all", Request::new("POST", "/TextGeneration").body("{}"), 401, "Not Verified with error: "),
        case("stale", signed(|it| it.nonce = unix_nanoseconds() - HOUR), 401, "Nonce is too old"),
        case(
            "stale with a long time-out",
            signed(|it| {
                it.nonce = unix_nanoseconds() - HOUR;
                it.timeout = 1e9;
            }),
            401,
            "Not Verified with error: ",
        ),
        case("from the future", signed(|it| it.nonce = unix_nanoseconds() + HOUR), 401, "Not Verified with error: "),
        case(
            "without the version header, which would switch Python's age check off",
            signed(|it| it.nonce = unix_nanoseconds() - HOUR).without("bt_header_dendrite_version"),
            401,
            "Nonce is too old",
        ),
    ]
}

fn heads() -> Vec<Case> {
    vec![
        case("nonce is no number", ask_synapse().with("bt_header_dendrite_nonce", "soon"), 400, ""),
        case("time-out is no number", ask_synapse().with("timeout", "soon"), 400, ""),
        case("time-out is not finite", ask_synapse().with("timeout", "nan"), 400, ""),
        case("wrong method", ask_synapse().method("PUT"), 405, ""),
        case(
            "unknown route",
            ask_synapse().target("/Nope"),
            404,
            "Synapse name 'Nope' not found. Available synapses [",
        ),
        case("more than a route", ask_synapse().target("/TextGeneration/extra"), 404, ""),
        case("lower case", ask_synapse().target("/textgeneration"), 404, ""),
    ]
}

/// Requests of which nobody can say which dialect they are in, so that the answer is in neither.
fn ambiguous() -> Vec<Case> {
    vec![
        case("nonce twice", ask_synapse().twice("bt_header_dendrite_nonce", "1"), 400, ""),
        case("both dialects", ask_synapse().with("x-bittensor-version", "1"), 400, ""),
    ]
}

fn bodies() -> Vec<Case> {
    let hash_of_something = "0".repeat(64);
    vec![
        case("not JSON", ask_synapse().body("{oops"), 422, ""),
        case("not an object", ask_synapse().body("[1]"), 422, ""),
        case("empty", ask_synapse().body(""), 422, ""),
        case("a key twice", ask_synapse().body(r#"{"prompt": "a", "prompt": "b"}"#), 422, "prompt"),
        case("a required field is missing", ask_synapse().body("{}"), 422, "prompt"),
        case("a field of another type", ask_synapse().body(r#"{"prompt": 5}"#), 422, "prompt"),
        case("too large", ask_synapse().body(vec![b' '; 1024 * 1024 + 1]), 413, ""),
        case(
            "deeper than any parser should go",
            ask_synapse().body(format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))),
            422,
            "",
        ),
        case(
            "a hash where the class has no hash fields",
            signed(|it| it.body_hash = hash_of_something.clone()),
            401,
            "Not Verified with error: ",
        ),
        case(
            "hashed fields without their hash",
            signed(|it| it.route = "HashedText"),
            401,
            "Not Verified with error: ",
        ),
        case(
            "the plugin finds it invalid",
            signed(|it| it.body = json!({"prompt": " "})),
            422,
            "prompt: there is no word in it",
        ),
    ]
}

#[test]
fn every_refusal_has_its_status_and_its_headers() {
    let neuron = miner::start();
    let cases = [authentication(), heads(), bodies()].into_iter().flatten();
    let denied =
        case("denied", signed(|it| it.caller = CHARLIE), 403, "Forbidden. Key is blacklisted: this hotkey is denied.");
    for Case { name, request, status, message } in cases.chain([denied]) {
        let answer = neuron.ask(&request).unwrap();
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
        assert!(answer.message().contains(message), "{name}: {}", answer.text());
        assert_refusal(name, &answer);
    }
    for Case { name, request, status, .. } in ambiguous() {
        let answer = neuron.ask(&request).unwrap();
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
        assert!(!answer.message().is_empty(), "{name}: {}", answer.text());
    }
    let after = neuron.ask(&ask_synapse()).unwrap();
    assert_eq!(after.status, 200, "{}", after.text());
}

fn assert_refusal(name: &str, answer: &Answer) {
    assert_eq!(answer.header("content-type"), Some("application/json"), "{name}");
    assert_eq!(answer.header("bt_header_axon_status_code"), Some(answer.status.to_string().as_str()), "{name}");
    assert_eq!(answer.header("bt_header_axon_status_message"), Some(answer.message().as_str()), "{name}");
    assert_eq!(answer.json(), json!({"message": answer.message()}), "{name}");
    assert!(answer.message().bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{name}: {}", answer.message());
}

#[test]
fn an_answer_has_the_envelope_and_the_headers_of_the_python_axon() {
    let neuron = miner::start();
    let answer = neuron.ask(&ask_synapse()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    for (name, value) in [
        ("content-type", "application/json"),
        ("name", "TextGeneration"),
        ("bt_header_axon_status_code", "200"),
        ("bt_header_axon_status_message", "Success"),
        ("bt_header_axon_hotkey", ALICE.hotkey),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    let seconds: f64 = answer.header("bt_header_axon_process_time").unwrap().parse().unwrap();
    assert!(seconds >= 0.0 && seconds.is_finite());
    let body = answer.json();
    let keys: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "name",
        "timeout",
        "total_size",
        "header_size",
        "dendrite",
        "axon",
        "computed_body_hash",
        "prompt",
        "max_tokens",
        "temperature",
        "generated_text",
        "model_name",
    ];
    let mut sorted = (keys.clone(), expected.to_vec());
    sorted.0.sort_unstable();
    sorted.1.sort_unstable();
    assert_eq!(sorted.0, sorted.1);
    assert_eq!(keys[..7], expected[..7], "the envelope comes first, in the SDK's order");
    assert_eq!(body["generated_text"], "ONE TWO");
    assert_eq!(body["max_tokens"], 100, "the schema's default");
    assert_eq!(body["axon"]["status_code"], 200);
}

#[test]
fn nothing_in_the_body_names_the_status_or_the_caller() {
    let neuron = miner::start();
    let body = json!({
        "prompt": "one",
        "axon": {"status_code": 404, "status_message": "gone"},
        "dendrite": {"hotkey": CHARLIE.hotkey},
    });
    let answer = neuron.ask(&synapse(body).request().unwrap()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["axon"]["status_code"], 200);
    assert_ne!(answer.json()["dendrite"]["hotkey"], Value::from(CHARLIE.hotkey));
}

#[test]
fn every_route_of_the_slot_is_served() {
    let neuron = miner::start();
    for route in ROUTES {
        let mut request = synapse(json!({"prompt": "one"}));
        request.route = route;
        let answer = neuron.ask(&request.request().unwrap()).unwrap();
        // HashedText is there, but this request carries no hash of its fields.
        let expected = if route == "HashedText" { 401 } else { 200 };
        assert_eq!(answer.status, expected, "{route}: {}", answer.text());
    }
}
