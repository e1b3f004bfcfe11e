//! What the coldkey pays for.

use std::time::Duration;

use soma_chain::write::{AddStake, Register, SignError};
use soma_chain::{Preflight, Request, WriteError, WritePolicy};
use soma_localnet::{Change, Fault, Layer, Switch};

use crate::fixture::{Chain, NETUID, alpha, coldkey, connect, key, policy, public, writer};

fn register(hotkey: &str) -> Register {
    Register::new(NETUID, key(hotkey))
}

fn stake(hotkey: &str, rao: u64) -> Request {
    Request::AddStake(AddStake::new(NETUID, key(hotkey), rao))
}

async fn refused(chain: &Chain, who: &str, request: impl Into<Request>) -> Preflight {
    match chain.proposal(who, request).await {
        Err(WriteError::Preflight(refused)) => refused,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hotkey_is_registered_for_the_price_that_was_shown() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let before = chain.client.at_finalized().await.unwrap().balance(&key("//Bob")).await.unwrap().free;
    let plan = chain.plan("//Bob", Request::Register(register("//new"))).await;
    assert_eq!((plan.call().name(), plan.balance()), ("burned_register", before));
    assert_eq!(plan.price(), chain.client.at_finalized().await.unwrap().burn(NETUID).await.unwrap());
    let receipt = chain.send("//Bob", &plan).await.unwrap();
    let at = chain.client.at_finalized().await.unwrap();
    assert_eq!(at.uid(NETUID, &key("//new")).await.unwrap(), Some(4));
    assert_eq!(at.owner(&key("//new")).await.unwrap(), Some(key("//Bob")));
    let fee = receipt.fee.unwrap();
    assert!(fee > 0 && plan.fee().unwrap() > 0, "{fee} {:?}", plan.fee());
    let after = at.balance(&key("//Bob")).await.unwrap().free;
    assert_eq!(before - after, plan.price() + fee);
    assert_eq!(plan.fee(), Some(fee));
}

#[tokio::test(flavor = "multi_thread")]
async fn registrations_that_the_chain_refuses_are_not_sent() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let netuid = NETUID;
    let there = Preflight::AlreadyRegistered { netuid, hotkey: key("//m2"), uid: 2 };
    assert_eq!(refused(&chain, "//Alice", Request::Register(register("//m2"))).await, there);
    let root = Register::new(0, key("//new"));
    assert_eq!(refused(&chain, "//Bob", Request::Register(root)).await, Preflight::Root);
    let price = chain.client.at_finalized().await.unwrap().burn(netuid).await.unwrap();
    let cheap = Register { most: Some(price - 1), ..register("//new") };
    let dear = Preflight::TooExpensive { price, most: price - 1 };
    assert_eq!(refused(&chain, "//Bob", Request::Register(cheap)).await, dear);
    chain.plan("//Bob", Request::Register(Register { most: Some(price), ..register("//new") })).await;
    let poor = refused(&chain, "//Nobody", Request::Register(register("//new"))).await;
    assert!(matches!(poor, Preflight::NoFunds { has: 0, needs, .. } if needs > price), "{poor:?}");
    chain.change(Change::Balance { account: public("//Nobody"), rao: price });
    assert!(matches!(
        refused(&chain, "//Nobody", Request::Register(register("//new"))).await,
        Preflight::NoFunds { .. }
    ));
    chain.change(Change::Registration { netuid, allowed: Switch::Off });
    let closed = refused(&chain, "//Bob", Request::Register(register("//new"))).await;
    assert!(closed == Preflight::RegistrationClosed { netuid } && closed.passes());
    assert_eq!(chain.extrinsics().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hotkey_of_somebody_else_is_not_registered() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    chain.write("//Bob", Request::Register(register("//new"))).await.unwrap();
    // Known to the chain, and on no subnet any more: replaced when the subnet is full.
    chain.change(Change::MaxUids { netuid: NETUID, uids: 5 });
    chain.change(Change::ImmunityPeriod { netuid: NETUID, blocks: 0 });
    for name in ["//n1", "//n2", "//n3", "//n4", "//n5"] {
        // A pool counts the registrations of the block before.
        chain.net.advance(1);
        chain.write("//Bob", Request::Register(register(name))).await.unwrap();
    }
    let at = chain.client.at_finalized().await.unwrap();
    let lost = ["//new", "//n1", "//n2", "//n3", "//n4"];
    for name in lost {
        if at.uid(NETUID, &key(name)).await.unwrap().is_none() {
            let other = Preflight::OtherOwner { hotkey: key(name), owner: key("//Bob") };
            assert_eq!(refused(&chain, "//Charlie", Request::Register(register(name))).await, other);
            return;
        }
    }
    panic!("nobody was replaced");
}

#[tokio::test(flavor = "multi_thread")]
async fn stake_is_added() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let plan = chain.plan("//Bob", stake("//m2", alpha(25))).await;
    assert_eq!((plan.call().name(), plan.price()), ("add_stake", alpha(25)));
    assert!(plan.to_string().contains("amount_staked=25000000000 RAO (25)"), "{plan}");
    let receipt = chain.send("//Bob", &plan).await.unwrap();
    assert_eq!(receipt.fee, plan.fee());
    let at = chain.client.at_finalized().await.unwrap();
    assert_eq!(at.stake(&key("//m2"), NETUID).await.unwrap(), alpha(25));
}

