//! What the file may say, and how it comes together with flags.

use super::*;
use clap::Parser;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use soma_axon::ProxyHeader;
use soma_axon::admission::{PermitRule, Rule, Terms};
use soma_axon::gate::{Rate, ShareLimits};
use soma_protocol::btauth::ReceiverRule;
use std::num::NonZeroU32;
use std::time::Duration;

const GOOD: &str = r#"
[neuron]
netuid = 7
[axon]
port = 8100
external_ip = "203.0.113.7"
btauth = { max_age = 30, require_receiver = false }
[slots.gate]
plugin = "gate.wasm"
grant = ["config"]
config = { allow = '["5F"]' }
[slots.text]
plugin = "/abs/text.wasm"
routes = ["Text"]
"#;

fn read(text: &str) -> Result<File, SomaError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("soma.toml");
    std::fs::write(&path, text).unwrap();
    File::read(&path)
}

fn flags(more: &[&str]) -> RunFlags {
    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        flags: RunFlags,
    }
    let all = ["soma", "--config", "conf/soma.toml", "--state", "s"].iter().chain(more);
    Only::parse_from(all).flags
}

fn settle(text: &str, more: &[&str]) -> Settings {
    read(text).unwrap().settle(&flags(more)).unwrap()
}

#[test]
fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
    let settings = settle(GOOD, &[]);
    assert_eq!(settings.address, "0.0.0.0:8100".parse().unwrap());
    assert_eq!((settings.netuid, &*settings.network), (7, "finney"));
    assert_eq!((settings.policy.max_age.as_secs(), settings.policy.skew.as_secs()), (30, 2));
    assert_eq!(settings.policy.receiver, ReceiverRule::Optional);
    let settings = settle(GOOD, &["--axon.port", "9000", "--axon.ip", "127.0.0.1", "--network", "local"]);
    assert_eq!(settings.address, "127.0.0.1:9000".parse().unwrap());
    assert_eq!(settings.external, Some("203.0.113.7:9000".parse().unwrap()));
    assert_eq!(settings.network, "local");
}

#[test]
fn what_the_file_says_of_windows_limits_and_proxies_counts_and_the_rest_keeps_its_default() {
    let usual = settle(GOOD, &[]);
    assert_eq!((usual.limits, usual.window), (Limits::default(), Window::default()));
    assert!(usual.proxies.trusted.is_empty());
    let more = r#"
trusted_proxies = ["10.0.0.0/8", "2001:db8::/32"]
proxy_protocol = true
synapse = { base = 5, timeout_cap = 30, future = 2 }
[axon.limits]
address_rate = 7
hotkey_burst = 3
unverified_bytes = "1MiB"
connections = 100
connections_for_proven = 0
body_rate = "2KiB"
idle_time = 9
[slots.gate]"#;
    let settings = settle(&GOOD.replace("\n[slots.gate]", more), &[]);
    let usual = Limits::default();
    let strangers = ShareLimits { bytes: 1 << 20, ..usual.strangers };
    let expected = Limits {
        address: Rate { per_second: NonZeroU32::new(7).unwrap(), ..usual.address },
        hotkey: Rate { burst: NonZeroU32::new(3).unwrap(), ..usual.hotkey },
        strangers,
        proven: strangers,
        connections: 100,
        connections_for_proven: 0,
        body_rate: 2048,
        idle_time: Duration::from_secs(9),
        ..usual
    };
    assert_eq!(settings.limits, expected);
    let window = settings.window;
    let seconds = [window.base, window.timeout_cap, window.future].map(|time| time.as_secs());
    assert_eq!(seconds, [5, 30, 2]);
    assert_eq!((settings.proxies.trusted.len(), settings.proxies.header), (2, ProxyHeader::Required));
}

#[test]
fn metrics_have_a_port_only_when_one_is_named() {
    let usual = AdminSettings { port: None, recent: 4096 };
    assert_eq!(settle(GOOD, &[]).admin, usual);
    assert_eq!(settle(GOOD, &["--admin.port", "9090"]).admin, AdminSettings { port: Some(9090), ..usual });
    let text = format!("{GOOD}\n[admin]\nport = 9100\nrecent = 0\n");
    assert_eq!(settle(&text, &[]).admin, AdminSettings { port: Some(9100), recent: 0 });
    assert_eq!(settle(&text, &["--admin.port", "9090"]).admin.port, Some(9090));
}

