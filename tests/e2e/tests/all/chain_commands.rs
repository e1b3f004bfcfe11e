//! `soma chain` against a development chain: what is shown, sent, refused and asked, and how each command ends.

use std::net::TcpListener;
use std::process::Command;

use serde_json::{Value, json};
use soma_e2e::account::{ALICE, Account, BOB, CHARLIE, DAVE};
use soma_e2e::neuron::{Bench, free_port};
use soma_e2e::process::{self, Finished};
use soma_e2e::python::{self, Sdk};
use soma_localnet::{Change, Localnet, Switch, TAO};

use crate::chain;

pub const PASSWORD: &str = "correct horse battery";

/// `soma chain` with these words, as this account, on the chain at `url`.
pub fn command_at(url: &str, bench: &Bench, who: Account, words: &[&str]) -> Command {
    let mut command = bench.soma().unwrap();
    command.arg("chain").args(words).args(["--network", url]).arg("--state").arg(bench.state());
    bench.name_wallet(&mut command, who);
    command
}

pub fn command(net: &Localnet, bench: &Bench, who: Account, words: &[&str]) -> Command {
    command_at(&net.url(), bench, who, words)
}

/// Runs it to its end, with an exit status that was expected.
pub fn ends(code: i32, command: &mut Command) -> Finished {
    let finished = process::run("soma chain", command).unwrap();
    assert_eq!(finished.status.code(), Some(code), "{command:?}: {}{}", finished.stdout, finished.stderr);
    finished
}

pub fn run(code: i32, net: &Localnet, bench: &Bench, who: Account, words: &[&str]) -> Finished {
    ends(code, &mut command(net, bench, who, words))
}

/// The same with `--json`, and its answer.
pub fn json(code: i32, net: &Localnet, bench: &Bench, who: Account, words: &[&str]) -> Value {
    let words: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
    let finished = run(code, net, bench, who, &words);
    serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("{finished:?}"))
}

/// A folder in which Alice's wallet has its coldkey, encrypted.
pub fn rich() -> Bench {
    let bench = Bench::new().unwrap();
    let password = bench.write("password", PASSWORD.as_bytes()).unwrap();
    let secret = bench.wallets().join("alice/hotkeys/default");
    let mut regen = bench.soma().unwrap();
    regen.args(["wallet", "regen", "--coldkey", "--overwrite", "--secret-file"]).arg(secret);
    regen.arg("--wallet.password_file").arg(password);
    bench.name_wallet(&mut regen, ALICE);
    let made = process::run("soma wallet regen", &mut regen).unwrap();
    assert!(made.status.success(), "{made:?}");
    bench
}

/// With the coldkey's password, as a script gives it.
pub fn paying(net: &Localnet, bench: &Bench, words: &[&str]) -> Command {
    let mut command = command(net, bench, ALICE, words);
    command.env("BT_WALLET_PASSWORD", PASSWORD);
    command
}

/// What is free on an account, in RAO.
pub fn free(net: &Localnet, bench: &Bench) -> u64 {
    json(0, net, bench, ALICE, &["balance"])["free_rao"].as_u64().unwrap()
}

/// The uid of a hotkey.
pub fn uid(net: &Localnet, bench: &Bench, who: Account) -> Option<u64> {
    let metagraph = json(0, net, bench, who, &["metagraph"]);
    let neurons = metagraph["neurons"].as_array().unwrap();
    neurons.iter().find(|neuron| neuron["hotkey"] == who.hotkey)?["uid"].as_u64()
}

