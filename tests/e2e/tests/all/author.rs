//! What an author of plugins does with the binary: `soma plugin new`, `build`, `test` and `inspect`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use soma_e2e::neuron::Bench;
use soma_e2e::places;
use soma_e2e::process::{self, Finished};
use soma_manifest::{Manifest, PluginFile, embed};

/// The miners that have cases of their own, and the same ones.
const MINERS: [&str; 2] = ["text-miner-rust", "text-miner-c"];

fn cases(miner: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(miner).join("cases.toml")
}

fn run(bench: &Bench, arguments: &[&str]) -> Finished {
    let mut command = bench.soma().unwrap();
    process::run("soma plugin", command.arg("plugin").args(arguments).current_dir(bench.path())).unwrap()
}

fn test(bench: &Bench, plugin: &Path, cases: &Path) -> Finished {
    run(bench, &["test", plugin.to_str().unwrap(), "--cases", cases.to_str().unwrap()])
}

/// The plugin with what `change` makes of its manifest.
fn repacked(bench: &Bench, guest: &str, change: impl FnOnce(&mut Manifest)) -> PathBuf {
    let mut file = PluginFile::open(&places::guest(guest).unwrap()).unwrap();
    change(&mut file.manifest);
    bench.write("repacked.wasm", &embed(&file.bytes, &file.manifest).unwrap()).unwrap()
}

#[test]
fn the_miners_pass_the_same_cases() {
    let bench = Bench::new().unwrap();
    let [one, other] = MINERS.map(|miner| fs::read_to_string(cases(miner)).unwrap());
    assert_eq!(one, other);
    for miner in MINERS {
        let finished = test(&bench, &places::guest(miner).unwrap(), &cases(miner));
        assert!(finished.status.success(), "{miner}: {}{}", finished.stdout, finished.stderr);
        assert!(finished.stdout.contains("none failed") && !finished.stdout.contains("FAILED"), "{}", finished.stdout);
        assert!(finished.stdout.contains("of 32.0 MiB") && finished.stdout.contains("of 10 s"), "{}", finished.stdout);
    }
}

/// Plugins that answer nothing, over the metagraph that stands in their cases; and the same look in four languages.
#[test]
fn cases_see_the_metagraph_that_their_file_describes() {
    let bench = Bench::new().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let same = root.join("tests/guests/metagraph_reads/cases.toml");
    let table = [
        ("hotkey-list", root.join("plugins/hotkey-list/cases.toml")),
        ("stake-gate", root.join("plugins/stake-gate/cases.toml")),
        ("stake-priority", root.join("plugins/stake-priority/cases.toml")),
        ("metagraph_reads", same.clone()),
        ("c_metagraph", same.clone()),
        ("python_metagraph", same.clone()),
        ("typescript_metagraph", same),
    ];
    for (guest, cases) in table {
        let finished = test(&bench, &places::guest(guest).unwrap(), &cases);
        assert!(finished.status.success(), "{guest}: {}{}", finished.stdout, finished.stderr);
        assert!(finished.stdout.contains("none failed"), "{guest}: {}", finished.stdout);
    }
    let wrong = bench.write("wrong.toml", b"[[metagraph.neuron]]\nhotkey = \"5A\"\nstake = -1.0\n").unwrap();
    let finished = test(&bench, &places::guest("stake-gate").unwrap(), &wrong);
    assert_eq!(finished.status.code(), Some(78), "{}", finished.stderr);
    for words in ["soma::test::syntax", "0 or more", "help:"] {
        assert!(finished.stderr.contains(words), "{words}: {}", finished.stderr);
    }
}

#[test]
fn a_case_that_fails_shows_both_sides_and_ends_with_1() {
    let bench = Bench::new().unwrap();
    let text = "[[case]]\nname = \"shouts\"\nroute = \"HashedText\"\nbody = { prompt = \"ab\" }\n\
                expect = { body = { output = \"AB\" } }\n\
                [[case]]\nname = \"another route\"\nroute = \"Nowhere\"\n";
    let wrong = bench.write("wrong.toml", text.as_bytes()).unwrap();
    let guest = places::guest("text-miner-c").unwrap();
    let finished = test(&bench, &guest, &wrong);
    assert_eq!(finished.status.code(), Some(1), "{}", finished.stdout);
    for words in ["body.output: expected \"AB\"", "actual   \"ba\"", "status: expected 200", "actual   404"] {
        assert!(finished.stdout.contains(words), "{words}: {}", finished.stdout);
    }
    let path = guest.to_str().unwrap();
    let finished = run(&bench, &["test", path, "--cases", wrong.to_str().unwrap(), "--json"]);
    let report: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!((&report["failed"], &report["cases"][0]["verdict"]), (&json!(2), &json!("failed")));
    assert!(report["cases"][0]["outcome"]["cost"]["hooks"][2]["cpu_us"].as_f64().unwrap() > 0.0);
    // The routes that no case asks.
    assert_eq!(report["probes"].as_array().unwrap().len(), 3);
}

#[test]
fn a_route_that_the_code_does_not_know_is_found_without_a_case() {
    let bench = Bench::new().unwrap();
    for miner in MINERS {
        let plugin = repacked(&bench, miner, |manifest| {
            let route = manifest.routes["TextGeneration"].clone();
            manifest.routes.insert("Forgotten".to_owned(), route);
        });
        let finished = test(&bench, &plugin, &cases(miner));
        assert_eq!(finished.status.code(), Some(1), "{miner}: {}", finished.stdout);
        assert!(finished.stdout.contains("FAILED  Forgotten: no case"), "{miner}: {}", finished.stdout);
        assert!(finished.stdout.contains("1 failed"), "{miner}: {}", finished.stdout);
    }
}

