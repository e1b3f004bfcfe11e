//! The metagraph that a neuron works with, through outages and restarts.

use std::path::Path;
use std::time::Duration;

use soma_chain::{ChainError, MetagraphHandle, SnapshotPolicy, Standing};
use soma_localnet::{Change, Config, Fault, Layer, Localnet};

use crate::fixture::{Chain, NETUID, endpoints, key, neurons, public, quick, until};
use crate::gate::Gate;

fn bounds(folder: Option<&Path>) -> SnapshotPolicy {
    let (refresh, oldest) = (Duration::from_secs(600), Duration::from_secs(600));
    SnapshotPolicy { refresh, oldest, folder: folder.map(Path::to_owned) }
}

fn spawn(urls: &[&str], netuid: u16, bounds: SnapshotPolicy) -> MetagraphHandle {
    MetagraphHandle::spawn(endpoints(urls), quick(), netuid, bounds)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_there_through_an_outage_and_new_after_it() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let handle = spawn(&[&chain.net.url()], NETUID, bounds(None));
    assert_eq!(handle.standing(), Standing::Unread);
    let first = handle.first().await.unwrap();
    assert_eq!((first.metagraph().neurons().len(), handle.standing()), (4, Standing::Fresh));
    chain.net.fault(Fault::HalfOpen);
    assert!(handle.refresh().await.unwrap_err().passes());
    assert_eq!(handle.standing(), Standing::Outage);
    assert!(handle.fault().is_some() && handle.current().is_some());
    chain.net.clear();
    chain.change(Change::Register { netuid: NETUID, hotkey: public("//new"), coldkey: public("//Bob") });
    until("it is read again", async || handle.refresh().await.is_ok()).await;
    assert_eq!(handle.standing(), Standing::Fresh);
    assert_eq!(handle.current().unwrap().metagraph().by_hotkey(&key("//new")).unwrap().uid, 4);
    assert!(first.metagraph().by_hotkey(&key("//new")).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_too_old_is_not_given_out() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let oldest = Duration::from_millis(1500);
    let handle = spawn(&[&chain.net.url()], NETUID, SnapshotPolicy { oldest, ..bounds(None) });
    handle.first().await.unwrap();
    chain.net.fault(Fault::Behind);
    assert!(matches!(handle.refresh().await, Err(ChainError::NodeBehind { .. })));
    until("it is too old", async || handle.standing() == Standing::TooOld).await;
    assert!(handle.current().is_none() && handle.last().is_some());
    chain.net.clear();
    until("it is read again", async || handle.refresh().await.is_ok()).await;
    assert!(handle.current().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_without_endpoints_begins_with_the_one_on_disk() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let folder = tempfile::tempdir().unwrap();
    let url = chain.net.url();
    let before = spawn(&[&url], NETUID, bounds(Some(folder.path()))).first().await.unwrap();
    drop(chain);
    let handle = spawn(&[&url], NETUID, bounds(Some(folder.path())));
    let after = handle.first().await.unwrap();
    assert_eq!(after.metagraph(), before.metagraph());
    assert!(after.age() >= before.age() && handle.standing() == Standing::Outage);
    // Without a disk there is nothing to begin with.
    assert!(matches!(spawn(&[&url], NETUID, bounds(None)).first().await, Err(ChainError::EndpointDown { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_never_goes_back_to_an_older_block() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let shorter = Localnet::start(Config { genesis: neurons(), ..Config::default() }).unwrap();
    chain.net.advance(5);
    let gate = Gate::before(&chain.net.url()).await;
    let handle = spawn(&[gate.url(), &shorter.url()], NETUID, bounds(None));
    assert_eq!(handle.first().await.unwrap().metagraph().block(), 5);
    gate.shut();
    let error = handle.refresh().await.unwrap_err();
    assert!(error.passes(), "{error:?}");
    assert_eq!(handle.current().unwrap().metagraph().block(), 5);
    shorter.advance(6);
    until("the other endpoint is ahead", async || handle.refresh().await.is_ok()).await;
    assert_eq!(handle.current().unwrap().metagraph().block(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subnet_that_is_not_there_is_told() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let handle = spawn(&[&chain.net.url()], 9, bounds(None));
    assert_eq!(handle.first().await.unwrap_err(), ChainError::NoSubnet { netuid: 9 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_chain_that_was_made_anew_is_followed_from_its_beginning() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    chain.net.advance(5);
    let handle = spawn(&[&chain.net.url()], NETUID, bounds(None));
    assert_eq!(handle.first().await.unwrap().metagraph().block(), 5);
    let (url, old) = (chain.net.url(), chain.client.genesis());
    drop(chain);
    let port = url.rsplit_once(':').unwrap().1.parse().unwrap();
    let anew = Localnet::start(Config { port, seed: 1, genesis: neurons(), ..Config::default() }).unwrap();
    until("the new chain is read", async || handle.refresh().await.is_ok()).await;
    assert_eq!((handle.current().unwrap().metagraph().block(), handle.standing()), (0, Standing::Fresh));
    assert_ne!(handle.client().unwrap().genesis(), old);
    drop(anew);
}