#[test]
fn a_subnet_is_read_for_people_and_for_programs() {
    let (net, bench) = (chain::start(0), Bench::new().unwrap());
    let shown = run(0, &net, &bench, ALICE, &["metagraph", "--sort", "stake", "--limit", "2"]).stdout;
    let lines: Vec<&str> = shown.lines().collect();
    assert!(
        lines[0].contains("stake") && lines[1].contains(BOB.hotkey) && lines[2].contains(CHARLIE.hotkey),
        "{shown}"
    );
    assert!(shown.contains("2 of 3 neurons, subnet 1"), "{shown}");
    let metagraph = json(0, &net, &bench, ALICE, &["metagraph"]);
    assert_eq!(
        (metagraph["size"].as_u64(), metagraph["neurons"][1]["stake_rao"].as_u64()),
        (Some(3), Some(2000 * TAO))
    );
    let rules = json(0, &net, &bench, ALICE, &["hyperparameters"]);
    assert_eq!(rules["hyperparameters"]["tempo"], 20, "{rules}");
    let balance = json(0, &net, &bench, BOB, &["balance"]);
    assert_eq!(
        (balance["hotkey"]["uid"].as_u64(), balance["hotkey"]["alpha_rao"].as_u64()),
        (Some(1), Some(2000 * TAO))
    );
}

#[test]
fn a_registration_is_shown_first_costs_its_price_and_is_made_once() {
    let (net, bench) = (chain::start(0), rich());
    let register = ["register", "--hotkey", DAVE.hotkey];
    let before = (free(&net, &bench), net.head());
    // Nobody is there to give the password, so that a key that is opened would be seen.
    let planned = json(0, &net, &bench, ALICE, &[&register[..], &["--dry-run"]].concat());
    assert_eq!(
        (planned["outcome"].as_str(), planned["call"].as_str()),
        (Some("planned"), Some("SubtensorModule.burned_register"))
    );
    let price = planned["price_rao"].as_u64().unwrap();
    assert!(price > 0 && planned["arguments"]["hotkey"] == DAVE.hotkey, "{planned}");
    assert_eq!((free(&net, &bench), net.head()), before, "nothing was sent");

    let sent = ends(0, paying(&net, &bench, &register).args(["--yes", "--json"]));
    let sent: Value = serde_json::from_str(&sent.stdout).unwrap();
    assert_eq!((sent["outcome"].as_str(), sent["planned_price_rao"].as_u64()), (Some("sent"), Some(price)), "{sent}");
    assert!(sent["block"].as_u64() > Some(0) && sent["extrinsic"].as_str().unwrap().starts_with("0x"), "{sent}");
    assert_eq!(free(&net, &bench), before.0 - price - sent["fee_rao"].as_u64().unwrap());
    assert_eq!(uid(&net, &bench, DAVE), Some(3));

    let head = net.head();
    let again = json(0, &net, &bench, ALICE, &[&register[..], &["--yes"]].concat());
    assert_eq!(again["outcome"], "unneeded", "{again}");
    assert!(again["reason"].as_str().unwrap().contains("uid 3"), "{again}");
    assert_eq!(net.head(), head, "nothing was sent");
}

#[test]
fn what_would_be_refused_is_told_before_a_password_is_asked_for() {
    let (net, bench) = (chain::start(0), rich());
    let refused = |words: &[&str], code: &str, help: &str| {
        let finished = run(78, &net, &bench, ALICE, words);
        assert!(finished.stderr.contains(code) && finished.stderr.contains(help), "{}", finished.stderr);
    };
    let head = net.head();
    let register = ["register", "--hotkey", DAVE.hotkey];
    refused(&[&register[..], &["--max-cost", "0.000000001", "--yes"]].concat(), "soma::chain::", "--max-cost");
    refused(&register, "soma::spend::nobody_to_ask", "--yes");
    refused(&["register", "--hotkey", "5F"], "soma::cli::argument", "soma chain register --help");
    refused(&[&register[..], &["--max-cost", "cheap"]].concat(), "soma::cli::argument", "--help");
    refused(&["stake", "--amount", "2000000", "--yes"], "soma::chain::", "");
    refused(&["stake", "--amount", "1e3"], "soma::cli::argument", "");
    refused(&["weights", "0:1"], "soma::weights::argument", "UID=WEIGHT");
    refused(&["serve"], "soma::serve::no_external_address", "--axon.external_ip");
    refused(&["metagraph", "--netuid", "9"], "soma::chain::no_subnet", "--netuid");
    assert_eq!(net.head(), head, "nothing was sent");
}

