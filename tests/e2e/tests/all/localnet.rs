//! `soma localnet`, and the real Python SDK 10.5.0 on a development chain: it is a client that we did not write.

use std::net::{Ipv4Addr, TcpListener};

use serde_json::{Value, json};
use soma_e2e::account::{ALICE, BOB, DAVE, RECORDED_CALLER};
use soma_e2e::neuron::{Bench, PUBLISHED};
use soma_e2e::python::{self, Sdk};
use soma_e2e::rpc::{self, Chain};
use soma_e2e::{Account, Neuron, process};
use soma_localnet::{Change, Config, Fault, Genesis, Localnet, Member, Switch, TAO};

use crate::miner;

fn key(who: Account) -> soma_localnet::Account {
    who.hotkey.parse().unwrap()
}

/// Subnet 1 with Alice and Bob, who has a permit, and room for weights.
fn chain() -> Localnet {
    let mut genesis = Genesis::development();
    let member = |who, stake: u64| Member { hotkey: key(who), coldkey: key(ALICE), stake: stake * TAO };
    genesis.subnets[0].members = vec![member(ALICE, 1), member(BOB, 2000)];
    genesis.subnets[0].changes = vec![Change::Permit { netuid: 1, uid: 1, permit: Switch::On }];
    Localnet::start(Config { genesis, ..Config::default() }).unwrap()
}

/// What the real `Subtensor` makes of these cases, with Bob's wallet.
fn subtensor(bench: &Bench, net: &Localnet, cases: &[&str]) -> Vec<Value> {
    let (url, wallet) = (net.url(), python::wallet_arguments(&bench.wallets(), BOB));
    let mut arguments = vec!["--url", url.as_str(), "--coldkey", DAVE.hotkey, "--hotkey", BOB.hotkey];
    arguments.extend(wallet.iter().map(String::as_str));
    cases.iter().for_each(|case| arguments.extend(["--case", case]));
    let results = python::run(Sdk::V10, "subtensor_10.py", &bench.home(), &arguments).unwrap();
    assert_eq!(results.len(), cases.len(), "{results:?}");
    assert!(results.iter().all(|result| result.get("error").is_none()), "{results:#?}");
    results
}

#[test]
fn it_says_when_it_is_ready_and_ends_on_a_signal() {
    let bench = Bench::new().unwrap();
    let mut first_blocks = Vec::new();
    for signal in ["TERM", "INT"] {
        let mut chain = Chain::start(&bench, &["--json", "--fund", RECORDED_CALLER.hotkey]).unwrap();
        let ready = chain.line().unwrap();
        assert_eq!((ready["url"].as_str(), ready["netuid"].as_u64()), (Some(chain.url().as_str()), Some(1)));
        assert!(ready["genesis"].as_str().is_some_and(|hash| hash.len() == 66 && hash.starts_with("0x")), "{ready}");
        first_blocks.push(ready["genesis"].clone());
        let accounts = ready["accounts"].as_array().unwrap();
        assert_eq!((&accounts[0]["uri"], &accounts[0]["address"]), (&json!("//Alice"), &json!(ALICE.hotkey)));
        assert_eq!((&accounts[6]["uri"], &accounts[6]["address"]), (&Value::Null, &json!(RECORDED_CALLER.hotkey)));

        let mut balance = bench.soma().unwrap();
        balance.args(["chain", "balance", RECORDED_CALLER.hotkey, "--json", "--network", &chain.url()]);
        let balance = process::run("soma chain balance", &mut balance).unwrap();
        assert!(balance.status.success(), "{}", balance.stderr);
        let balance: Value = serde_json::from_str(&balance.stdout).unwrap();
        assert_eq!(balance["free_rao"], 1_000_000 * TAO);

        let ended = chain.end(signal).unwrap();
        assert_eq!(ended.status.code(), Some(0), "{signal}: {}", ended.stderr);
        assert_eq!(ended.stdout.lines().count(), 1, "{}", ended.stdout);
    }
    assert_ne!(first_blocks[0], first_blocks[1], "what was signed for one is good on no other");
}

