//! `soma doctor` on a chain: the troubles that the Python SDK's guide lists, and whatever else keeps a neuron from work.

use std::time::{Duration, Instant};

use serde_json::json;
use soma_e2e::account::{ALICE, Account, BOB, DAVE};
use soma_e2e::neuron::{Bench, PUBLISHED, free_port};
use soma_e2e::process::{self, Finished, LIMIT};
use soma_e2e::signed::Synapse;
use soma_e2e::{Neuron, Settings, Slot, places};
use soma_localnet::{Change, Fault, Localnet, Switch, TAO};

use crate::chain;
use crate::doctor::{self, findings, worst};
use crate::miner;

/// What the doctor says of this account's neuron on this chain, as JSON.
fn examine(net: &Localnet, bench: &Bench, who: Account, port: u16) -> Finished {
    let config = bench.path().join("soma.toml");
    let mut command = doctor::command(bench, &config, who, port);
    command.args(["--json", "--subtensor.network", &net.url(), "--axon.external_ip", PUBLISHED]);
    process::run("soma doctor", &mut command).unwrap()
}

/// Verdict, words and mend of the only finding of a check.
fn only(finished: &Finished, check: &str) -> (String, String, String) {
    let found = findings(finished, check);
    assert_eq!(found.len(), 1, "{check}: {finished:?}");
    let text = |key: &str| found[0][key].as_str().unwrap_or_default().to_owned();
    (text("verdict"), text("says"), text("mend"))
}

/// A chain in which one thing was changed, and what the doctor finds of Alice's neuron.
fn changed(changes: &[Change]) -> Finished {
    let net = chain::start(0);
    net.change(changes).unwrap();
    examine(&net, &doctor::bench(), ALICE, free_port().unwrap())
}

#[test]
fn a_neuron_that_serves_on_a_chain_has_nothing_to_mend() {
    let net = chain::start(0);
    let settings = miner::settings().set("chain", "refresh", "1s");
    let mut neuron = Neuron::start_on(&net.url(), Bench::new().unwrap(), &settings).unwrap();
    neuron.wait_for_log("the address is on the chain").unwrap();
    let finished = examine(&net, neuron.bench(), ALICE, neuron.port());
    assert_eq!(finished.status.code(), Some(0), "{finished:?}");
    for check in ["wallet", "plugin", "pace", "endpoint", "registration", "axon", "versions"] {
        assert_eq!(worst(&finished, check).0, "good", "{check}: {finished:?}");
    }
    // It listens on 127.0.0.1 alone, so that what it published does not lead to it.
    let port = findings(&finished, "port");
    assert_eq!((&port[0]["verdict"], &port[1]["verdict"]), (&json!("good"), &json!("remark")), "{finished:?}");
    let (_, says, _) = only(&finished, "axon");
    assert!(says.contains(&format!("{PUBLISHED}:{}", neuron.port())), "{says}");
    let (_, says, _) = only(&finished, "versions");
    assert!(says.contains(env!("CARGO_PKG_VERSION")) && says.contains("runtime is 393"), "{says}");
}

#[test]
fn an_unregistered_hotkey_comes_with_the_command_that_registers_it() {
    let net = chain::start(0);
    let finished = examine(&net, &doctor::bench(), DAVE, free_port().unwrap());
    let (verdict, says, mend) = only(&finished, "registration");
    assert_eq!((verdict.as_str(), finished.status.code()), ("wrong", Some(1)), "{finished:?}");
    assert!(says.contains(DAVE.hotkey), "{says}");
    assert!(mend.contains("soma chain register"), "{mend}");
}

/// The guide's "Insufficient Stake".
#[test]
fn insufficient_stake_comes_with_the_command_that_adds_some() {
    let finished = changed(&[Change::StakeThreshold { rao: 1000 * TAO }]);
    let (verdict, says, mend) = only(&finished, "stake");
    assert_eq!(verdict, "remark", "{finished:?}");
    assert!(says.contains("insufficient stake") && says.contains("1000"), "{says}");
    assert!(mend.contains("soma chain stake --amount"), "{mend}");
}

