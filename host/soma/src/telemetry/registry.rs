//! Every metric that this program has, in one table.
//!
//! One rule for names: `soma_<area>_<what>[_<unit>][_total]`. The area is one of `AREAS`; what counts up, and only
//! that, ends in `_total`; what has a unit says so in base units, seconds or bytes. Only what is in the table can be
//! emitted: a series is made from a [`Metric`], and nothing outside of this file can make one of those.
//!
//! What bounds it: the values of every label come from a fixed set, from the operator's file or from the routing table.
//! No label has a hotkey, an address, a path or a version.

use std::marker::PhantomData;

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder, SharedString};

/// Upper bounds of the buckets of durations. 12 s is what a Python dendrite waits, 60 s the default wall budget.
const SECONDS: [f64; 16] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 12.0, 30.0, 60.0];
/// Upper bounds of the buckets of sizes: the powers of two from 256 KiB to 256 MiB.
const BYTES: [f64; 11] = [
    262_144.0,
    524_288.0,
    1_048_576.0,
    2_097_152.0,
    4_194_304.0,
    8_388_608.0,
    16_777_216.0,
    33_554_432.0,
    67_108_864.0,
    134_217_728.0,
    268_435_456.0,
];

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, until a restart.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts values by size.
    Histogram,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Seconds, or seconds of Unix time.
    Seconds,
    /// Bytes.
    Bytes,
}

/// One row of the table, for those who read it as a whole.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// What is counted.
    pub unit: Unit,
    /// Its labels.
    #[cfg(test)]
    pub labels: &'static [&'static str],
    /// What it says, in one sentence.
    pub help: &'static str,
}

/// A metric of the table, with handles of type `H` and `N` labels.
pub struct Metric<H, const N: usize> {
    name: &'static str,
    labels: [&'static str; N],
    handle: PhantomData<fn() -> H>,
}

/// A handle of one series.
pub trait Handle: Clone {
    /// How its metric behaves.
    const KIND: Kind;

    /// Makes the series, or finds it.
    fn register(recorder: &dyn Recorder, key: &Key, metadata: &Metadata<'_>) -> Self;
}

impl Handle for Counter {
    const KIND: Kind = Kind::Counter;

    fn register(recorder: &dyn Recorder, key: &Key, metadata: &Metadata<'_>) -> Self {
        recorder.register_counter(key, metadata)
    }
}

impl Handle for Gauge {
    const KIND: Kind = Kind::Gauge;

    fn register(recorder: &dyn Recorder, key: &Key, metadata: &Metadata<'_>) -> Self {
        recorder.register_gauge(key, metadata)
    }
}

impl Handle for Histogram {
    const KIND: Kind = Kind::Histogram;

