//! An epoch turns weights into incentive, dividends and emission.

use soma_localnet::Layer;
use subxt::dynamic::Value;
use subxt::ext::scale_value::At;

use crate::fixture::{Chain, list};

#[tokio::test(flavor = "multi_thread")]
async fn an_epoch_moves_what_neurons_get() {
    let chain = Chain::with_neurons(Layer::Dispatch).await;
    let before = metagraph(&chain).await;
    assert_eq!(numbers(&before, "incentives"), [0, 0, 0, 0]);
    for validator in ["//v0", "//v1"] {
        let arguments = vec![Value::u128(1), Value::u128(0), list(&[2, 3]), list(&[3, 1]), Value::u128(0)];
        chain.call(validator, "set_mechanism_weights", arguments).await.unwrap();
    }
    chain.net.advance(21);
    let after = metagraph(&chain).await;
    let incentives = numbers(&after, "incentives");
    assert_eq!(incentives[..2], [0, 0]);
    assert!((49_000..49_300).contains(&incentives[2]) && (16_300..16_500).contains(&incentives[3]), "{incentives:?}");
    let dividends = numbers(&after, "dividends");
    assert!(dividends[0] > dividends[1] && dividends[1] > 0, "{dividends:?}");
    assert!(numbers(&after, "emission").iter().all(|earned| *earned > 0));
    let stake = |graph: &Value, uid: usize| numbers(graph, "alpha_stake")[uid];
    assert!(stake(&after, 2) > stake(&before, 2) && stake(&after, 2) > stake(&after, 3));
    assert_eq!(numbers(&after, "validator_permit"), [1, 1, 0, 0]);
}

async fn metagraph(chain: &Chain) -> Value {
    let at = chain.client.at_current_block().await.unwrap();
    let call = subxt::dynamic::runtime_api_call::<_, Value>("SubnetInfoRuntimeApi", "get_metagraph", (1u16,));
    let answer = at.runtime_apis().call(call).await.unwrap();
    answer.at(0).cloned().expect("there is a subnet 1")
}

fn numbers(graph: &Value, field: &str) -> Vec<u128> {
    let list = graph.at(field).unwrap();
    let read = |uid| list.at(uid).map(|value| value.as_bool().map_or_else(|| value.as_u128().unwrap(), u128::from));
    (0..).map_while(read).collect()
}
