//! One request, asked of a plugin as the host's server would, without the network.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Map, Value};
use soma_axon::Refusal;
use soma_manifest::{Hook, PluginFile, RouteSpec};
use soma_protocol::json;
use soma_protocol::synapse::strip_envelope;
use soma_runtime::version::Loader;
use soma_runtime::{
    Budget, Call, CallError, Caller, Dialect, LoadError, Pinned, Request, Route, SlotSpec, Slots, Stage, Trace,
};

use super::cases::{CallerSpec, Case};
use super::neurons::MetagraphSpec;
use super::sandbox;

/// The request's id, in log lines.
const ID: &str = "case";

/// The code of a case whose settings make no instance start.
pub const NOT_STARTED: &str = "not_started";

/// What came of a request.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Outcome {
    /// HTTP status that the caller would get.
    pub status: u16,
    /// The stable name of a refusal.
    pub code: Option<&'static str>,
    /// The words that the caller would get of a refusal.
    pub reason: Option<String>,
    /// The words that the operator's log would get of a refusal.
    pub detail: Option<String>,
    /// The answer, when it is JSON; for a synapse with the fields of the request.
    pub body: Option<Value>,
    /// The pieces of a streamed answer.
    pub chunks: Option<Vec<String>>,
    /// What the hook `priority` said.
    pub priority: Option<f64>,
    /// What it used.
    pub cost: Cost,
}

/// What a request used, and what it may.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Cost {
    /// The hooks that were asked, in order.
    pub hooks: Vec<HookCost>,
    /// Bytes of linear memory at most, and what it may have.
    pub memory: u64,
    /// What it may have.
    pub memory_budget: u64,
    /// Bytes of the answer.
    pub output: u64,
    /// What they may be.
    pub output_budget: u64,
    /// From asking to the end of the answer, in milliseconds.
    pub wall_ms: f64,
    /// What it may take.
    pub wall_budget_ms: f64,
}

/// What one hook used. Making the instance counts in the first.
#[derive(Clone, Debug, Serialize)]
pub struct HookCost {
    /// Which.
    pub hook: &'static str,
    /// CPU time in microseconds.
    pub cpu_us: f64,
    /// What it may take.
    pub cpu_budget_us: f64,
}

/// An answer.
#[derive(Default)]
struct Answer {
    status: u16,
    body: Option<Value>,
    chunks: Option<Vec<String>>,
    bytes: u64,
    priority: Option<f64>,
}

impl Answer {
    fn told(self) -> Outcome {
        Outcome {
            status: self.status,
            body: self.body,
            chunks: self.chunks,
            priority: self.priority,
            cost: Cost { output: self.bytes, ..Cost::default() },
            ..Outcome::default()
        }
    }
}

/// A plugin that is asked cases.
pub struct Trial<'t> {
    /// What loads it.
    pub loader: &'t Loader,
    /// Its file, opened.
    pub file: &'t PluginFile,
    /// Where that is.
    pub path: &'t Path,
    /// What it sees of the subnet.
    pub metagraph: Option<&'t MetagraphSpec>,
}

