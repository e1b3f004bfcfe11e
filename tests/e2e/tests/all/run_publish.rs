//! `soma run` publishes its address: at the start, again when the chain lost it, and never against another host.

use std::time::{Duration, Instant};

use serde_json::Value;
use soma_e2e::Neuron;
use soma_e2e::account::{ALICE, Account, BOB, DAVE};
use soma_e2e::neuron::{Bench, PUBLISHED, free_port};
use soma_e2e::process::{self, LIMIT};
use soma_localnet::{Change, Fault, Localnet};

use crate::chain::{self, key};
use crate::run_chain::{metric, settings};

const DONE: &str = "the address is on the chain";

/// A neuron of this account on this port.
fn start(net: &Localnet, bench: Bench, who: Account, port: u16) -> Neuron {
    let path = bench.write("soma.toml", settings("60min").text().as_bytes()).unwrap();
    let command = bench.run_command_on(&net.url(), &path, who, port).unwrap();
    Neuron::start_by(bench, command, who, port).unwrap()
}

/// `soma chain` on this chain with its JSON answer.
fn ask(net: &Localnet, bench: &Bench, who: Account, words: &[&str]) -> Value {
    let mut command = bench.soma().unwrap();
    command
        .arg("chain")
        .args(words)
        .args(["--json", "--network", &net.url()])
        .arg("--state")
        .arg(bench.path().join("cli"));
    bench.name_wallet(&mut command, who);
    let finished = process::run("soma chain", &mut command).unwrap();
    serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("{finished:?}"))
}

/// The address that the chain tells callers of this account.
fn published(net: &Localnet, bench: &Bench, who: Account) -> Option<String> {
    let metagraph = ask(net, bench, who, &["metagraph"]);
    let neurons = metagraph["neurons"].as_array().unwrap();
    let own = neurons.iter().find(|neuron| neuron["hotkey"] == who.hotkey)?;
    own["axon"].as_str().map(str::to_owned)
}