#[test]
fn stake_is_put_behind_the_hotkey() {
    let (net, bench) = (chain::start(0), rich());
    let before = json(0, &net, &bench, ALICE, &["balance"]);
    let done = ends(0, paying(&net, &bench, &["stake", "--amount", "12.5"]).arg("--yes"));
    assert!(done.stdout.contains("SubtensorModule.add_stake is final in block"), "{done:?}");
    let after = json(0, &net, &bench, ALICE, &["balance"]);
    let staked = |balance: &Value| balance["hotkey"]["alpha_rao"].as_u64().unwrap();
    assert_eq!(staked(&after), staked(&before) + 12_500_000_000);
    assert!(after["free_rao"].as_u64() <= before["free_rao"].as_u64().map(|rao| rao - 12_500_000_000));
}

#[test]
fn a_wrong_password_sends_nothing() {
    let (net, bench) = (chain::start(0), rich());
    let head = net.head();
    let mut wrong = paying(&net, &bench, &["stake", "--amount", "1", "--yes"]);
    let finished = ends(78, wrong.env("BT_WALLET_PASSWORD", "no"));
    assert!(finished.stderr.contains("password"), "{}", finished.stderr);
    assert_eq!(net.head(), head);
}

#[test]
fn the_owner_is_asked_at_the_terminal_and_no_is_no() {
    let (net, bench) = (chain::start(0), rich());
    let head = net.head();
    let register = command(&net, &bench, ALICE, &["register", "--hotkey", DAVE.hotkey]);
    let at_a_terminal = |questions: Value| -> Value {
        let words = [register.get_program()].into_iter().chain(register.get_args());
        let words: Vec<String> = words.map(|word| word.to_str().unwrap().to_owned()).collect();
        let questions = questions.to_string();
        let all: Vec<&str> = std::iter::once(questions.as_str()).chain(words.iter().map(String::as_str)).collect();
        python::run(Sdk::V11, "terminal.py", &bench.home(), &all).unwrap().remove(0)
    };
    let no = at_a_terminal(json!([["Go on? [y/N]", "n\n"]]));
    assert_eq!((no["code"].as_i64(), no["unasked"].as_i64()), (Some(1), Some(0)), "{no}");
    let shown = no["shown"].as_str().unwrap();
    assert!(shown.contains("TAO") && shown.contains(DAVE.hotkey) && shown.contains("nothing was sent"), "{shown}");
    assert_eq!(net.head(), head);
    let yes = at_a_terminal(json!([["Go on? [y/N]", "y\n"], ["assword", format!("{PASSWORD}\n")]]));
    assert_eq!((yes["code"].as_i64(), yes["unasked"].as_i64()), (Some(0), Some(0)), "{yes}");
    assert_eq!(uid(&net, &bench, DAVE), Some(3));
}

#[test]
fn an_address_is_published_once_and_not_sooner_than_the_subnet_takes_it() {
    let (net, bench) = (chain::start(0), Bench::new().unwrap());
    let serve = |ip: &'static str| ["serve", "--axon.external_ip", ip, "--axon.external_port", "8100"];
    let planned = json(0, &net, &bench, ALICE, &[&serve("203.0.113.7")[..], &["--dry-run"]].concat());
    assert_eq!(
        (planned["outcome"].as_str(), planned["call"].as_str()),
        (Some("planned"), Some("SubtensorModule.serve_axon"))
    );
    let sent = json(0, &net, &bench, ALICE, &serve("203.0.113.7"));
    assert_eq!(sent["outcome"], "sent", "{sent}");
    let metagraph = json(0, &net, &bench, ALICE, &["metagraph"]);
    assert_eq!(metagraph["neurons"][0]["axon"], "203.0.113.7:8100", "{metagraph}");
    assert_eq!(json(0, &net, &bench, ALICE, &serve("203.0.113.7"))["outcome"], "unneeded");

    net.change(&[Change::ServingRateLimit { netuid: 1, blocks: 50 }]).unwrap();
    let soon = run(75, &net, &bench, ALICE, &serve("203.0.113.8"));
    assert!(soon.stderr.contains("blocks"), "{}", soon.stderr);
    let loopback = run(78, &net, &bench, ALICE, &serve("127.0.0.1"));
    assert!(loopback.stderr.contains("--axon.external_ip"), "{}", loopback.stderr);
    let stranger = run(78, &net, &bench, DAVE, &serve("203.0.113.9"));
    assert!(stranger.stderr.contains("soma chain register"), "{}", stranger.stderr);
}

