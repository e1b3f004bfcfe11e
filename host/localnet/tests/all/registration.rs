//! Coming by a uid.

use soma_localnet::{Change, Layer, Switch};
use subxt::dynamic::Value;

use crate::fixture::{Chain, Refused, argument, public};

fn register(hotkey: &str) -> Vec<Value> {
    vec![Value::u128(1), argument(hotkey)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_costs_and_gives_the_next_uid() {
    let chain = Chain::with_neurons(Layer::Dispatch).await;
    let before = free(&chain, "//Bob").await;
    chain.call("//Bob", "burned_register", register("//new")).await.unwrap();
    let paid = before - free(&chain, "//Bob").await;
    assert!((100_000_000..110_000_000).contains(&paid), "{paid} RAO: the price and a fee");
    let again = chain.call("//Bob", "burned_register", register("//new")).await;
    assert_eq!(again, Err(Refused::Call("HotKeyAlreadyRegisteredInSubNet".to_owned())));
    let foreign = chain.call("//Bob", "burned_register", register("//Alice")).await;
    assert_eq!(foreign, Err(Refused::Call("NonAssociatedColdKey".to_owned())));
    let root = vec![Value::u128(0), argument("//other")];
    assert_eq!(
        chain.call("//Bob", "burned_register", root).await,
        Err(Refused::Call("RegistrationNotPermittedOnRootSubnet".to_owned()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn registrations_are_refused_for_a_reason() {
    let chain = Chain::with_neurons(Layer::Dispatch).await;
    chain.net.change(&[Change::Balance { account: public("//poor"), rao: 20_000_000 }]).unwrap();
    let poor = chain.call("//poor", "burned_register", register("//new")).await;
    assert_eq!(poor, Err(Refused::Call("NotEnoughBalanceToStake".to_owned())));
    chain.net.change(&[Change::RegistrationTarget { netuid: 1, registrations: 1 }]).unwrap();
    for hotkey in ["//n0", "//n1", "//n2"] {
        chain.call("//Bob", "burned_register", register(hotkey)).await.unwrap();
    }
    let many = chain.call("//Bob", "burned_register", register("//n3")).await;
    assert_eq!(many, Err(Refused::Call("TooManyRegistrationsThisInterval".to_owned())));
    chain.net.change(&[Change::Registration { netuid: 1, allowed: Switch::Off }]).unwrap();
    let closed = chain.call("//Bob", "burned_register", register("//n3")).await;
    assert_eq!(closed, Err(Refused::Call("SubNetRegistrationDisabled".to_owned())));
    let nowhere = chain.call("//Bob", "burned_register", vec![Value::u128(9), argument("//n3")]).await;
    assert_eq!(nowhere, Err(Refused::Call("SubnetNotExists".to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_subnet_gives_the_place_of_its_least() {
    let chain = Chain::with_neurons(Layer::Dispatch).await;
    chain.net.change(&[Change::MaxUids { netuid: 1, uids: 4 }]).unwrap();
    let full = chain.call("//Bob", "burned_register", register("//new")).await;
    assert_eq!(full, Err(Refused::Call("NoNeuronIdAvailable".to_owned())));
    chain.net.change(&[Change::ImmunityPeriod { netuid: 1, blocks: 1 }]).unwrap();
    chain.call("//Bob", "burned_register", register("//new")).await.unwrap();
    let at = chain.client.at_current_block().await.unwrap();
    let uid = at
        .storage()
        .try_fetch(
            subxt::dynamic::storage::<(u16, [u8; 32]), u16>("SubtensorModule", "Uids"),
            (1, public("//new").into()),
        )
        .await
        .unwrap();
    assert_eq!(uid.map(|value| value.decode().unwrap()), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subnet_is_registered_and_started() {
    let chain = Chain::with_neurons(Layer::Dispatch).await;
    chain.call("//Bob", "register_network", vec![argument("//owner")]).await.unwrap();
    let stake = vec![argument("//owner"), Value::u128(2), Value::u128(5_000_000_000)];
    let closed = chain.call("//Bob", "add_stake", stake.clone()).await;
    assert_eq!(closed, Err(Refused::Call("SubtokenDisabled".to_owned())));
    let stranger = chain.call("//Eve", "start_call", vec![Value::u128(2)]).await;
    assert_eq!(stranger, Err(Refused::Call("NotSubnetOwner".to_owned())));
    chain.call("//Bob", "start_call", vec![Value::u128(2)]).await.unwrap();
    let twice = chain.call("//Bob", "start_call", vec![Value::u128(2)]).await;
    assert_eq!(twice, Err(Refused::Call("FirstEmissionBlockNumberAlreadySet".to_owned())));
    chain.call("//Bob", "add_stake", stake).await.unwrap();
}

/// What an account has, in RAO.
pub async fn free(chain: &Chain, who: &str) -> u64 {
    use subxt::ext::scale_value::At;
    let at = chain.client.at_current_block().await.unwrap();
    let address = subxt::dynamic::storage::<([u8; 32],), Value>("System", "Account");
    let account = at.storage().fetch(address, (public(who).into(),)).await.unwrap().decode().unwrap();
    u64::try_from(account.at("data").at("free").and_then(|free| free.as_u128()).unwrap()).unwrap()
}