impl Trial<'_> {
    /// Asks the plugin in a slot of its own: cases do not see each other. Before that an instance starts as the host would
    /// start it, with `init` where it keeps instances.
    ///
    /// # Errors
    /// When the plugin cannot be loaded with the case's settings.
    pub async fn ask(&self, case: &Case) -> Result<Outcome, LoadError> {
        let slot = sandbox::slot(self.file, self.path, case.config.clone());
        // Cases get an instance each; where the host keeps instances it runs `init`, and so these settings have to do for it.
        let kept = SlotSpec { instances: None, ..slot.clone() };
        match self.loader.load(&kept).await {
            Err(LoadError::Warm(error)) => return Ok(not_started(&error)),
            Err(LoadError::Setting(error)) => return Ok(not_started(&error)),
            loaded => drop(loaded?),
        }
        let slots = Slots::load(self.loader.clone(), vec![slot.clone()]).await?;
        let trace = Trace::default();
        let begun = Instant::now();
        let table = slots.table();
        let route = match table.route(&case.route) {
            None if !self.answers() => Some(self.gated(slot, case).await?),
            found => found.cloned(),
        };
        let answered = match &route {
            Some(route) => self.serve(&slots, route, case, &trace).await,
            None => {
                let known = table.names().collect::<Vec<_>>().join(", ");
                Err(Refusal::UnknownRoute { name: case.route.clone(), known })
            }
        };
        let budget = route.map(|route| *route.answerer().budget()).unwrap_or_default();
        let mut outcome = answered.map_or_else(|refusal| refused(&refusal), Answer::told);
        outcome.cost = cost(&trace, &budget, outcome.cost.output, begun.elapsed());
        Ok(outcome)
    }

    /// Whether it answers: others stand before the routes of plugins that do.
    fn answers(&self) -> bool {
        let hooks = &self.file.manifest.hooks;
        hooks.contains(&Hook::Forward) || hooks.contains(&Hook::Streaming)
    }

    /// The case's route, with this plugin before it and none that answers. Every header of the case is listed.
    async fn gated(&self, slot: SlotSpec, case: &Case) -> Result<Arc<Route>, LoadError> {
        let spec = RouteSpec { headers: case.headers.keys().cloned().collect(), ..RouteSpec::default() };
        Route::unanswered(&case.route, &spec, self.loader.load(&slot).await?)
    }

    async fn serve(&self, slots: &Slots, route: &Arc<Route>, case: &Case, trace: &Trace) -> Result<Answer, Refusal> {
        let (fields, body) = accept(route, case)?;
        let call = self.call(route, case, body);
        if !self.answers() {
            let priority = route.pass(slots.engine(), call, trace).await?;
            return Ok(Answer { status: 200, priority, ..Answer::default() });
        }
        if let Some(spec) = route.is_streaming() {
            return stream(slots, route, call, trace, if case.is_synapse() { 200 } else { spec.status }).await;
        }
        let served = route.serve(slots.engine(), call, trace).await?;
        let bytes = served.reply.body.len() as u64;
        let answer = Answer { bytes, priority: served.priority, ..Answer::default() };
        if !case.is_synapse() {
            let body = serde_json::from_slice(&served.reply.body).ok();
            return Ok(Answer { status: served.reply.status.unwrap_or(200), body, ..answer });
        }
        let garbage = |problem: String| CallError::Garbage { slot: route.answerer().slot().to_string(), problem };
        let reply = json::parse_object(&served.reply.body).map_err(|error| garbage(error.to_string()))?;
        let mut merged = fields;
        merged.extend(strip_envelope(reply));
        Ok(Answer { status: 200, body: Some(Value::Object(merged)), ..answer })
    }

    fn call(&self, route: &Route, case: &Case, body: Vec<u8>) -> Call {
        let metagraph = MetagraphSpec::pinned(self.metagraph, case.metagraph);
        let contract = route.contract();
        let hashed = !contract.hash_fields().is_empty();
        let listed = contract.headers().iter().filter_map(|name| Some((name.clone(), case.headers.get(name)?.clone())));
        let request = Request {
            id: ID.to_owned(),
            route: case.route.clone(),
            target: format!("/{}", case.route),
            caller: Caller { body_bound: hashed || !case.is_synapse(), ..caller(&case.caller, &metagraph) },
            dialect: if case.is_synapse() { Dialect::Synapse } else { Dialect::Btauth },
            method: "POST".to_owned(),
            headers: listed.collect(),
            content_type: "application/json".to_owned(),
            body_len: u32::try_from(case.body.bytes().len()).unwrap_or(u32::MAX),
            received_ms: now_ms(),
            deadline_ms: 0,
        };
        Call { request, body, metagraph, limit: route.answerer().budget().wall }
    }
}

