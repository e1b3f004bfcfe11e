//! The dialect of the Python SDK up to version 10.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::request::Parts;
use http::{StatusCode, header};
use serde_json::{Map, Value};
use soma_protocol::json;
use soma_protocol::pystr::py_str;
use soma_protocol::synapse::{AuthError, Claim, ReplyEnvelope, RequestHead, Terminal, body_hash, strip_envelope};
use soma_runtime::{CallError, Dialect, Route, RoutingTable};

use crate::body;
use crate::pipeline::{self, Arrival, Axon};
use crate::plugins::Verified;
use crate::refusal::Refusal;
use crate::replay::Nonce;

/// The time-out that is named in texts when the caller named none: the Python dendrite's default, seconds.
const USUAL_TIMEOUT: f64 = 12.0;

/// What has been learned about a request so far, for the envelope of its answer.
#[derive(Default)]
struct Known {
    route: Option<Arc<Route>>,
    head: RequestHead,
}

/// A synapse's own fields after the plugins, with the hash over its hash fields.
struct Answered {
    fields: Map<String, Value>,
    body_hash: String,
}

/// Answers one request.
pub(crate) async fn answer(
    axon: &Axon,
    table: &RoutingTable,
    arrival: &Arrival,
    parts: &Parts,
    body: Body,
) -> Response {
    let mut known = Known::default();
    let served = serve(axon, table, arrival, parts, body, &mut known).await;
    let timeout = known.head.timeout.unwrap_or(USUAL_TIMEOUT);
    let envelope = known.envelope(axon, arrival);
    match served {
        Ok(answered) => {
            let (headers, body) = envelope.success(&answered.fields, &answered.body_hash);
            pipeline::respond(StatusCode::OK, headers, body)
        }
        Err(refusal) => {
            pipeline::note(arrival, parts, known.head.dendrite.hotkey.as_deref(), &refusal);
            let status = refusal.status();
            let (headers, body) = envelope.failure(status.as_u16(), &refusal.synapse_text(&arrival.id, timeout));
            let mut response = pipeline::respond(status, headers, body);
            pipeline::add_refusal_headers(&mut response, &refusal);
            response
        }
    }
}

async fn serve(
    axon: &Axon,
    table: &RoutingTable,
    arrival: &Arrival,
    parts: &Parts,
    body: Body,
    known: &mut Known,
) -> Result<Answered, Refusal> {
    let route = known.route.insert(Axon::route(table, parts)?).clone();
    known.head = RequestHead::parse(&parts.headers)?;
    let claim = Claim::from_head(&known.head)?;
    axon.admit(&claim.public_key)?;
    let expires = claim.check_fresh(arrival.unix_ns, &axon.window)?;
    let nonce = Nonce { hotkey: claim.public_key, uuid: claim.uuid.as_str().into(), nonce: claim.nonce, expires };
    if axon.replay.is_used(&nonce) {
        return Err(AuthError::Replayed.into());
    }
    let body = body::read(&parts.headers, body, route.contract().max_body().as_u64()).await?;
    claim.check_signature(&axon.hotkey)?;
    axon.keep(nonce, arrival, AuthError::Replayed.into())?;
    let fields = accept(&route, parts, &body, &claim)?;
    let verified = Verified {
        arrival,
        parts,
        route: &route,
        dialect: Dialect::Synapse,
        hotkey: claim.hotkey,
        body_bound: !route.contract().hash_fields().is_empty(),
        body_len: body.len(),
        timeout: claim.timeout,
    };
    let hotkey = verified.hotkey.clone();
    let served = verified.ask(axon, Value::Object(fields.clone()).to_string().into_bytes()).await?;
    let answered = merge(&route, fields, &served.reply.body)?;
    pipeline::note_answered(arrival, &route, &hotkey, served.priority);
    Ok(answered)
}

/// The class's own fields, with defaults, as the schema and the signed hash allow them.
fn accept(route: &Route, parts: &Parts, body: &[u8], claim: &Claim) -> Result<Map<String, Value>, Refusal> {
    if !is_json(parts) {
        return Err(Refusal::ContentType);
    }
    let sent = strip_envelope(json::parse_object(body)?);
    let fields = route.contract().accept(sent)?;
    let hash = hash_of(route, &fields).map_err(|_| Refusal::BodyHash)?;
    if hash == claim.body_hash { Ok(fields) } else { Err(Refusal::BodyHash) }
}

/// `application/json`, with or without parameters.
fn is_json(parts: &Parts) -> bool {
    let media = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media.split(';').next().is_some_and(|media| media.trim().eq_ignore_ascii_case("application/json"))
}

/// The v10 body hash: over Python's str() of the route's hash fields. Of no fields it is the empty hash.
fn hash_of(route: &Route, fields: &Map<String, Value>) -> Result<String, String> {
    let values = route.contract().hash_fields().iter().map(|(name, ty)| {
        let value = fields.get(name).unwrap_or(&Value::Null);
        py_str(value, ty).map_err(|error| format!("{name}: {error}"))
    });
    Ok(body_hash(&values.collect::<Result<Vec<_>, _>>()?))
}

/// The plugin's fields over those of the request, as pydantic would; the envelope is the host's.
fn merge(route: &Route, mut fields: Map<String, Value>, reply: &[u8]) -> Result<Answered, CallError> {
    let garbage = |problem: String| CallError::Garbage { slot: route.answerer().slot().to_string(), problem };
    let answer = json::parse_object(reply).map_err(|error| garbage(error.to_string()))?;
    fields.extend(strip_envelope(answer));
    let body_hash = hash_of(route, &fields).map_err(garbage)?;
    Ok(Answered { fields, body_hash })
}

impl Known {
    fn envelope(&self, axon: &Axon, arrival: &Arrival) -> ReplyEnvelope {
        ReplyEnvelope {
            name: pipeline::route_name(self.route.as_ref()).to_owned(),
            timeout: self.head.timeout,
            axon: Terminal {
                process_time: Some(arrival.elapsed_s()),
                ip: self.head.axon.ip.clone(),
                port: self.head.axon.port,
                hotkey: Some(axon.hotkey.clone()),
                ..Terminal::default()
            },
            dendrite: self.head.dendrite.clone(),
        }
    }
}
