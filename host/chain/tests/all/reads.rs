//! What the client reads.

use soma_chain::{EpochSource, Neuron};
use soma_localnet::{Change, Config, Fault, Layer};

use crate::fixture::{Chain, NETUID, alpha, connect, key, neurons};

#[tokio::test(flavor = "multi_thread")]
async fn single_facts_are_read() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let at = chain.client.at_finalized().await.unwrap();
    assert_eq!(at.uid(NETUID, &key("//m2")).await.unwrap(), Some(2));
    assert_eq!(at.uid(NETUID, &key("//Bob")).await.unwrap(), None);
    assert_eq!(at.owner(&key("//m2")).await.unwrap(), Some(key("//Alice")));
    assert_eq!(at.owner(&key("//Bob")).await.unwrap(), None);
    assert_eq!(at.owner_hotkey(NETUID).await.unwrap(), Some(key("//Alice")));
    assert_eq!(at.owner_hotkey(9).await.unwrap(), None);
    assert_eq!(at.balance(&key("//Bob")).await.unwrap().spendable(), alpha(1_000_000));
    assert_eq!(at.balance(&key("//m2")).await.unwrap().free, 0);
    assert_eq!(at.stake(&key("//v1"), NETUID).await.unwrap(), alpha(400));
    assert_eq!(at.stake(&key("//m2"), NETUID).await.unwrap(), 0);
    assert_eq!(at.nonce(&key("//m2")).await.unwrap(), 0);
    assert_eq!(at.axon(NETUID, &key("//m2")).await.unwrap(), None);
    assert_eq!(at.mechanisms(NETUID).await.unwrap(), 1);
    assert!(at.burn(NETUID).await.unwrap() > 0);
    at.check_subnet(NETUID).await.unwrap();
    let missing = at.check_subnet(9).await.unwrap_err();
    assert_eq!(missing.to_string(), "subnet 9 does not exist on this chain");
}

#[tokio::test(flavor = "multi_thread")]
async fn hyperparameters_follow_the_chain() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let netuid = NETUID;
    let changes = [
        Change::Tempo { netuid, tempo: 33 },
        Change::WeightsRateLimit { netuid, blocks: 44 },
        Change::ServingRateLimit { netuid, blocks: 55 },
        Change::MinAllowedWeights { netuid, weights: 2 },
        Change::MaxWeightsLimit { netuid, limit: 40_000 },
        Change::WeightsVersionKey { netuid, key: 66 },
        Change::Burn { netuid, rao: 77 },
        Change::ImmunityPeriod { netuid, blocks: 88 },
        Change::MaxValidators { netuid, validators: 9 },
    ];
    chain.net.change(&changes).unwrap();
    let at = chain.client.at_finalized().await.unwrap();
    let read = at.hyperparameters(netuid).await.unwrap();
    assert_eq!((read.tempo, read.weights_rate_limit, read.serving_rate_limit), (33, 44, 55));
    assert_eq!((read.min_allowed_weights, read.max_weights_limit, read.weights_version), (2, 40_000, 66));
    assert_eq!((read.burn, read.immunity_period, read.max_validators), (77, 88, 9));
    assert!(!read.commit_reveal && read.registration_allowed);
    assert!(at.hyperparameters(9).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_epoch_is_found() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    chain.net.advance(5);
    let epoch = chain.client.at_finalized().await.unwrap().epoch(NETUID).await.unwrap();
    assert_eq!((epoch.block, epoch.tempo, epoch.source), (5, 20, EpochSource::Legacy));
    // The first epoch of a tempo of 20 begins at 1 * 21 - 2.
    assert_eq!((epoch.next, epoch.blocks_left()), (Some(19), Some(14)));
    chain.change(Change::Tempo { netuid: NETUID, tempo: 0 });
    assert_eq!(chain.client.at_finalized().await.unwrap().epoch(NETUID).await.unwrap().next, None);
}

/// What both ways of reading a metagraph have to agree on.
fn known(neurons: &[Neuron]) -> Vec<(u16, String, bool, u64, Option<String>)> {
    let shown = |neuron: &Neuron| neuron.axon.and_then(|axon| axon.address()).map(|address| address.to_string());
    neurons
        .iter()
        .map(|neuron| (neuron.uid, neuron.hotkey.to_ss58(), neuron.validator_permit, neuron.stake, shown(neuron)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metagraph_is_the_same_by_interface_and_by_storage() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let serve = soma_chain::write::ServeAxon::new(NETUID, "127.0.0.2:8091".parse().unwrap());
    chain.write("//m2", soma_chain::Request::ServeAxon(serve)).await.unwrap();
    chain.net.advance(25);
    let before = chain.client.at_finalized().await.unwrap();
    let by_interface = before.metagraph(NETUID).await.unwrap();
    let rules = before.hyperparameters(NETUID).await.unwrap();
    assert_eq!(by_interface.neurons().len(), 4);
    // The epoch at block 19 has paid out.
    assert!(by_interface.by_hotkey(&key("//v1")).unwrap().stake >= alpha(400));
    assert_eq!(known(by_interface.neurons())[2].4.as_deref(), Some("127.0.0.2:8091"));
    for method in
        ["get_selective_mechagraph", "get_selective_metagraph", "get_subnet_hyperparams_v2", "get_subnet_hyperparams"]
    {
        chain.net.fault(Fault::WithoutApi { name: format!("SubnetInfoRuntimeApi_{method}") });
    }
    let client = connect(&[&chain.net.url()]).await;
    let at = client.at_finalized().await.unwrap();
    assert!(!at.has_api("SubnetInfoRuntimeApi", "get_selective_mechagraph"));
    let by_storage = at.metagraph(NETUID).await.unwrap();
    assert_eq!(known(by_storage.neurons()), known(by_interface.neurons()));
    assert_eq!(by_storage.neurons(), by_interface.neurons());
    assert_eq!(at.hyperparameters(NETUID).await.unwrap(), rules);
    assert!(at.metagraph(9).await.is_err() && at.hyperparameters(9).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_is_of_one_block() {
    let config = Config { genesis: neurons(), finality_lag: 3, ..Config::default() };
    let chain = Chain::start(config).await;
    chain.net.advance(10);
    let final_one = chain.client.at_finalized().await.unwrap();
    let best = chain.client.at_best().await.unwrap();
    assert_eq!((final_one.number(), best.number()), (7, 10));
    assert_eq!(final_one.metagraph(NETUID).await.unwrap().block(), 7);
    assert_eq!(chain.client.at(final_one.hash()).await.unwrap().number(), 7);
}
