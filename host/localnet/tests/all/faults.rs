//! Each thing that is made to go wrong, as a client sees it.

use std::time::Duration;

use serde_json::json;
use soma_localnet::{Change, Fault, Layer};
use subxt::dynamic::Value;

use crate::fixture::{Chain, Refused, argument, connect, public};

const SOON: Duration = Duration::from_millis(300);

fn stake() -> Vec<Value> {
    vec![argument("//m2"), Value::u128(1), Value::u128(2_000_000_000)]
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_drop() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    chain.net.fault(Fault::DropSockets);
    let lost = tokio::time::timeout(Duration::from_secs(5), chain.rpc.system_chain()).await.unwrap();
    assert!(
        matches!(lost, Err(subxt_rpcs::Error::Client(_) | subxt_rpcs::Error::DisconnectedWillReconnect(_))),
        "{lost:?}"
    );
    connect(&chain.net.url()).await.1.system_chain().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_lost_and_its_transaction_is_not() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let bytes = chain.signed("//Alice", "add_stake", stake()).await;
    chain.net.fault(Fault::DropAnswer);
    let lost = tokio::time::timeout(Duration::from_secs(5), chain.rpc.author_submit_extrinsic(&bytes)).await.unwrap();
    assert!(!matches!(lost, Ok(_) | Err(subxt_rpcs::Error::User(_))), "{lost:?}");
    assert_eq!(chain.net.head(), 1);
    let (_, rpc, _) = connect(&chain.net.url()).await;
    let nonce = rpc.system_account_next_index(&subxt::utils::AccountId32(public("//Alice").into())).await.unwrap();
    assert_eq!(nonce, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pool_refuses_and_nonces_are_stale() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    chain.net.fault(Fault::RefusePool { custom: 6, times: 1 });
    let refused = chain.call("//Alice", "add_stake", stake()).await;
    assert_eq!(refused, Err(Refused::Pool(1010, "Custom error: 6".to_owned())));
    chain.call("//Alice", "add_stake", stake()).await.unwrap();
    chain.net.fault(Fault::StaleNonce { times: 1 });
    let refused = chain.call("//Alice", "add_stake", stake()).await.unwrap_err();
    assert!(matches!(&refused, Refused::Pool(1010, data) if data.contains("outdated")), "{refused:?}");
    chain.call("//Alice", "add_stake", stake()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_stall_and_sockets_are_half_open() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    chain.net.fault(Fault::Stall);
    assert!(tokio::time::timeout(SOON, chain.rpc.system_chain()).await.is_err());
    chain.net.clear();
    chain.rpc.system_chain().await.unwrap();
    chain.net.fault(Fault::HalfOpen);
    assert!(tokio::time::timeout(SOON, chain.rpc.system_chain()).await.is_err());
    chain.net.clear();
    connect(&chain.net.url()).await.1.system_chain().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_moves_errors() {
    let chain = Chain::with_neurons(Layer::Dispatch).await;
    let mut versions = chain.rpc.state_subscribe_runtime_version().await.unwrap();
    assert_eq!(versions.next().await.unwrap().unwrap().spec_version, 393);
    let old = chain.signed("//Alice", "add_stake", stake()).await;
    chain.net.fault(Fault::Upgrade);
    assert_eq!(versions.next().await.unwrap().unwrap().spec_version, 394);
    let refused = crate::fixture::pool(chain.rpc.author_submit_extrinsic(&old).await.unwrap_err());
    assert!(matches!(&refused, Refused::Pool(1010, data) if data.contains("bad signature")), "{refused:?}");
    let few = vec![argument("//m2"), Value::u128(1), Value::u128(1)];
    assert_eq!(chain.call("//Alice", "add_stake", few).await, Err(Refused::Call("AmountTooLow".to_owned())));
    let at = chain.client.at_current_block().await.unwrap();
    let errors = at.metadata().pallet_by_name("SubtensorModule").unwrap().error_variants().unwrap().to_vec();
    assert_eq!((errors[0].name.as_str(), errors[1].index), ("CameWithTheUpgrade", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_and_storages_go_missing() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let has = async |call: &str, storage: &str| {
        let at = connect(&chain.net.url()).await.0.at_current_block().await.unwrap();
        let pallet = at.metadata();
        let pallet = pallet.pallet_by_name("SubtensorModule").unwrap();
        (pallet.call_variant_by_name(call).is_some(), pallet.storage().unwrap().entry_by_name(storage).is_some())
    };
    chain.net.fault(Fault::WithoutCall { name: "set_mechanism_weights".to_owned() });
    chain.net.fault(Fault::WithoutStorage { name: "Axons".to_owned() });
    assert_eq!(has("set_mechanism_weights", "Axons").await, (false, false));
    assert_eq!(has("set_weights", "Tempo").await, (true, true));
    chain.net.clear();
    assert_eq!(has("set_mechanism_weights", "Axons").await, (true, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_goes_missing_from_the_metadata_and_from_the_runtime() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let names = ["get_selective_metagraph", "get_selective_mechagraph"];
    let ask = async |name: &str| {
        let call = format!("SubnetInfoRuntimeApi_{name}");
        let arguments: &[u8] = if name.contains("mechagraph") { &[1, 0, 0, 0] } else { &[1, 0, 0] };
        chain.rpc.state_call(&call, Some(arguments), None).await
    };
    let has = async |name: &str| {
        let at = connect(&chain.net.url()).await.0.at_current_block().await.unwrap();
        let metadata = at.metadata();
        metadata.runtime_api_trait_by_name("SubnetInfoRuntimeApi").unwrap().method_by_name(name).is_some()
    };
    for name in names {
        assert!(has(name).await && ask(name).await.is_ok(), "{name}");
        chain.net.fault(Fault::WithoutApi { name: format!("SubnetInfoRuntimeApi_{name}") });
    }
    for name in names {
        let error = ask(name).await.unwrap_err();
        assert!(error.to_string().contains("is not found"), "{error}");
        assert!(!has(name).await, "{name}");
    }
    assert!(has("get_metagraph").await);
    chain.net.clear();
    assert!(has(names[0]).await && ask(names[1]).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_made_by_question_and_end_by_themselves() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let fault = async |fault: serde_json::Value, seconds: Option<u32>| {
        let parameters = subxt_rpcs::client::rpc_params![fault, seconds];
        chain.raw.request::<bool>("soma_fault", parameters).await
    };
    assert!(fault(json!({ "fault": "refuse_pool", "custom": 12, "times": 1 }), None).await.unwrap());
    let refused = chain.call("//Alice", "add_stake", stake()).await;
    assert_eq!(refused, Err(Refused::Pool(1010, "Custom error: 12".to_owned())));

    fault(json!({ "fault": "stall" }), None).await.unwrap();
    assert!(tokio::time::timeout(SOON, chain.rpc.system_chain()).await.is_err());
    let over: bool = chain.raw.request("soma_clear", subxt_rpcs::client::rpc_params![]).await.unwrap();
    assert!(over);
    chain.rpc.system_chain().await.unwrap();

    // Nobody could end it from outside.
    assert!(fault(json!({ "fault": "half_open" }), None).await.is_err());
    assert!(fault(json!({ "fault": "stall" }), Some(100_000)).await.is_err());
    chain.rpc.system_chain().await.unwrap();
    let _ = tokio::time::timeout(SOON, fault(json!({ "fault": "half_open" }), Some(1))).await;
    let again = async || {
        while subxt_rpcs::client::RpcClient::from_insecure_url(&chain.net.url()).await.is_err() {
            tokio::time::sleep(SOON).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), again()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn states_are_pruned_and_the_node_is_behind() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    chain.net.advance(3);
    let old = chain.rpc.chain_get_block_hash(Some(1u32.into())).await.unwrap().unwrap();
    chain.rpc.state_get_runtime_version(Some(old)).await.unwrap();
    chain.net.fault(Fault::Prune);
    let error = chain.rpc.state_get_runtime_version(Some(old)).await.unwrap_err();
    assert!(error.to_string().contains("State already discarded"), "{error}");
    assert!(!chain.rpc.system_health().await.unwrap().is_syncing);
    chain.net.fault(Fault::Behind);
    assert!(chain.rpc.system_health().await.unwrap().is_syncing);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_chain_keeps_transactions() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    chain.net.fault(Fault::Freeze);
    let bytes = chain.signed("//Alice", "add_stake", stake()).await;
    chain.rpc.author_submit_extrinsic(&bytes).await.unwrap();
    assert_eq!(chain.net.head(), 0);
    let impossible = chain.net.change(&[Change::Tempo { netuid: 9, tempo: 1 }]);
    assert!(impossible.is_err());
    chain.net.advance(1);
    let block = chain.client.at_current_block().await.unwrap();
    assert_eq!(block.extrinsics().fetch().await.unwrap().iter().count(), 2);
}
