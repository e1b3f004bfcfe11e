//! The typed way to count: what happened comes in, series of the registry come out.
//!
//! What bounds it: a name for each of at most `ROUTES` routes and `SLOTS` slots, `other` for the rest; every other
//! label has values that are fixed when this program is compiled. A flood of unknown routes, hotkeys or addresses adds
//! no series.

mod chain;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use metrics::{Counter, Gauge, Histogram, Recorder, SharedString};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use soma_axon::record::{ANSWERED, CallerClass, ConnectionEvent, Cut, HUNG_UP, Record, Rejection, Stage, StageLap};
use soma_runtime::conduct::Exhaustion;

use super::family::{Family, Named, Names};
use super::levels::Levels;
use super::process::ProcessUse;
use super::registry::{self as table, ALL, Handle, Kind, Metric, Unit};
use crate::error::SomaError;

/// Routes that are counted by name, over all tables since the start.
const ROUTES: usize = 256;
/// Slots that are counted by name.
const SLOTS: usize = 256;
/// The name of the v10 ping, which is no plugin's route.
const PING: &str = "ping";
/// Codes of refusals that say that a plugin is at fault.
const FAULTS: [&str; 15] = [
    "trap",
    "cpu-budget",
    "wall-budget",
    "gate-wall",
    "memory-budget",
    "table-budget",
    "stack-budget",
    "host-call-budget",
    "handle-budget",
    "output-budget",
    "stream-budget",
    "stream-idle",
    "garbage",
    "internal",
    "plugin",
];

/// Who a request is from, as far as the host knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Nothing is proven.
    Stranger,
    /// The claimed hotkey was proven from this address within the last hour, this request was not.
    Lane,
    /// The signature of this request was good.
    Proven,
}

impl Class {
    /// Its name in labels.
    pub fn name(self) -> &'static str {
        match self {
            Class::Stranger => "stranger",
            Class::Lane => "lane",
            Class::Proven => "proven",
        }
    }

    /// Of a request that is over.
    pub fn of(record: &Record) -> Class {
        match (record.proven, record.class) {
            (true, _) => Class::Proven,
            (false, CallerClass::Proven) => Class::Lane,
            (false, CallerClass::Stranger) => Class::Stranger,
        }
    }
}

/// All series.
pub struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    routes: Names<RouteSeries>,
    slots: Names<SlotSeries>,
}

