//! What `soma explain` shows of one request, as the admin socket sends it.

use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use soma_axon::record::{ANSWERED, Record, Stage, StageLap};
use soma_protocol::dialect::Dialect;
use soma_runtime::Budget;

use super::metrics::Class;

/// The verdict of a stage that a request got through.
pub const PASSED: &str = "passed";

/// One request.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RequestReport {
    /// The id in the answer's `x-request-id`.
    pub id: String,
    /// When its head was complete: Unix time in milliseconds.
    pub received_ms: u64,
    /// The caller's address.
    pub ip: String,
    /// `synapse` or `btauth`; none when the headers belong to both.
    pub dialect: Option<String>,
    /// The path as sent, cut.
    pub path: String,
    /// The route, if there is one of that name.
    pub route: Option<String>,
    /// The hotkey that the headers claim.
    pub hotkey: Option<String>,
    /// Whether the signature was good.
    pub proven: bool,
    /// `stranger`, `lane` or `proven`.
    pub class: String,
    /// HTTP status.
    pub status: u16,
    /// `ok`, `hung-up`, or the code of the refusal.
    pub code: String,
    /// Why it was refused.
    pub detail: String,
    /// The version of the plugin that answers the route.
    pub version: Option<String>,
    /// What the priority hook said.
    pub priority: Option<f64>,
    /// Bytes of the body.
    pub bytes_in: u64,
    /// Bytes of the answer.
    pub bytes_out: u64,
    /// From the complete head to the end, in milliseconds.
    pub elapsed_ms: f64,
    /// The budget of that version.
    pub budget: Option<BudgetReport>,
    /// The stages, in order.
    pub stages: Vec<StageReport>,
}

/// What a version may use.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct BudgetReport {
    /// Linear memory of one instance, in bytes.
    pub memory: u64,
    /// CPU time of one gate hook, in milliseconds.
    pub gate_cpu_ms: f64,
    /// Wall time of one gate hook, in milliseconds.
    pub gate_wall_ms: f64,
    /// CPU time of one forward or stream, in milliseconds.
    pub forward_cpu_ms: f64,
    /// Wall time of a whole request, in milliseconds.
    pub wall_ms: f64,
    /// Bytes of an answer.
    pub output: u64,
}

/// One stage.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct StageReport {
    /// Its name.
    pub stage: String,
    /// The slot whose plugin was asked; none for the host's own stages.
    pub slot: Option<String>,
    /// The version that was asked.
    pub version: Option<String>,
    /// `passed`, `answered`, or the code of the refusal that the request ended with here.
    pub verdict: String,
    /// Time on the wall, in milliseconds.
    pub wall_ms: f64,
    /// CPU time of the plugin, in milliseconds; none where no plugin ran.
    pub cpu_ms: Option<f64>,
    /// CPU time that it might have used, in milliseconds; none where no plugin ran, or another version than the route's.
    pub cpu_budget_ms: Option<f64>,
    /// Most linear memory that the plugin's instance had, in bytes; none where no plugin ran.
    pub memory: Option<u64>,
    /// Memory that it might have had, in bytes; none as for `cpu_budget_ms`.
    pub memory_budget: Option<u64>,
}

impl From<&Record> for RequestReport {
    fn from(record: &Record) -> RequestReport {
        let received = record.received.duration_since(UNIX_EPOCH).unwrap_or_default();
        let dialect = record.dialect.map(|dialect| match dialect {
            Dialect::Synapse => "synapse",
            Dialect::Btauth => "btauth",
        });
        RequestReport {
            id: record.id.clone(),
            received_ms: u64::try_from(received.as_millis()).unwrap_or(u64::MAX),
            ip: record.ip.to_string(),
            dialect: dialect.map(str::to_owned),
            path: record.path.clone(),
            route: record.route.as_deref().map(str::to_owned),
            hotkey: record.hotkey.clone(),
            proven: record.proven,
            class: Class::of(record).name().to_owned(),
            status: record.status,
            code: record.code.to_owned(),
            detail: record.detail.clone(),
            version: record.version.as_deref().map(str::to_owned),
            priority: record.priority,
            bytes_in: record.bytes_in,
            bytes_out: record.bytes_out,
            elapsed_ms: milliseconds(record.elapsed),
            budget: record.budget.as_ref().map(BudgetReport::from),
            stages: stages(record),
        }
    }
}

impl From<&Budget> for BudgetReport {
    fn from(budget: &Budget) -> BudgetReport {
        BudgetReport {
            memory: budget.memory.as_u64(),
            gate_cpu_ms: milliseconds(budget.gate_cpu),
            gate_wall_ms: milliseconds(budget.gate_wall),
            forward_cpu_ms: milliseconds(budget.forward_cpu),
            wall_ms: milliseconds(budget.wall),
            output: budget.output.as_u64(),
        }
    }
}

/// The stages with their verdicts. A request that was refused by the host itself ended in the stage after the last one
/// that it got through: that one is added, with the time that is left.
fn stages(record: &Record) -> Vec<StageReport> {
    let mut stages: Vec<StageReport> = record.stages.iter().map(|lap| stage(record, lap)).collect();
    let by_plugin = record.stages.last().is_some_and(|lap| lap.slot.is_some());
    match stages.last_mut() {
        Some(last) if record.code == ANSWERED => last.verdict = "answered".to_owned(),
        Some(last) if by_plugin => last.verdict = record.code.to_owned(),
        _ if record.code == ANSWERED => {}
        _ => stages.push(ending(record)),
    }
    stages
}

fn stage(record: &Record, lap: &StageLap) -> StageReport {
    // Whoever waits in the queue has no instance.
    let ran = lap.slot.is_some() && lap.stage != Stage::Queue;
    let budget = record.budget.as_ref().filter(|_| ran && lap.version == record.version);
    let cpu_budget = budget.map(|budget| match lap.stage {
        Stage::Forward => budget.forward_cpu,
        _ => budget.gate_cpu,
    });
    StageReport {
        stage: lap.stage.name().to_owned(),
        slot: lap.slot.as_deref().map(str::to_owned),
        version: lap.version.as_deref().map(str::to_owned),
        verdict: PASSED.to_owned(),
        wall_ms: milliseconds(lap.wall),
        cpu_ms: ran.then(|| milliseconds(lap.cpu)),
        cpu_budget_ms: cpu_budget.map(milliseconds),
        memory: ran.then_some(lap.memory),
        memory_budget: budget.map(|budget| budget.memory.as_u64()),
    }
}

fn ending(record: &Record) -> StageReport {
    let last = record.stages.last().map(|lap| lap.stage);
    let next = match last {
        Some(last) => Stage::ALL.into_iter().skip_while(|stage| *stage != last).nth(1).unwrap_or(last),
        None => Stage::Head,
    };
    let before: Duration = record.stages.iter().map(|lap| lap.wall).sum();
    StageReport {
        stage: next.name().to_owned(),
        slot: None,
        version: None,
        verdict: record.code.to_owned(),
        wall_ms: milliseconds(record.elapsed.saturating_sub(before)),
        cpu_ms: None,
        cpu_budget_ms: None,
        memory: None,
        memory_budget: None,
    }
}

/// To the microsecond.
fn milliseconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

#[cfg(test)]
mod tests;
