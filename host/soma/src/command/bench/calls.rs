//! Calls of a plugin without the server: its gates, its priority and its answer.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rustix::time::ClockId;
use serde::Serialize;
use soma_axon::Refusal;
use soma_runtime::{Absence, Call, CallError, Caller, Dialect, Request, Route, Slots, Trace, budget};

use super::load::clock;

/// What one call may take.
const LIMIT: Duration = Duration::from_secs(60);

/// What calls of a slot's plugin cost.
#[derive(Clone, Debug, Serialize)]
pub struct Calls {
    /// The slot.
    pub slot: String,
    /// The route.
    pub route: String,
    /// How long its instances live.
    pub instances: String,
    /// Calls for each second of processor time.
    pub calls_per_core_second: f64,
    /// Microseconds of processor time for one call.
    pub cpu_us: f64,
    /// Calls.
    pub calls: u64,
    /// How many of them the plugin did not answer: it refused, or it failed.
    pub unanswered: u64,
    /// What it said the first time instead of an answer.
    pub instead: Option<String>,
    /// The statuses that its answers and its refusals have on the wire: what a caller of the server has to get, too.
    #[serde(skip)]
    pub statuses: BTreeSet<u16>,
}

/// Calls the plugin of a slot for so long, as many at once as there are cores.
pub async fn measure(
    slots: &Arc<Slots>,
    slot: &str,
    route: &str,
    body: &[u8],
    length: Duration,
) -> miette::Result<Calls> {
    let status = slots.list().await.into_iter().find(|status| status.slot == slot);
    let (before, end) = (clock(ClockId::ProcessCPUTime), Instant::now() + length);
    let lanes = (0..budget::cores()).map(|_| {
        let (slots, name, body) = (slots.clone(), route.to_owned(), body.to_vec());
        tokio::spawn(async move {
            match slots.table().route(&name) {
                Some(route) => lane(&slots, route, &body, end).await,
                None => Lane::default(),
            }
        })
    });
    let mut all = Lane::default();
    for lane in join_all(lanes).await.into_iter().flatten() {
        all.calls += lane.calls;
        all.unanswered += lane.unanswered;
        all.instead = all.instead.or(lane.instead);
        all.statuses.extend(lane.statuses);
    }
    let used = clock(ClockId::ProcessCPUTime).saturating_sub(before).as_secs_f64().max(1e-9);
    Ok(Calls {
        slot: slot.to_owned(),
        route: route.to_owned(),
        instances: status.map(|status| status.instances).unwrap_or_default(),
        calls_per_core_second: all.calls as f64 / used,
        cpu_us: used * 1e6 / all.calls.max(1) as f64,
        calls: all.calls,
        unanswered: all.unanswered,
        instead: all.instead,
        statuses: all.statuses,
    })
}

#[derive(Default)]
struct Lane {
    calls: u64,
    unanswered: u64,
    instead: Option<String>,
    statuses: BTreeSet<u16>,
}

/// What a plugin says on purpose; everything else is a fault, of its own or of the bench.
fn is_refusal(error: &CallError) -> bool {
    matches!(
        error,
        CallError::Denied { .. }
            | CallError::Unverified { .. }
            | CallError::Invalid(_)
            | CallError::Refused(_)
            | CallError::Unavailable(_)
    )
}

async fn lane(slots: &Slots, route: &Arc<Route>, body: &[u8], end: Instant) -> Lane {
    let mut lane = Lane::default();
    while Instant::now() < end {
        let request = request(route.name(), body.len());
        let call = Call { request, body: body.to_vec(), metagraph: Err(Absence::Offline), limit: LIMIT };
        lane.calls += 1;
        match route.serve(slots.engine(), call, &Trace::default()).await {
            Ok(served) => {
                lane.statuses.insert(served.reply.status.unwrap_or(200));
            }
            Err(error) => {
                lane.unanswered += 1;
                lane.instead.get_or_insert_with(|| error.to_string());
                if is_refusal(&error) {
                    lane.statuses.insert(Refusal::from(error).status().as_u16());
                }
            }
        }
    }
    lane
}

/// A request of nobody in particular.
fn request(route: &str, length: usize) -> Request {
    Request {
        id: "bench".to_owned(),
        route: route.to_owned(),
        target: format!("/{route}"),
        caller: Caller {
            hotkey: "5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM".to_owned(),
            uid: None,
            stake: 0.0,
            validator_permit: false,
            ip: "127.0.0.1".to_owned(),
            body_bound: true,
        },
        dialect: Dialect::Btauth,
        method: "POST".to_owned(),
        headers: Vec::new(),
        content_type: "application/json".to_owned(),
        body_len: u32::try_from(length).unwrap_or(u32::MAX),
        received_ms: 0.0,
        deadline_ms: 0,
    }
}
