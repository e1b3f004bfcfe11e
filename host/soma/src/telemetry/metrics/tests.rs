use super::*;
use crate::subnet::{ChainLevel, OwnLevel, View};
use crate::telemetry::family::OTHER;
use crate::telemetry::levels::{Held, SlotLevel};
use crate::telemetry::registry::Entry;
use crate::telemetry::samples::{hook, lap, record};
use soma_runtime::Hook;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// One line of the text format.
#[derive(Clone, Debug, PartialEq)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

/// A strict reader: whatever does not fit the format, or comes before its `# TYPE`, ends the test.
fn samples(text: &str) -> Vec<Sample> {
    let (mut types, mut samples) = (BTreeMap::new(), Vec::new());
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert_eq!(types.insert(name.to_owned(), kind.to_owned()), None, "{line}");
        } else if !line.starts_with("# HELP ") {
            let sample = sample(line);
            let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| sample.name.strip_suffix(end));
            let typed = |name: &str| types.get(name).map(String::as_str);
            let known = typed(&sample.name).is_some_and(|kind| kind != "histogram");
            assert!(known || base.is_some_and(|base| typed(base) == Some("histogram")), "no type before {line}");
            samples.push(sample);
        }
    }
    samples
}

fn sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = match series.split_once('{') {
        Some((name, labels)) => (name, labels.strip_suffix('}').unwrap()),
        None => (series, ""),
    };
    let labels = labels.split(',').filter(|label| !label.is_empty()).map(|label| {
        let (name, value) = label.split_once("=\"").unwrap();
        (name.to_owned(), value.strip_suffix('"').unwrap().to_owned())
    });
    Sample { name: name.to_owned(), labels: labels.collect(), value: value.parse().unwrap() }
}

fn value(text: &str, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    samples(text).into_iter().find(|sample| sample.name == name && sample.labels == labels).map(|sample| sample.value)
}

fn exhausted(hook: Hook, times: u64) -> Exhaustion {
    Exhaustion { hook, budget: "cpu".to_owned(), times }
}

fn chain() -> ChainLevel {
    ChainLevel {
        view: View::Outage,
        block: Some(1234),
        age: Some(Duration::from_secs(90)),
        neurons: 256,
        endpoint: Some("b:2".to_owned()),
        endpoints: vec!["a:1".to_owned(), "b:2".to_owned()],
        drift: 0,
        own: Some(OwnLevel { uid: 7, stake: 1000.5, validator_permit: true, ..OwnLevel::default() }),
    }
}

/// A metrics store in which everything has happened once.
fn everything() -> Metrics {
    let metrics = Metrics::new().unwrap();
    let stages = vec![lap(Stage::Head, 1), hook(Stage::Forward, "text", 30, 5 << 20)];
    metrics.finished(&Record { stages, proven: true, ..record("trap") });
    for event in [
        ConnectionEvent::Opened,
        ConnectionEvent::Rejected(Rejection::Address),
        ConnectionEvent::Cut(Cut::HeadTime),
        ConnectionEvent::Closed,
    ] {
        metrics.connection(event);
    }
    metrics.swapped(Some("text"), SwapResult::Swapped);
    let levels = Levels {
        strangers: Held { requests: 3, bytes: 4000 },
        connections: 7,
        instances: Some(2),
        replay_closed: Duration::from_millis(1500),
        slots: vec![SlotLevel {
            name: "text".to_owned(),
            draining: 1,
            out: true,
            slowed: 2,
            traps: 5,
            exhausted: vec![exhausted(Hook::Forward, 3), exhausted(Hook::Streaming, 4)],
            ..SlotLevel::default()
        }],
        chain: Some(chain()),
        ..Levels::default()
    };
    metrics.show(&levels);
    metrics.show_process(&ProcessUse { cpu: Duration::from_millis(2900), resident: 9000, ..ProcessUse::default() });
    metrics
}