/// The guide's "Weight Setting Failed".
#[test]
fn weights_that_would_fail_are_foretold_with_the_reason() {
    let finished = changed(&[Change::WeightsRateLimit { netuid: 1, blocks: 100 }]);
    let (verdict, says, mend) = only(&finished, "weights");
    assert_eq!(verdict, "remark", "{finished:?}");
    assert!(says.contains("rate limit 100 blocks"), "{says}");
    assert!(mend.contains("soma chain hyperparameters"), "{mend}");
    let finished = changed(&[Change::CommitReveal { netuid: 1, enabled: Switch::On }]);
    let (verdict, says, _) = only(&finished, "weights");
    assert!(verdict == "remark" && says.contains("committed"), "{finished:?}");
    let finished = changed(&[Change::WeightsVersionKey { netuid: 1, key: 77 }]);
    assert!(only(&finished, "versions").1.contains("version key 77"), "{finished:?}");
}

/// The guide's "Query Timeout": requests of the running host ran out of time.
#[test]
fn a_forward_that_is_too_slow_is_found_in_the_running_host() {
    let net = chain::start(0);
    let budget: toml::Table = toml::toml! { forward-cpu = "1s" wall = "2s" };
    let slot = Slot::with_all_routes("slow", places::guest("limit_spin").unwrap()).with("budget", budget);
    let settings = Settings::default().slot(slot).set("axon", "admit", "anybody");
    let neuron = Neuron::start_on(&net.url(), Bench::new().unwrap(), &settings).unwrap();
    let spin = Synapse::new(BOB, ALICE.hotkey, "Echo", json!({})).request().unwrap();
    assert_eq!(neuron.ask(&spin).unwrap().status, 408);
    let started = Instant::now();
    // The answer is out before the host has put the request down.
    let found = loop {
        let finished = examine(&net, neuron.bench(), ALICE, neuron.port());
        let pace = only(&finished, "pace");
        if pace.0 == "wrong" || started.elapsed() > LIMIT {
            break pace;
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    assert!(found.0 == "wrong" && found.1.contains("ran out of time"), "{found:?}");
    assert!(found.2.contains("query time-out") && found.2.contains("soma explain"), "{found:?}");
}

#[test]
fn a_node_that_is_behind_and_a_runtime_that_changed_are_told_apart() {
    let net = chain::start(0);
    net.fault(Fault::Behind);
    let finished = examine(&net, &doctor::bench(), ALICE, free_port().unwrap());
    let (verdict, says, mend) = only(&finished, "endpoint");
    assert_eq!((verdict.as_str(), finished.status.code()), ("wrong", Some(1)), "{finished:?}");
    assert!(says.contains("behind") && !mend.is_empty(), "{finished:?}");
    net.clear();
    net.fault(Fault::WithoutCall { name: "serve_axon".to_owned() });
    let finished = examine(&net, &doctor::bench(), ALICE, free_port().unwrap());
    assert_eq!(only(&finished, "endpoint").0, "good", "{finished:?}");
    let (verdict, says, _) = only(&finished, "versions");
    assert!(verdict == "remark" && says.contains("serve_axon"), "{finished:?}");
}

#[test]
fn a_subnet_that_is_not_there_is_told_with_the_flag() {
    let net = chain::start(0);
    let bench = doctor::bench();
    let config = bench.path().join("soma.toml");
    let mut command = doctor::command(&bench, &config, ALICE, free_port().unwrap());
    command.args(["--json", "--network", &net.url(), "--axon.external_ip", PUBLISHED, "--netuid", "9"]);
    let finished = process::run("soma doctor", &mut command).unwrap();
    let (verdict, _, mend) = only(&finished, "registration");
    assert!(verdict == "wrong" && mend.contains("--netuid"), "{finished:?}");
}

#[test]
fn an_address_that_others_were_told_is_compared_with_the_configured_one() {
    let net = chain::start(0);
    let bench = doctor::bench();
    let finished = examine(&net, &bench, ALICE, free_port().unwrap());
    let (verdict, says, mend) = only(&finished, "axon");
    assert!(verdict == "remark" && says.contains("no address"), "{finished:?}");
    assert!(mend.contains("soma run"), "{mend}");
}
