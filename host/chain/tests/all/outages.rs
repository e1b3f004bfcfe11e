//! Endpoints and nodes that fail: a typed error in bounded time, and help from the next endpoint where there is one.

use std::time::Duration;

use soma_chain::{ChainError, Client, LagPolicy, PALLET, Policy};
use soma_localnet::{Config, Fault, Layer, Localnet};

use crate::fixture::{Chain, NETUID, connect, endpoints, key, neurons, quick};
use crate::gate::Gate;

/// Nothing here may take longer; the bounds of `quick` are seconds.
const LONGEST: Duration = Duration::from_secs(30);

async fn bounded<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONGEST, future).await.expect("it hangs")
}

/// A port on which nobody listens.
fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("ws://{}", listener.local_addr().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_down_is_told_and_the_next_one_is_used() {
    let down = nobody();
    let error = bounded(Client::connect(endpoints(&[&down]), quick())).await.unwrap_err();
    assert!(matches!(&error, ChainError::EndpointDown { endpoint, .. } if *endpoint == down) && error.passes());
    let also = nobody();
    let error = bounded(Client::connect(endpoints(&[&down, &also]), quick())).await.unwrap_err();
    assert!(matches!(error, ChainError::AllEndpointsDown { .. }) && error.passes());
    let net = Localnet::start(Config::default()).unwrap();
    let client = bounded(connect(&[&down, &net.url()])).await;
    assert_eq!(client.endpoint().map(|endpoint| endpoint.to_string()), Some(net.url()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_is_given_up() {
    // It takes connections, and never answers.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let policy = Policy { connect: Duration::from_millis(300), ..quick() };
    let error = bounded(Client::connect(endpoints(&[&url]), policy)).await.unwrap_err();
    assert!(matches!(&error, ChainError::NoAnswer { .. }) && error.passes(), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_chain_is_refused() {
    let ours = Localnet::start(Config::default()).unwrap();
    let other = Localnet::start(Config { name: "Other".to_owned(), ..Config::default() }).unwrap();
    let genesis = connect(&[&ours.url()]).await.genesis();
    let error = bounded(Client::connect_to(endpoints(&[&other.url()]), quick(), genesis)).await.unwrap_err();
    assert!(matches!(error, ChainError::WrongChain { .. }) && !error.passes());
    let named = soma_chain::Endpoints::new(soma_chain::Network::Finney, &[other.url()]).unwrap();
    let policy = Policy { lag: LagPolicy::Any, ..quick() };
    assert!(matches!(bounded(Client::connect(named, policy)).await, Err(ChainError::WrongChain { .. })));
    // Also when it takes the place of one that went down.
    let gate = Gate::before(&ours.url()).await;
    let client = connect(&[gate.url(), &other.url()]).await;
    gate.shut();
    let error = bounded(client.at_finalized()).await.err().unwrap();
    assert!(matches!(error, ChainError::WrongChain { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_go_on_at_the_next_endpoint() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let gate = Gate::before(&chain.net.url()).await;
    let client = connect(&[gate.url(), &chain.net.url()]).await;
    assert_eq!(client.endpoint().map(|endpoint| endpoint.to_string()).as_deref(), Some(gate.url()));
    gate.shut();
    let at = bounded(client.at_finalized()).await.unwrap();
    assert_eq!(at.uid(NETUID, &key("//m2")).await.unwrap(), Some(2));
    assert_eq!(client.endpoint().map(|endpoint| endpoint.to_string()), Some(chain.net.url()));
}

#[tokio::test(flavor = "multi_thread")]
async fn dropped_sockets_are_made_again() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    for _ in 0..3 {
        chain.net.fault(Fault::DropSockets);
        bounded(chain.client.at_finalized()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_open_socket_is_found_out_and_left() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    for fault in [Fault::HalfOpen, Fault::Stall] {
        chain.net.fault(fault.clone());
        let error = bounded(chain.client.at_finalized()).await.err().unwrap();
        assert!(error.passes(), "{fault:?}: {error:?}");
        chain.net.clear();
        crate::fixture::until("the endpoint is tried again", async || chain.client.at_finalized().await.is_ok()).await;
    }
    // With a second endpoint nobody notices.
    let other = Localnet::start(Config { genesis: neurons(), ..Config::default() }).unwrap();
    let client = connect(&[&chain.net.url(), &other.url()]).await;
    chain.net.fault(Fault::HalfOpen);
    bounded(client.at_finalized()).await.unwrap();
    assert_eq!(client.endpoint().map(|endpoint| endpoint.to_string()), Some(other.url()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_behind_is_not_used() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    chain.net.fault(Fault::Behind);
    let error = bounded(Client::connect(endpoints(&[&chain.net.url()]), quick())).await.unwrap_err();
    assert!(matches!(error, ChainError::NodeBehind { .. }) && error.passes());
    let error = bounded(chain.client.check_lag()).await.unwrap_err();
    assert!(matches!(error, ChainError::NodeBehind { .. }));
    let other = Localnet::start(Config { genesis: neurons(), ..Config::default() }).unwrap();
    let client = bounded(connect(&[&chain.net.url(), &other.url()])).await;
    assert_eq!(client.endpoint().map(|endpoint| endpoint.to_string()), Some(other.url()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_newest_block_is_behind_by_the_clock() {
    let net = Localnet::start(Config::default()).unwrap();
    net.advance(1);
    let policy = Policy { lag: LagPolicy::Within(Duration::from_millis(1)), ..quick() };
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let error = bounded(Client::connect(endpoints(&[&net.url()]), policy)).await.unwrap_err();
    assert!(matches!(error, ChainError::NodeBehind { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_the_node_let_go_is_told() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let old = chain.client.at_finalized().await.unwrap();
    chain.net.advance(3);
    chain.net.fault(Fault::Prune);
    let error = bounded(old.uid(NETUID, &key("//m2"))).await.unwrap_err();
    assert!(matches!(error, ChainError::StatePruned { .. }) && !error.passes(), "{error:?}");
    assert!(matches!(bounded(old.metagraph(NETUID)).await, Err(ChainError::StatePruned { .. })));
    let unknown = subxt::utils::H256([9; 32]);
    assert!(matches!(bounded(chain.client.at(unknown)).await, Err(ChainError::UnknownBlock { .. })));
    bounded(chain.client.at_finalized()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_brings_its_own_metadata() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let before = chain.client.at_finalized().await.unwrap();
    chain.net.fault(Fault::Upgrade);
    let after = bounded(chain.client.at_finalized()).await.unwrap();
    assert_eq!((before.spec_version(), after.spec_version()), (393, 394));
    let first =
        |at: &soma_chain::At| at.metadata().pallet_by_name(PALLET).unwrap().error_variants().unwrap()[0].name.clone();
    assert_ne!(first(&before), first(&after));
    assert_eq!(after.uid(NETUID, &key("//m2")).await.unwrap(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storage_that_is_gone_is_told_by_name_and_as_drift() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    chain.net.fault(Fault::WithoutStorage { name: "Uids".to_owned() });
    let client = connect(&[&chain.net.url()]).await;
    let at = client.at_finalized().await.unwrap();
    let error = at.uid(NETUID, &key("//m2")).await.unwrap_err();
    let expected = ChainError::Missing { what: "storage SubtensorModule.Uids".to_owned(), spec: 393 };
    assert_eq!(error, expected);
    let drift: Vec<String> = soma_chain::shape::drift(at.metadata()).iter().map(ToString::to_string).collect();
    assert_eq!(drift, ["storage SubtensorModule.Uids is missing"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_development_chain_has_the_shapes_of_finney() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let at = chain.client.at_finalized().await.unwrap();
    assert_eq!(soma_chain::shape::drift(at.metadata()), []);
}
