//! Whatever is asked, there is an answer or a refusal.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Hex, Module, methods};
use crate::localnet::{Config, Node};

/// A guard against hanging, and nothing that is measured.
const LIMIT: Duration = Duration::from_secs(60);

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap());

static QUESTIONS: LazyLock<Module> = LazyLock::new(|| {
    let node = Arc::new(Node::new(Config::default()).unwrap());
    methods(node).unwrap()
});

/// Every question and subscription.
static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| QUESTIONS.method_names().collect());

/// Names of what `state_call` reaches.
const METHODS: [&str; 8] = [
    "Core_version",
    "Core_execute_block",
    "Metadata_metadata_at_version",
    "AccountNonceApi_account_nonce",
    "TransactionPaymentApi_query_info",
    "NeuronInfoRuntimeApi_get_neuron",
    "SubnetInfoRuntimeApi_get_metagraph",
    "SubnetInfoRuntimeApi_get_selective_mechagraph",
];

/// Asks, and gives the answer as JSON.
fn ask(method: &str, params: &Value) -> Value {
    let question = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    let asked = async { tokio::time::timeout(LIMIT, QUESTIONS.raw_json_request(&question, 8)).await };
    let (answer, _) = RUNTIME.block_on(asked).unwrap().unwrap();
    serde_json::from_str(answer.get()).unwrap()
}

/// Something that a parameter may be, or something else.
fn parameter() -> impl Strategy<Value = Value> {
    let bytes = prop::collection::vec(any::<u8>(), 0..80).prop_map(|bytes| json!(format!("0x{}", hex::encode(bytes))));
    let hash = any::<[u8; 32]>().prop_map(|bytes| json!(format!("0x{}", hex::encode(bytes))));
    // Few blocks, so that a case is quick; and more than are made at a time.
    let number = prop_oneof![0..4i64, Just(100_001), Just(-1), Just(i64::MAX)].prop_map(|number| json!(number));
    let change = (any::<u16>(), any::<u64>(), ".{0,12}").prop_flat_map(|(netuid, number, text)| {
        prop::sample::select(vec![
            json!({ "change": "tempo", "netuid": netuid, "tempo": number }),
            json!({ "change": "tempo", "netuid": 1, "tempo": number % 7 }),
            json!({ "change": "stake_threshold", "rao": number }),
            json!({ "change": text, "rao": number }),
            json!({ "fault": text }),
            json!({ "fault": "refuse_pool", "custom": number, "times": 0 }),
        ])
    });
    let leaf = prop_oneof![
        bytes,
        hash,
        number,
        change,
        prop::sample::select(METHODS.to_vec()).prop_map(|name| json!(name)),
        ".{0,20}".prop_map(|text| json!(text)),
        Just(Value::Null),
        any::<bool>().prop_map(|truth| json!(truth)),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| prop::collection::vec(inner, 0..4).prop_map(Value::Array))
}

proptest! {
    #[test]
    fn any_question_is_answered_or_refused(
        place in any::<prop::sample::Index>(),
        params in prop_oneof![
            9 => prop::collection::vec(parameter(), 0..5).prop_map(Value::Array),
            1 => parameter(),
        ],
    ) {
        let answer = ask(place.get::<&str>(&NAMES), &params);
        prop_assert!(answer.get("result").is_some() != answer.get("error").is_some(), "{answer}");
    }

    #[test]
    fn any_text_is_bytes_or_refused(text in prop_oneof!["(0x)?([0-9a-fA-F]{2}){0,40}", ".{0,40}"]) {
        match serde_json::from_value::<Hex>(json!(text)) {
            Ok(bytes) => {
                let digits = text.strip_prefix("0x").unwrap_or(&text).to_lowercase();
                prop_assert_eq!(json!(bytes), json!(format!("0x{digits}")));
            }
            Err(_) => prop_assert!(hex::decode(text.trim_start_matches("0x")).is_err() || text.starts_with("0x0x")),
        }
    }
}

#[test]
fn a_block_is_found_by_number_in_both_forms_and_in_a_list() {
    let by = |numbers: Value| ask("chain_getBlockHash", &json!([numbers]));
    let first = by(json!(0))["result"].clone();
    assert!(first.is_string());
    assert_eq!(by(json!("0x0"))["result"], first);
    assert_eq!(by(json!([0, "0x0", 4_000_000_000_u32]))["result"], json!([first, first, null]));
    for wrong in [json!("zero"), json!(-1), json!(1.5), json!("0x1ffffffff"), json!({})] {
        assert!(by(wrong.clone()).get("error").is_some(), "{wrong}");
    }
}
