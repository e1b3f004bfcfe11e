//! What happens to an extrinsic between its signature and its final block. Whatever it is, the chain has it once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use soma_chain::write::{AddStake, ServeAxon};
use soma_chain::{Receipt, Request, Sent, WriteError};
use soma_localnet::{BlockTime, Config, Fault, Layer};

use crate::fixture::{Chain, Hotkey, NETUID, alpha, coldkey, connect, key, neurons, policy, until, writer};
use crate::gate::Gate;

fn serve(port: u16) -> Request {
    Request::ServeAxon(ServeAxon::new(NETUID, ([127, 0, 0, 2], port).into()))
}

async fn port(chain: &Chain) -> Option<u16> {
    let axon = chain.client.at_finalized().await.unwrap().axon(NETUID, &key("//m2")).await.unwrap();
    axon.map(|axon| axon.port)
}

/// The chain has one extrinsic, its effect is there, and nothing is kept.
async fn once(chain: &Chain, receipt: &Receipt) {
    assert_eq!(chain.extrinsics().await, 1);
    assert_eq!(port(chain).await, Some(1));
    assert_eq!((chain.kept(), chain.waiting().await), (0, 0));
    let at = chain.client.at(receipt.block_hash).await.unwrap();
    assert_eq!(at.number(), receipt.block);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_waited_for_until_it_is_final() {
    let block_time = BlockTime::Every(Duration::from_millis(40));
    let chain = Chain::start(Config { genesis: neurons(), block_time, finality_lag: 4, ..Config::default() }).await;
    let receipt = chain.write("//m2", serve(1)).await.unwrap();
    assert!(u64::from(chain.net.finalized()) >= receipt.block);
    once(&chain, &receipt).await;
    // A second one right behind it has the next nonce, though its predecessor's block is the newest but four.
    chain.write("//m2", serve(2)).await.unwrap();
    assert_eq!(chain.extrinsics().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_made_up_for_by_looking() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let plan = chain.plan("//m2", serve(1)).await;
    chain.net.fault(Fault::DropAnswer);
    let receipt = chain.send("//m2", &plan).await.unwrap();
    assert_eq!(receipt.sent, Sent::Now);
    once(&chain, &receipt).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_that_drop_on_the_way_do_no_harm() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let plan = chain.plan("//m2", serve(1)).await;
    chain.net.fault(Fault::Freeze);
    let (writer, sent) = (chain.writer.clone(), plan.clone());
    let sending = tokio::spawn(async move { writer.send(&sent, &Hotkey::new("//m2")).await });
    until("it waits in the pool", async || chain.waiting().await == 1).await;
    for _ in 0..3 {
        chain.net.fault(Fault::DropSockets);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    chain.net.clear();
    once(&chain, &sending.await.unwrap().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stalls_with_it_gets_the_same_bytes_again() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let plan = chain.plan("//m2", serve(1)).await;
    for fault in [Fault::Stall, Fault::HalfOpen] {
        let error = {
            let stalls = || chain.net.fault(fault.clone());
            let impatient = chain.patient(Duration::from_secs(2));
            impatient.send(&plan, &Hotkey::then("//m2", stalls)).await.unwrap_err()
        };
        if chain.kept() == 0 {
            panic!("{error:?}");
        }
        assert!(matches!(error, WriteError::Unsettled { .. }) && error.passes(), "{fault:?}: {error:?}");
        chain.net.clear();
        until("the endpoint is used again", async || chain.client.at_finalized().await.is_ok()).await;
        let receipt = chain.writer.resume(&key("//m2")).await.unwrap().unwrap();
        assert_eq!(receipt.sent, Sent::Earlier);
    }
    assert_eq!((chain.extrinsics().await, chain.kept(), port(&chain).await), (2, 0, Some(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_endpoint_gets_the_same_bytes() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let gate = Gate::before(&chain.net.url()).await;
    let client = connect(&[gate.url(), &chain.net.url()]).await;
    let writer = writer(&client, &chain.folder, policy());
    let plan = chain.plan("//m2", serve(1)).await;
    let shuts = || gate.shut();
    let receipt = writer.send(&plan, &Hotkey::then("//m2", shuts)).await.unwrap();
    assert_eq!(client.endpoint().map(|endpoint| endpoint.to_string()), Some(chain.net.url()));
    once(&chain, &receipt).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_takes_it_and_dies_is_followed_by_the_next() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let gate = Gate::before(&chain.net.url()).await;
    let client = connect(&[gate.url(), &chain.net.url()]).await;
    let writer = writer(&client, &chain.folder, policy());
    let plan = chain.plan("//m2", serve(1)).await;
    chain.net.fault(Fault::Freeze);
    let sending = tokio::spawn(async move { writer.send(&plan, &Hotkey::new("//m2")).await });
    until("it waits in the pool", async || chain.waiting().await == 1).await;
    gate.shut();
    tokio::time::sleep(Duration::from_millis(100)).await;
    chain.net.clear();
    once(&chain, &sending.await.unwrap().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_stands_still_is_not_waited_for_for_ever() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let plan = chain.plan("//m2", serve(1)).await;
    chain.net.fault(Fault::Freeze);
    let impatient = chain.patient(Duration::from_millis(300));
    let error = impatient.send(&plan, &Hotkey::new("//m2")).await.unwrap_err();
    let WriteError::Unsettled { hash, last_valid: 15, .. } = error else { panic!("{error:?}") };
    let kept = chain.writer.pending(&key("//m2")).unwrap().unwrap();
    assert_eq!((kept.hash(), kept.nonce(), kept.call()), (hash, 0, "SubtensorModule.serve_axon"));
    // The same again, and another call: neither is signed while the first may still land.
    for other in [plan.clone(), chain.plan("//m2", serve(2)).await] {
        let again = impatient.send(&other, &Hotkey::new("//m2")).await.unwrap_err();
        assert!(matches!(again, WriteError::Unsettled { hash: same, .. } if same == hash), "{again:?}");
    }
    assert_eq!((chain.waiting().await, chain.kept()), (1, 1));
    chain.net.clear();
    let receipt = chain.send("//m2", &plan).await.unwrap();
    assert_eq!((receipt.hash, receipt.sent), (hash, Sent::Earlier));
    once(&chain, &receipt).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_call_waits_for_the_one_before() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let (first, second) = (chain.plan("//m2", serve(1)).await, chain.plan("//m2", serve(2)).await);
    chain.net.fault(Fault::Freeze);
    chain.patient(Duration::from_millis(300)).send(&first, &Hotkey::new("//m2")).await.unwrap_err();
    chain.net.clear();
    let receipt = chain.send("//m2", &second).await.unwrap();
    assert_eq!((receipt.sent, port(&chain).await), (Sent::Now, Some(2)));
    assert_eq!((chain.extrinsics().await, chain.kept()), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_no_longer_land_is_let_go() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let plan = chain.plan("//m2", serve(1)).await;
    let stalls = || chain.net.fault(Fault::HalfOpen);
    chain.patient(Duration::from_secs(2)).send(&plan, &Hotkey::then("//m2", stalls)).await.unwrap_err();
    chain.net.clear();
    let last = chain.writer.pending(&key("//m2")).unwrap().unwrap().last_valid();
    chain.net.advance(u32::try_from(last).unwrap() - chain.net.head());
    until("the endpoint is used again", async || chain.client.at_finalized().await.is_ok()).await;
    assert_eq!(chain.writer.resume(&key("//m2")).await.unwrap(), None);
    assert_eq!((chain.extrinsics().await, chain.kept()), (0, 0));
    once(&chain, &chain.send("//m2", &plan).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_nonce_is_asked_for_once_more() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    chain.write("//m2", serve(7)).await.unwrap();
    let plan = chain.plan("//m2", serve(1)).await;
    chain.net.fault(Fault::StaleNonce { times: 1 });
    chain.send("//m2", &plan).await.unwrap();
    assert_eq!((chain.extrinsics().await, port(&chain).await), (2, Some(1)));
    let plan = chain.plan("//m2", serve(2)).await;
    chain.net.fault(Fault::StaleNonce { times: 2 });
    let error = chain.send("//m2", &plan).await.unwrap_err();
    assert!(matches!(error, WriteError::Lapsed { .. }) && error.passes(), "{error:?}");
    assert_eq!((chain.extrinsics().await, chain.kept()), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_before_it_is_sent_has_it_signed_anew() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let plan = chain.plan("//m2", serve(1)).await;
    let signed = Arc::new(AtomicU32::new(0));
    let upgrades = || {
        if signed.fetch_add(1, Ordering::SeqCst) == 0 {
            chain.net.fault(Fault::Upgrade);
        }
    };
    let receipt = chain.writer.send(&plan, &Hotkey::then("//m2", upgrades)).await.unwrap();
    assert_eq!(signed.load(Ordering::SeqCst), 2);
    once(&chain, &receipt).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_while_it_waits_has_it_signed_anew() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let plan = chain.plan("//m2", serve(1)).await;
    chain.net.fault(Fault::Freeze);
    let writer = chain.writer.clone();
    let sending = tokio::spawn(async move { writer.send(&plan, &Hotkey::new("//m2")).await });
    until("it waits in the pool", async || chain.waiting().await == 1).await;
    chain.net.fault(Fault::Upgrade);
    until("the second waits", async || chain.waiting().await == 1).await;
    chain.net.clear();
    once(&chain, &sending.await.unwrap().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_planned_account_and_kind_of_key_signs() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let plan = chain.plan("//m2", serve(1)).await;
    let error = chain.writer.send(&plan, &Hotkey::new("//m3")).await.unwrap_err();
    assert!(matches!(error, WriteError::OtherSigner { .. }), "{error:?}");
    let error = chain.writer.send(&plan, &coldkey("//m2")).await.unwrap_err();
    assert!(matches!(error, WriteError::Sign(_)) && !error.passes(), "{error:?}");
    let stake = chain.plan("//Bob", Request::AddStake(AddStake::new(NETUID, key("//m2"), alpha(1)))).await;
    let error = chain.writer.send(&stake, &Hotkey::new("//Bob")).await.unwrap_err();
    assert!(matches!(error, WriteError::Sign(_)), "{error:?}");
    assert_eq!((chain.extrinsics().await, chain.kept()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_for_one_account_go_one_after_the_other() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let plans = [chain.plan("//m2", serve(1)).await, chain.plan("//m2", serve(2)).await];
    let [first, second] = &plans;
    let (key_one, key_two) = (Hotkey::new("//m2"), Hotkey::new("//m2"));
    let (one, two) = tokio::join!(chain.writer.send(first, &key_one), chain.writer.send(second, &key_two));
    assert_ne!(one.unwrap().hash, two.unwrap().hash);
    assert_eq!((chain.extrinsics().await, chain.kept()), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_was_pruned_is_told() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let plan = chain.plan("//m2", serve(1)).await;
    chain.net.fault(Fault::Freeze);
    chain.patient(Duration::from_millis(300)).send(&plan, &Hotkey::new("//m2")).await.unwrap_err();
    chain.net.clear();
    chain.net.advance(3);
    chain.net.fault(Fault::Prune);
    let error = chain.writer.resume(&key("//m2")).await.unwrap_err();
    assert!(matches!(error, WriteError::Unread { .. }) && !error.passes(), "{error:?}");
    assert_eq!((chain.extrinsics().await, chain.kept(), port(&chain).await), (1, 0, Some(1)));
}
