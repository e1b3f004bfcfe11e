//! Weights: set, and refused before they are sent.

use soma_chain::weights::{Shortfall, WeightsError};
use soma_chain::write::SetWeights;
use soma_chain::{PALLET, Preflight, Request, WriteError};
use soma_localnet::{Change, Fault, Layer, Switch};

use crate::fixture::{Chain, NETUID, alpha, connect, key, policy, public, writer};

fn weights(scores: &[(u32, f64)]) -> SetWeights {
    SetWeights::new(NETUID, scores.to_vec())
}

fn fair() -> Request {
    Request::SetWeights(weights(&[(2, 0.75), (3, 0.25)]))
}

async fn refused(chain: &Chain, who: &str, request: impl Into<Request>) -> Preflight {
    match chain.proposal(who, request).await {
        Err(WriteError::Preflight(refused)) => refused,
        other => panic!("{other:?}"),
    }
}

async fn set(chain: &Chain, uid: u16) -> Vec<(u16, u16)> {
    let at = chain.client.at_finalized().await.unwrap();
    at.storage(PALLET, "Weights", (NETUID, uid)).await.unwrap().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn weights_are_set() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let plan = chain.plan("//v0", fair()).await;
    assert_eq!(plan.call().name(), "set_mechanism_weights");
    assert_eq!(
        plan.weights().iter().map(|weight| (weight.uid, weight.value)).collect::<Vec<_>>(),
        [(2, 65_535), (3, 21_845)]
    );
    let receipt = chain.send("//v0", &plan).await.unwrap();
    assert_eq!(receipt.fee, Some(0));
    assert_eq!(set(&chain, 0).await, [(2, 65_535), (3, 21_845)]);
    // One weight on oneself needs no permit.
    chain.write("//m2", Request::SetWeights(weights(&[(2, 1.0)]))).await.unwrap();
    assert_eq!(set(&chain, 2).await, [(2, 65_535)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runtime_without_mechanisms_gets_the_older_call() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    chain.net.fault(Fault::WithoutCall { name: "set_mechanism_weights".to_owned() });
    let client = connect(&[&chain.net.url()]).await;
    let writer = writer(&client, &chain.folder, policy());
    let soma_chain::Proposal::Send(plan) = writer.plan(&key("//v0"), &fair()).await.unwrap() else {
        panic!("unneeded")
    };
    assert_eq!(plan.call().name(), "set_weights");
    writer.send(&plan, &crate::fixture::Hotkey::new("//v0")).await.unwrap();
    assert_eq!(set(&chain, 0).await, [(2, 65_535), (3, 21_845)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn commit_reveal_is_refused_by_name() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    chain.change(Change::CommitReveal { netuid: NETUID, enabled: Switch::On });
    let refused = refused(&chain, "//v0", fair()).await;
    assert_eq!(refused, Preflight::CommitReveal { netuid: NETUID });
    assert!(refused.to_string().contains("subnet 1") && refused.to_string().contains("cannot commit yet"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_for_a_validator_are_looked_at_first() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let (netuid, hotkey) = (NETUID, key("//Bob"));
    assert_eq!(refused(&chain, "//Bob", fair()).await, Preflight::NotRegistered { netuid, hotkey });
    assert_eq!(refused(&chain, "//m2", fair()).await, Preflight::NoPermit { netuid, hotkey: key("//m2") });
    let root = SetWeights { netuid: 0, ..weights(&[(0, 1.0)]) };
    assert_eq!(refused(&chain, "//v0", Request::SetWeights(root)).await, Preflight::Root);
    let second = SetWeights { mechanism: 1, ..weights(&[(2, 1.0)]) };
    let none = Preflight::NoMechanism { netuid, mechanism: 1, count: 1 };
    assert_eq!(refused(&chain, "//v0", Request::SetWeights(second)).await, none);
    chain.change(Change::StakeThreshold { rao: alpha(500) });
    let poor = Preflight::TooLittleStake { netuid, stake: alpha(400), least: alpha(500) };
    assert_eq!(refused(&chain, "//v1", fair()).await, poor);
    chain.write("//v0", fair()).await.unwrap();
    chain.change(Change::StakeThreshold { rao: 0 });
    // The owner's hotkey weighs without a permit.
    chain.change(Change::Register { netuid, hotkey: public("//Alice"), coldkey: public("//Alice") });
    chain.write("//Alice", fair()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_version_key_is_the_subnets_own() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let netuid = NETUID;
    chain.change(Change::WeightsVersionKey { netuid, key: 7 });
    let old = SetWeights { version_key: Some(6), ..weights(&[(2, 1.0)]) };
    let low = Preflight::VersionKey { netuid, given: 6, least: 7 };
    assert_eq!(refused(&chain, "//v0", Request::SetWeights(old)).await, low);
    let plan = chain.plan("//v0", fair()).await;
    assert!(plan.arguments().contains(&("version_key", "7".to_owned())), "{plan}");
    chain.send("//v0", &plan).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn weights_wait_for_the_rate_limit_to_the_block() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    chain.change(Change::WeightsRateLimit { netuid: NETUID, blocks: 10 });
    chain.net.advance(10);
    let first = chain.write("//v0", fair()).await.unwrap().block;
    chain.net.advance(4);
    let soon = refused(&chain, "//v0", fair()).await;
    assert!(matches!(soon, Preflight::TooSoon { since: 5, limit: 10, blocks: 5, .. }) && soon.passes(), "{soon:?}");
    chain.net.advance(5);
    assert_eq!(chain.write("//v0", fair()).await.unwrap().block - first, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_few_weights_are_refused_or_spread() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    chain.change(Change::MinAllowedWeights { netuid: NETUID, weights: 3 });
    let few = chain.proposal("//v0", fair()).await.unwrap_err();
    assert!(matches!(few, WriteError::Weights(WeightsError::TooFew { remaining: 2, least: 3 })), "{few:?}");
    let spread = SetWeights { shortfall: Shortfall::Spread, ..weights(&[(2, 0.75), (3, 0.25)]) };
    chain.write("//v0", Request::SetWeights(spread)).await.unwrap();
    assert_eq!(set(&chain, 0).await.len(), 4);
    let nowhere = chain.proposal("//v0", Request::SetWeights(weights(&[(9, 1.0)]))).await.unwrap_err();
    assert!(matches!(nowhere, WriteError::Weights(WeightsError::UidTooLarge { uid: 9, neurons: 4 })));
    let nonsense = chain.proposal("//v0", Request::SetWeights(weights(&[(2, f64::NAN)]))).await.unwrap_err();
    assert!(matches!(nonsense, WriteError::Weights(WeightsError::NotFinite { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_a_weight_is_kept() {
    let chain = Chain::with_neurons(Layer::Dispatch).await;
    chain.change(Change::MaxWeightsLimit { netuid: NETUID, limit: 30_000 });
    chain.write("//v0", Request::SetWeights(weights(&[(0, 1.0), (2, 10.0), (3, 1.0)]))).await.unwrap();
    let set = set(&chain, 0).await;
    let sum: u64 = set.iter().map(|(_, value)| u64::from(*value)).sum();
    assert!(set.iter().all(|(_, value)| u64::from(*value) * 65_535 <= 30_000 * sum), "{set:?}");
}
