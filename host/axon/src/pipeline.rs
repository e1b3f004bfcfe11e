//! A request's way through: what both dialects share.
//!
//! dialect -> route -> head -> hotkey known? -> fresh and unused? -> body -> signature -> nonce kept -> body
//! hash, schema -> plugins -> reply. Nothing before the signature costs cryptography, and no plugin code runs
//! before it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use percent_encoding::percent_decode_str;
use soma_protocol::dialect::{self, Dialect};
use soma_protocol::ss58::PublicKey;
use soma_protocol::{btauth as btauth_wire, synapse as synapse_wire};
use soma_runtime::{Route, RoutingTable, Slots};

use crate::admission::Admission;
use crate::refusal::Refusal;
use crate::replay::{Nonce, NotKept, ReplayMemory};
use crate::{btauth, synapse};

/// The route that is named in answers to requests that name none.
const NO_ROUTE: &str = "Synapse";
/// Says which request an answer belongs to; the same id is in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers requests.
pub struct Axon {
    /// This neuron's hotkey, ss58: what callers sign for.
    pub hotkey: String,
    /// The plugins.
    pub slots: Arc<Slots>,
    /// Who is let in.
    pub admission: Admission,
    /// Nonces that were used.
    pub replay: ReplayMemory,
    /// How fresh a synapse has to be.
    pub window: synapse_wire::Window,
    /// How fresh a btauth request has to be, and whether it must name its receiver.
    pub policy: btauth_wire::Policy,
}

/// What is known of a request when it comes in.
pub(crate) struct Arrival {
    pub id: String,
    pub ip: IpAddr,
    pub at: Instant,
    /// Unix time in nanoseconds.
    pub unix_ns: u64,
}

impl Arrival {
    fn now(peer: SocketAddr) -> Arrival {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Arrival {
            id: uuid::Uuid::new_v4().to_string(),
            ip: peer.ip().to_canonical(),
            at: Instant::now(),
            unix_ns: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
        }
    }

    /// Seconds since it came in.
    pub fn elapsed_s(&self) -> f64 {
        self.at.elapsed().as_secs_f64()
    }
}

impl Axon {
    /// Answers one request of either dialect. The table of plugins is the one of this moment, to the end.
    pub async fn answer(&self, request: Request<Body>, peer: SocketAddr) -> Response {
        let arrival = Arrival::now(peer);
        let table = self.slots.table();
        let (parts, body) = request.into_parts();
        let response = match dialect::detect(&parts.headers) {
            Ok(Dialect::Synapse) => synapse::answer(self, &table, &arrival, &parts, body).await,
            Ok(Dialect::Btauth) => btauth::answer(self, &table, &arrival, &parts, body).await,
            Err(error) => {
                let refusal = Refusal::from(error);
                note(&arrival, &parts, None, &refusal);
                btauth::refuse(&arrival, &refusal)
            }
        };
        finish(response, &arrival)
    }

    /// The route that a path names. Its query is not looked at.
    pub(crate) fn route(table: &RoutingTable, parts: &Parts) -> Result<Arc<Route>, Refusal> {
        let path = parts.uri.path();
        let name = percent_decode_str(path.strip_prefix('/').unwrap_or(path)).decode_utf8_lossy();
        let Some(route) = table.route(&name) else {
            let known = table.names().map(str::to_owned).collect();
            return Err(Refusal::UnknownRoute { name: name.chars().take(100).collect(), known });
        };
        if parts.method != Method::GET && parts.method != Method::POST {
            return Err(Refusal::Method);
        }
        Ok(route.clone())
    }

    /// Only a look-up.
    pub(crate) fn admit(&self, hotkey: &PublicKey) -> Result<(), Refusal> {
        if self.admission.admits(hotkey) { Ok(()) } else { Err(Refusal::NotAdmitted) }
    }

    /// Keeps the nonce of a request whose signature was good.
    pub(crate) fn keep(&self, nonce: Nonce, arrival: &Arrival, replayed: Refusal) -> Result<(), Refusal> {
        match self.replay.keep(nonce, arrival.unix_ns) {
            Ok(()) => Ok(()),
            Err(NotKept::Used) => Err(replayed),
            Err(NotKept::Full) => Err(Refusal::NonceMemoryFull),
        }
    }
}

/// Wall time that is left for the plugins: what the caller asks for, bounded by the plugin's budget.
pub(crate) fn time_left(route: &Route, arrival: &Arrival, asked: Option<f64>) -> Duration {
    let wall = route.answerer().budget().wall;
    let asked = asked.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).unwrap_or(wall);
    asked.min(wall).saturating_sub(arrival.at.elapsed())
}

/// One line in the log for a request that was refused.
pub(crate) fn note(arrival: &Arrival, parts: &Parts, hotkey: Option<&str>, refusal: &Refusal) {
    let (id, ip, code, status) = (&*arrival.id, arrival.ip, refusal.code(), refusal.status().as_u16());
    let (path, hotkey) = (parts.uri.path(), hotkey.unwrap_or("-"));
    let elapsed_ms = arrival.elapsed_s() * 1000.0;
    tracing::info!(target: "request", id, %ip, status, code, path, hotkey, elapsed_ms, "refused: {refusal}");
}

/// One line in the debug log for a request that was answered.
pub(crate) fn note_answered(arrival: &Arrival, route: &Route, hotkey: &str, priority: Option<f64>) {
    let (id, ip, version) = (&*arrival.id, arrival.ip, &**route.answerer().id());
    let elapsed_ms = arrival.elapsed_s() * 1000.0;
    tracing::debug!(target: "request", id, %ip, status = 200, route = route.name(), version, hotkey, priority, elapsed_ms, "answered");
}

/// A response with this status, headers and body.
pub(crate) fn respond(status: StatusCode, headers: HeaderMap, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Adds what a refusal says in HTTP's own headers.
pub(crate) fn add_refusal_headers(response: &mut Response, refusal: &Refusal) {
    if let Some(seconds) = refusal.retry_after() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if matches!(refusal, Refusal::Method) {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST, GET"));
    }
}

/// The name to put into an answer when no route was found.
pub(crate) fn route_name(route: Option<&Arc<Route>>) -> &str {
    route.map_or(NO_ROUTE, |route| route.name())
}

fn finish(mut response: Response, arrival: &Arrival) -> Response {
    if let Ok(id) = HeaderValue::from_str(&arrival.id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}
