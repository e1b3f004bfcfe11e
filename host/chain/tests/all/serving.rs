//! Addresses: published, taken back, and refused before they are sent.

use soma_chain::write::{ServeAxon, ServePrometheus};
use soma_chain::{Axon, Preflight, Proposal, Request, Sent, WriteError};
use soma_localnet::{Change, Layer};

use crate::fixture::{Chain, NETUID, key};

fn serve(address: &str) -> Request {
    Request::ServeAxon(ServeAxon::new(NETUID, address.parse().unwrap()))
}

fn metrics(address: &str) -> Request {
    Request::ServePrometheus(ServePrometheus::new(NETUID, address.parse().unwrap()))
}

async fn published(chain: &Chain) -> Option<Axon> {
    chain.client.at_finalized().await.unwrap().axon(NETUID, &key("//m2")).await.unwrap()
}

fn preflight(result: Result<Proposal, WriteError>) -> Preflight {
    match result {
        Err(WriteError::Preflight(refused)) => refused,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_published_once_and_taken_back() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let plan = chain.plan("//m2", serve("203.0.113.7:8091")).await;
    assert_eq!(
        plan.to_string(),
        "SubtensorModule.serve_axon(netuid=1, version=1, ip=203.0.113.7, port=8091, ip_type=4, protocol=4, \
         placeholder1=0, placeholder2=0)"
    );
    assert_eq!((plan.fee(), plan.price(), plan.balance()), (Some(0), 0, 0));
    let receipt = chain.send("//m2", &plan).await.unwrap();
    assert_eq!((receipt.call.as_str(), receipt.sent), ("SubtensorModule.serve_axon", Sent::Now));
    assert_eq!((receipt.block, receipt.index, receipt.fee), (1, 1, Some(0)));
    assert_eq!(published(&chain).await.unwrap().address().unwrap().to_string(), "203.0.113.7:8091");
    assert!(matches!(chain.proposal("//m2", serve("203.0.113.7:8091")).await, Ok(Proposal::Unneeded(_))));
    chain.write("//m2", serve("[2001:db8::7]:8091")).await.unwrap();
    assert_eq!(published(&chain).await.unwrap().address().unwrap().to_string(), "[2001:db8::7]:8091");
    chain.write("//m2", Request::ResetAxon { netuid: NETUID }).await.unwrap();
    assert_eq!(published(&chain).await.unwrap().address(), None);
    assert!(matches!(chain.proposal("//m2", Request::ResetAxon { netuid: NETUID }).await, Ok(Proposal::Unneeded(_))));
    assert_eq!((chain.extrinsics().await, chain.kept()), (3, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_goes_with_the_address() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let mut axon = ServeAxon::new(NETUID, "203.0.113.7:8091".parse().unwrap());
    axon.certificate = Some(vec![1, 2, 3]);
    let receipt = chain.write("//m2", Request::ServeAxon(axon.clone())).await.unwrap();
    assert_eq!(receipt.call, "SubtensorModule.serve_axon_tls");
    let again = chain.proposal("//m2", Request::ServeAxon(axon.clone())).await;
    assert!(matches!(again, Ok(Proposal::Unneeded(_))), "{again:?}");
    axon.certificate = Some(vec![1, 2, 4]);
    chain.write("//m2", Request::ServeAxon(axon.clone())).await.unwrap();
    axon.certificate = Some(vec![1]);
    let short = preflight(chain.proposal("//m2", Request::ServeAxon(axon)).await);
    assert_eq!(short, Preflight::Certificate { length: 1 });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_metrics_is_published() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let receipt = chain.write("//m2", metrics("203.0.113.7:9100")).await.unwrap();
    assert_eq!(receipt.call, "SubtensorModule.serve_prometheus");
    assert!(matches!(chain.proposal("//m2", metrics("203.0.113.7:9100")).await, Ok(Proposal::Unneeded(_))));
    chain.write("//m2", metrics("203.0.113.8:9100")).await.unwrap();
    let nowhere = preflight(chain.proposal("//m2", metrics("0.0.0.0:9100")).await);
    assert!(matches!(nowhere, Preflight::Address { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_the_chain_refuses_are_not_sent() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    for address in ["127.0.0.1:1", "[::1]:1", "255.255.255.255:1", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:1"] {
        let refused = preflight(chain.proposal("//m2", serve(address)).await);
        assert!(matches!(refused, Preflight::Address { .. }) && !refused.passes(), "{address}");
    }
    assert_eq!(preflight(chain.proposal("//m2", serve("203.0.113.7:0")).await), Preflight::Port);
    let stranger = Preflight::NotRegistered { netuid: NETUID, hotkey: key("//Bob") };
    for request in [serve("127.0.0.2:1"), metrics("127.0.0.2:1"), Request::ResetAxon { netuid: NETUID }] {
        assert_eq!(preflight(chain.proposal("//Bob", request).await), stranger);
    }
    let elsewhere = ServeAxon::new(9, "127.0.0.2:1".parse().unwrap());
    let error = chain.proposal("//m2", Request::ServeAxon(elsewhere)).await.unwrap_err();
    assert_eq!(error.to_string(), "subnet 9 does not exist on this chain");
    assert_eq!(chain.extrinsics().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_address_waits_for_the_rate_limit_to_the_block() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    chain.change(Change::ServingRateLimit { netuid: NETUID, blocks: 10 });
    let first = chain.write("//m2", serve("127.0.0.2:1")).await.unwrap().block;
    chain.net.advance(6);
    let refused = preflight(chain.proposal("//m2", serve("127.0.0.2:2")).await);
    assert!(refused.passes());
    let Preflight::TooSoon { since: 7, limit: 10, blocks: 3, .. } = refused else { panic!("{refused:?}") };
    chain.net.advance(2);
    assert!(matches!(
        preflight(chain.proposal("//m2", serve("127.0.0.2:2")).await),
        Preflight::TooSoon { blocks: 1, .. }
    ));
    chain.net.advance(1);
    let second = chain.write("//m2", serve("127.0.0.2:2")).await.unwrap().block;
    assert_eq!(second - first, 10);
    // The metrics have a count of their own.
    chain.write("//m2", metrics("127.0.0.2:3")).await.unwrap();
    let refused = preflight(chain.proposal("//m2", metrics("127.0.0.2:4")).await);
    assert!(matches!(refused, Preflight::TooSoon { .. }));
}
