//! Bad files and settings at the start: a typed error that says what to do, and no neuron.

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;

use soma_e2e::account::ALICE;
use soma_e2e::neuron::{Bench, free_port};
use soma_e2e::process::{self, Finished};
use soma_e2e::{Settings, Slot, places};

use crate::miner;

/// Expects a failure that has a stable code, names `mentions`, and is no panic.
///
/// The exit code is the one that tells a service manager not to try again (EX_CONFIG of sysexits.h).
fn assert_typed(name: &str, finished: &Finished, mentions: &str) {
    assert_typed_with_code(name, finished, mentions, 78);
}

fn assert_typed_with_code(name: &str, finished: &Finished, mentions: &str, code: i32) {
    let said = format!("{}{}", finished.stdout, finished.stderr);
    assert!(!finished.status.success(), "{name}: {said}");
    assert_eq!(finished.status.code(), Some(code), "{name}: {said}");
    assert!(said.contains("soma::"), "{name}: no stable code in {said}");
    assert!(said.contains("help:"), "{name}: no help in {said}");
    assert!(said.contains(mentions), "{name}: no `{mentions}` in {said}");
    assert!(!said.contains("panicked"), "{name}: {said}");
}

fn with_plugin(plugin: PathBuf, route: &str) -> String {
    Settings::default().slot(Slot::new("odd", plugin, &[route])).text()
}

#[test]
fn a_plugin_file_that_is_none_is_refused() {
    let bench = Bench::new().unwrap();
    let whole = std::fs::read(places::guest("trap_panic").unwrap()).unwrap();
    for (name, content, code) in [
        ("empty", Vec::new(), "soma::plugin::not_wasm"),
        ("text", b"this is no plugin".to_vec(), "soma::plugin::not_wasm"),
        ("cut", whole[..whole.len() / 2].to_vec(), "soma::plugin::not_wasm"),
        ("module", b"\0asm\x01\0\0\0".to_vec(), "soma::plugin::core_module"),
        ("bare", b"\0asm\x0d\0\x01\0".to_vec(), "soma::plugin::no_manifest"),
    ] {
        let plugin = bench.write(&format!("{name}.wasm"), &content).unwrap();
        let finished = bench.run_and_fail(&with_plugin(plugin, "Echo")).unwrap();
        assert_typed(name, &finished, code);
    }
    let finished = bench.run_and_fail(&with_plugin(bench.path().join("absent.wasm"), "Echo")).unwrap();
    assert_typed("absent", &finished, "absent.wasm");
}

#[test]
fn a_plugin_that_breaks_the_contract_is_refused_with_the_line_to_mend() {
    let bench = Bench::new().unwrap();
    for (guest, code) in [
        ("import_foreign", "soma::plugin::foreign_import"),
        ("import_unwanted", "soma::plugin::unwanted_import"),
        ("export_half", "soma::plugin::half_hook"),
        ("export_shape", "soma::plugin::"),
    ] {
        let finished = bench.run_and_fail(&with_plugin(places::guest(guest).unwrap(), "Echo")).unwrap();
        assert_typed(guest, &finished, code);
    }
    let ungranted = Slot::new("text", places::guest("text-miner-rust").unwrap(), &miner::ROUTES);
    let finished = bench.run_and_fail(&Settings::default().slot(ungranted).text()).unwrap();
    assert_typed("not granted", &finished, "soma::plugin::not_granted");
    assert!(format!("{}{}", finished.stdout, finished.stderr).contains("grant = ["));
}

#[test]
fn a_setting_that_is_wrong_is_named_with_its_line() {
    let bench = Bench::new().unwrap();
    for (name, text, line) in [
        ("syntax", "[neuron]\nnetuid = 1\nnetwork = \"local\n", 3),
        ("type", "[neuron]\nnetuid = \"one\"\nnetwork = \"local\"\n", 2),
        ("range", "[neuron]\nnetuid = 70000\nnetwork = \"local\"\n", 2),
        ("unknown key", "[neuron]\nnetuid = 1\nnetwork = \"local\"\nnetuit = 2\n", 4),
        ("unknown section", "[neuron]\nnetuid = 1\nnetwork = \"local\"\n[slotz.a]\n", 4),
    ] {
        let finished = bench.run_and_fail(text).unwrap();
        assert_typed(name, &finished, "soma::config::syntax");
        assert_typed(name, &finished, &format!("soma.toml line {line}"));
    }
    let finished = bench.run_and_fail(&Settings::default().text()).unwrap();
    assert_typed("no slots", &finished, "soma::config::no_slots");
}