/// The example in `docs/configuration.md` names the defaults.
#[test]
fn the_documented_file_says_the_same_as_the_defaults() {
    let documented = documented();
    let (_, slots) = documented.split_once("[slots.gate]").unwrap();
    let usual = format!("axon.external_ip = \"203.0.113.7\"\n[slots.gate]{slots}");
    let [documented, usual] = [documented, &usual].map(|text| settle(text, &[]));
    assert_eq!(format!("{documented:?}"), format!("{usual:?}"));
}

/// The error that settling ends with.
fn refused(text: &str, more: &[&str]) -> SomaError {
    read(text).unwrap().settle(&flags(more)).unwrap_err().downcast().unwrap()
}

#[test]
fn on_a_chain_somebody_has_to_say_where_the_host_is_reached() {
    let silent = GOOD.replace("external_ip = \"203.0.113.7\"\n", "");
    let error = refused(&silent, &[]);
    assert!(matches!(error, SomaError::NoExternalAddress));
    let help = miette::Diagnostic::help(&error).unwrap().to_string();
    assert!(help.contains("--axon.external_ip"), "{help}");
    let told = settle(&silent, &["--axon.external_ip", "192.0.2.1", "--axon.external_port", "80"]);
    assert_eq!(told.chain.unwrap().external, "192.0.2.1:80".parse().unwrap());
    let offline = settle(&silent, &["--offline"]);
    assert_eq!((offline.chain, offline.external), (None, None));
}

#[test]
fn the_chain_is_what_flags_and_file_name() {
    let chain = |text: &str, more: &[&str]| settle(text, more).chain.unwrap();
    let usual = chain(GOOD, &[]);
    assert_eq!((usual.netuid, usual.endpoints), (7, soma_chain::Endpoints::parse("finney").unwrap()));
    assert_eq!((usual.max_age.as_secs(), usual.refresh.as_secs()), (3600, 60));
    let text =
        format!("{GOOD}\n[chain]\nendpoints = [\"ws://a:1\", \"ws://b:2\"]\nmax_age = \"5min\"\nrefresh = \"7s\"\n");
    let told = chain(&text, &[]);
    assert_eq!((told.endpoints.network(), told.endpoints.urls().len()), (soma_chain::Network::Finney, 2));
    assert_eq!((told.max_age.as_secs(), told.refresh.as_secs()), (300, 7));
    let elsewhere = chain(&text, &["--network", "test"]);
    assert_eq!(elsewhere.endpoints, soma_chain::Endpoints::parse("test").unwrap(), "the file's lead to another chain");
    let flagged = chain(&text, &["--subtensor.chain_endpoint", "wss://c.example, ws://d:4"]);
    let shown: Vec<String> = flagged.endpoints.urls().iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["wss://c.example", "ws://d:4"]);
    for more in [["--network", "mainnet"], ["--subtensor.chain_endpoint", "http://a"]] {
        let error = read(GOOD).unwrap().settle(&flags(&more)).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(soma_chain::ChainError::Network { .. })), "{error}");
    }
}

#[test]
fn who_is_let_in_has_four_forms() {
    let hotkey = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
    let terms = |min_stake, permit| Rule::Registered(Terms { min_stake, permit });
    let table = [
        ("\"anybody\"", Rule::Anyone, 0),
        ("\"registered\"", terms(0.0, PermitRule::Optional), 0),
        (&format!("[\"{hotkey}\"]"), Rule::Listed, 1),
        ("[]", Rule::Listed, 0),
        ("{}", terms(0.0, PermitRule::Optional), 0),
        ("{ min-stake = 1000 }", terms(1000.0, PermitRule::Optional), 0),
        (
            &format!("{{ min-stake = 0.5, permit = true, hotkeys = [\"{hotkey}\"] }}"),
            terms(0.5, PermitRule::Required),
            1,
        ),
    ];
    for (written, rule, named) in table {
        let text = GOOD.replace("port = 8100", &format!("port = 8100\nadmit = {written}"));
        let admission = settle(&text, &[]).admission;
        assert_eq!((admission.rule(), admission.named()), (rule, named), "{written}");
        let offline = read(&text).unwrap().settle(&flags(&["--offline"]));
        assert_eq!(offline.is_err(), matches!(rule, Rule::Registered(_)), "{written}");
    }
    assert!(matches!(settle(GOOD, &[]).admission.rule(), Rule::Registered(_)));
    assert_eq!(settle(GOOD, &["--offline"]).admission.rule(), Rule::Anyone);
    let text = GOOD.replace("port = 8100", "admit = \"registered\"");
    assert!(matches!(refused(&text, &["--offline"]), SomaError::AdmitNeedsChain));
    let odd =
        ["\"nobody\"", "1", "{ min-stake = -1 }", "{ min-stake = nan }", "{ stake = 1 }", "[\"5F\"]", "{ permit = 1 }"];
    for written in odd {
        let text = GOOD.replace("port = 8100", &format!("admit = {written}"));
        assert!(matches!(read(&text), Err(SomaError::ConfigSyntax { line: 5, .. })), "{written}");
    }
}