/// Who asks. What the case does not say is as the metagraph has it, which is where the host would take it from.
fn caller(spec: &CallerSpec, metagraph: &Pinned) -> Caller {
    let neuron = metagraph.as_ref().ok().and_then(|seen| seen.by_hotkey(&spec.hotkey));
    let neuron = neuron.as_ref();
    Caller {
        hotkey: spec.hotkey.clone(),
        uid: spec.uid.or(neuron.map(|neuron| neuron.uid)),
        stake: spec.stake.or(neuron.map(|neuron| neuron.stake)).unwrap_or_default(),
        validator_permit: spec.validator_permit.or(neuron.map(|neuron| neuron.validator_permit)).unwrap_or_default(),
        ip: spec.ip.clone(),
        body_bound: false,
    }
}

/// The host would refuse the slot: nobody would be answered.
fn not_started(error: &impl ToString) -> Outcome {
    Outcome { status: 503, code: Some(NOT_STARTED), detail: Some(error.to_string()), ..Outcome::default() }
}

fn refused(refusal: &Refusal) -> Outcome {
    Outcome {
        status: refusal.status().as_u16(),
        code: Some(refusal.code()),
        reason: Some(refusal.plain_text(ID)),
        detail: Some(refusal.to_string()),
        ..Outcome::default()
    }
}

async fn stream(slots: &Slots, route: &Arc<Route>, call: Call, trace: &Trace, status: u16) -> Result<Answer, Refusal> {
    let mut reply = route.stream(slots.engine(), call, trace).await?;
    let mut chunks = Vec::new();
    let mut bytes = 0;
    let mut next = reply.first.take();
    while let Some(piece) = next {
        bytes += piece.len() as u64;
        chunks.push(String::from_utf8_lossy(&piece).into_owned());
        next = reply.rest.next().await.transpose()?;
    }
    // A stream that wrote nothing still has its end to come.
    if let Some(ended) = reply.rest.next().await {
        ended?;
    }
    Ok(Answer { status, chunks: Some(chunks), bytes, priority: reply.priority, ..Answer::default() })
}

/// The body as the plugin gets it, after the host's own checks; for a synapse its fields too.
fn accept(route: &Route, case: &Case) -> Result<(Map<String, Value>, Vec<u8>), Refusal> {
    let sent = case.body.bytes();
    let limit = route.contract().max_body().as_u64();
    if sent.len() as u64 > limit {
        return Err(Refusal::BodyTooLarge { limit });
    }
    if !case.is_synapse() && !route.contract().has_schema() {
        return Ok((Map::new(), sent));
    }
    let mut fields = json::parse_object(&sent)?;
    if case.is_synapse() {
        fields = strip_envelope(fields);
    }
    let accepted = route.contract().accept(fields)?;
    let body = Value::Object(accepted.clone()).to_string().into_bytes();
    Ok((accepted, body))
}

/// Unix time in whole milliseconds, as the server has it.
fn now_ms() -> f64 {
    (soma_axon::system_clock() / 1_000_000) as f64
}

fn cost(trace: &Trace, budget: &Budget, output: u64, wall: Duration) -> Cost {
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    let laps = trace.laps();
    let hooks = laps.iter().filter(|lap| lap.stage != Stage::Queue).map(|lap| HookCost {
        hook: lap.stage.name(),
        cpu_us: micros(lap.cpu),
        cpu_budget_us: micros(if lap.stage == Hook::Forward.into() { budget.forward_cpu } else { budget.gate_cpu }),
    });
    Cost {
        hooks: hooks.collect(),
        memory: laps.iter().map(|lap| lap.memory).max().unwrap_or_default(),
        memory_budget: budget.memory.as_u64(),
        output,
        output_budget: if laps.is_empty() { 0 } else { budget.output.as_u64() },
        wall_ms: wall.as_secs_f64() * 1e3,
        wall_budget_ms: budget.wall.as_secs_f64() * 1e3,
    }
}
