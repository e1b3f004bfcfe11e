//! `soma chain` that was interrupted, or meets another run: what an earlier run left is finished, told, and never taken for
//! something else; and the key is opened late and pays no more than was agreed.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use soma_e2e::account::{ALICE, BOB, DAVE, EVE};
use soma_e2e::neuron::Bench;
use soma_e2e::process::{self, Finished, LIMIT, Process};
use soma_localnet::{Change, Config, Fault, Layer, Localnet, Switch, TAO};

use crate::chain::{self, key};
use crate::chain_commands::{PASSWORD, command, ends, free, json, paying, rich, run, uid};

/// Opening returns at once (`O_NONBLOCK`): a pipe that nobody reads yet is an error then.
const AT_ONCE: i32 = 0o4000;

/// How many extrinsics lie in the journal of this folder.
fn kept_in(folder: &Path) -> usize {
    let Ok(files) = fs::read_dir(folder.join("extrinsics")) else { return 0 };
    let names = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
    names.filter(|name| name.ends_with(".json")).count()
}

fn kept(bench: &Bench) -> usize {
    kept_in(&bench.state())
}

/// Interrupts a command when what it signed is kept and sent, and in no block. The chain stands still until it is cleared.
fn cut(net: &Localnet, folder: &Path, command: &mut Command) {
    net.fault(Fault::Freeze);
    let mut first = Process::start("soma chain", command).unwrap();
    first.wait_for(|log| (log.contains("waiting until it is final") && kept_in(folder) > 0).then_some(())).unwrap();
    process::run("kill", Command::new("kill").args(["-INT", &first.id().to_string()])).unwrap();
    let interrupted = first.finish().unwrap();
    assert_eq!(interrupted.status.code(), Some(130), "{interrupted:?}");
    assert!(interrupted.stderr.contains("the same command"), "{interrupted:?}");
}

/// The same, and then the chain goes on.
fn interrupted(net: &Localnet, bench: &Bench, command: &mut Command) {
    cut(net, &bench.state(), command);
    net.clear();
    net.advance(1);
}

fn answer(finished: &Finished) -> Value {
    serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("{finished:?}"))
}

#[test]
fn a_command_that_was_interrupted_is_finished_by_the_next_one_and_nothing_is_sent_twice() {
    let (net, bench) = (chain::start(0), rich());
    let before = free(&net, &bench);
    let register = ["register", "--hotkey", DAVE.hotkey, "--yes", "--json"];
    interrupted(&net, &bench, &mut paying(&net, &bench, &register));
    let second = answer(&ends(0, &mut paying(&net, &bench, &register)));
    assert_eq!(
        (second["outcome"].as_str(), second["call"].as_str()),
        (Some("earlier"), Some("SubtensorModule.burned_register"))
    );
    assert_eq!((uid(&net, &bench, DAVE), kept(&bench)), (Some(3), 0));
    let paid = before - free(&net, &bench);
    assert!(paid < TAO / 5, "one registration is 0.1 TAO, and {paid} RAO are gone");
}

