//! `soma doctor`: each of the usual troubles is found, told in plain words and comes with its mend.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use soma_e2e::Neuron;
use soma_e2e::account::{ALICE, Account};
use soma_e2e::neuron::{Bench, free_port};
use soma_e2e::process::{self, Finished};

use crate::miner;

/// `soma doctor` with the flags of `soma run` for this settings file.
pub fn command(bench: &Bench, config: &Path, account: Account, port: u16) -> Command {
    let mut command = bench.soma().unwrap();
    command.arg("doctor").arg("--config").arg(config).args(["--axon.ip", "127.0.0.1", "--axon.port"]);
    command.arg(port.to_string()).arg("--state").arg(bench.state());
    bench.name_wallet(&mut command, account);
    command
}

/// A bench with the settings of the example's miner.
pub fn bench() -> Bench {
    let bench = Bench::new().unwrap();
    bench.write("soma.toml", miner::settings().text().as_bytes()).unwrap();
    bench
}

fn offline(bench: &Bench, port: u16, more: &[&str]) -> Finished {
    let config = bench.path().join("soma.toml");
    process::run("soma doctor", command(bench, &config, ALICE, port).args(["--offline"]).args(more)).unwrap()
}

/// The findings of one check, from the JSON.
pub fn findings(finished: &Finished, check: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("{finished:?}"));
    let list = all["findings"].as_array().unwrap();
    list.iter().filter(|finding| finding["check"] == check).cloned().collect()
}

