//! A plugin in Python finds what Python programs take for granted: print, logging, time, randomness. What it cannot
//! have is an ordinary exception.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use soma_e2e::account::{ALICE, BOB};
use soma_e2e::neuron::{Bench, free_port};
use soma_e2e::process::Process;
use soma_e2e::signed::Btauth;
use soma_e2e::wire::Answer;
use soma_e2e::{Settings, Slot, places};

/// A neuron that logs everything of its plugin as JSON.
struct Traced {
    process: Process,
    port: u16,
    // Dropped after the process.
    _bench: Bench,
}

impl Traced {
    fn start() -> Self {
        let bench = Bench::new().unwrap();
        let slot =
            Slot::with_all_routes("ambient", places::guest("python_ambient").unwrap()).grant(&["clock", "random"]);
        let path = bench.write("soma.toml", Settings::default().slot(slot).text().as_bytes()).unwrap();
        let port = free_port().unwrap();
        let mut command = bench.run_command(&path, ALICE, port).unwrap();
        // Everything of the plugin, and not of the engine: the harness keeps so much only.
        command.arg("--logging.json").env("SOMA_LOG", "info,plugin=trace");
        let mut process = Process::start("soma run", &mut command).unwrap();
        process.wait_for(|log| log.contains("serving offline").then_some(())).unwrap();
        Self { process, port, _bench: bench }
    }

    fn ask(&self, target: &str, body: &Value) -> Answer {
        let body = body.to_string();
        let request = Btauth::new(BOB, ALICE.hotkey, target, &body).request().unwrap();
        request.send(([127, 0, 0, 1], self.port).into()).unwrap()
    }

    /// What one probe of the plugin found.
    fn probe(&self, name: &str) -> Value {
        let answer = self.ask("/Ambient", &json!({"probe": name}));
        assert_eq!(answer.status, 200, "{name}: {}\n{}", answer.text(), self.process.output());
        answer.json()["found"].take()
    }

    /// Waits for a line of the plugin and returns its level.
    fn level_of(&mut self, message: &str) -> String {
        self.process
            .wait_for(|log| {
                let mut lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
                let line = lines.find(|line| line["message"].as_str() == Some(message) && line["slot"] == "ambient")?;
                Some(line["level"].as_str().unwrap_or_default().to_lowercase())
            })
            .unwrap()
    }
}

#[test]
fn a_python_plugin_prints_logs_draws_and_tells_the_time() {
    let mut host = Traced::start();
    lines_arrive_with_their_level(&mut host);
    the_time_is_the_hosts(&host);
    numbers_do_not_repeat(&host);
    what_is_absent_is_an_exception(&host);
    mistakes_are_failures(&mut host);
}

fn lines_arrive_with_their_level(host: &mut Traced) {
    host.probe("said");
    for (message, level) in [
        ("printed 1", "info"),
        ("without end", "info"),
        ("complained", "warn"),
        ("logged at debug", "debug"),
        ("logged at info", "info"),
        ("logged at warning", "warn"),
        ("logged at error", "error"),
        ("traced", "trace"),
    ] {
        assert_eq!(host.level_of(message), level, "{message}");
    }
    host.process.wait_for(|log| log.contains("UserWarning: warned").then_some(())).unwrap();
}

fn the_time_is_the_hosts(host: &Traced) {
    let told = host.probe("told");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    for time in told["times"].as_array().unwrap() {
        assert!((time.as_f64().unwrap() - now).abs() < 60.0, "{told}, it is {now}");
    }
    assert_eq!(told["steady"], true);
    assert!(told["apart"].as_f64().unwrap() < 5.0, "{told}");
    let words: Vec<&str> = told["day"].as_str().unwrap().split(['-', ' ']).collect();
    assert_eq!((words.len(), words[0]), (4, words[3]), "{told}");
}

fn numbers_do_not_repeat(host: &Traced) {
    let [one, other] = [(); 2].map(|()| host.probe("drawn"));
    for list in ["numbers", "words"] {
        for (one, other) in one[list].as_array().unwrap().iter().zip(other[list].as_array().unwrap()) {
            assert_ne!(one, other, "{list}");
        }
    }
    // Who gives a seed wants the same numbers: these are CPython's.
    assert_eq!((&one["seeded"], &other["seeded"]), (&json!(0.13436424411240122), &json!(0.13436424411240122)));
}

fn what_is_absent_is_an_exception(host: &Traced) {
    let expected = json!({
        "open": "PermissionError",
        "listdir": "PermissionError",
        "exists": false,
        "sleep": "OSError",
        "socket": "PermissionError",
        "import": "ModuleNotFoundError",
        "setting": "NotWanted",
        "input": "RuntimeError",
    });
    assert_eq!(host.probe("absent"), expected);
    assert_eq!(host.probe("awaited"), "awaited");
    assert_eq!(host.probe("strings")[1], 2024);
    assert!(host.probe("failed").as_str().unwrap().contains("JSONDecodeError"));
}

fn mistakes_are_failures(host: &mut Traced) {
    for (probe, told) in [
        ("exit", "SystemExit: 3 at app.py line"),
        ("deep", "RecursionError: "),
        ("surrogate", "surrogates not allowed"),
        ("unknown", "KeyError: 'unknown' at app.py line"),
    ] {
        let answer = host.ask("/Ambient", &json!({"probe": probe}));
        assert_eq!(answer.status, 500, "{probe}: {}", answer.text());
        assert!(!answer.text().contains("app.py"), "{}", answer.text());
        host.process.wait_for(|log| log.contains(told).then_some(())).unwrap();
    }
    for (kind, status) in [("Invalid", 422), ("Refused", 403), ("Unavailable", 503), ("error", 500)] {
        let answer = host.ask("/Broken", &json!({"kind": kind}));
        assert_eq!(answer.status, status, "{kind}: {}", answer.text());
        assert_eq!(answer.text().contains("the reason ?"), status != 500, "{kind}: {}", answer.text());
        assert!(!answer.text().contains("mistake"), "{kind}: {}", answer.text());
    }
    host.process
        .wait_for(|log| log.contains("ValueError: a mistake of the author at app.py line").then_some(()))
        .unwrap();
    // A body that the schema lets through and the class does not is the plugin's mistake.
    let answer = host.ask("/Ambient", &json!({"probe": 7}));
    assert_eq!(answer.status, 500, "{}", answer.text());
    host.process.wait_for(|log| log.contains("not the plugin's class: probe: want a string").then_some(())).unwrap();
    // None of these ended the instance for the next caller.
    assert_eq!(host.probe("awaited"), "awaited");
}
