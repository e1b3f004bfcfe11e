//! What the host says about itself: metrics, requests that are explained, logs.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use soma_e2e::account::{ALICE, BOB, CHARLIE};
use soma_e2e::neuron::{Bench, free_port};
use soma_e2e::process::{self, Finished, LIMIT, Process};
use soma_e2e::signed::Synapse;
use soma_e2e::wire::{Answer, Request};
use soma_e2e::{Neuron, Settings, Slot, places};

use crate::miner;

/// The example miner, and a plugin that never ends.
fn settings() -> Settings {
    miner::settings().slot(Slot::new("odd", places::guest("limit_spin").unwrap(), &["Echo"]))
}

/// Asks the admin socket.
fn ask_admin(neuron: &Neuron, target: &str) -> Answer {
    let mut stream = UnixStream::connect(neuron.bench().admin_socket()).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nhost: soma\r\nconnection: close\r\n\r\n").unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    Answer::parse(&bytes).unwrap()
}

fn explain(neuron: &Neuron, arguments: &[&str]) -> Finished {
    let mut command = neuron.bench().soma().unwrap();
    command.arg("explain").args(arguments).arg("--admin").arg(neuron.bench().admin_socket());
    process::run("soma explain", &mut command).unwrap()
}

/// What `soma explain ID --json` says about an answer's request.
fn explained(neuron: &Neuron, answer: &Answer) -> Value {
    let id = answer.header("x-request-id").unwrap();
    let finished = explain(neuron, &[id, "--json"]);
    assert!(finished.status.success(), "{}", finished.stderr);
    let report: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!(report["id"], *id);
    report
}

/// The stages with their verdicts.
fn verdicts(report: &Value) -> Vec<(&str, &str)> {
    let stages = report["stages"].as_array().unwrap().iter();
    stages.map(|stage| (stage["stage"].as_str().unwrap(), stage["verdict"].as_str().unwrap())).collect()
}

/// Every series with its value. Whatever is no line of the text format ends the test.
fn series(text: &str) -> BTreeMap<String, f64> {
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let mut series = BTreeMap::new();
    let mut typed = String::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with("# HELP ")) {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(is_name(name) && ["counter", "gauge", "histogram"].contains(&kind), "{line}");
            name.clone_into(&mut typed);
            continue;
        }
        let (key, value) = line.rsplit_once(' ').unwrap();
        let name = key.split_once('{').map_or(key, |(name, labels)| {
            assert!(labels.ends_with("\"}"), "{line}");
            name
        });
        assert!(is_name(name) && name.starts_with(&typed) && name.starts_with("soma_"), "{line} after {typed}");
        assert_eq!(series.insert(key.to_owned(), value.parse().unwrap()), None, "twice: {line}");
    }
    series
}

fn metrics(neuron: &Neuron) -> BTreeMap<String, f64> {
    let answer = ask_admin(neuron, "/metrics");
    assert_eq!(
        (answer.status, answer.header("content-type").unwrap()),
        (200, "text/plain; version=0.0.4; charset=utf-8")
    );
    series(&answer.text())
}

fn ask(neuron: &Neuron, request: &Request, status: u16) -> Answer {
    let answer = neuron.ask(request).unwrap();
    assert_eq!(answer.status, status, "{}", answer.text());
    answer
}

fn denied() -> Request {
    let mut synapse = miner::synapse(json!({"prompt": "a"}));
    synapse.caller = CHARLIE;
    synapse.request().unwrap()
}

fn forged() -> Request {
    miner::ask_synapse().with("bt_header_dendrite_signature", format!("0x{}", "00".repeat(64)))
}

fn endless() -> Request {
    let mut synapse = Synapse::new(BOB, ALICE.hotkey, "Echo", json!({}));
    synapse.timeout = 1.0;
    synapse.request().unwrap()
}