#[test]
fn what_an_interrupted_command_did_is_no_answer_to_another_one() {
    let (net, bench) = (chain::start(0), rich());
    let told = |finished: &Finished, call: &str, code: &str| {
        assert!(finished.stderr.contains(&format!("an earlier run's {call} is final in block")), "{finished:?}");
        assert!(finished.stderr.contains(code), "{finished:?}");
    };
    // More than is left after the earlier one, and not more than there was before it.
    interrupted(&net, &bench, &mut paying(&net, &bench, &["stake", "--amount", "5", "--yes"]));
    let other = ends(78, &mut paying(&net, &bench, &["stake", "--amount", "999999", "--yes"]));
    told(&other, "SubtensorModule.add_stake", "soma::chain::no_funds");

    let register = |who: soma_e2e::Account| ["register", "--hotkey", who.hotkey, "--yes"];
    interrupted(&net, &bench, &mut paying(&net, &bench, &register(DAVE)));
    net.change(&[Change::Registration { netuid: 1, allowed: Switch::Off }]).unwrap();
    let other = ends(75, &mut paying(&net, &bench, &register(EVE)));
    told(&other, "SubtensorModule.burned_register", "soma::chain::registration_closed");
    assert_eq!((uid(&net, &bench, DAVE), uid(&net, &bench, EVE)), (Some(3), None));

    net.change(&[
        Change::ServingRateLimit { netuid: 1, blocks: 50 },
        Change::WeightsRateLimit { netuid: 1, blocks: 50 },
        Change::Permit { netuid: 1, uid: 1, permit: Switch::On },
    ])
    .unwrap();
    net.advance(60);
    let serve = |ip: &'static str| ["serve", "--axon.external_ip", ip, "--axon.external_port", "8100"];
    interrupted(&net, &bench, &mut command(&net, &bench, ALICE, &serve("203.0.113.7")));
    let other = run(75, &net, &bench, ALICE, &serve("203.0.113.99"));
    told(&other, "SubtensorModule.serve_axon", "soma::chain::too_soon");

    let weigh = ["weights", "1=3", "2=1"];
    for (again, code) in [(&weigh[..], 0), (&["weights", "1=1", "2=3"], 75)] {
        net.change(&[Change::Permit { netuid: 1, uid: 1, permit: Switch::On }]).unwrap();
        interrupted(&net, &bench, &mut command(&net, &bench, BOB, &weigh));
        let other = run(code, &net, &bench, BOB, again);
        told(&other, "SubtensorModule.set_mechanism_weights", "");
        assert_eq!(other.stdout.contains("sent by an earlier run"), code == 0, "{other:?}");
        net.advance(60);
    }
}

#[test]
fn an_earlier_call_that_failed_does_not_keep_the_next_one_back() {
    let (layer, genesis) = (Layer::Dispatch, chain::genesis());
    let net = Localnet::start(Config { layer, genesis, ..Config::default() }).unwrap();
    let bench = Bench::new().unwrap();
    let serve = |ip: &'static str| ["serve", "--axon.external_ip", ip, "--axon.external_port", "8100"];
    cut(&net, &bench.state(), &mut command(&net, &bench, BOB, &serve("203.0.113.7")));
    // Dave takes the uid of Bob before his call is in a block.
    let register = |who| Change::Register { netuid: 1, hotkey: key(who), coldkey: key(ALICE) };
    let full = [Change::ImmunityPeriod { netuid: 1, blocks: 0 }, Change::MaxUids { netuid: 1, uids: 3 }];
    net.change(&[full.as_slice(), &[register(DAVE)]].concat()).unwrap();
    net.clear();
    net.advance(1);
    net.change(&[register(BOB)]).unwrap();
    let next = ends(0, command(&net, &bench, BOB, &serve("203.0.113.99")).arg("--json"));
    assert!(next.stderr.contains("an earlier run's call is over"), "{next:?}");
    assert_eq!((answer(&next)["outcome"].as_str(), kept(&bench)), (Some("sent"), 0), "{next:?}");
}

#[test]
fn of_two_runs_that_finish_the_same_call_the_second_sends_nothing() {
    let (net, bench) = (chain::start(0), rich());
    let stake = ["stake", "--amount", "10", "--yes", "--json"];
    let before = free(&net, &bench);
    cut(&net, &bench.state(), &mut paying(&net, &bench, &stake));
    let mut one = Process::start("soma chain stake", &mut paying(&net, &bench, &stake)).unwrap();
    one.wait_for(|log| log.contains("looking what became of what it sent").then_some(())).unwrap();
    let mut other = Process::start("soma chain stake", &mut paying(&net, &bench, &stake)).unwrap();
    other.wait_for(|log| log.contains("is still under way").then_some(())).unwrap();
    net.clear();
    net.advance(1);
    let (one, other) = (one.finish().unwrap(), other.finish().unwrap());
    assert_eq!((one.status.code(), &answer(&one)["outcome"]), (Some(0), &Value::from("earlier")), "{one:?}");
    assert_eq!(other.status.code(), Some(75), "{other:?}");
    assert!(other.stderr.contains("soma::spend::finished_elsewhere"), "{other:?}");
    let paid = before - free(&net, &bench);
    assert!(paid < 11 * TAO, "{paid} RAO are gone");
}