    fn register(recorder: &dyn Recorder, key: &Key, metadata: &Metadata<'_>) -> Self {
        recorder.register_histogram(key, metadata)
    }
}

impl<H: Handle, const N: usize> Metric<H, N> {
    /// The series with these values of its labels.
    pub fn series(&self, recorder: &dyn Recorder, values: [SharedString; N]) -> H {
        let labels: Vec<Label> =
            self.labels.into_iter().zip(values).map(|(label, value)| Label::new(label, value)).collect();
        let metadata = Metadata::new("soma", Level::INFO, None);
        H::register(recorder, &Key::from_parts(self.name, labels), &metadata)
    }
}

impl Entry {
    /// Bounds of its buckets; empty when it is no histogram.
    pub fn buckets(&self) -> &'static [f64] {
        match (self.kind, self.unit) {
            (Kind::Histogram, Unit::Seconds) => &SECONDS,
            (Kind::Histogram, _) => &BYTES,
            _ => &[],
        }
    }
}

macro_rules! table {
    ($($id:ident: $handle:ident $unit:ident $name:literal [$($label:literal),*] $help:literal;)*) => {
        $(
            #[doc = $help]
            pub const $id: Metric<$handle, { <[&str]>::len(&[$($label),*]) }> =
                Metric { name: $name, labels: [$($label),*], handle: PhantomData };
        )*

        /// The table.
        pub const ALL: &[Entry] = &[
            $(Entry {
                name: $name,
                kind: <$handle as Handle>::KIND,
                unit: Unit::$unit,
                #[cfg(test)]
                labels: &[$($label),*],
                help: $help,
            },)*
        ];
    };
}

table! {
    REQUESTS: Counter Count "soma_axon_requests_total" ["route", "class", "code"]
        "Requests that are over.";
    REQUEST_DURATION: Histogram Seconds "soma_axon_request_duration_seconds" ["route", "class", "outcome"]
        "Time from a complete head to the end of the answer.";
    STAGE_DURATION: Histogram Seconds "soma_axon_stage_duration_seconds" ["route", "stage"]
        "Time of one part of a request's way.";
    RECEIVED_BYTES: Counter Bytes "soma_axon_received_bytes_total" ["route"]
        "Bytes of bodies that were read.";
    SENT_BYTES: Counter Bytes "soma_axon_sent_bytes_total" ["route"]
        "Bytes of answers' bodies that were handed out.";
    CONNECTIONS: Gauge Count "soma_axon_connections" []
        "Open connections.";
    CONNECTIONS_OPENED: Counter Count "soma_axon_connections_opened_total" []
        "Connections that were taken in.";
    CONNECTIONS_REJECTED: Counter Count "soma_axon_connections_rejected_total" ["reason"]
        "Connections that were closed as soon as they came.";
    CONNECTIONS_CUT: Counter Count "soma_axon_connections_cut_total" ["reason"]
        "Connections that the host cut.";
    UNVERIFIED_REQUESTS: Gauge Count "soma_axon_unverified_requests" ["class"]
        "Requests in flight whose signature is not verified yet.";
    UNVERIFIED_BYTES: Gauge Bytes "soma_axon_unverified_bytes" ["class"]
        "Bytes held of bodies whose signature is not verified yet.";
    NONCES: Gauge Count "soma_axon_nonces" []
        "Nonces that are remembered because they could be used again.";
    REPLAY_CLOSED: Gauge Seconds "soma_axon_replay_closed_seconds" []
        "Time for which every nonce is still refused after an unclean stop.";
    GUEST_CPU: Histogram Seconds "soma_guest_cpu_seconds" ["slot", "hook"]
        "CPU time of one call of a plugin.";
    GUEST_MEMORY: Histogram Bytes "soma_guest_memory_bytes" ["slot", "hook"]
        "Most linear memory that an instance had by the end of one call.";
    GUEST_PEAK: Gauge Bytes "soma_guest_memory_peak_bytes" ["slot", "hook"]
        "The largest soma_guest_memory_bytes since the start.";
    GUEST_FAULTS: Counter Count "soma_guest_faults_total" ["slot", "hook", "kind"]
        "Calls that ended by a fault of the plugin: traps, budgets, garbage.";
    GUEST_TRAPS: Counter Count "soma_guest_traps_total" ["slot"]
        "Calls that misbehaved: traps, and budgets that only a fault or an attack uses up.";
    GUEST_EXHAUSTED: Counter Count "soma_guest_budget_exhausted_total" ["slot", "hook", "budget"]
        "Budgets that were used up; of the log, lines that were cut or dropped.";
    GUEST_INSTANCES: Gauge Count "soma_guest_instances" []
        "Instances of plugins that are alive.";
    SWAPS: Counter Count "soma_slot_swaps_total" ["slot", "result"]
        "Orders to put another plugin into a slot.";
    DRAINING: Gauge Count "soma_slot_draining_versions" ["slot"]
        "Old versions that still serve requests.";
    WAITING: Gauge Count "soma_slot_waiting_requests" ["slot"]
        "Requests in the queue of the version that serves.";
    OUT: Gauge Count "soma_slot_out" ["slot"]
        "1 while the plugin is out because it trapped too often, 0 otherwise.";
    SLOWED: Gauge Count "soma_slot_slowed_callers" ["slot"]
        "Callers that have to wait because they made the plugin trap.";
    CHAIN_BLOCK: Gauge Count "soma_chain_block" []
        "The block that admission and plugins go by.";
    CHAIN_AGE: Gauge Seconds "soma_chain_age_seconds" []
        "How long ago that block's metagraph was read.";
    CHAIN_OUTAGE: Gauge Count "soma_chain_outage" []
        "1 while the chain cannot be read, 0 otherwise.";
    CHAIN_STALE: Gauge Count "soma_chain_stale" []
        "1 while what is known of the chain is too old and requests get 503, 0 otherwise.";
    CHAIN_ENDPOINT: Gauge Count "soma_chain_endpoint" ["endpoint"]
        "1 for the endpoint that is connected, 0 for the others.";
    CHAIN_DRIFT: Gauge Count "soma_chain_drift" []
        "Calls, storages and the like that differ from the chain that this version was made for.";
    CHAIN_NEURONS: Gauge Count "soma_chain_neurons" []
        "Neurons in the subnet.";
    OWN_REGISTERED: Gauge Count "soma_neuron_registered" []
        "1 while this neuron's hotkey has a uid on the subnet, 0 otherwise.";
    OWN_UID: Gauge Count "soma_neuron_uid" []
        "Its uid.";
    OWN_STAKE: Gauge Count "soma_neuron_stake" []
        "Its stake as consensus counts it, in whole alpha.";
    OWN_EMISSION: Gauge Count "soma_neuron_emission" []
        "Its emission of the last epoch, in whole alpha.";
    OWN_INCENTIVE: Gauge Count "soma_neuron_incentive" []
        "Its incentive, from 0 to 1.";
    OWN_DIVIDENDS: Gauge Count "soma_neuron_dividends" []
        "Its dividends, from 0 to 1.";
    OWN_CONSENSUS: Gauge Count "soma_neuron_consensus" []
        "Its consensus, from 0 to 1.";
    OWN_TRUST: Gauge Count "soma_neuron_validator_trust" []
        "Its validator trust, from 0 to 1.";
    OWN_PERMIT: Gauge Count "soma_neuron_validator_permit" []
        "1 while it has a validator permit, 0 otherwise.";
    OWN_ACTIVE: Gauge Count "soma_neuron_active" []
        "1 while the chain counts it as active, 0 otherwise.";
    OWN_PUBLISHED: Gauge Count "soma_neuron_published" []
        "1 while an address of it is on the chain, 0 otherwise.";
    LINES_LEFT_OUT: Counter Count "soma_log_left_out_lines_total" ["reason"]
        "Log lines that were not written: more refusals of one code than fifty a second, or a full buffer.";
    RECORDS: Gauge Count "soma_explain_records" ["ring"]
        "Requests that soma explain can explain.";
    PROCESS_CPU: Counter Seconds "soma_process_cpu_seconds_total" []
        "CPU time of the host with its guests, in whole seconds; without signer and compiler.";
    PROCESS_RESIDENT: Gauge Bytes "soma_process_resident_bytes" []
        "Resident memory of the host.";
    PROCESS_DESCRIPTORS: Gauge Count "soma_process_descriptors" []
        "Open file descriptors.";
    PROCESS_DESCRIPTORS_MOST: Gauge Count "soma_process_descriptors_limit" []
        "File descriptors that may be open.";
    PROCESS_THREADS: Gauge Count "soma_process_threads" []
        "Threads.";
    PROCESS_STARTED: Gauge Seconds "soma_process_started_seconds" []
        "When the host was started, as Unix time.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The areas that names may begin with.
    const AREAS: [&str; 8] = ["axon", "guest", "slot", "chain", "neuron", "log", "explain", "process"];
    /// Labels that a metric may have, with where their values come from.
    const LABELS: [(&str, &str); 13] = [
        ("route", "routes of the routing table, `ping`, and `other` for whatever is none"),
        ("class", "`stranger`, `lane`, `proven`"),
        ("code", "`ok`, `hung-up` and the codes of refusals"),
        ("outcome", "`answered`, `refused`, `hung-up`"),
        ("stage", "parts of a request's way"),
        ("slot", "slots of soma.toml"),
        ("hook", "hooks of the contract; a streaming answer counts as `forward`"),
        ("kind", "codes of the faults of plugins"),
        ("budget", "names of budgets"),
        ("reason", "a fixed set for each metric"),
        ("result", "`swapped`, `refused`"),
        ("ring", "`proven`, `unproven`"),
        ("endpoint", "hosts of the endpoints that the operator named"),
    ];

    /// What is wrong with a row, if anything is.
    fn fault(entry: &Entry) -> Option<&'static str> {
        let Some((area, what)) = entry.name.strip_prefix("soma_").and_then(|rest| rest.split_once('_')) else {
            return Some("not soma_<area>_<what>");
        };
        let counts = what.ends_with("_total");
        let what = what.strip_suffix("_total").unwrap_or(what);
        let says = |unit: &str| what.ends_with(&format!("_{unit}")) || what == unit;
        match entry.unit {
            _ if !AREAS.contains(&area) => Some("unknown area"),
            _ if !entry.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') => Some("odd character"),
            _ if counts != (entry.kind == Kind::Counter) => Some("_total is for counters, and for all of them"),
            Unit::Seconds if !says("seconds") => Some("does not say seconds"),
            Unit::Bytes if !says("bytes") => Some("does not say bytes"),
            Unit::Count if says("seconds") || says("bytes") => Some("says a unit that it does not have"),
            _ if !entry.labels.iter().all(|label| LABELS.iter().any(|(known, _)| known == label)) => Some("odd label"),
            _ if !entry.help.ends_with('.') || entry.help.len() > 110 => Some("help is no short sentence"),
            _ => None,
        }
    }

