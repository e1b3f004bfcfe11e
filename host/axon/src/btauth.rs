//! The dialect of the Python SDK from version 11 on: signed requests over plain HTTP.

use axum::body::Body;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use soma_protocol::btauth::{AuthError, Claim, body_sha256};
use soma_protocol::json::parse_object;
use soma_runtime::{Dialect, Route, RoutingTable};

use crate::body;
use crate::pipeline::{self, Arrival, Axon};
use crate::plugins::Verified;
use crate::refusal::Refusal;
use crate::replay::Nonce;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Answers one request.
pub(crate) async fn answer(
    axon: &Axon,
    table: &RoutingTable,
    arrival: &Arrival,
    parts: &Parts,
    body: Body,
) -> Response {
    match serve(axon, table, arrival, parts, body).await {
        Ok(response) => response,
        Err(refusal) => {
            let hotkey = parts.headers.get("x-bittensor-hotkey").and_then(|value| value.to_str().ok());
            pipeline::note(arrival, parts, hotkey, &refusal);
            refuse(arrival, &refusal)
        }
    }
}

/// The answer to a refused request: `{"code": ..., "message": ...}`.
pub(crate) fn refuse(arrival: &Arrival, refusal: &Refusal) -> Response {
    let body = json!({"code": refusal.code(), "message": refusal.plain_text(&arrival.id)});
    let mut response = pipeline::respond(refusal.status(), media(JSON), body.to_string());
    pipeline::add_refusal_headers(&mut response, refusal);
    response
}

async fn serve(
    axon: &Axon,
    table: &RoutingTable,
    arrival: &Arrival,
    parts: &Parts,
    body: Body,
) -> Result<Response, Refusal> {
    let route = Axon::route(table, parts)?;
    let claim = Claim::from_headers(&parts.headers)?;
    axon.admit(&claim.public_key)?;
    claim.check_receiver(&axon.hotkey, &axon.policy)?;
    let expires = claim.check_fresh(arrival.unix_ns, &axon.policy)?;
    let nonce = Nonce { hotkey: claim.public_key, uuid: Box::default(), nonce: claim.nonce, expires };
    if axon.replay.is_used(&nonce) {
        return Err(AuthError::Replayed.into());
    }
    let body = body::read(&parts.headers, body, route.contract().max_body().as_u64()).await?;
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    claim.check_signature(parts.method.as_str(), target, &body_sha256(&body))?;
    axon.keep(nonce, arrival, AuthError::Replayed.into())?;
    let verified = Verified {
        arrival,
        parts,
        route: &route,
        dialect: Dialect::Btauth,
        hotkey: claim.hotkey,
        body_bound: true,
        body_len: body.len(),
        timeout: None,
    };
    let hotkey = verified.hotkey.clone();
    let served = verified.ask(axon, accept(&route, &body)?).await?;
    pipeline::note_answered(arrival, &route, &hotkey, served.priority);
    let status = served.reply.status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::OK);
    let content_type = served.reply.content_type.and_then(|text| HeaderValue::from_str(&text).ok()).unwrap_or(JSON);
    Ok(pipeline::respond(status, media(content_type), served.reply.body))
}

/// A route with a schema takes JSON that fits it; any other takes whatever the caller signed.
fn accept(route: &Route, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    if !route.contract().has_schema() {
        return Ok(body.to_vec());
    }
    let fields = route.contract().accept(parse_object(body)?)?;
    Ok(Value::Object(fields).to_string().into_bytes())
}

fn media(content_type: HeaderValue) -> HeaderMap {
    HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)])
}
