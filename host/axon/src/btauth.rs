//! The dialect of the Python SDK from version 11 on: signed requests over plain HTTP.

use http::{HeaderMap, HeaderValue, StatusCode, header};
use hyper::body::Incoming;
use serde_json::json;
use soma_protocol::btauth::{AuthError, Claim, body_sha256};
use soma_protocol::dialect::DialectError;
use soma_protocol::json::{object_text, parse_object};
use soma_runtime::{Dialect, Route, Served, StreamSpec, StreamedReply};

use crate::admission::Claimed;
use crate::body::Sent;
use crate::pipeline::Passage;
use crate::plugins::Verified;
use crate::refusal::Refusal;
use crate::replay::Nonce;
use crate::reply::{self, Reply};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const HOTKEY: &str = "x-bittensor-hotkey";

/// What the plugins made of a request.
enum Answer {
    Whole(Served),
    Stream(StreamSpec, StreamedReply),
}

/// Answers one request.
pub(crate) async fn answer(mut passage: Passage<'_>, body: &mut Sent<Incoming>) -> Reply {
    match serve(&mut passage, body).await {
        Ok(Answer::Whole(served)) => {
            let status = served.reply.status.and_then(|status| StatusCode::from_u16(status).ok());
            let content_type = served.reply.content_type.and_then(|text| HeaderValue::from_str(&text).ok());
            let headers = media(content_type.unwrap_or(JSON));
            passage.answered(reply::whole(status.unwrap_or(StatusCode::OK), headers, served.reply.body))
        }
        Ok(Answer::Stream(spec, streamed)) => {
            let status = StatusCode::from_u16(spec.status).unwrap_or(StatusCode::OK);
            let content_type = HeaderValue::from_str(&spec.content_type).unwrap_or(JSON);
            reply::pieces(status, media(content_type), streamed, passage.recorder)
        }
        Err(refusal) => refuse(passage, &refusal),
    }
}

/// The answer to a request whose dialect cannot be told.
pub(crate) fn unreadable(mut passage: Passage<'_>, error: DialectError) -> Reply {
    let refusal = passage.arrive(None).err().unwrap_or_else(|| error.into());
    refuse(passage, &refusal)
}

/// The answer to a refused request: `{"code": ..., "message": ...}`.
fn refuse(passage: Passage<'_>, refusal: &Refusal) -> Reply {
    let body = json!({"code": refusal.code(), "message": refusal.plain_text(&passage.arrival.id)});
    let reply = reply::whole(refusal.status(), media(JSON), body.to_string());
    passage.refused(reply, refusal)
}

async fn serve(passage: &mut Passage<'_>, body: &mut Sent<Incoming>) -> Result<Answer, Refusal> {
    let claimed = passage.arrive(Some(HOTKEY))?;
    let route = passage.route()?;
    claimed.as_ref().map_or(Ok(()), Claimed::admit)?;
    let claim = Claim::from_headers(&passage.parts.headers)?;
    passage.recorder.lap(crate::record::Stage::Head);
    claim.check_receiver(&passage.axon.hotkey, &passage.axon.policy)?;
    let expires = claim.check_fresh(passage.arrival.unix_ns, &passage.axon.policy)?;
    let nonce = Nonce::btauth(claim.public_key, claim.nonce, expires);
    let replayed = || AuthError::Replayed.into();
    passage.look(&nonce, replayed)?;
    let body = passage.body(body, route.contract().max_body().as_u64()).await?;
    let target = passage.parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let ready = claimed.as_ref().and_then(|claimed| claimed.ready.as_deref());
    claim.check_with(ready, passage.parts.method.as_str(), target, &body_sha256(&body))?;
    passage.prove(nonce, (&claim.hotkey, &claim.public_key), replayed)?;
    passage.count(&claim.public_key)?;
    let (body_len, accepting, heavy) = (body.len(), route.clone(), &passage.service.heavy);
    let _held = heavy.charge(body_len)?;
    let accepted = heavy.work(body_len, passage.time_left(&route, None), move || accept(&accepting, &body)).await?;
    passage.recorder.lap(crate::record::Stage::Schema);
    let verified = Verified {
        route: &route,
        dialect: Dialect::Btauth,
        hotkey: claim.hotkey,
        body_bound: true,
        body_len,
        timeout: None,
    };
    Ok(match route.is_streaming() {
        Some(spec) => Answer::Stream(spec.clone(), passage.ask_stream(verified, accepted).await?),
        None => Answer::Whole(passage.ask(verified, accepted).await?),
    })
}

/// A route with a schema takes JSON that fits it; any other takes whatever the caller signed.
fn accept(route: &Route, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    if !route.contract().has_schema() {
        return Ok(body.to_vec());
    }
    let fields = route.contract().accept(parse_object(body)?)?;
    Ok(object_text(&fields))
}

fn media(content_type: HeaderValue) -> HeaderMap {
    HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)])
}