#[test]
fn a_route_that_the_plugin_does_not_have_is_named() {
    let bench = Bench::new().unwrap();
    let finished = bench.run_and_fail(&with_plugin(places::guest("trap_panic").unwrap(), "Elsewhere")).unwrap();
    assert_typed("route", &finished, "Elsewhere");
}

#[test]
fn a_settings_file_or_wallet_that_is_not_there_is_named() {
    let bench = Bench::new().unwrap();
    let absent = bench.path().join("absent.toml");
    let run = bench.run_command(&absent, ALICE, free_port().unwrap());
    assert_typed("settings", &process::run("soma run", &mut run.unwrap()).unwrap(), "absent.toml");

    let settings = bench.write("soma.toml", miner::settings().text().as_bytes()).unwrap();
    let mut nobody = ALICE;
    nobody.name = "nobody";
    let run = bench.run_command(&settings, nobody, free_port().unwrap());
    let finished = process::run("soma run", &mut run.unwrap()).unwrap();
    assert_typed("wallet", &finished, "nobody");
    assert_typed("wallet", &finished, "soma wallet new");
}

#[test]
fn a_state_folder_has_one_host() {
    let neuron = miner::start();
    let bench = neuron.bench();
    let settings = bench.path().join("soma.toml");
    let second = process::run("soma run", &mut bench.run_command(&settings, ALICE, free_port().unwrap()).unwrap());
    let second = second.unwrap();
    // The other one may stop (EX_TEMPFAIL).
    assert_typed_with_code("state", &second, "soma::state::in_use", 75);
    assert_typed_with_code("state", &second, &format!("process {}", neuron.id()), 75);
    assert_eq!(neuron.ask(&miner::ask_synapse()).unwrap().status, 200, "the first one goes on");
    // However it ends, the next one gets the folder.
    let bench = neuron.end("KILL").unwrap();
    assert!(soma_e2e::Neuron::start_in(bench, &miner::settings()).is_ok());
}

#[test]
fn a_grant_that_the_plugin_does_not_want_is_a_warning_at_the_start_and_after_a_swap() {
    const WARNING: &str = "the plugin does not want it";
    let mut neuron =
        soma_e2e::Neuron::start(&Settings::default().slot(miner::slot().grant(&["config", "clock"]))).unwrap();
    let lines = |neuron: &soma_e2e::Neuron| neuron.log().lines().filter(|line| line.contains(WARNING)).count();
    assert_eq!(lines(&neuron), 1, "of clock and not of config: {}", neuron.log());
    assert!(neuron.swap("text", &places::guest("swap_next").unwrap()).unwrap().status.success());
    neuron.wait_for_log("plugin swapped").unwrap();
    assert_eq!(lines(&neuron), 2, "{}", neuron.log());
}

#[test]
fn what_the_system_says_is_printed_once() {
    let bench = Bench::new().unwrap();
    let run = bench.run_command(&bench.path().join("absent.toml"), ALICE, free_port().unwrap());
    let said = process::run("soma run", &mut run.unwrap()).unwrap().stderr;
    assert_eq!(said.matches("os error 2").count(), 1, "{said}");
}

#[test]
fn a_port_in_use_is_named() {
    let bench = Bench::new().unwrap();
    let taken = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let settings = bench.write("soma.toml", miner::settings().text().as_bytes()).unwrap();
    let run = bench.run_command(&settings, ALICE, port);
    let finished = process::run("soma run", &mut run.unwrap()).unwrap();
    // A restart may find it free (EX_TEMPFAIL).
    assert_typed_with_code("port", &finished, &port.to_string(), 75);
}