#[test]
fn weights_are_set_and_what_keeps_them_from_being_set_is_named() {
    let (net, bench) = (chain::start(0), Bench::new().unwrap());
    let weigh = ["weights", "1=3", "2=1"];
    net.change(&[
        Change::Permit { netuid: 1, uid: 1, permit: Switch::On },
        Change::WeightsVersionKey { netuid: 1, key: 7 },
    ])
    .unwrap();
    let planned = json(0, &net, &bench, BOB, &[&weigh[..], &["--dry-run"]].concat());
    assert_eq!((planned["outcome"].as_str(), &planned["arguments"]["version_key"]), (Some("planned"), &json!("7")));
    assert_eq!(planned["weights"], json!([{"uid": 1, "value": 65_535}, {"uid": 2, "value": 21_845}]), "{planned}");
    assert_eq!(json(0, &net, &bench, BOB, &weigh)["outcome"], "sent");

    net.change(&[Change::WeightsRateLimit { netuid: 1, blocks: 100 }]).unwrap();
    let soon = run(75, &net, &bench, BOB, &weigh);
    assert!(soon.stderr.contains("blocks"), "{}", soon.stderr);
    let refused = |who: Account, words: &[&str], help: &str| {
        let finished = run(78, &net, &bench, who, words);
        assert!(finished.stderr.contains(help), "{}", finished.stderr);
    };
    net.change(&[Change::WeightsRateLimit { netuid: 1, blocks: 0 }]).unwrap();
    refused(BOB, &[&weigh[..], &["--version-key", "6"]].concat(), "version");
    refused(BOB, &[&weigh[..], &["--mechanism", "5"]].concat(), "mechanism");
    refused(BOB, &["weights", "9=1"], "uid 9");
    refused(BOB, &["weights", "1=0"], "weights remain");
    refused(CHARLIE, &weigh, "permit");
    refused(DAVE, &weigh, "soma chain register");
    net.change(&[Change::StakeThreshold { rao: 3000 * TAO }]).unwrap();
    refused(BOB, &weigh, "soma chain stake");
    net.change(&[Change::StakeThreshold { rao: 0 }, Change::CommitReveal { netuid: 1, enabled: Switch::On }]).unwrap();
    refused(BOB, &weigh, "commit");
}

#[test]
fn a_chain_that_is_away_is_worth_another_try() {
    let bench = Bench::new().unwrap();
    let nowhere = format!("ws://127.0.0.1:{}", free_port().unwrap());
    for words in [&["metagraph"][..], &["weights", "0=1"], &["balance"]] {
        let finished = ends(75, &mut command_at(&nowhere, &bench, ALICE, words));
        assert!(finished.stderr.contains("soma::chain::endpoint_down"), "{}", finished.stderr);
    }
    // It takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", silent.local_addr().unwrap());
    ends(75, &mut command_at(&url, &bench, ALICE, &["hyperparameters"]));
    let odd = ends(78, &mut command_at("mainnet", &bench, ALICE, &["metagraph"]));
    assert!(odd.stderr.contains("finney, test or local"), "{}", odd.stderr);
}