#[test]
fn every_kind_of_request_is_counted_under_its_code() {
    let neuron = Neuron::start(&settings()).unwrap();
    let asked = [
        (miner::ask_synapse(), 200, "TextGeneration", "proven", "ok"),
        (miner::ask_btauth(), 200, "TextGeneration", "proven", "ok"),
        (denied(), 403, "TextGeneration", "proven", "denied"),
        (forged(), 401, "TextGeneration", "lane", "not-verified"),
        (miner::ask_btauth().target("/Nope"), 404, "other", "lane", "unknown-route"),
        (endless(), 408, "Echo", "proven", "wall-budget"),
    ];
    let mut expected = BTreeMap::new();
    for (request, status, route, class, code) in asked {
        ask(&neuron, &request, status);
        let key = format!("soma_axon_requests_total{{route=\"{route}\",class=\"{class}\",code=\"{code}\"}}");
        *expected.entry(key).or_default() += 1.0;
    }
    let metrics = metrics(&neuron);
    let counted = metrics.iter().filter(|(key, _)| key.starts_with("soma_axon_requests_total"));
    let counted: BTreeMap<String, f64> = counted.map(|(key, value)| (key.clone(), *value)).collect();
    assert_eq!(counted, expected);

    let value = |key: &str| *metrics.get(key).unwrap_or_else(|| panic!("no {key} in {metrics:#?}"));
    let answered = "{route=\"TextGeneration\",class=\"proven\",outcome=\"answered\"}";
    assert_eq!(value(&format!("soma_axon_request_duration_seconds_count{answered}")), 2.0);
    let queued = value("soma_axon_stage_duration_seconds_count{route=\"TextGeneration\",stage=\"queue\"}");
    assert_eq!(queued, 2.0, "a denied request does not get there");
    assert!(value("soma_axon_received_bytes_total{route=\"TextGeneration\"}") > 0.0);
    assert!(value("soma_axon_sent_bytes_total{route=\"TextGeneration\"}") > 0.0);
    let spun = value("soma_guest_cpu_seconds_sum{slot=\"odd\",hook=\"forward\"}");
    assert!((0.05..5.0).contains(&spun), "it spun for a second of a busy machine, and not {spun}");
    let peak = value("soma_guest_memory_peak_bytes{slot=\"text\",hook=\"forward\"}");
    assert!((65_536.0..=67_108_864.0).contains(&peak), "{peak}");
    assert_eq!(value("soma_guest_faults_total{slot=\"odd\",hook=\"forward\",kind=\"wall-budget\"}"), 1.0);
    assert_eq!(value("soma_axon_connections_opened_total"), 6.0);
    assert_eq!(value("soma_axon_nonces"), 4.0, "one for each good signature");
    assert!(value("soma_process_resident_bytes") > 1e6);
}

#[test]
fn what_became_of_a_request_is_explained() {
    let neuron = Neuron::start(&settings()).unwrap();
    let host =
        [("head", "passed"), ("gate", "passed"), ("body", "passed"), ("signature", "passed"), ("schema", "passed")];

    let answered = explained(&neuron, &ask(&neuron, &miner::ask_synapse(), 200));
    let verdicts_of = verdicts(&answered);
    assert_eq!(verdicts_of[..5], host, "{answered}");
    assert_eq!(*verdicts_of.last().unwrap(), ("reply", "answered"));
    let forward = answered["stages"].as_array().unwrap().iter().find(|stage| stage["stage"] == "forward").unwrap();
    assert_eq!((&forward["slot"], &forward["version"]), (&json!("text"), &answered["version"]));
    let number = |value: &Value| value.as_f64().unwrap();
    assert!(number(&forward["cpu_ms"]) < number(&forward["cpu_budget_ms"]), "{forward}");
    assert!(number(&forward["memory"]) > 0.0 && number(&forward["memory"]) <= number(&forward["memory_budget"]));
    assert_eq!(forward["memory_budget"], answered["budget"]["memory"]);
    assert_eq!((&answered["hotkey"], &answered["proven"]), (&json!(BOB.hotkey), &json!(true)));
    assert_eq!((&answered["dialect"], &answered["route"]), (&json!("synapse"), &json!("TextGeneration")));

    let denied = explained(&neuron, &ask(&neuron, &denied(), 403));
    assert_eq!(verdicts(&denied), [&host[..], &[("blacklist", "denied")]].concat(), "{denied}");

    let forged = explained(&neuron, &ask(&neuron, &forged(), 401));
    assert_eq!(verdicts(&forged), [&host[..3], &[("signature", "not-verified")]].concat(), "{forged}");
    assert_eq!(forged["proven"], false);
    assert!(forged["detail"].as_str().unwrap().contains("ignature"), "{forged}");

    let late = explained(&neuron, &ask(&neuron, &endless(), 408));
    assert_eq!(*verdicts(&late).last().unwrap(), ("forward", "wall-budget"), "{late}");
    assert!(number(&late["elapsed_ms"]) >= 1000.0);
}

