//! `soma run` on a chain: who is let in, what is served while the chain is away, and what does not start.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use soma_e2e::account::{ALICE, Account, BOB, CHARLIE, DAVE};
use soma_e2e::neuron::{Bench, free_port};
use soma_e2e::process::{self, Finished, LIMIT};
use soma_e2e::signed::Synapse;
use soma_e2e::wire::Answer;
use soma_e2e::{Neuron, Settings, Slot, places};
use soma_localnet::{Change, Config, Localnet, TAO};
use toml::{Table, Value};

use crate::chain::{self, key};
use crate::miner;

/// How often the neurons of these tests read the chain.
const REFRESH: &str = "1s";

/// The example miner without a list of its own.
pub fn settings(max_age: &str) -> Settings {
    let slot = Slot::new("text", places::guest("text-miner-rust").unwrap(), &miner::ROUTES).grant(&["config"]);
    Settings::default().slot(slot).set("chain", "max_age", max_age).set("chain", "refresh", REFRESH)
}

fn admit(settings: Settings, min_stake: i64, hotkeys: &[&str]) -> Settings {
    let mut terms = Table::new();
    terms.insert("min-stake".to_owned(), Value::from(min_stake));
    terms.insert("hotkeys".to_owned(), Value::Array(hotkeys.iter().map(|hotkey| Value::from(*hotkey)).collect()));
    settings.set("axon", "admit", terms)
}

fn ask(neuron: &Neuron, who: Account) -> Answer {
    let body = json!({"prompt": "one two", "temperature": 0});
    neuron.ask(&Synapse::new(who, ALICE.hotkey, "TextGeneration", body).request().unwrap()).unwrap()
}

