//! What a service manager does to a running host: it listens, has the configuration read again, and stops it.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use soma_e2e::account::ALICE;
use soma_e2e::neuron::{Bench, free_port};
use soma_e2e::process::LIMIT;
use soma_e2e::{Neuron, Settings, Slot, places};

use crate::miner;

const OLD: &str = "text-miner 0.1.0";
const NEW: &str = "text-miner 0.2.0";

/// Puts settings in the place of the running ones and has them read; waits until that is over.
fn reload(neuron: &mut Neuron, text: &str) {
    let over = |log: &str| {
        log.matches("the configuration was read again").count() + log.matches("cannot be read again").count()
    };
    let before = over(&neuron.log());
    neuron.bench().write("soma.toml", text.as_bytes()).unwrap();
    neuron.signal("HUP").unwrap();
    let started = Instant::now();
    while over(&neuron.log()) == before {
        assert!(neuron.is_running().unwrap() && started.elapsed() < LIMIT, "{}", neuron.log());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Status and model of an answer for Bob.
fn answered(neuron: &Neuron) -> (u16, String) {
    let answer = neuron.ask(&miner::ask_synapse()).unwrap();
    (answer.status, answer.json()["model_name"].as_str().unwrap_or_default().to_owned())
}

fn slot(plugin: &Path) -> Slot {
    Slot::new("text", plugin.to_owned(), &miner::ROUTES).grant(&["config"])
}

#[test]
fn a_reload_swaps_what_changed_and_lets_in_who_is_let_in_now() {
    let (old, new) = (places::guest("text-miner-rust").unwrap(), places::guest("swap_next").unwrap());
    let bench = Bench::new().unwrap();
    // A copy, to be replaced in its place.
    let copy = bench.write("miner.wasm", &std::fs::read(&old).unwrap()).unwrap();
    let settings = Settings::default().slot(slot(&copy));
    let mut neuron = Neuron::start_in(bench, &settings).unwrap();
    assert_eq!(answered(&neuron), (200, OLD.to_owned()));

    reload(&mut neuron, &settings.text());
    assert!(neuron.log().contains("swapped=0 refused=0"), "nothing changed: {}", neuron.log());

    let narrow = settings.clone().set("axon", "admit", vec![ALICE.hotkey]);
    reload(&mut neuron, &narrow.text());
    assert_eq!(answered(&neuron).0, 403, "Bob is not on the list");
    reload(&mut neuron, &settings.text());
    assert_eq!(answered(&neuron).0, 200);

    // The same path with another file behind it.
    std::fs::write(&copy, std::fs::read(&new).unwrap()).unwrap();
    reload(&mut neuron, &settings.text());
    assert_eq!(answered(&neuron), (200, NEW.to_owned()));
    // Another path, other settings.
    reload(&mut neuron, &Settings::default().slot(slot(&old).config("deny", &json!([]).to_string())).text());
    assert_eq!(answered(&neuron), (200, OLD.to_owned()));
    assert_eq!(neuron.log().matches("swapped=1 refused=0").count(), 2, "{}", neuron.log());
}

#[test]
fn a_bad_file_changes_nothing_and_a_bad_plugin_leaves_its_slot() {
    let mut neuron = miner::start();
    for bad in ["", "[slots.text]\nplugin = 5\n", "[neuron]\nnetuids = 1\n"] {
        reload(&mut neuron, bad);
        assert_eq!(answered(&neuron), (200, OLD.to_owned()), "{bad}");
    }
    assert_eq!(neuron.log().matches("cannot be read again").count(), 3, "{}", neuron.log());

    let absent = neuron.bench().path().join("absent.wasm");
    let gateless = places::guest("export_shape").unwrap();
    for candidate in [absent, gateless] {
        reload(&mut neuron, &Settings::default().slot(slot(&candidate)).text());
        assert_eq!(answered(&neuron), (200, OLD.to_owned()), "{}", candidate.display());
    }
    assert_eq!(neuron.log().matches("swapped=0 refused=1").count(), 2, "{}", neuron.log());
}

#[test]
fn a_wider_rule_waits_for_the_gate_that_comes_with_it() {
    let closed = miner::settings().set("axon", "admit", vec![ALICE.hotkey]);
    let mut neuron = Neuron::start(&closed).unwrap();
    assert_eq!(answered(&neuron).0, 403, "Bob is not on the list");
    let gate = |plugin| Slot::new("gate", plugin, &["TextGeneration"]).grant(&["config"]).config("deny", "[]");
    let open = miner::settings().set("axon", "admit", "anybody");

    reload(&mut neuron, &open.clone().slot(gate(places::guest("hotkey-list").unwrap())).text());
    assert_eq!(answered(&neuron).0, 403, "the new slot is not there before a restart");
    let absent = neuron.bench().path().join("absent.wasm");
    reload(&mut neuron, &Settings::default().set("axon", "admit", "anybody").slot(slot(&absent)).text());
    assert_eq!(answered(&neuron).0, 403, "a slot was refused");
    assert_eq!(neuron.log().matches("axon.admit stays as it was").count(), 2, "{}", neuron.log());

    reload(&mut neuron, &open.text());
    assert_eq!(answered(&neuron).0, 200);
}

#[test]
fn what_cannot_be_changed_live_is_named() {
    let mut neuron = miner::start();
    let more = miner::settings().set("axon", "trusted_proxies", vec!["10.0.0.0/8"]).slot(Slot::new(
        "more",
        places::guest("text-miner-rust").unwrap(),
        &["Other"],
    ));
    reload(&mut neuron, &more.text());
    let log = neuron.log();
    let line = log.lines().find(|line| line.contains("only after a restart")).unwrap();
    assert!(line.contains("axon.trusted_proxies") && line.contains("slots.more (new)"), "{line}");
    assert_eq!(answered(&neuron).0, 200);
}

/// Reads messages until one begins with `start`; those between have to be signs of life.
fn heard(manager: &UnixDatagram, start: &str) -> String {
    let mut bytes = [0; 1024];
    loop {
        let length = manager.recv(&mut bytes).unwrap();
        let message = String::from_utf8(bytes[..length].to_vec()).unwrap();
        if message.starts_with(start) {
            return message;
        }
        assert_eq!(message, "WATCHDOG=1", "waiting for {start}");
    }
}

#[test]
fn the_service_manager_hears_when_it_serves_lives_reloads_and_stops() {
    let bench = Bench::new().unwrap();
    let socket = bench.path().join("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(LIMIT)).unwrap();
    let path = bench.write("soma.toml", miner::settings().text().as_bytes()).unwrap();
    let port = free_port().unwrap();
    let mut command = bench.run_command(&path, ALICE, port).unwrap();
    command.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "200000");
    let neuron = Neuron::start_by(bench, command, ALICE, port).unwrap();

    assert!(heard(&manager, "READY=1").contains("STATUS=serving on 127.0.0.1:"));
    for _ in 0..3 {
        heard(&manager, "WATCHDOG=1");
    }
    neuron.signal("HUP").unwrap();
    let reloading = heard(&manager, "RELOADING=1");
    let at = reloading.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC=")).unwrap();
    assert!(at.parse::<u64>().unwrap() > 0, "{reloading}");
    assert!(heard(&manager, "READY=1").contains("configuration read again"));
    let stopped = neuron.stop().unwrap();
    assert_eq!(stopped.status.code(), Some(0), "{}", stopped.stderr);
    heard(&manager, "STOPPING=1");
}