/// Waits until the log has so many of these.
fn wait_for(neuron: &mut Neuron, text: &str, times: usize) {
    let started = Instant::now();
    while neuron.log().matches(text).count() < times {
        assert!(neuron.is_running().unwrap() && started.elapsed() < LIMIT, "{text}: {}", neuron.log());
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn the_address_is_published_at_the_first_start_and_left_alone_at_the_next() {
    let net = chain::start(0);
    let port = free_port().unwrap();
    let mut neuron = start(&net, Bench::new().unwrap(), ALICE, port);
    neuron.wait_for_log(DONE).unwrap();
    assert_eq!(published(&net, neuron.bench(), ALICE), Some(format!("{PUBLISHED}:{port}")));
    let started = Instant::now();
    // The number is of the last read, which may be of the block before.
    while metric(&neuron, "soma_neuron_published") != Some(1.0) {
        assert!(started.elapsed() < LIMIT, "{}", neuron.log());
        std::thread::sleep(Duration::from_millis(50));
    }
    let (bench, head) = (neuron.end("TERM").unwrap(), net.head());
    let mut neuron = start(&net, bench, ALICE, port);
    neuron.wait_for_log(DONE).unwrap();
    assert_eq!(net.head(), head, "nothing was sent: {}", neuron.log());
}

#[test]
fn a_new_address_waits_for_the_rate_limit_while_requests_are_served() {
    let net = chain::start(0);
    let mut neuron = start(&net, Bench::new().unwrap(), ALICE, free_port().unwrap());
    neuron.wait_for_log(DONE).unwrap();
    let bench = neuron.end("TERM").unwrap();
    net.change(&[Change::ServingRateLimit { netuid: 1, blocks: 50 }]).unwrap();
    let port = free_port().unwrap();
    let mut neuron = start(&net, bench, ALICE, port);
    neuron.wait_for_log("does not take an address so soon").unwrap();
    assert!(!neuron.log().contains(DONE), "{}", neuron.log());
    net.advance(60);
    neuron.wait_for_log(DONE).unwrap();
    assert_eq!(published(&net, neuron.bench(), ALICE), Some(format!("{PUBLISHED}:{port}")));
}

#[test]
fn an_address_that_the_chain_lost_is_published_again() {
    let net = chain::start(0);
    let port = free_port().unwrap();
    let mut neuron = start(&net, Bench::new().unwrap(), BOB, port);
    neuron.wait_for_log(DONE).unwrap();
    // Dave takes the uid of Bob, who takes it back: his address went with it.
    let register = |who: Account| Change::Register { netuid: 1, hotkey: key(who), coldkey: key(ALICE) };
    net.change(&[
        Change::ImmunityPeriod { netuid: 1, blocks: 0 },
        Change::MaxUids { netuid: 1, uids: 3 },
        register(DAVE),
    ])
    .unwrap();
    neuron.wait_for_log("no longer registered").unwrap();
    assert_eq!(metric(&neuron, "soma_neuron_registered"), Some(0.0));
    net.change(&[register(BOB)]).unwrap();
    wait_for(&mut neuron, DONE, 2);
    assert_eq!(published(&net, neuron.bench(), BOB), Some(format!("{PUBLISHED}:{port}")));
}

#[test]
fn another_host_with_the_same_hotkey_is_told_and_not_fought() {
    let net = chain::start(0);
    let mut neuron = start(&net, Bench::new().unwrap(), ALICE, free_port().unwrap());
    neuron.wait_for_log(DONE).unwrap();
    let serve = ["serve", "--axon.external_ip", "203.0.113.9", "--axon.external_port", "8091"];
    assert_eq!(ask(&net, neuron.bench(), ALICE, &serve)["outcome"], "sent");
    neuron.wait_for_log("somebody else has published another address").unwrap();
    let head = net.head();
    assert_eq!((published(&net, neuron.bench(), ALICE).as_deref(), net.head()), (Some("203.0.113.9:8091"), head));
}

#[test]
fn a_host_that_was_killed_while_it_published_goes_on_where_it_was() {
    let net = chain::start(0);
    let port = free_port().unwrap();
    net.fault(Fault::Freeze);
    let neuron = start(&net, Bench::new().unwrap(), ALICE, port);
    let started = Instant::now();
    let journal = neuron.bench().state().join("extrinsics");
    let kept = || {
        let files = std::fs::read_dir(&journal).into_iter().flatten().filter_map(Result::ok);
        files.map(|file| file.path()).any(|path| path.extension().is_some_and(|kind| kind == "json"))
    };
    while !kept() {
        assert!(started.elapsed() < LIMIT, "{}", neuron.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    let bench = neuron.end("KILL").unwrap();
    net.clear();
    let mut neuron = start(&net, bench, ALICE, port);
    neuron.wait_for_log(DONE).unwrap();
    assert_eq!(published(&net, neuron.bench(), ALICE), Some(format!("{PUBLISHED}:{port}")));
    assert!(!kept());
}

#[test]
fn an_address_that_the_chain_takes_from_nobody_does_not_start() {
    let net = chain::start(0);
    let bench = Bench::new().unwrap();
    let path = bench.write("soma.toml", settings("60min").text().as_bytes()).unwrap();
    for (ip, port, flag) in [
        ("127.0.0.1", "8091", "--axon.external_ip"),
        ("0.0.0.0", "8091", "--axon.external_ip"),
        (PUBLISHED, "0", "--axon.external_port"),
    ] {
        let usual = bench.run_command_on(&net.url(), &path, ALICE, free_port().unwrap()).unwrap();
        let words: Vec<_> = usual.get_args().map(|word| if word == PUBLISHED { ip.as_ref() } else { word }).collect();
        let mut run = bench.soma().unwrap();
        run.args(words).args(["--axon.external_port", port]);
        let finished = process::run("soma run", &mut run).unwrap();
        assert_eq!(finished.status.code(), Some(78), "{}", finished.stderr);
        let told = &finished.stderr;
        assert!(told.contains(flag) && told.contains("soma::config::external_address"), "{told}");
    }
}