#[test]
fn what_is_rendered_is_the_registry_and_nothing_else() {
    let text = everything().render();
    let mut seen: BTreeMap<String, BTreeSet<BTreeSet<String>>> = BTreeMap::new();
    for sample in samples(&text) {
        let histogram = ALL.iter().find(|entry| {
            let end = sample.name.strip_prefix(entry.name);
            entry.kind == Kind::Histogram && matches!(end, Some("_bucket" | "_sum" | "_count"))
        });
        let name = histogram.map_or(sample.name.clone(), |entry| entry.name.to_owned());
        let labels = sample.labels.into_keys().filter(|label| label != "le").collect();
        seen.entry(name).or_default().insert(labels);
    }
    let registered: BTreeMap<String, BTreeSet<BTreeSet<String>>> = ALL
        .iter()
        .map(|entry: &Entry| {
            let labels: BTreeSet<String> = entry.labels.iter().map(|label| (*label).to_owned()).collect();
            (entry.name.to_owned(), BTreeSet::from([labels]))
        })
        .collect();
    assert_eq!(seen, registered);
    for entry in ALL {
        let kind = format!("{:?}", entry.kind).to_lowercase();
        assert!(text.contains(&format!("# TYPE {} {kind}\n", entry.name)), "{}", entry.name);
        assert!(text.contains(&format!("# HELP {} {}\n", entry.name, entry.help)), "{}", entry.name);
    }
}

#[test]
fn the_chain_is_shown_with_its_outage_and_without_it_there_is_none() {
    let metrics = everything();
    let shown = |name, labels: &[(&str, &str)]| value(&metrics.render(), name, labels);
    let rows = [
        ("soma_chain_block", 1234.0),
        ("soma_chain_age_seconds", 90.0),
        ("soma_chain_outage", 1.0),
        ("soma_chain_stale", 0.0),
        ("soma_neuron_registered", 1.0),
        ("soma_neuron_uid", 7.0),
        ("soma_neuron_stake", 1000.5),
        ("soma_neuron_validator_permit", 1.0),
        ("soma_neuron_published", 0.0),
    ];
    for (name, expected) in rows {
        assert_eq!(shown(name, &[]), Some(expected), "{name}");
    }
    for (endpoint, expected) in [("a:1", 0.0), ("b:2", 1.0)] {
        assert_eq!(shown("soma_chain_endpoint", &[("endpoint", endpoint)]), Some(expected), "{endpoint}");
    }
    let gone = ChainLevel { view: View::TooOld, endpoint: None, own: None, ..chain() };
    metrics.show(&Levels { chain: Some(gone), ..Levels::default() });
    let shown = |name, labels: &[(&str, &str)]| value(&metrics.render(), name, labels);
    assert_eq!((shown("soma_chain_stale", &[]), shown("soma_neuron_registered", &[])), (Some(1.0), Some(0.0)));
    assert_eq!(shown("soma_chain_endpoint", &[("endpoint", "b:2")]), Some(0.0));
    let offline = Metrics::new().unwrap();
    offline.show(&Levels::default());
    assert!(!offline.render().contains("soma_chain_") && !offline.render().contains("soma_neuron_"));
}