#[test]
fn what_needs_a_restart_is_named() {
    let running = settle(GOOD, &[]);
    assert_eq!(needs_restart(&running, &settle(GOOD, &[])), [""; 0]);
    let live = GOOD.replace("/abs/text.wasm", "other.wasm").replace("port = 8100", "port = 8100\nadmit = \"anybody\"");
    assert_eq!(needs_restart(&running, &settle(&live, &[])), [""; 0]);
    let table = [
        ("port = 8100", "port = 8101", &["axon.ip and axon.port", "axon.external_ip and axon.external_port"][..]),
        ("netuid = 7", "netuid = 8", &["neuron.netuid and neuron.network"]),
        ("[slots.text]", "[chain]\nrefresh = \"9s\"\n[slots.text]", &["chain"]),
        ("[slots.text]", "[slots.image]", &["slots.text (gone)", "slots.image (new)"]),
        ("max_age = 30", "max_age = 31", &["axon.btauth"]),
        ("[slots.text]", "[wallet]\nname = \"w\"\n[slots.text]", &["wallet"]),
        ("[slots.text]", "[axon.limits]\nconnections = 9\n[slots.text]", &["axon.limits"]),
    ];
    for (from, to, named) in table {
        assert_eq!(needs_restart(&running, &settle(&GOOD.replace(from, to), &[])), named, "{to}");
    }
}

#[test]
fn the_file_to_copy_can_be_read() {
    let text = include_str!("../../../../examples/deployment/soma.toml");
    let settings = settle(text, &[]);
    assert_eq!((&*settings.network, settings.chain.unwrap().endpoints.urls().len()), ("test", 2));
    assert_eq!(settings.admission.named(), 1);
}

#[test]
fn slots_keep_their_order_and_paths_are_relative_to_the_file() {
    let slots = settle(GOOD, &[]).slots;
    let paths: Vec<_> = slots.iter().map(|slot| slot.plugin.to_str().unwrap()).collect();
    assert_eq!(paths, ["conf/gate.wasm", "/abs/text.wasm"]);
    assert_eq!(slots[0].config["allow"], "[\"5F\"]");
}

#[test]
fn a_mistake_is_named_with_its_line() {
    let table = [
        ("port = 8100", "port = 81000", 5),
        ("netuid = 7", "netuids = 7", 3),
        ("grant = [\"config\"]", "grant = [\"wallet\"]", 10),
        ("plugin = \"gate.wasm\"", "plugin = gate.wasm", 9),
        ("port = 8100", "admit = [\"5F\"]", 5),
        ("[slots.text]", "[slots.\"a/b\"]", 12),
        ("port = 8100", "trusted_proxies = [\"10.0.0.0/33\"]", 5),
        ("port = 8100", "limits = { address_rate = 0 }", 5),
        ("routes = [\"Text\"]", "budget = { memory = \"64MiB\", wall = \"900s\" }", 14),
        ("routes = [\"Text\"]", "[slots.text.budget]\nqueue = 9\nmemory = \"5GiB\"", 16),
    ];
    for (from, to, expected) in table {
        match read(&GOOD.replace(from, to)) {
            Err(SomaError::ConfigSyntax { line, .. }) => assert_eq!(line, expected, "{to}"),
            other => panic!("{to}: {other:?}"),
        }
    }
}

#[test]
fn the_admin_socket_of_two_hotkeys_is_not_the_same() {
    let file = File::default();
    let state = |hotkey| {
        let wallet = WalletPath::new(Some(Path::new("/w")), "miner", hotkey).unwrap();
        file.state(None, &wallet).unwrap()
    };
    assert_ne!(state("a"), state("b"));
}

/// The example in `docs/configuration.md`: it names every section and nearly every key.
fn documented() -> &'static str {
    let page = include_str!("../../../../docs/configuration.md");
    let (_, rest) = page.split_once("```toml\n").unwrap();
    rest.split_once("```").unwrap().0
}