/// The worst verdict of one check with its mend.
pub fn worst(finished: &Finished, check: &str) -> (String, String) {
    let found = findings(finished, check);
    let rank =
        |finding: &Value| ["good", "skipped", "remark", "wrong"].iter().position(|word| finding["verdict"] == *word);
    let worst = found.iter().max_by_key(|finding| rank(finding)).unwrap_or_else(|| panic!("no {check}: {finished:?}"));
    (worst["verdict"].as_str().unwrap().to_owned(), worst["mend"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn a_neuron_in_order_is_told_so() {
    let bench = bench();
    let finished = offline(&bench, free_port().unwrap(), &[]);
    assert_eq!(finished.status.code(), Some(0), "{finished:?}");
    assert!(finished.stdout.contains("nothing is wrong"), "{finished:?}");
    let json = offline(&bench, free_port().unwrap(), &["--json"]);
    assert_eq!(json.status.code(), Some(0), "{json:?}");
    for check in ["configuration", "wallet", "plugin", "port", "restart", "confinement", "endpoint"] {
        assert!(worst(&json, check).0 != "wrong", "{check}: {json:?}");
    }
}

#[test]
fn a_port_in_use_is_found_with_the_flag_that_mends_it() {
    let bench = bench();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let finished = offline(&bench, listener.local_addr().unwrap().port(), &["--json"]);
    let (verdict, mend) = worst(&finished, "port");
    assert_eq!((verdict.as_str(), finished.status.code()), ("wrong", Some(1)), "{finished:?}");
    assert!(mend.contains("--axon.port"), "{mend}");
}

#[test]
fn a_missing_hotkey_is_found_with_those_that_there_are() {
    let bench = bench();
    let config = bench.path().join("soma.toml");
    let usual = command(&bench, &config, ALICE, free_port().unwrap());
    let mut gone = bench.soma().unwrap();
    gone.args(usual.get_args().map(|word| if word == "default" { "gone".as_ref() } else { word }));
    let finished = process::run("soma doctor", gone.args(["--offline", "--json"])).unwrap();
    let found = findings(&finished, "wallet");
    assert_eq!(found[0]["verdict"], "wrong", "{finished:?}");
    assert!(found[0]["mend"].as_str().unwrap().contains("it has default"), "{finished:?}");
}

#[test]
fn a_plugin_that_is_not_there_and_a_bad_line_are_found() {
    let bench = bench();
    bench.write("soma.toml", b"[slots.text]\nplugin = \"gone.wasm\"\n").unwrap();
    let finished = offline(&bench, free_port().unwrap(), &["--json"]);
    assert_eq!((worst(&finished, "plugin").0.as_str(), finished.status.code()), ("wrong", Some(1)), "{finished:?}");
    bench.write("soma.toml", b"[axon]\nprot = 1\n").unwrap();
    let finished = offline(&bench, free_port().unwrap(), &["--json"]);
    let found = findings(&finished, "configuration");
    assert!(found[0]["says"].as_str().unwrap().contains("line 2"), "{finished:?}");
    // What needs no configuration is looked at all the same.
    assert_eq!(worst(&finished, "wallet").0, "good", "{finished:?}");
}

#[test]
fn a_misspelt_setting_is_found_with_those_that_there_are() {
    let bench = bench();
    let mut text = miner::settings().text();
    let gate = soma_e2e::places::guest("stake-gate").unwrap();
    text += &format!(
        "\n[slots.gate]\nplugin = {gate:?}\ngrant = [\"config\", \"metagraph\"]\nconfig = {{ min_stake = \"1\" }}\n"
    );
    bench.write("soma.toml", text.as_bytes()).unwrap();
    let finished = offline(&bench, free_port().unwrap(), &["--json"]);
    let (verdict, mend) = worst(&finished, "plugin");
    assert_eq!(verdict, "wrong");
    assert!(mend.contains("`config` under [slots.gate]"), "{mend}");
    assert!(finished.stdout.contains("min_stake") && finished.stdout.contains("min-stake"), "{finished:?}");
}

#[test]
fn a_running_host_is_recognised_and_after_a_kill_the_doctor_says_until_when() {
    let neuron = Neuron::start(&miner::settings()).unwrap();
    assert_eq!(neuron.ask(&miner::ask_synapse()).unwrap().status, 200);
    let finished = offline(neuron.bench(), neuron.port(), &["--json"]);
    assert_eq!(finished.status.code(), Some(0), "{finished:?}");
    let plugin = findings(&finished, "plugin");
    assert!(plugin[0]["says"].as_str().unwrap().contains("the running host serves it"), "{finished:?}");
    assert_eq!(worst(&finished, "pace").0, "good", "{finished:?}");
    let port = neuron.port();
    let bench = neuron.end("KILL").unwrap();
    let finished = offline(&bench, port, &["--json"]);
    let (verdict, _) = worst(&finished, "restart");
    assert_eq!(verdict, "remark", "{finished:?}");
    let says = findings(&finished, "restart")[0]["says"].as_str().unwrap().to_owned();
    assert!(says.contains("did not stop cleanly") && says.contains("until "), "{says}");
}

#[test]
fn a_chain_that_is_down_is_one_finding_among_the_others() {
    let bench = bench();
    let nobody = format!("ws://127.0.0.1:{}", free_port().unwrap());
    let config = bench.path().join("soma.toml");
    let mut command = command(&bench, &config, ALICE, free_port().unwrap());
    command.args(["--json", "--axon.external_ip", "203.0.113.7", "--subtensor.chain_endpoint", &nobody]);
    let finished = process::run("soma doctor", &mut command).unwrap();
    let (verdict, mend) = worst(&finished, "endpoint");
    assert_eq!((verdict.as_str(), finished.status.code()), ("wrong", Some(1)), "{finished:?}");
    assert!(!mend.is_empty(), "{finished:?}");
    assert_eq!(worst(&finished, "wallet").0, "good", "{finished:?}");
}

#[test]
fn no_external_address_on_a_chain_is_found_with_the_flag() {
    let bench = bench();
    let config = bench.path().join("soma.toml");
    let nobody = format!("ws://127.0.0.1:{}", free_port().unwrap());
    let mut command = command(&bench, &config, ALICE, free_port().unwrap());
    let finished =
        process::run("soma doctor", command.args(["--json", "--subtensor.chain_endpoint", &nobody])).unwrap();
    assert!(worst(&finished, "configuration").1.contains("--axon.external_ip"), "{finished:?}");
    // The rest of the configuration is good enough to look at its plugins.
    assert_eq!(worst(&finished, "plugin").0, "good", "{finished:?}");
}