/// The plugin with a section that says nothing: large enough for the host to keep its instances.
fn large(bench: &Bench, guest: &str) -> PathBuf {
    let file = PluginFile::open(&places::guest(guest).unwrap()).unwrap();
    // Custom section, its length in LEB128 (1 MiB), the length of its name, its name.
    let mut section = vec![0, 0x80, 0x80, 0x40, 3, b'p', b'a', b'd'];
    section.resize(4 + (1 << 20), b' ');
    bench.write("large.wasm", &[file.bytes, section].concat()).unwrap()
}

#[test]
fn settings_that_init_refuses_fail_their_case_where_the_host_keeps_instances() {
    let bench = Bench::new().unwrap();
    let text = "[[case]]\nname = \"starts\"\nroute = \"Count\"\nbody = { then = \"answer\" }\n\
                [[case]]\nname = \"does not\"\nroute = \"Count\"\nbody = { then = \"answer\" }\n\
                config = { init = \"fail\" }\n";
    let cases = bench.write("init.toml", text.as_bytes()).unwrap();
    let finished = test(&bench, &large(&bench, "warm_init"), &cases);
    assert_eq!(finished.status.code(), Some(1), "{}{}", finished.stdout, finished.stderr);
    for words in ["ok      starts", "FAILED  does not", "told to fail", "1 failed"] {
        assert!(finished.stdout.contains(words), "{words}: {}", finished.stdout);
    }
    let finished = test(&bench, &places::guest("warm_init").unwrap(), &cases);
    assert!(finished.status.success(), "a fresh instance runs no init: {}{}", finished.stdout, finished.stderr);
}

#[test]
fn a_plugin_cannot_write_lines_of_the_report() {
    let bench = Bench::new().unwrap();
    let forged = "string\ndigest   1234 (file digest)";
    let plugin = repacked(&bench, "text-miner-c", |manifest| {
        let route = manifest.routes.get_mut("TextGeneration").unwrap();
        route.schema = Some(json!({"properties": {"a\nb": {"type": [forged]}}}));
    });
    let finished = run(&bench, &["inspect", plugin.to_str().unwrap()]);
    assert!(finished.stdout.contains("a\\nb: string\\ndigest   1234"), "{}{}", finished.stdout, finished.stderr);
    assert!(!finished.stdout.lines().any(|line| line.starts_with("digest")), "{}", finished.stdout);
}

#[test]
fn a_mistake_in_the_cases_has_a_line_and_a_code() {
    let bench = Bench::new().unwrap();
    let wrong = bench.write("wrong.toml", b"[[case]]\nname = \"x\"\nroute = \"T\"\nexpekt = {}\n").unwrap();
    let finished = test(&bench, &places::guest("text-miner-rust").unwrap(), &wrong);
    assert_eq!(finished.status.code(), Some(78), "{}", finished.stderr);
    for words in ["soma::test::syntax", "line 4", "expekt", "help:"] {
        assert!(finished.stderr.contains(words), "{words}: {}", finished.stderr);
    }
}

#[test]
fn inspect_shows_what_the_operator_has_to_write_and_what_it_costs() {
    let bench = Bench::new().unwrap();
    let plugin = repacked(&bench, "text-miner-c", |manifest| manifest.budget.memory = "1GiB".parse().ok());
    let path = plugin.to_str().unwrap();
    let finished = run(&bench, &["inspect", path, "--measure"]);
    assert!(finished.status.success(), "{}", finished.stderr);
    for words in [
        "route TextStream: a stream (text/event-stream, status 200), body at most 1.0 MiB",
        "max_tokens: integer = 100",
        "signed by the caller of a synapse: prompt (str), max_tokens (int)",
        "setting  deny: a JSON list of hotkeys that are turned away",
        "grant = [\"config\"]",
        "budget = { memory = \"1GiB\" }",
        "linear memory",
    ] {
        assert!(finished.stdout.contains(words), "{words}: {}", finished.stdout);
    }
    let finished = run(&bench, &["inspect", path, "--measure", "--json"]);
    let all: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!(all["measured"]["instance_memory"], json!(192 << 10), "{all}");
    assert!(all["measured"]["instance_us"].as_f64().unwrap() > 0.0, "{all}");
    // What it says to write is TOML.
    let slot: toml::Table = all["slot"].as_str().unwrap().parse().unwrap();
    assert!(slot["slots"]["text-miner"]["plugin"].is_str());
}

#[test]
fn a_new_project_in_c_builds_and_passes_its_cases() {
    let bench = Bench::new().unwrap();
    let finished = run(&bench, &["new", "c", "my-miner"]);
    assert!(finished.status.success(), "{}", finished.stderr);
    let mut command = bench.soma().unwrap();
    // The compiler is where the guests' is, and was installed with the Python of this PATH.
    command
        .env("SOMA_CACHE", places::cache())
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .args(["plugin", "test", "my-miner"])
        .current_dir(bench.path());
    let finished = process::run("soma plugin test", &mut command).unwrap();
    assert!(finished.status.success(), "{}{}", finished.stdout, finished.stderr);
    assert!(finished.stdout.contains("3 asked, none failed"), "{}", finished.stdout);
    assert!(bench.path().join("my-miner/my-miner.wasm").is_file());
}
