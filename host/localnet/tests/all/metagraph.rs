//! What the runtime answers about a subnet.

use soma_localnet::{Change, Layer};
use subxt::dynamic::Value;
use subxt::ext::scale_value::{At, ValueDef, Variant};

use crate::fixture::{Chain, alpha, public};

const SUBNETS: &str = "SubnetInfoRuntimeApi";

/// The answer to a question; nothing where it is an `Option` without a value.
async fn ask(chain: &Chain, api: &str, method: &str, arguments: Vec<Value>) -> Option<Value> {
    let at = chain.client.at_current_block().await.unwrap();
    let call = subxt::dynamic::runtime_api_call::<_, Value>(api, method, arguments);
    let answer = at.runtime_apis().call(call).await.unwrap();
    match answer.value {
        ValueDef::Variant(Variant { name, values }) if name == "Some" => values.into_values().next(),
        ValueDef::Variant(Variant { name, .. }) if name == "None" => None,
        value => Some(Value { value, context: () }),
    }
}

fn number(value: &Value) -> u128 {
    // A compact number is a composite of one, and a truth is 0 or 1.
    let inner = value.at(0).unwrap_or(value);
    inner.as_bool().map_or_else(|| inner.as_u128().unwrap(), u128::from)
}

fn numbers(graph: &Value, field: &str) -> Vec<u128> {
    let list = graph.at(field).unwrap();
    (0..).map_while(|place| list.at(place)).map(number).collect()
}

fn key(who: &str) -> Vec<u128> {
    let key: [u8; 32] = public(who).into();
    key.into_iter().map(u128::from).collect()
}

fn bytes(value: &Value) -> Vec<u128> {
    let inner = if value.at(31).is_some() { value } else { value.at(0).unwrap() };
    (0..32).map(|place| inner.at(place).unwrap().as_u128().unwrap()).collect()
}

async fn served() -> Chain {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let axon = [1, 7, 0x7f00_0002, 8091, 4, 4, 0, 0].into_iter().map(Value::u128).collect();
    chain.call("//m2", "serve_axon", axon).await.unwrap();
    chain
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metagraph_has_a_place_for_each_neuron_in_every_column() {
    let chain = served().await;
    chain.net.change(&[Change::Stake { hotkey: public("//v0"), netuid: 0, rao: alpha(100) }]).unwrap();
    for (method, arguments) in [("get_metagraph", vec![1]), ("get_mechagraph", vec![1, 0])] {
        let arguments = arguments.into_iter().map(Value::u128).collect();
        let graph = ask(&chain, SUBNETS, method, arguments).await.unwrap();
        for column in [
            "active",
            "validator_permit",
            "pruning_score",
            "last_update",
            "emission",
            "dividends",
            "incentives",
            "consensus",
            "trust",
            "rank",
            "block_at_registration",
            "alpha_stake",
            "tao_stake",
            "total_stake",
        ] {
            assert_eq!(numbers(&graph, column).len(), 4, "{method} {column}");
        }
        let alice = key("//Alice");
        for (uid, name) in ["//v0", "//v1", "//m2", "//m3"].into_iter().enumerate() {
            assert_eq!(bytes(graph.at("hotkeys").unwrap().at(uid).unwrap()), key(name));
            assert_eq!(bytes(graph.at("coldkeys").unwrap().at(uid).unwrap()), alice);
        }
        let axon = graph.at("axons").unwrap().at(2).unwrap();
        let field = |name: &str| axon.at(name).unwrap().as_u128().unwrap();
        assert_eq!(
            [field("ip"), field("port"), field("ip_type"), field("version"), field("block")],
            [0x7f00_0002, 8091, 4, 7, 1]
        );
        assert_eq!((number(graph.at("num_uids").unwrap()), number(graph.at("tempo").unwrap())), (4, 20));
        // Alpha counts whole, and of TAO 18 %.
        assert_eq!(numbers(&graph, "alpha_stake"), [600, 400, 0, 0].map(|whole| u128::from(alpha(whole))));
        assert_eq!(numbers(&graph, "tao_stake"), [100, 0, 0, 0].map(|whole| u128::from(alpha(whole))));
        let counted = numbers(&graph, "total_stake")[0] as f64 / alpha(1) as f64;
        assert!((counted - (600.0 + 0.18 * 100.0)).abs() < 0.1, "{counted}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selective_metagraph_has_what_was_asked_for() {
    let chain = served().await;
    // Hotkeys, axons and those with a permit; and a number that nothing has.
    let wanted = || Value::unnamed_composite([52, 55, 72, 900].map(Value::u128));
    for (method, mut arguments) in [("get_selective_metagraph", vec![1]), ("get_selective_mechagraph", vec![1, 0])] {
        let arguments = arguments.drain(..).map(Value::u128).chain([wanted()]).collect();
        let graph = ask(&chain, SUBNETS, method, arguments).await.unwrap();
        let has =
            |field: &str| matches!(&graph.at(field).unwrap().value, ValueDef::Variant(option) if option.name == "Some");
        for (field, expected) in [
            ("hotkeys", true),
            ("axons", true),
            ("validators", true),
            ("coldkeys", false),
            ("name", false),
            ("commitments", false),
        ] {
            assert_eq!(has(field), expected, "{method} {field}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn neurons_and_settings_are_told_one_by_one() {
    let chain = served().await;
    let subnet = || vec![Value::u128(1)];
    for method in ["get_neurons_lite", "get_neurons"] {
        let neurons = ask(&chain, "NeuronInfoRuntimeApi", method, subnet()).await.unwrap();
        let third = neurons.at(2).unwrap();
        assert_eq!(third.at("axon_info").unwrap().at("port").unwrap().as_u128(), Some(8091), "{method}");
        assert_eq!(number(third.at("uid").unwrap()), 2);
        assert!(neurons.at(4).is_none());
    }
    let state = ask(&chain, SUBNETS, "get_subnet_state", subnet()).await.unwrap();
    assert_eq!(numbers(&state, "alpha_stake")[0], u128::from(alpha(600)));
    chain.net.change(&[Change::WeightsRateLimit { netuid: 1, blocks: 77 }]).unwrap();
    for method in ["get_subnet_hyperparams", "get_subnet_hyperparams_v2"] {
        let settings = ask(&chain, SUBNETS, method, subnet()).await.unwrap();
        let field = |name: &str| number(settings.at(name).unwrap());
        let found = [
            field("weights_rate_limit"),
            field("tempo"),
            field("serving_rate_limit"),
            field("commit_reveal_weights_enabled"),
        ];
        assert_eq!(found, [77, 20, 0, 0], "{method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_answer_about_what_is_not_there() {
    let chain = served().await;
    for (api, method, arguments) in [
        (SUBNETS, "get_metagraph", vec![9]),
        (SUBNETS, "get_mechagraph", vec![1, 1]),
        (SUBNETS, "get_subnet_state", vec![9]),
        (SUBNETS, "get_subnet_hyperparams", vec![9]),
        (SUBNETS, "get_subnet_hyperparams_v2", vec![9]),
        ("NeuronInfoRuntimeApi", "get_neuron_lite", vec![1, 4]),
        ("NeuronInfoRuntimeApi", "get_neuron", vec![1, 4]),
    ] {
        let arguments = arguments.into_iter().map(Value::u128).collect();
        assert_eq!(ask(&chain, api, method, arguments).await, None, "{api}.{method}");
    }
}
