//! Staking.

use soma_localnet::Layer;
use subxt::dynamic::Value;

use crate::fixture::{Chain, Refused, argument};

#[tokio::test(flavor = "multi_thread")]
async fn stake_needs_a_subnet_an_owner_and_funds() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let stake = |hotkey, netuid, rao| vec![argument(hotkey), Value::u128(netuid), Value::u128(rao)];
    chain.call("//Alice", "add_stake", stake("//m2", 1, 2_000_000_000)).await.unwrap();
    chain.call("//Alice", "add_stake", stake("//m2", 0, 2_000_000_000)).await.unwrap();
    for (who, arguments, number) in [
        ("//Alice", stake("//m2", 7, 2_000_000_000), 3),
        ("//Alice", stake("//m2", 1, 1), 1),
        ("//Alice", stake("//unknown", 1, 2_000_000_000), 4),
        ("//Bob", stake("//m2", 1, 2_000_000_000_000_000), 2),
    ] {
        let expected = Err(Refused::Pool(1010, format!("Custom error: {number}")));
        assert_eq!(chain.call(who, "add_stake", arguments).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_funds_cannot_pay() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let stake = vec![argument("//m2"), Value::u128(1), Value::u128(2_000_000_000)];
    let refused = chain.call("//nobody", "add_stake", stake).await.unwrap_err();
    let Refused::Pool(1010, data) = refused else { panic!("{refused:?}") };
    assert!(data.contains("fees"), "{data}");
}