#[test]
fn a_running_one_is_changed_and_has_faults_by_question() {
    let bench = Bench::new().unwrap();
    let chain = Chain::start(&bench, &["--block-time", "instant"]).unwrap();
    let ask = |method: &str, params: Value| rpc::ask(chain.address(), method, &params).unwrap();
    assert_eq!(ask("soma_advance", json!([3]))["result"], 3);
    let balance = json!([[{ "change": "balance", "account": RECORDED_CALLER.hotkey, "rao": 7 * TAO }]]);
    assert_eq!(ask("soma_change", balance)["result"], 4);
    assert_eq!(ask("soma_fault", json!([{ "fault": "behind" }]))["result"], true);
    assert_eq!(ask("system_health", json!([]))["result"]["isSyncing"], true);
    assert_eq!(ask("soma_clear", json!([]))["result"], true);
    assert_eq!(ask("system_health", json!([]))["result"]["isSyncing"], false);
    assert!(ask("state_call", json!(["SubnetInfoRuntimeApi_get_metagraph", "0x"])).get("error").is_some());
    let ended = chain.end("TERM").unwrap();
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    assert!(ended.stdout.contains("soma run") && ended.stdout.contains("//Alice"), "{}", ended.stdout);
}

#[test]
fn a_port_that_is_taken_is_an_error_that_names_the_flag() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let bench = Bench::new().unwrap();
    let refused = process::run("soma localnet", bench.soma().unwrap().args(["localnet", "--port", &port])).unwrap();
    assert_eq!(refused.status.code(), Some(75), "{}", refused.stderr);
    for word in ["soma::localnet::listen", "--port", port.as_str()] {
        assert!(refused.stderr.contains(word), "{}", refused.stderr);
    }
}

#[test]
fn the_real_sdk_reads_and_writes_it() {
    let (bench, net) = (Bench::new().unwrap(), chain());
    // The SDK sets weights only when more blocks than the rate limit, which is 0, have passed since the last.
    net.advance(1);
    let results = subtensor(
        &bench,
        &net,
        &["balance", "uid", "hyperparameters", "info", "serve", "weights", "metagraph", "whole_metagraph"],
    );
    let [balance, uid, settings, info, served, weighed, graph, whole] = &results[..] else { panic!("{results:?}") };
    assert_eq!(balance["rao"], 1_000_000 * TAO);
    assert_eq!(uid["uid"], 1);
    assert_eq!((&settings["tempo"], &info["tempo"], &info["num_uids"]), (&json!(20), &json!(20), &json!(2)));
    assert_eq!(info["hotkeys"], json!([ALICE.hotkey, BOB.hotkey]));
    assert_eq!((&served["success"], &weighed["success"]), (&json!(true), &json!(true)), "{served} {weighed}");
    assert_eq!(graph["hotkeys"], json!([ALICE.hotkey, BOB.hotkey]));
    assert_eq!(graph["axons"][1], "127.0.0.3:8093");
    assert_eq!((&graph["stake"], &graph["validator_permit"]), (&json!([1.0, 2000.0]), &json!([false, true])));
    let row = whole["weights"][1].as_array().unwrap().iter().map(|weight| weight.as_f64().unwrap()).collect::<Vec<_>>();
    assert!((row[0] * 3.0 - row[1]).abs() < 0.01 && row[1] > 0.0, "{whole}");
}

#[test]
fn the_real_sdk_finds_a_neuron_that_soma_run_serves() {
    let net = chain();
    let neuron = Neuron::start_on(&net.url(), Bench::new().unwrap(), &miner::settings()).unwrap();
    let graph = subtensor(neuron.bench(), &net, &["metagraph"]).remove(0);
    assert_eq!(graph["hotkeys"][0], neuron.hotkey());
    assert_eq!(graph["axons"][0], format!("{PUBLISHED}:{}", neuron.port()), "{}", neuron.log());
}

#[test]
fn the_real_sdk_is_told_what_the_pool_refuses() {
    let (bench, net) = (Bench::new().unwrap(), chain());
    net.fault(Fault::RefusePool { custom: 12, times: 1 });
    let served = subtensor(&bench, &net, &["serve"]).remove(0);
    assert_eq!(served["success"], false, "{served}");
    assert!(served["message"].as_str().unwrap().contains("Custom error: 12"), "{served}");
}