struct RouteSeries {
    name: Arc<str>,
    requests: Family<(Class, &'static str), Counter>,
    duration: Family<(Class, &'static str), Histogram>,
    stages: Family<Stage, Histogram>,
    received: Family<(), Counter>,
    sent: Family<(), Counter>,
}

struct SlotSeries {
    name: Arc<str>,
    cpu: Family<Stage, Histogram>,
    memory: Family<Stage, Histogram>,
    peak: Family<Stage, Peak>,
    faults: Family<(Stage, &'static str), Counter>,
}

/// A gauge that only rises, and the bytes that it shows.
type Peak = (Gauge, Arc<AtomicU64>);

impl Named for RouteSeries {
    fn named(name: Arc<str>) -> Self {
        RouteSeries {
            name,
            requests: Family::default(),
            duration: Family::default(),
            stages: Family::default(),
            received: Family::default(),
            sent: Family::default(),
        }
    }
}

impl Named for SlotSeries {
    fn named(name: Arc<str>) -> Self {
        SlotSeries {
            name,
            cpu: Family::default(),
            memory: Family::default(),
            peak: Family::default(),
            faults: Family::default(),
        }
    }
}

impl Metrics {
    /// With every metric of the registry described, and none counted yet.
    ///
    /// # Errors
    /// [`SomaError::Metrics`] when the exporter does not take the registry's buckets.
    pub fn new() -> Result<Metrics, SomaError> {
        let unusable = |error: metrics_exporter_prometheus::BuildError| SomaError::Metrics(error.to_string());
        let mut builder = PrometheusBuilder::new();
        for entry in ALL.iter().filter(|entry| entry.kind == Kind::Histogram) {
            let matcher = Matcher::Full(entry.name.to_owned());
            builder = builder.set_buckets_for_metric(matcher, entry.buckets()).map_err(unusable)?;
        }
        let recorder = builder.build_recorder();
        for entry in ALL {
            let unit = match entry.unit {
                Unit::Count => metrics::Unit::Count,
                Unit::Seconds => metrics::Unit::Seconds,
                Unit::Bytes => metrics::Unit::Bytes,
            };
            let (name, help) = (entry.name.into(), entry.help.into());
            match entry.kind {
                Kind::Counter => recorder.describe_counter(name, Some(unit), help),
                Kind::Gauge => recorder.describe_gauge(name, Some(unit), help),
                Kind::Histogram => recorder.describe_histogram(name, Some(unit), help),
            }
        }
        let handle = recorder.handle();
        Ok(Metrics { recorder, handle, routes: Names::new(ROUTES), slots: Names::new(SLOTS) })
    }

    /// Counts a request that is over.
    pub fn finished(&self, record: &Record) {
        let route = self.routes.get(route_name(record));
        let (class, code) = (Class::of(record), record.code);
        let name = || SharedString::from(route.name.clone());
        let count = || self.series(&table::REQUESTS, [name(), class.name().into(), code.into()]);
        route.requests.of((class, code), count).increment(1);
        let outcome = outcome(code);
        let duration = || self.series(&table::REQUEST_DURATION, [name(), class.name().into(), outcome.into()]);
        route.duration.of((class, outcome), duration).record(record.elapsed);
        if record.bytes_in > 0 {
            route.received.of((), || self.series(&table::RECEIVED_BYTES, [name()])).increment(record.bytes_in);
        }
        if record.bytes_out > 0 {
            route.sent.of((), || self.series(&table::SENT_BYTES, [name()])).increment(record.bytes_out);
        }
        for lap in &record.stages {
            let stage = || self.series(&table::STAGE_DURATION, [name(), lap.stage.name().into()]);
            route.stages.of(lap.stage, stage).record(lap.wall);
            self.lap(lap);
        }
        if let (Some(lap), Some(kind)) = (record.stages.last(), fault(code)) {
            self.fault(lap, kind);
        }
    }

    /// What one call of a plugin used.
    fn lap(&self, lap: &StageLap) {
        // Whoever waits in the queue has no instance.
        if lap.slot.is_none() || lap.stage == Stage::Queue {
            return;
        }
        let slot = self.slots.get(lap.slot.as_deref());
        let labels = || [SharedString::from(slot.name.clone()), lap.stage.name().into()];
        slot.cpu.of(lap.stage, || self.series(&table::GUEST_CPU, labels())).record(lap.cpu);
        slot.memory.of(lap.stage, || self.series(&table::GUEST_MEMORY, labels())).record(lap.memory as f64);
        let (gauge, peak) = slot.peak.of(lap.stage, || (self.series(&table::GUEST_PEAK, labels()), Arc::default()));
        if peak.fetch_max(lap.memory, Ordering::Relaxed) < lap.memory {
            gauge.set(lap.memory as f64);
        }
    }

    fn fault(&self, lap: &StageLap, kind: &'static str) {
        if lap.slot.is_none() || lap.stage == Stage::Queue {
            return;
        }
        let slot = self.slots.get(lap.slot.as_deref());
        let labels = || [SharedString::from(slot.name.clone()), lap.stage.name().into(), kind.into()];
        slot.faults.of((lap.stage, kind), || self.series(&table::GUEST_FAULTS, labels())).increment(1);
    }

    /// Counts what happened to a connection.
    pub fn connection(&self, event: ConnectionEvent) {
        match event {
            ConnectionEvent::Opened => self.series(&table::CONNECTIONS_OPENED, []).increment(1),
            ConnectionEvent::Rejected(reason) => {
                self.series(&table::CONNECTIONS_REJECTED, [rejection(reason).into()]).increment(1);
            }
            ConnectionEvent::Cut(reason) => {
                self.series(&table::CONNECTIONS_CUT, [cut(reason).into()]).increment(1);
            }
            _ => {}
        }
    }

    /// Counts an order to swap. `slot` is one that there is, or none.
    pub fn swapped(&self, slot: Option<&str>, result: SwapResult) {
        let slot = self.slots.get(slot);
        self.series(&table::SWAPS, [slot.name.clone().into(), result.name().into()]).increment(1);
    }

    /// Shows what is held at this moment.
    pub fn show(&self, levels: &Levels) {
        for (class, held) in [(Class::Stranger, levels.strangers), (Class::Lane, levels.lanes)] {
            self.series(&table::UNVERIFIED_REQUESTS, [class.name().into()]).set(held.requests as f64);
            self.series(&table::UNVERIFIED_BYTES, [class.name().into()]).set(held.bytes as f64);
        }
        self.series(&table::CONNECTIONS, []).set(levels.connections as f64);
        self.series(&table::NONCES, []).set(levels.nonces as f64);
        self.series(&table::REPLAY_CLOSED, []).set(levels.replay_closed.as_secs_f64());
        if let Some(instances) = levels.instances {
            self.series(&table::GUEST_INSTANCES, []).set(instances as f64);
        }
        for slot in &levels.slots {
            let name = self.slots.get(Some(&slot.name)).name.clone();
            self.series(&table::DRAINING, [name.clone().into()]).set(slot.draining as f64);
            self.series(&table::WAITING, [name.clone().into()]).set(slot.waiting as f64);
            self.series(&table::OUT, [name.clone().into()]).set(f64::from(u8::from(slot.out)));
            self.series(&table::SLOWED, [name.clone().into()]).set(slot.slowed as f64);
            self.series(&table::GUEST_TRAPS, [name.clone().into()]).absolute(slot.traps);
            self.exhausted(&name, &slot.exhausted);
        }
        if let Some(chain) = &levels.chain {
            self.show_chain(chain);
        }
        for (ring, records) in [("proven", levels.proven_records), ("unproven", levels.unproven_records)] {
            self.series(&table::RECORDS, [ring.into()]).set(records as f64);
        }
        for (reason, lines) in [("rate", levels.lines_left_out), ("buffer", levels.lines_lost)] {
            self.series(&table::LINES_LEFT_OUT, [reason.into()]).absolute(lines);
        }
    }

    /// Shows which budgets a slot's plugins used up. A stream counts as a forward.
    fn exhausted(&self, slot: &Arc<str>, exhausted: &[Exhaustion]) {
        let mut times: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for one in exhausted {
            let hook = soma_runtime::Stage::from(one.hook).name();
            *times.entry((hook, &one.budget)).or_default() += one.times;
        }
        for ((hook, budget), times) in times {
            let labels = [slot.clone().into(), hook.to_owned().into(), budget.to_owned().into()];
            self.series(&table::GUEST_EXHAUSTED, labels).absolute(times);
        }
    }

    /// Shows what the process uses.
    pub fn show_process(&self, process: &ProcessUse) {
        self.series(&table::PROCESS_CPU, []).absolute(process.cpu.as_secs());
        self.series(&table::PROCESS_RESIDENT, []).set(process.resident as f64);
        self.series(&table::PROCESS_DESCRIPTORS, []).set(process.descriptors as f64);
        self.series(&table::PROCESS_DESCRIPTORS_MOST, []).set(process.descriptors_limit as f64);
        self.series(&table::PROCESS_THREADS, []).set(process.threads as f64);
        self.series(&table::PROCESS_STARTED, []).set(process.started.as_secs_f64());
    }

    /// Everything in Prometheus' text format.
    pub fn render(&self) -> String {
        self.handle.render()
    }

    /// Takes what histograms were told since the last time into their buckets. Until then each value takes eight bytes.
    pub fn tidy(&self) {
        self.handle.run_upkeep();
    }

    fn series<H: Handle, const N: usize>(&self, metric: &Metric<H, N>, values: [SharedString; N]) -> H {
        let recorder: &dyn Recorder = &self.recorder;
        metric.series(recorder, values)
    }
}

/// What came of an order to swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwapResult {
    /// The new version serves.
    Swapped,
    /// The old one goes on serving.
    Refused,
}

impl SwapResult {
    fn name(self) -> &'static str {
        match self {
            SwapResult::Swapped => "swapped",
            SwapResult::Refused => "refused",
        }
    }
}

/// The kind of a plugin's fault; none when the plugin is not at fault.
pub fn fault(code: &str) -> Option<&'static str> {
    FAULTS.into_iter().find(|fault| *fault == code)
}

/// What is not a route of the table is the ping, when it was answered, or nothing known.
fn route_name(record: &Record) -> Option<&str> {
    match &record.route {
        Some(route) => Some(route),
        None if record.path == "/Synapse" => Some(PING),
        None => None,
    }
}

fn outcome(code: &str) -> &'static str {
    match code {
        ANSWERED => "answered",
        HUNG_UP => HUNG_UP,
        _ => "refused",
    }
}

fn rejection(reason: Rejection) -> &'static str {
    match reason {
        Rejection::Address => "address",
        Rejection::Total => "total",
        Rejection::Proxy => "proxy",
        _ => "other",
    }
}

fn cut(reason: Cut) -> &'static str {
    match reason {
        Cut::HeadTime => "head-time",
        Cut::IdleTime => "idle-time",
        Cut::WriteTime => "write-time",
        Cut::MadeRoom => "made-room",
        _ => "other",
    }
}

#[cfg(test)]
mod tests;
