//! The benches measure what they say: the same work on each side, and `soma bench` what a caller would get. Times are
//! not looked at.

use serde_json::Value;
use soma_e2e::bench::axon::{Contestant, Kind};
use soma_e2e::bench::callers::{Callers, Question};
use soma_e2e::bench::{lanes, marked};
use soma_e2e::flood::load::{Plan, Then};
use soma_e2e::neuron::Bench;
use soma_e2e::query::Dialect;
use soma_e2e::{attack::Connection, places, process};
use std::net::{Ipv4Addr, SocketAddr};

/// Starts a server of the bench and asks it the bench's question once.
fn answer(contestant: Contestant) -> Value {
    let place = contestant.start().unwrap();
    let to = SocketAddr::from((Ipv4Addr::LOCALHOST, place.port()));
    let dialect = contestant.kind.dialects()[0];
    let request = Callers::make().request(dialect, &Question::kibibyte(), 0).unwrap();
    let reply = Connection::open(Ipv4Addr::LOCALHOST, to).unwrap().exchange(&request).unwrap();
    assert_eq!(reply.status, 200, "{}: {}", contestant.name(), String::from_utf8_lossy(&reply.body));
    serde_json::from_slice(&reply.body).unwrap()
}

#[test]
fn the_python_axon_and_the_plugin_do_the_same_work() {
    let python = answer(Contestant { kind: Kind::Axon10, guest: "python" });
    let ours = answer(Contestant { kind: Kind::Fresh, guest: "rust" });
    let text = python["generated_text"].as_str().unwrap();
    assert_eq!(text.split(' ').count(), 64);
    assert_eq!(ours["generated_text"], text);
    assert_eq!(ours["model_name"], python["model_name"]);
}

#[test]
fn every_request_of_a_part_is_good() {
    let contestant = Contestant { kind: Kind::Fresh, guest: "rust" };
    let place = contestant.start().unwrap();
    let to = SocketAddr::from((Ipv4Addr::LOCALHOST, place.port()));
    for dialect in [Dialect::Synapse, Dialect::Btauth] {
        let requests = Callers::make().requests(dialect, &[Question::kibibyte()], 100, 8).unwrap();
        let plan = Plan {
            to,
            from: Ipv4Addr::LOCALHOST,
            connections: 8,
            seconds: 60.0,
            rate: None,
            requests: Default::default(),
            then: Then::Stop,
        };
        let outcome = lanes::send(&plan, &requests).unwrap();
        assert!(outcome.is_all(200) && outcome.answers() == 100, "{dialect:?}: {outcome:?}");
    }
}

#[test]
fn marked_versions_have_digests_of_their_own() {
    let folder = Bench::new().unwrap();
    let marked = marked::Marked::open().unwrap();
    let paths = [1, 2].map(|number| marked.write(folder.path(), number).unwrap());
    let digests = paths.map(|path| soma_manifest::PluginFile::open(&path).unwrap().digest);
    assert_ne!(digests[0], digests[1]);
}

#[test]
fn soma_bench_reports_what_its_callers_got() {
    let bench = Bench::new().unwrap();
    let mut command = bench.soma().unwrap();
    command.arg("bench").arg(places::guest("text-miner-rust").unwrap()).args(["--seconds", "2", "--json"]);
    let finished = process::run("soma bench", &mut command).unwrap();
    assert!(finished.status.success(), "{}", finished.stderr);
    let report: Value = serde_json::from_str(&finished.stdout).unwrap();
    let statuses = |crowd: &Value| -> Vec<String> { crowd["statuses"].as_object().unwrap().keys().cloned().collect() };
    assert_eq!(statuses(&report["requests"][0]), ["200"], "{report}");
    assert_eq!(statuses(&report["junk"][0]), ["401"], "{report}");
    assert_eq!(statuses(&report["junk"][1]), ["404"], "{report}");
    assert_eq!(report["calls"][0]["unanswered"], 0, "{report}");
    for positive in [&report["verify_us"], &report["calls"][0]["cpu_us"], &report["requests"][0]["per_core_second"]] {
        assert!(positive.as_f64().unwrap() > 0.0, "{report}");
    }
    let left: Vec<_> = std::fs::read_dir(bench.wallets()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(!left.iter().any(|name| name == "default"), "a wallet was made: {left:?}");
}