#[test]
fn a_request_is_counted_where_it_belongs() {
    let text = everything().render();
    let trapped = [("route", "Text"), ("class", "proven"), ("code", "trap")];
    assert_eq!(value(&text, "soma_axon_requests_total", &trapped), Some(1.0));
    assert_eq!(value(&text, "soma_axon_received_bytes_total", &[("route", "Text")]), Some(10.0));
    assert_eq!(value(&text, "soma_axon_sent_bytes_total", &[("route", "Text")]), Some(20.0));
    let refused = [("route", "Text"), ("class", "proven"), ("outcome", "refused")];
    assert_eq!(value(&text, "soma_axon_request_duration_seconds_sum", &refused), Some(0.009));
    let within =
        |le| value(&text, "soma_axon_request_duration_seconds_bucket", &[refused.as_slice(), &[("le", le)]].concat());
    assert_eq!((within("0.005"), within("0.01"), within("+Inf")), (Some(0.0), Some(1.0), Some(1.0)));
    let called = [("slot", "text"), ("hook", "forward")];
    assert_eq!(value(&text, "soma_guest_cpu_seconds_sum", &called), Some(0.03));
    assert_eq!(value(&text, "soma_guest_memory_peak_bytes", &called), Some(5_242_880.0));
    let fault = [("slot", "text"), ("hook", "forward"), ("kind", "trap")];
    assert_eq!(value(&text, "soma_guest_faults_total", &fault), Some(1.0));
    let used_up = [("slot", "text"), ("hook", "forward"), ("budget", "cpu")];
    assert_eq!(value(&text, "soma_guest_budget_exhausted_total", &used_up), Some(7.0));
    let slot = [("slot", "text")];
    let of_slot = ["soma_slot_out", "soma_slot_slowed_callers", "soma_guest_traps_total"];
    assert_eq!(of_slot.map(|name| value(&text, name, &slot)), [Some(1.0), Some(2.0), Some(5.0)]);
    assert_eq!(value(&text, "soma_process_cpu_seconds_total", &[]), Some(2.0));
    assert_eq!(value(&text, "soma_axon_connections", &[]), Some(7.0));
}

#[test]
fn a_peak_only_rises_and_who_waits_is_no_call() {
    let metrics = Metrics::new().unwrap();
    let stages = [3, 9, 5].map(|memory| hook(Stage::Forward, "text", 1, memory)).into_iter();
    let stages = stages.chain([hook(Stage::Queue, "text", 0, 0)]).collect();
    metrics.finished(&Record { stages, ..record("wall-budget") });
    let text = metrics.render();
    assert_eq!(value(&text, "soma_guest_memory_peak_bytes", &[("slot", "text"), ("hook", "forward")]), Some(9.0));
    assert!(!text.contains("hook=\"queue\""), "{text}");
    assert!(!text.contains("soma_guest_faults_total{"), "waiting for too long is no fault of the plugin: {text}");
}

#[test]
fn a_flood_adds_no_series() {
    let metrics = everything();
    let flood = |from: u32| {
        for number in from..from + 5000 {
            let [a, b, c, d] = number.to_be_bytes();
            metrics.finished(&Record {
                id: format!("{number}"),
                ip: [10 + a, b, c, d].into(),
                path: format!("/Route{number}"),
                route: None,
                hotkey: Some(format!("5F{number}")),
                detail: format!("unknown route {number}"),
                version: None,
                ..record("unknown-route")
            });
        }
    };
    flood(0);
    let before = samples(&metrics.render());
    flood(5000);
    let after = samples(&metrics.render());
    assert_eq!(before.len(), after.len());
    let others = [("route", OTHER), ("class", "stranger"), ("code", "unknown-route")];
    assert_eq!(value(&metrics.render(), "soma_axon_requests_total", &others), Some(10_000.0));
    assert!(after.iter().all(|sample| sample.labels.values().all(|label| !label.starts_with("5F"))));
}

#[test]
fn many_swapped_in_routes_end_at_the_bound() {
    let metrics = Metrics::new().unwrap();
    for number in 0..1000 {
        metrics.finished(&Record { route: Some(format!("Route{number}")), ..record("ok") });
    }
    let text = metrics.render();
    let requests = samples(&text).into_iter().filter(|sample| sample.name == "soma_axon_requests_total");
    assert_eq!(requests.count(), ROUTES + 1);
    let others = [("route", OTHER), ("class", "stranger"), ("code", "ok")];
    assert_eq!(value(&text, "soma_axon_requests_total", &others), Some((1000 - ROUTES) as f64));
}

#[test]
fn values_are_written_so_that_a_name_cannot_break_the_format() {
    let metrics = Metrics::new().unwrap();
    metrics.finished(&Record { route: Some("a\"} 1\nevil{b=\"\\".to_owned()), ..record("ok") });
    let text = metrics.render();
    assert!(text.lines().all(|line| line.is_empty() || line.starts_with('#') || line.starts_with("soma_")), "{text}");
}