    #[test]
    fn every_row_follows_the_rule() {
        for entry in ALL {
            assert_eq!(fault(entry), None, "{}", entry.name);
        }
        let names: BTreeSet<_> = ALL.iter().map(|entry| entry.name).collect();
        assert_eq!(names.len(), ALL.len(), "a name is there twice");
    }

    #[test]
    fn the_rule_finds_what_breaks_it() {
        let good = Entry {
            name: "soma_axon_seen_bytes_total",
            kind: Kind::Counter,
            unit: Unit::Bytes,
            labels: &["route"],
            help: "Seen.",
        };
        assert_eq!(fault(&good), None);
        let named = |name| Entry { name, ..good };
        let broken = [
            named("axon_seen_bytes_total"),
            named("soma_brain_seen_bytes_total"),
            named("soma_axon_seen_bytes"),
            named("soma_axon_seen_total"),
            named("soma_axon_Seen_bytes_total"),
            Entry { kind: Kind::Gauge, ..good },
            Entry { unit: Unit::Seconds, ..good },
            Entry { unit: Unit::Count, ..good },
            Entry { labels: &["hotkey"], ..good },
            Entry { help: "Seen", ..good },
        ];
        for entry in broken {
            assert!(fault(&entry).is_some(), "{entry:?}");
        }
    }

    #[test]
    fn every_label_is_used() {
        for (label, _) in LABELS {
            assert!(ALL.iter().any(|entry| entry.labels.contains(&label)), "{label}");
        }
    }

    /// The reference is written by hand, and may not fall behind.
    #[test]
    fn the_reference_has_every_metric_with_its_labels() {
        let reference = include_str!("../../../../docs/metrics.md");
        for entry in ALL {
            let labels: Vec<String> = entry.labels.iter().map(|label| format!("`{label}`")).collect();
            let row = format!(
                "| `{}` | {} | {} |",
                entry.name,
                format!("{:?}", entry.kind).to_lowercase(),
                labels.join(", ")
            );
            assert!(reference.contains(&row), "docs/metrics.md has no row that begins with {row}");
        }
        let rows = reference.lines().filter(|line| line.starts_with("| `soma_")).count();
        assert_eq!(rows, ALL.len(), "docs/metrics.md has rows of metrics that there are not");
    }
}
