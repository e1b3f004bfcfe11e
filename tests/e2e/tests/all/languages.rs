//! The same miner in several languages: each gives the Rust miner's answers, through the same axon.

use serde_json::{Value, json};
use soma_e2e::account::{ALICE, BOB, CHARLIE};
use soma_e2e::query::{Dialect, Query};
use soma_e2e::signed::Btauth;
use soma_e2e::{Neuron, Settings, Slot, places};

use crate::{dendrite_10, miner};

/// One test for each language, with the guest of its example.
macro_rules! languages {
    ($($language:ident: $guest:literal),* $(,)?) => {
        $(
            #[test]
            fn $language() {
                gives_the_answers_of_the_rust_miner($guest);
            }
        )*
    };
}

languages! {
    c: "text-miner-c",
    python: "text-miner-python",
    typescript: "text-miner-typescript",
}

/// Cases of the real dendrite; the last ones fail.
const CASES: [&str; 8] =
    ["success", "defaults", "image", "hashed", "hashed_default", "stream", "stream_refused", "wrong_type"];

/// Route, body, and what the host says of the answer.
const BODIES: [(&str, &str, u16); 8] = [
    ("TextGeneration", r#"{"prompt": "the quick  brown\nfox", "temperature": 0.2, "max_tokens": 3}"#, 200),
    ("TextGeneration", r#"{"prompt": "straße naïve \ud83d\ude42", "temperature": 0, "unknown": {"a": [1]}}"#, 200),
    ("TextGeneration", r#"{"prompt": "one two", "temperature": 2, "max_tokens": 0}"#, 200),
    ("TextGeneration", r#"{"prompt": "  "}"#, 422),
    ("TextGeneration", r#"{"prompt": 7}"#, 422),
    ("ImageGeneration", r#"{"prompt": "é\u0000\"", "size": "2048x1"}"#, 200),
    ("ImageGeneration", r#"{"prompt": "x", "size": "0x1"}"#, 422),
    ("HashedText", r#"{"prompt": "añ\ud83d\ude42b", "tags": ["x"], "max_tokens": -9007199254740991}"#, 200),
];

/// A neuron whose only plugin is one of the miners; Charlie is denied.
fn start(guest: &str) -> Neuron {
    let slot = Slot::with_all_routes("text", places::guest(guest).unwrap())
        .grant(&["config"])
        .config("deny", &json!([CHARLIE.hotkey]).to_string());
    Neuron::start(&Settings::default().slot(slot)).unwrap()
}

fn gives_the_answers_of_the_rust_miner(guest: &str) {
    let rust = start("text-miner-rust");
    let other = start(guest);

    let [expected, found] = [&rust, &other].map(|neuron| dendrite_10::ask(neuron, BOB, ALICE, &CASES));
    for (expected, found) in expected.iter().zip(&found) {
        for part in ["status_code", "status_message", "is_success", "fields"] {
            assert_eq!(found[part], expected[part], "{found}\n{}", other.log());
        }
    }
    let pieces: String = found[5]["pieces"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(pieces, "ONE TWO THREE", "{}", found[5]);
    let codes: Vec<u64> = found.iter().filter_map(|result| result["status_code"].as_u64()).collect();
    assert_eq!(codes, [200, 200, 200, 200, 200, 200, 422, 422]);

    let denied = dendrite_10::ask(&other, CHARLIE, ALICE, &["success", "stream"]);
    for result in denied {
        let said = (&result["status_code"], &result["is_blacklist"]);
        assert_eq!(said, (&json!(403), &json!(true)), "{result}\n{}", other.log());
    }

    for (route, body, status) in BODIES {
        let [expected, found] = [&rust, &other].map(|neuron| {
            let request = Btauth::new(BOB, ALICE.hotkey, &format!("/{route}"), body).request().unwrap();
            neuron.ask(&request).unwrap()
        });
        assert_eq!(
            (found.status, expected.status),
            (status, status),
            "{route} {body}: {}\n{}",
            found.text(),
            other.log()
        );
        let kind = |answer: &soma_e2e::wire::Answer| answer.header("content-type").map(str::to_owned);
        assert_eq!(kind(&found), kind(&expected), "{route} {body}");
        if status == 200 {
            assert_eq!(one_kind_of_number(found.json()), one_kind_of_number(expected.json()), "{route} {body}");
        } else {
            assert_eq!(without_id(&found.text()), without_id(&expected.text()), "{route} {body}");
        }
    }

    // Our own dendrite, too.
    let address = other.address();
    let question = Query {
        address: &address,
        route: "TextGeneration",
        body: r#"{"prompt": "Hello"}"#,
        hotkey: ALICE.hotkey,
        dialect: Dialect::Btauth,
        hash_fields: "",
        caller: BOB,
    };
    let answer = question.run(other.bench()).unwrap();
    assert_eq!((&answer["http_status"], &answer["body"]["generated_text"]), (&json!(200), &json!("HELLO")), "{answer}");
    every_hook_was_asked(&other);
}

/// The value with every number as a float: JavaScript writes 0.0 as 0.
fn one_kind_of_number(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.into_iter().map(one_kind_of_number).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, one_kind_of_number(value))).collect::<Value>()
        }
        other => other,
    }
}

/// Text of an answer, up to what names the request.
fn without_id(text: &str) -> String {
    serde_json::from_str::<Value>(text).map_or_else(
        |_| text.to_owned(),
        |mut value| {
            if let Some(object) = value.as_object_mut() {
                object.remove("id");
                object.remove("request_id");
            }
            value.to_string()
        },
    )
}

/// Blacklist, priority and forward, in this order, none of them in vain.
fn every_hook_was_asked(neuron: &Neuron) {
    let answer = neuron.ask(&miner::ask_synapse()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let id = answer.header("x-request-id").unwrap();
    let mut command = neuron.bench().soma().unwrap();
    command.args(["explain", id, "--json", "--admin"]).arg(neuron.bench().admin_socket());
    let finished = soma_e2e::process::run("soma explain", &mut command).unwrap();
    let report: Value = serde_json::from_str(&finished.stdout).unwrap();
    let stages = report["stages"].as_array().unwrap().iter().map(|stage| stage["stage"].as_str().unwrap());
    let hooks: Vec<&str> = stages.filter(|stage| ["blacklist", "priority", "forward"].contains(stage)).collect();
    assert_eq!(hooks, ["blacklist", "priority", "forward"], "{report}");
}