#[test]
fn one_coldkey_has_one_journal_whatever_the_hotkey() {
    let (net, bench) = (chain::start(0), rich());
    let hotkeys = bench.wallets().join("alice/hotkeys");
    fs::copy(hotkeys.join("default"), hotkeys.join("other")).unwrap();
    let stake = |hotkey: &str| {
        let mut command = bench.soma().unwrap();
        command.args(["chain", "stake", "--amount", "10", "--hotkey", ALICE.hotkey, "--yes", "--json"]);
        command.args(["--network", &net.url(), "--wallet.name", "alice", "--wallet.hotkey", hotkey]);
        command.arg("--wallet.path").arg(bench.wallets()).env("BT_WALLET_PASSWORD", PASSWORD);
        command
    };
    let folder = bench.home().join(".local/state/soma/coldkeys");
    cut(&net, &folder, &mut stake("default"));
    net.clear();
    net.advance(1);
    let second = answer(&ends(0, &mut stake("other")));
    assert_eq!((second["outcome"].as_str(), kept_in(&folder)), (Some("earlier"), 0), "{second}");
}

#[test]
fn a_coldkey_stays_closed_while_another_run_writes_for_it() {
    let (net, bench) = (chain::start(0), rich());
    ends(0, &mut paying(&net, &bench, &["stake", "--amount", "1", "--yes"]));
    let files = fs::read_dir(bench.state().join("extrinsics")).unwrap().map(|file| file.unwrap().path());
    let lock: PathBuf = files.into_iter().find(|path| path.extension().is_some_and(|kind| kind == "lock")).unwrap();
    let held = File::open(lock).unwrap();
    held.lock().unwrap();
    let mut wrong = paying(&net, &bench, &["stake", "--amount", "1", "--yes"]);
    let busy = ends(75, wrong.env("BT_WALLET_PASSWORD", "wrong"));
    assert!(busy.stderr.contains("soma::chain::journal_busy"), "{busy:?}");
    assert!(!busy.stderr.contains("opening the coldkey"), "{busy:?}");
}

/// A run that gets its password from a pipe, and what happens before it gets it.
fn while_the_password_is_awaited(bench: &Bench, command: &mut Command, happens: impl FnOnce()) -> Finished {
    let pipe = bench.path().join("pipe");
    let _ = fs::remove_file(&pipe);
    assert!(process::run("mkfifo", Command::new("mkfifo").arg(&pipe)).unwrap().status.success());
    command.env_remove("BT_WALLET_PASSWORD").arg("--wallet.password_file").arg(&pipe);
    let mut run = Process::start("soma chain register", command).unwrap();
    let started = Instant::now();
    let mut end = loop {
        if let Ok(end) = OpenOptions::new().write(true).custom_flags(AT_ONCE).open(&pipe) {
            break end;
        }
        assert!(run.poll().unwrap().is_none() && started.elapsed() < LIMIT, "{}", run.output());
        std::thread::sleep(Duration::from_millis(20));
    };
    happens();
    end.write_all(PASSWORD.as_bytes()).unwrap();
    drop(end);
    run.finish().unwrap()
}

#[test]
fn a_price_that_rose_since_it_was_shown_is_not_paid_unasked() {
    let (net, bench) = (chain::start(0), rich());
    let register = ["register", "--hotkey", DAVE.hotkey, "--yes", "--json"];
    let rise = |rao: u64| net.change(&[Change::Burn { netuid: 1, rao }]).unwrap();
    let mut bounded = paying(&net, &bench, &[&register[..], &["--max-cost", "0.5"]].concat());
    let refused = while_the_password_is_awaited(&bench, &mut bounded, || rise(TAO * 7 / 10));
    assert_eq!(refused.status.code(), Some(78), "{refused:?}");
    assert!(refused.stderr.contains("soma::chain::too_expensive"), "{refused:?}");
    assert_eq!(uid(&net, &bench, DAVE), None);

    let mut unbounded = paying(&net, &bench, &register);
    let sent = while_the_password_is_awaited(&bench, &mut unbounded, || rise(TAO));
    assert_eq!(sent.status.code(), Some(0), "{sent:?}");
    assert!(sent.stderr.contains("the price has risen from 0.7 to 1 TAO"), "{sent:?}");
    let sent = answer(&sent);
    assert_eq!((sent["price_rao"].as_u64(), sent["planned_price_rao"].as_u64()), (None, Some(TAO)), "{sent}");
    assert_eq!(json(0, &net, &bench, ALICE, &["metagraph"])["size"].as_u64(), Some(4));
}