#[test]
fn the_page_is_for_people_and_the_list_can_be_narrowed() {
    let neuron = Neuron::start(&settings()).unwrap();
    let nothing = explain(&neuron, &["--last"]);
    assert!(!nothing.status.success() && nothing.stderr.contains("soma::explain::none"), "{}", nothing.stderr);

    let first = ask(&neuron, &miner::ask_btauth(), 200);
    ask(&neuron, &forged(), 401);
    let id = first.header("x-request-id").unwrap();
    let page = explain(&neuron, &[id]).stdout;
    for part in
        [id, BOB.hotkey, "(proven)", "200 ok", "32.0 MiB memory", "of 32.0 MiB", "of 10.000 s", "forward", "answered"]
    {
        assert!(page.contains(part), "no {part} in {page}");
    }
    assert!(explain(&neuron, &["--last"]).stdout.contains("401 not-verified"));
    assert!(explain(&neuron, &["--last", "--code", "ok"]).stdout.contains(id));
    assert_eq!(explain(&neuron, &["--list"]).stdout.lines().count(), 2);
    let refused = explain(&neuron, &["--list", "--code", "not-verified", "--hotkey", BOB.hotkey]).stdout;
    assert!(refused.lines().count() == 1 && refused.contains("not-verified"), "{refused}");
    assert_eq!(explain(&neuron, &["--list", "--route", "Elsewhere"]).stdout, "");

    let unknown = explain(&neuron, &["no-such-id"]);
    assert!(!unknown.status.success());
    for part in ["soma::explain::unknown", "no-such-id", "washed out"] {
        assert!(unknown.stderr.contains(part), "no {part} in {}", unknown.stderr);
    }
}

#[test]
fn the_loopback_port_has_metrics_and_nothing_else_and_the_public_port_has_none() {
    let port = free_port().unwrap();
    let neuron = Neuron::start(&miner::settings().set("admin", "port", i64::from(port))).unwrap();
    ask(&neuron, &miner::ask_synapse(), 200);
    let get = |target: &str| Request::new("GET", target).send(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).unwrap();
    let over_tcp = series(&get("/metrics").text());
    let over_socket = metrics(&neuron);
    assert_eq!(over_tcp.keys().collect::<Vec<_>>(), over_socket.keys().collect::<Vec<_>>());
    for target in ["/", "/slots", "/requests", "/slots/text/swap"] {
        assert_eq!(get(target).status, 404, "{target}");
    }
    let public = neuron.ask(&Request::new("GET", "/metrics")).unwrap();
    assert_ne!(public.status, 200);
    assert!(!public.text().contains("soma_"), "{}", public.text());
}

#[test]
fn a_port_for_metrics_that_is_taken_is_named() {
    let bench = Bench::new().unwrap();
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let finished = bench.run_and_fail(&miner::settings().set("admin", "port", i64::from(port)).text()).unwrap();
    assert_eq!(finished.status.code(), Some(75), "a restart may find it free: {}", finished.stderr);
    for part in ["soma::admin::port", "--admin.port", &port.to_string()] {
        assert!(finished.stderr.contains(part), "no {part} in {}", finished.stderr);
    }
}

#[test]
fn a_flood_adds_no_series_and_few_lines_and_washes_out_no_proven_request() {
    // Otherwise the machine's speed decides how many of them are over their address's rate.
    let many = ["address_rate", "address_burst"].map(|name| (name.to_owned(), toml::Value::from(100_000)));
    let settings = miner::settings().set("axon", "limits", toml::Value::Table(many.into_iter().collect()));
    let settings = settings.set("admin", "recent", 64);
    let neuron = Neuron::start(&settings).unwrap();
    let proven = ask(&neuron, &miner::ask_synapse(), 200);
    let flood = |from: usize| {
        for number in from..from + 250 {
            let request = miner::ask_btauth().target(&format!("/Route{number}?{number}"));
            let answer = neuron.ask(&request.with("x-bittensor-hotkey", format!("5F{number}"))).unwrap();
            assert_eq!(answer.status, 404, "{}", answer.text());
        }
    };
    flood(0);
    let before: Vec<String> = metrics(&neuron).into_keys().collect();
    flood(250);
    let after: Vec<String> = metrics(&neuron).into_keys().collect();
    assert_eq!(before, after);
    assert_eq!(explained(&neuron, &proven)["code"], "ok");

    // A machine that is busy with other things may need some more of them in one second.
    let mut sent = 500;
    while !neuron.log().contains("left_out=") {
        assert!(sent < 20_000, "{}", neuron.log());
        flood(sent);
        sent += 250;
    }
    let deadline = Instant::now() + LIMIT;
    let counted = || {
        let lines = neuron.log().lines().filter(|line| line.contains("/Route")).count();
        (lines, metrics(&neuron)["soma_log_left_out_lines_total{reason=\"rate\"}"])
    };
    let (mut lines, mut left_out) = counted();
    // What was printed last comes through a pipe.
    while lines as f64 + left_out != sent as f64 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
        (lines, left_out) = counted();
    }
    assert_eq!(lines as f64 + left_out, sent as f64, "every line is written or counted");
}

