//! Setting weights.

use soma_localnet::{Change, Layer, Switch};
use subxt::dynamic::Value;

use crate::fixture::{Chain, Refused, alpha, list};

fn weights(dests: &[u128], values: &[u128], key: u128) -> Vec<Value> {
    vec![Value::u128(1), Value::u128(0), list(dests), list(values), Value::u128(key)]
}

fn fair() -> Vec<Value> {
    weights(&[2, 3], &[1, 1], 0)
}

async fn refused(chain: &Chain, who: &str, arguments: Vec<Value>, name: &str) {
    let outcome = chain.call(who, "set_mechanism_weights", arguments).await;
    assert_eq!(outcome, Err(Refused::Call(name.to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn weights_are_checked_as_the_chain_checks_them() {
    let chain = Chain::with_neurons(Layer::Dispatch).await;
    chain.call("//v0", "set_mechanism_weights", fair()).await.unwrap();
    chain.call("//v0", "set_weights", vec![Value::u128(1), list(&[2]), list(&[1]), Value::u128(0)]).await.unwrap();
    refused(&chain, "//v0", weights(&[2, 3], &[1], 0), "WeightVecNotEqualSize").await;
    refused(&chain, "//v0", weights(&[2, 2], &[1, 1], 0), "DuplicateUids").await;
    refused(&chain, "//v0", weights(&[2, 9], &[1, 1], 0), "UidVecContainInvalidOne").await;
    refused(&chain, "//v0", weights(&[0, 1, 2, 3, 4], &[1; 5], 0), "UidsLengthExceedUidsInSubNet").await;
    refused(&chain, "//Bob", fair(), "HotKeyNotRegisteredInSubNet").await;
    refused(&chain, "//m2", fair(), "NeuronNoValidatorPermit").await;
    let second = vec![Value::u128(1), Value::u128(1), list(&[2]), list(&[1]), Value::u128(0)];
    refused(&chain, "//v0", second, "MechanismDoesNotExist").await;
    let root = vec![Value::u128(0), Value::u128(0), list(&[2]), list(&[1]), Value::u128(0)];
    refused(&chain, "//v0", root, "CanNotSetRootNetworkWeights").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn weights_keep_to_the_subnets_settings() {
    let chain = Chain::with_neurons(Layer::Dispatch).await;
    let set = |change| chain.net.change(&[change]).unwrap();
    set(Change::WeightsVersionKey { netuid: 1, key: 7 });
    refused(&chain, "//v0", fair(), "IncorrectWeightVersionKey").await;
    chain.call("//v0", "set_mechanism_weights", weights(&[2, 3], &[1, 1], 7)).await.unwrap();
    set(Change::WeightsVersionKey { netuid: 1, key: 0 });
    set(Change::StakeThreshold { rao: alpha(500) });
    refused(&chain, "//v1", fair(), "NotEnoughStakeToSetWeights").await;
    set(Change::MinAllowedWeights { netuid: 1, weights: 3 });
    refused(&chain, "//v0", fair(), "WeightVecLengthIsLow").await;
    set(Change::MinAllowedWeights { netuid: 1, weights: 1 });
    set(Change::MaxWeightsLimit { netuid: 1, limit: 40_000 });
    refused(&chain, "//v0", weights(&[2, 3], &[3, 1], 0), "MaxWeightExceeded").await;
    chain.call("//v0", "set_mechanism_weights", fair()).await.unwrap();
    set(Change::WeightsRateLimit { netuid: 1, blocks: 30 });
    refused(&chain, "//v0", fair(), "SettingWeightsTooFast").await;
    chain.net.advance(30);
    chain.call("//v0", "set_mechanism_weights", fair()).await.unwrap();
    set(Change::CommitReveal { netuid: 1, enabled: Switch::On });
    refused(&chain, "//v0", fair(), "CommitRevealEnabled").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn weights_that_come_too_fast_are_refused_in_the_pool() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    chain.net.change(&[Change::WeightsRateLimit { netuid: 1, blocks: 30 }]).unwrap();
    chain.net.advance(30);
    chain.call("//v0", "set_mechanism_weights", fair()).await.unwrap();
    let fast = chain.call("//v0", "set_mechanism_weights", fair()).await;
    assert_eq!(fast, Err(Refused::Pool(1010, "Custom error: 6".to_owned())));
}
