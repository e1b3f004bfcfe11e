//! Blocks, finality, the pool and the JSON-RPC.

use std::time::{Duration, Instant};

use serde_json::json;
use soma_localnet::{BlockTime, Config, Genesis, Localnet, LocalnetError, Subnet};
use subxt_rpcs::client::rpc_params;

use crate::fixture::{Chain, Refused, alpha, argument, neurons, public};

#[tokio::test(flavor = "multi_thread")]
async fn it_is_ready_and_a_transaction_is_final_at_once() {
    let begun = Instant::now();
    let chain = Chain::start(Config { genesis: neurons(), ..Config::default() }).await;
    println!("ready, with a client that has its metadata, after {:?}", begun.elapsed());
    let mut times = Vec::new();
    for count in 0..10u128 {
        let begun = Instant::now();
        let stake =
            vec![argument("//m2"), subxt::dynamic::Value::u128(1), subxt::dynamic::Value::u128(2_000_000_000 + count)];
        chain.call("//Alice", "add_stake", stake).await.unwrap();
        times.push(begun.elapsed());
    }
    times.sort();
    println!("signed, sent, final and its events read: median {:?}, slowest {:?}", times[5], times[9]);
    assert_eq!((chain.net.head(), chain.net.finalized()), (10, 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_come_in_a_beat_and_are_final_later() {
    let config =
        Config { block_time: BlockTime::Every(Duration::from_millis(50)), finality_lag: 2, ..Config::default() };
    let chain = Chain::start(config).await;
    let mut best = chain.rpc.chain_subscribe_new_heads().await.unwrap();
    let first = best.next().await.unwrap().unwrap().number;
    let later = best.next().await.unwrap().unwrap().number;
    assert_eq!(later, first + 1);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(chain.net.head() - chain.net.finalized(), 2);
    let mut finalized = chain.rpc.chain_subscribe_finalized_heads().await.unwrap();
    assert!(finalized.next().await.unwrap().unwrap().number <= u64::from(chain.net.finalized()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_final_when_finality_comes_to_its_block() {
    let chain = Chain::start(Config { genesis: neurons(), finality_lag: 2, ..Config::default() }).await;
    let stake = vec![argument("//m2"), subxt::dynamic::Value::u128(1), subxt::dynamic::Value::u128(2_000_000_000)];
    let bytes = chain.signed("//Alice", "add_stake", stake).await;
    let mut statuses = chain.rpc.author_submit_and_watch_extrinsic(&bytes).await.unwrap();
    let mut next = async || format!("{:?}", statuses.next().await.unwrap().unwrap());
    assert!(next().await.starts_with("Ready"));
    let included = next().await;
    assert!(included.starts_with("InBlock"), "{included}");
    assert_eq!((chain.net.head(), chain.net.finalized()), (1, 0));
    chain.net.advance(2);
    assert_eq!(next().await, included.replace("InBlock", "Finalized"));
}

#[tokio::test(flavor = "multi_thread")]
async fn development_accounts_have_funds_and_their_well_known_addresses() {
    let chain = Chain::start(Config::default()).await;
    for (name, address) in [
        ("//Alice", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"),
        ("//Bob", "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty"),
        ("//Ferdie", "5CiPPseXPECbkjWCa6MnjNokrgYjMqmKndv2rSnekmSK2DjL"),
    ] {
        assert_eq!(public(name).to_string(), address);
        assert_eq!(crate::registration::free(&chain, name).await, alpha(1_000_000), "{name}");
    }
    assert_eq!(soma_localnet::DEVELOPERS.len(), Genesis::development().accounts.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storage_that_is_followed_is_told_when_it_changes() {
    let chain = Chain::start(Config::default()).await;
    let key = format!("0x{}", hex::encode(plain_key("System", "Number")));
    let mut told = chain
        .raw
        .subscribe::<serde_json::Value>(
            "state_subscribeStorage",
            rpc_params![vec![key.clone()]],
            "state_unsubscribeStorage",
        )
        .await
        .unwrap();
    let mut next = async || told.next().await.unwrap().unwrap()["changes"].clone();
    assert_eq!(next().await, json!([[key, null]]));
    chain.net.advance(1);
    assert_eq!(next().await, json!([[key, "0x01000000"]]));
}

/// The key of a plain storage.
fn plain_key(pallet: &str, name: &str) -> Vec<u8> {
    [sp_io::hashing::twox_128(pallet.as_bytes()), sp_io::hashing::twox_128(name.as_bytes())].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_taken_once() {
    let chain = Chain::start(Config {
        genesis: neurons(),
        block_time: BlockTime::Every(Duration::from_secs(600)),
        ..Config::default()
    })
    .await;
    let stake = |rao: u128| vec![argument("//m2"), subxt::dynamic::Value::u128(1), subxt::dynamic::Value::u128(rao)];
    let first = chain.signed("//Alice", "add_stake", stake(2_000_000_000)).await;
    let other = chain.signed("//Alice", "add_stake", stake(3_000_000_000)).await;
    chain.rpc.author_submit_extrinsic(&first).await.unwrap();
    let refused =
        async |bytes: &[u8]| crate::fixture::pool(chain.rpc.author_submit_extrinsic(bytes).await.unwrap_err());
    assert!(matches!(refused(&first).await, Refused::Pool(1013, _)));
    assert!(matches!(refused(&other).await, Refused::Pool(1014, _)));
    chain.net.advance(1);
    let Refused::Pool(1010, data) = refused(&first).await else { panic!("it is accepted twice") };
    assert!(data.contains("outdated"), "{data}");
    let mut forged = chain.signed("//Alice", "add_stake", stake(2_000_000_000)).await;
    let last = forged.len() - 1;
    forged[last] ^= 1;
    let Refused::Pool(1010, data) = refused(&forged).await else { panic!("it is accepted forged") };
    assert!(data.contains("bad signature"), "{data}");
}

#[tokio::test(flavor = "multi_thread")]
async fn chains_with_other_names_or_seeds_have_other_first_blocks() {
    let one = Chain::start(Config::default()).await;
    let same = Chain::start(Config::default()).await;
    assert_eq!(one.client.genesis_hash(), same.client.genesis_hash());
    for config in [Config { name: "Other".to_owned(), ..Config::default() }, Config { seed: 1, ..Config::default() }] {
        let other = Chain::start(config).await;
        assert_ne!(one.client.genesis_hash(), other.client.genesis_hash());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_questions_get_errors() {
    let chain = Chain::start(Config::default()).await;
    for (method, params) in [
        ("state_call", json!(["SubnetInfoRuntimeApi_get_metagraph", "0x"])),
        ("state_call", json!(["NoSuchApi_method", "0x"])),
        ("state_getStorage", json!(["0xzz"])),
        ("state_getStorage", json!(["0x", "0x0000000000000000000000000000000000000000000000000000000000000007"])),
        ("state_getKeysPaged", json!(["0x", 5000])),
        ("system_accountNextIndex", json!(["nobody"])),
        ("author_submitExtrinsic", json!(["0x00"])),
        ("soma_change", json!([[{ "change": "tempo", "netuid": 77, "tempo": 1 }]])),
        ("soma_fault", json!([{ "fault": "earthquake" }])),
        ("soma_advance", json!([1_000_000])),
        ("soma_nothing", json!([])),
    ] {
        let raw = subxt_rpcs::client::RawValue::from_string(params.to_string()).unwrap();
        let answer = chain.raw.request_raw(method, Some(raw)).await;
        assert!(matches!(answer, Err(subxt_rpcs::Error::User(_))), "{method}: {answer:?}");
    }
    let head: u32 = chain.raw.request("soma_advance", rpc_params![3]).await.unwrap();
    assert_eq!(head, 3);
}

#[test]
fn a_wrong_beginning_is_refused() {
    let twice =
        Genesis { accounts: vec![(public("//Alice"), alpha(1)), (public("//Alice"), alpha(1))], subnets: vec![] };
    let dust = Genesis { accounts: vec![(public("//Alice"), 1)], subnets: vec![] };
    let mut double = neurons();
    let member = double.subnets[0].members[0].clone();
    double.subnets[0].members.push(member);
    let subnets =
        Genesis { accounts: vec![], subnets: vec![Subnet::new(1, public("//Alice")), Subnet::new(1, public("//Bob"))] };
    for genesis in [twice, dust, double, subnets] {
        let error = Localnet::start(Config { genesis, ..Config::default() }).map(|_| ()).unwrap_err();
        assert!(matches!(error, LocalnetError::Genesis(_) | LocalnetError::Change { .. }), "{error}");
    }
    let first = Localnet::start(Config::default()).unwrap();
    let port = first.url().rsplit(':').next().unwrap().parse().unwrap();
    assert!(matches!(Localnet::start(Config { port, ..Config::default() }), Err(LocalnetError::Listen { .. })));
    first.stop();
    Localnet::start(Config { port, ..Config::default() }).unwrap();
}