#[tokio::test(flavor = "multi_thread")]
async fn stakes_that_the_chain_refuses_are_not_sent() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let low = Preflight::AmountTooLow { amount: 499_999, least: 500_000 };
    assert_eq!(refused(&chain, "//Bob", stake("//m2", 499_999)).await, low);
    let poor = refused(&chain, "//Bob", stake("//m2", alpha(2_000_000))).await;
    assert!(matches!(poor, Preflight::NoFunds { .. }) && !poor.passes());
    // All of it leaves nothing for the fee.
    assert!(matches!(refused(&chain, "//Bob", stake("//m2", alpha(1_000_000))).await, Preflight::NoFunds { .. }));
    let unknown = Preflight::UnknownHotkey { hotkey: key("//Ghost") };
    assert_eq!(refused(&chain, "//Bob", stake("//Ghost", alpha(1))).await, unknown);
    let elsewhere = Request::AddStake(AddStake::new(9, key("//m2"), alpha(1)));
    assert!(matches!(chain.proposal("//Bob", elsewhere).await, Err(WriteError::Chain(_))));
    assert_eq!(chain.extrinsics().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runtime_that_says_no_fee_beforehand_still_tells_what_was_paid() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    chain.net.fault(Fault::WithoutApi { name: "TransactionPaymentApi_query_info".to_owned() });
    let client = connect(&[&chain.net.url()]).await;
    let writer = writer(&client, &chain.folder, policy());
    let soma_chain::Proposal::Send(plan) = writer.plan(&key("//Bob"), &stake("//m2", alpha(25))).await.unwrap() else {
        panic!("unneeded")
    };
    assert_eq!(plan.fee(), None);
    assert!(writer.send(&plan, &coldkey("//Bob")).await.unwrap().fee.unwrap() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coldkey_is_forgotten_with_its_signature() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let once = coldkey("//Bob");
    let plan = chain.plan("//Bob", stake("//m2", alpha(1))).await;
    chain.writer.send(&plan, &once).await.unwrap();
    let error = chain.writer.send(&plan, &once).await.unwrap_err();
    assert!(matches!(error, WriteError::Sign(SignError::Spent)), "{error:?}");
    assert_eq!((chain.extrinsics().await, chain.kept()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_writes_for_an_account_that_is_held() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let plan = chain.plan("//Bob", stake("//m2", alpha(1))).await;
    let desk = chain.writer.hold(&key("//Bob")).await.unwrap();
    let other = writer(&chain.client, &chain.folder, WritePolicy { lock: Duration::ZERO, ..policy() });
    let error = other.send(&plan, &coldkey("//Bob")).await.unwrap_err();
    assert!(matches!(error, WriteError::Journal(_)) && error.passes(), "{error:?}");
    desk.send(&plan, &coldkey("//Bob")).await.unwrap();
    let foreign = desk.send(&plan, &coldkey("//Charlie")).await.unwrap_err();
    assert!(matches!(foreign, WriteError::OtherSigner { .. }), "{foreign:?}");
    drop(desk);
    other.send(&plan, &coldkey("//Bob")).await.unwrap();
}