/// Values of every kind that the file knows, good and bad.
const VALUES: [&str; 20] = [
    "0",
    "1",
    "-1",
    "65536",
    "4294967296",
    "1.5",
    "true",
    "\"\"",
    "\"64MiB\"",
    "\"64Mb\"",
    "\"60s\"",
    "\"60\"",
    "\"127.0.0.1\"",
    "\"::1/129\"",
    "\"5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty\"",
    "[]",
    "[\"config\"]",
    "[\"10.0.0.0/8\"]",
    "{ memory = \"1MiB\" }",
    "{ a = \"b\" }",
];

/// What is in a good line, and what people write instead.
const SPOILT: [(&str, &str); 6] =
    [("MiB", "Mb"), ("KiB", "K"), ("\"5F", "\"6F"), ("0.0.0.0", "0.0.0"), ("[slots.", "[slot."), ("_", "-")];

/// What happens to one line of a good file.
#[derive(Clone, Debug)]
enum Change {
    Drop,
    Repeat,
    /// Its value becomes another one.
    Value(&'static str),
    /// The first of [`SPOILT`] that is in it is written as people write it wrong.
    Spoil,
    /// Its key, with its value, comes into another place.
    Move(prop::sample::Index),
    /// One of its characters becomes another one.
    Character(prop::sample::Index, char),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        Just(Change::Drop),
        Just(Change::Repeat),
        Just(Change::Spoil),
        prop::sample::select(&VALUES[..]).prop_map(Change::Value),
        any::<prop::sample::Index>().prop_map(Change::Move),
        (any::<prop::sample::Index>(), any::<char>()).prop_map(|(at, to)| Change::Character(at, to)),
    ]
}

/// A good file with a few changes: wrong in one place, and right enough to be read up to there.
fn nearly_good() -> impl Strategy<Value = String> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), change()), 0..4);
    changes.prop_map(|changes| {
        let mut lines: Vec<String> = documented().lines().map(|line| line.replace("# ", "")).collect();
        for (at, change) in changes {
            let at = at.index(lines.len());
            let line = lines[at].clone();
            match change {
                Change::Drop => drop(lines.remove(at)),
                Change::Repeat => lines.insert(at, line),
                Change::Value(value) => {
                    lines[at] = line.split_once(" = ").map_or(value.to_owned(), |(key, _)| format!("{key} = {value}"));
                }
                Change::Spoil => {
                    if let Some((good, wrong)) = SPOILT.iter().find(|(good, _)| line.contains(good)) {
                        lines[at] = line.replace(good, wrong);
                    }
                }
                Change::Move(to) => {
                    let line = lines.remove(at);
                    lines.insert(to.index(lines.len() + 1), line);
                }
                Change::Character(place, to) => {
                    let mut characters: Vec<char> = line.chars().chain(['\n']).collect();
                    let place = place.index(characters.len());
                    characters[place] = to;
                    lines[at] = characters.into_iter().collect();
                }
            }
        }
        lines.join("\n")
    })
}

/// The words of an error without what is quoted in it.
fn kind_of(message: &str) -> String {
    message.split(['`', '"', '\'']).step_by(2).collect::<String>().chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// What keeps the property below honest: its files are read, and refused for reasons deep in them.
#[test]
fn nearly_good_files_reach_good_settings_and_many_refusals() {
    let mut runner = TestRunner::deterministic();
    let (mut good, mut refusals) = (0, BTreeSet::new());
    for _ in 0..600 {
        match read(&nearly_good().new_tree(&mut runner).unwrap().current()) {
            Ok(_) => good += 1,
            Err(SomaError::ConfigSyntax { message, .. }) => drop(refusals.insert(kind_of(&message))),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(good > 60 && refusals.len() > 25, "{good} good, {} refusals: {refusals:#?}", refusals.len());
    for deep in ["is no size", "unknown field", "duplicate key", "Invalid SS address"] {
        let found = refusals.iter().any(|refusal| refusal.contains(deep));
        assert!(found, "none of them says {deep}: {refusals:#?}");
    }
}

proptest! {
    #[test]
    fn any_file_is_read_or_refused(text in prop_oneof![4 => nearly_good(), 1 => "\\PC{0,160}"]) {
        if let Ok(file) = read(&text) {
            let _ = file.settle(&flags(&[]));
        }
    }
}