/// Asks until the answer has this status.
fn wait_for_status(neuron: &Neuron, who: Account, status: u16) -> Answer {
    let started = Instant::now();
    loop {
        let answer = ask(neuron, who);
        if answer.status == status {
            return answer;
        }
        assert!(
            started.elapsed() < LIMIT,
            "{} instead of {status}: {}\n{}",
            answer.status,
            answer.text(),
            neuron.log()
        );
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// The metrics as text.
pub fn metrics(neuron: &Neuron) -> String {
    let mut stream = UnixStream::connect(neuron.bench().admin_socket()).unwrap();
    write!(stream, "GET /metrics HTTP/1.1\r\nhost: soma\r\nconnection: close\r\n\r\n").unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    Answer::parse(&bytes).unwrap().text()
}

/// One series of the metrics.
pub fn metric(neuron: &Neuron, name: &str) -> Option<f64> {
    let text = metrics(neuron);
    let line = text.lines().find(|line| line.starts_with(name) && line[name.len()..].starts_with(' '))?;
    line.rsplit(' ').next()?.parse().ok()
}

/// Runs a host that must not come up.
fn fails(bench: &Bench, settings: &Settings, command: impl FnOnce(&mut Command), url: Option<&str>) -> Finished {
    let path = bench.write("soma.toml", settings.text().as_bytes()).unwrap();
    let port = free_port().unwrap();
    let mut run = match url {
        Some(url) => bench.run_command_on(url, &path, ALICE, port).unwrap(),
        None => {
            let mut run = bench.run_command(&path, ALICE, port).unwrap();
            let kept: Vec<_> = run.get_args().filter(|arg| *arg != "--offline").map(ToOwned::to_owned).collect();
            let mut again = bench.soma().unwrap();
            again.args(kept);
            std::mem::swap(&mut run, &mut again);
            run
        }
    };
    command(&mut run);
    process::run("soma run", &mut run).unwrap()
}

#[test]
fn strangers_are_gated_by_registration_and_stake_and_the_answer_says_which() {
    let net = chain::start(0);
    let settings = admit(settings("60min"), 1000, &[]);
    let neuron = Neuron::start_on(&net.url(), Bench::new().unwrap(), &settings).unwrap();
    assert_eq!(ask(&neuron, BOB).status, 200);
    let poor = ask(&neuron, CHARLIE);
    assert_eq!(poor.status, 403);
    assert!(poor.text().contains("less stake than 1000"), "{}", poor.text());
    let stranger = ask(&neuron, DAVE);
    assert_eq!(stranger.status, 403);
    assert!(stranger.text().contains("not registered"), "{}", stranger.text());

    let dave = Change::Register { netuid: 1, hotkey: key(DAVE), coldkey: key(ALICE) };
    let stake = Change::Stake { hotkey: key(DAVE), netuid: 1, rao: 5000 * TAO };
    net.change(&[dave, stake]).unwrap();
    wait_for_status(&neuron, DAVE, 200);

    assert_eq!(metric(&neuron, "soma_neuron_registered"), Some(1.0));
    assert_eq!(metric(&neuron, "soma_neuron_uid"), Some(0.0));
    assert_eq!(metric(&neuron, "soma_chain_neurons"), Some(4.0));
    assert_eq!((metric(&neuron, "soma_chain_outage"), metric(&neuron, "soma_chain_stale")), (Some(0.0), Some(0.0)));
    assert!(metric(&neuron, "soma_chain_block").unwrap() >= 1.0);
    assert!(!neuron.log().contains("this chain differs"), "{}", neuron.log());
}

#[test]
fn who_is_named_needs_no_registration() {
    let net = chain::start(0);
    let settings = admit(settings("60min"), 1000, &[DAVE.hotkey]);
    let neuron = Neuron::start_on(&net.url(), Bench::new().unwrap(), &settings).unwrap();
    assert_eq!([DAVE, BOB, CHARLIE].map(|who| ask(&neuron, who).status), [200, 200, 403]);
}

#[test]
fn an_outage_is_served_through_up_to_the_bound_and_then_refused_until_the_chain_is_back() {
    let port = free_port().unwrap();
    let net = chain::start(port);
    let mut neuron = Neuron::start_on(&net.url(), Bench::new().unwrap(), &settings("8s")).unwrap();
    assert_eq!(ask(&neuron, BOB).status, 200);
    let before = net.head();

    net.stop();
    neuron.wait_for_log("the chain cannot be read: serving on").unwrap();
    assert_eq!(ask(&neuron, BOB).status, 200, "within the bound");
    assert_eq!((metric(&neuron, "soma_chain_outage"), metric(&neuron, "soma_chain_stale")), (Some(1.0), Some(0.0)));

    let refused = wait_for_status(&neuron, BOB, 503);
    assert!(refused.header("retry-after").is_some_and(|wait| wait.parse::<u32>().unwrap() > 0), "{refused:?}");
    neuron.wait_for_log("too old: every request is refused").unwrap();
    assert_eq!(metric(&neuron, "soma_chain_stale"), Some(1.0));
    assert!(metric(&neuron, "soma_chain_age_seconds").unwrap() >= 8.0);

    let net = chain::start(port);
    net.advance(before + 1);
    wait_for_status(&neuron, BOB, 200);
    neuron.wait_for_log("the chain is back").unwrap();
    assert_eq!(metric(&neuron, "soma_chain_outage"), Some(0.0));
}

#[test]
fn a_local_chain_that_was_made_anew_is_served_by_from_then_on() {
    let port = free_port().unwrap();
    let net = chain::start(port);
    let bench = Bench::new().unwrap();
    let path = bench.write("soma.toml", settings("60min").text().as_bytes()).unwrap();
    let axon = free_port().unwrap();
    let url = net.url();
    let start = |bench: Bench| {
        let mut command = bench.run_command_on("local", &path, ALICE, axon).unwrap();
        command.args(["--subtensor.chain_endpoint", &url]);
        Neuron::start_by(bench, command, ALICE, axon).unwrap()
    };
    let mut neuron = start(bench);
    let done = "the address is on the chain";
    neuron.wait_for_log(done).unwrap();
    net.advance(50);
    assert_eq!([BOB, DAVE].map(|who| ask(&neuron, who).status), [200, 403]);
    net.stop();

    // Another chain with lower blocks, on which Dave is a neuron and Bob is none.
    let mut genesis = chain::genesis();
    genesis.subnets[0].members[1].hotkey = key(DAVE);
    let net = Localnet::start(Config { port, genesis, seed: 1, ..Config::default() }).unwrap();
    neuron.wait_for_log("the chain was made anew").unwrap();
    wait_for_status(&neuron, DAVE, 200);
    assert_eq!(ask(&neuron, BOB).status, 403);
    // A signer that has signed for one chain signs for no other.
    neuron.wait_for_log("the signer signs for one chain alone: restart this host").unwrap();
    let mut neuron = start(neuron.end("TERM").unwrap());
    neuron.wait_for_log(done).unwrap();
    assert_eq!([BOB, DAVE].map(|who| ask(&neuron, who).status), [403, 200]);
    assert!(net.head() < 50, "its address was published in the first blocks");
}

#[test]
fn a_host_starts_again_while_the_chain_is_away() {
    let net = chain::start(0);
    let url = net.url();
    let neuron = Neuron::start_on(&url, Bench::new().unwrap(), &settings("60min")).unwrap();
    assert_eq!(ask(&neuron, BOB).status, 200);
    let bench = neuron.end("TERM").unwrap();
    net.stop();
    let neuron = Neuron::start_on(&url, bench, &settings("60min")).unwrap();
    assert_eq!([BOB, DAVE].map(|who| ask(&neuron, who).status), [200, 403]);
    assert_eq!(metric(&neuron, "soma_chain_outage"), Some(1.0));
}

#[test]
fn what_does_not_start_says_why_and_whether_a_restart_helps() {
    let bench = Bench::new().unwrap();
    let usual = settings("60min");

    let silent = fails(&bench, &usual, |_| (), None);
    assert_eq!(silent.status.code(), Some(78), "{}", silent.stderr);
    assert!(silent.stderr.contains("--axon.external_ip"), "{}", silent.stderr);

    let nowhere = format!("ws://127.0.0.1:{}", free_port().unwrap());
    let down = fails(&bench, &usual, |_| (), Some(&nowhere));
    assert_eq!(down.status.code(), Some(75), "{}", down.stderr);
    assert!(down.stderr.contains("soma::chain::no_view"), "{}", down.stderr);

    let net = Localnet::start(Config::default()).unwrap();
    let stranger = fails(&bench, &usual, |_| (), Some(&net.url()));
    assert_eq!(stranger.status.code(), Some(78), "{}", stranger.stderr);
    assert!(stranger.stderr.contains("soma chain register"), "{}", stranger.stderr);

    let absent = fails(
        &bench,
        &usual,
        |run| {
            run.args(["--netuid", "9"]);
        },
        Some(&net.url()),
    );
    assert_eq!(absent.status.code(), Some(78), "{}", absent.stderr);
    assert!(absent.stderr.contains("subnet 9 does not exist"), "{}", absent.stderr);
}

#[test]
fn a_reload_changes_who_is_let_in_by_the_chain() {
    let net = chain::start(0);
    let neuron = Neuron::start_on(&net.url(), Bench::new().unwrap(), &admit(settings("60min"), 1000, &[])).unwrap();
    assert_eq!([BOB, CHARLIE, DAVE].map(|who| ask(&neuron, who).status), [200, 403, 403]);
    neuron.bench().write("soma.toml", admit(settings("60min"), 0, &[DAVE.hotkey]).text().as_bytes()).unwrap();
    neuron.signal("HUP").unwrap();
    wait_for_status(&neuron, CHARLIE, 200);
    assert_eq!([BOB, DAVE].map(|who| ask(&neuron, who).status), [200, 200]);
    assert!(!neuron.log().contains("only after a restart"), "{}", neuron.log());
}