/// Runs a neuron with these flags and sends so many good requests, then stops it. Returns what it printed.
fn run_logged(bench: &Bench, flags: &[&str], variables: &[(&str, &str)], requests: usize) -> Finished {
    let settings = bench.write("soma.toml", miner::settings().text().as_bytes()).unwrap();
    let port = free_port().unwrap();
    let mut command = bench.run_command(&settings, ALICE, port).unwrap();
    command.args(flags).envs(variables.iter().copied());
    let mut process = Process::start("soma run", &mut command).unwrap();
    process.wait_for(|log| log.contains("serving offline").then_some(())).unwrap();
    for _ in 0..requests {
        let answer = miner::ask_synapse().send(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    process::run("kill", Command::new("kill").args(["-TERM", &process.id().to_string()])).unwrap();
    process.finish().unwrap()
}

fn log_files(folder: &Path) -> BTreeMap<String, String> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    files.map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap())).collect()
}

#[test]
fn json_lines_are_json_and_none_is_lost_at_the_end() {
    let bench = Bench::new().unwrap();
    let folder = bench.path().join("logs/of/this");
    let variables = [("BT_LOGGING_DEBUG", "1"), ("BT_LOGGING_LOGGING_DIR", folder.to_str().unwrap())];
    let finished = run_logged(&bench, &["--logging.json"], &variables, 5);
    let files = log_files(&folder);
    assert_eq!(files.keys().collect::<Vec<_>>(), ["soma.log"]);
    for text in [&finished.stderr, &files["soma.log"]] {
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
        let answered: Vec<&Value> = lines.iter().filter(|line| line["message"] == "answered").collect();
        assert_eq!(answered.len(), 5, "{text}");
        assert!(answered.iter().all(|line| line["hotkey"] == BOB.hotkey && line["status"] == 200), "{text}");
        assert_eq!(lines.last().unwrap()["message"], "stopped", "{text}");
    }
}

#[test]
fn full_files_are_put_aside_and_the_oldest_go() {
    let bench = Bench::new().unwrap();
    let folder = bench.path().join("logs");
    let folder_text = folder.to_str().unwrap();
    let flags = ["--logging.debug", "--logging.logging_dir", folder_text];
    let flags = [&flags[..], &["--logging.max_size", "4KiB", "--logging.max_files", "3"]].concat();
    run_logged(&bench, &flags, &[("BT_LOGGING_DEBUG", "0")], 100);
    let files = log_files(&folder);
    assert_eq!(files.keys().collect::<Vec<_>>(), ["soma.log", "soma.log.1", "soma.log.2", "soma.log.3"]);
    assert!(files.values().all(|text| text.len() <= 4096 && text.ends_with('\n')), "{files:?}");
    assert!(files["soma.log"].lines().last().unwrap().contains("stopped"));
    // Without colours and whole: each line begins with its time.
    let lines = files.values().flat_map(|text| text.lines());
    assert!(lines.into_iter().all(|line| line.starts_with("20")), "{files:?}");
}

#[test]
fn a_log_folder_that_cannot_be_made_is_named() {
    let bench = Bench::new().unwrap();
    let file = bench.write("in-the-way", b"").unwrap();
    let settings = bench.write("soma.toml", miner::settings().text().as_bytes()).unwrap();
    let mut command = bench.run_command(&settings, ALICE, free_port().unwrap()).unwrap();
    command.arg("--logging.logging_dir").arg(file.join("logs"));
    let finished = process::run("soma run", &mut command).unwrap();
    assert_eq!(finished.status.code(), Some(78), "{}", finished.stderr);
    assert!(finished.stderr.contains("soma::logging::folder"), "{}", finished.stderr);
}
