//! The dialect of the Python SDK up to version 10.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use hyper::body::Incoming;
use serde_json::{Map, Value};
use soma_protocol::json;
use soma_protocol::pystr::py_str;
use soma_protocol::signature::ReadyKey;
use soma_protocol::synapse::{
    AuthError, Claim, EMPTY_BODY_HASH, ReplyEnvelope, RequestHead, Terminal, USUAL_TIMEOUT, body_hash, strip_envelope,
    write_input_objects,
};
use soma_runtime::{CallError, Dialect, Route, StreamedReply};

use crate::admission::Claimed;
use crate::body::Sent;
use crate::pipeline::{PING, Passage};
use crate::plugins::Verified;
use crate::record::Stage;
use crate::refusal::Refusal;
use crate::replay::Nonce;
use crate::reply::{self, Reply};

/// The header that claims a hotkey.
const HOTKEY: &str = "bt_header_dendrite_hotkey";
/// What a streamed answer is, whatever the manifest says: the dendrite looks at nothing else.
const STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
/// Largest body of a ping, in bytes: it carries the envelope and nothing else.
const PING_BODY: u64 = 64 << 10;

/// What has been learned about a request so far, for the envelope of its answer.
#[derive(Default)]
struct Known {
    route: Option<Arc<Route>>,
    head: RequestHead,
    /// The peer's address, once the head was read. A refusal names it instead of what the caller says of itself.
    peer: Option<IpAddr>,
}

/// A synapse's own fields after the plugins, with the hash over its hash fields.
struct Answered {
    fields: Map<String, Value>,
    body_hash: String,
}

/// What the plugins made of a request.
enum Answer {
    Whole(Answered),
    /// The fields are the request's: a stream has none of its own.
    Stream(Answered, StreamedReply),
}

/// Answers one request.
pub(crate) async fn answer(mut passage: Passage<'_>, body: &mut Sent<Incoming>) -> Reply {
    let mut known = Known::default();
    let served = serve(&mut passage, body, &mut known).await;
    match served {
        Ok(Answer::Whole(answered)) => {
            let (headers, body) = known.success(&passage, &answered);
            passage.answered(reply::whole(StatusCode::OK, headers, body))
        }
        Ok(Answer::Stream(asked, streamed)) => {
            let (mut headers, _) = known.success(&passage, &asked);
            headers.insert(CONTENT_TYPE, STREAM);
            reply::pieces(StatusCode::OK, headers, streamed, passage.recorder)
        }
        Err(refusal) => {
            let (status, timeout) = (refusal.status(), known.head.timeout.unwrap_or(USUAL_TIMEOUT));
            let text = refusal.synapse_text(&passage.arrival.id, timeout);
            known.head.dendrite.ip = known.peer.map(|peer| peer.to_string()).or(known.head.dendrite.ip);
            let (headers, body) = known.envelope(&passage).failure(status.as_u16(), &text);
            passage.refused(reply::whole(status, headers, body), &refusal)
        }
    }
}

async fn serve(passage: &mut Passage<'_>, body: &mut Sent<Incoming>, known: &mut Known) -> Result<Answer, Refusal> {
    let claimed = passage.arrive(Some(HOTKEY))?;
    known.route = passage.route_or_ping()?;
    // Who is not let in is told so before anything else of the head is read.
    claimed.as_ref().map_or(Ok(()), Claimed::admit)?;
    known.head = RequestHead::parse(&passage.parts.headers)?;
    known.peer = Some(passage.arrival.ip);
    let claim = Claim::with_key(&known.head, claimed.as_ref().map(|claimed| claimed.key))?;
    passage.recorder.lap(Stage::Head);
    let expires = claim.check_fresh(passage.arrival.unix_ns, &passage.axon.window)?;
    let nonce = Nonce::synapse(claim.public_key, &claim.uuid, claim.nonce, expires);
    let replayed = || AuthError::Replayed.into();
    passage.look(&nonce, replayed)?;
    let largest = known.route.as_ref().map_or(PING_BODY, |route| route.contract().max_body().as_u64());
    let body = passage.body(body, largest).await?;
    check_signature(passage, &claim, claimed.as_ref().and_then(|claimed| claimed.ready.as_deref()))?;
    passage.prove(nonce, (&claim.hotkey, &claim.public_key), replayed)?;
    match known.route.clone() {
        Some(route) => ask(passage, &route, claim, body).await,
        None => pong(passage, &claim, &body),
    }
}

/// In the form that dendrites sign. The other, which only browser wallets sign, costs a second verification, and so
/// strangers have it together only so often.
fn check_signature(passage: &Passage<'_>, claim: &Claim, ready: Option<&ReadyKey>) -> Result<(), Refusal> {
    let hotkey = &passage.axon.hotkey;
    let Err(mismatch) = claim.check_plain_signature(hotkey, ready) else { return Ok(()) };
    if passage.has_second_try() && claim.check_wrapped_signature(hotkey).is_ok() {
        return Ok(());
    }
    Err(mismatch.into())
}

/// Asks the plugins.
async fn ask(passage: &mut Passage<'_>, route: &Arc<Route>, claim: Claim, body: Bytes) -> Result<Answer, Refusal> {
    // First: who is proven pays for each refusal that follows, too.
    passage.count(&claim.public_key)?;
    if !is_json(&passage.parts) {
        return Err(Refusal::ContentType);
    }
    let (body_len, heavy) = (body.len(), &passage.service.heavy);
    let _held = heavy.charge(body_len)?;
    let (accepting, hash) = (route.clone(), claim.body_hash.clone());
    let accepted = heavy.work(body_len, passage.time_left(route, claim.timeout), move || {
        let fields = accept(&accepting, &body, &hash)?;
        let json = json::object_text(&fields);
        Ok((fields, json))
    });
    let (fields, json) = accepted.await?;
    passage.recorder.lap(Stage::Schema);
    let verified = Verified {
        route,
        dialect: Dialect::Synapse,
        hotkey: claim.hotkey,
        body_bound: !route.contract().hash_fields().is_empty(),
        body_len,
        timeout: claim.timeout,
    };
    if route.is_streaming().is_some() {
        let streamed = passage.ask_stream(verified, json).await?;
        return Ok(Answer::Stream(Answered { fields, body_hash: claim.body_hash }, streamed));
    }
    let reply = passage.ask(verified, json).await?.reply.body;
    let (merging, heavy, left) = (route.clone(), &passage.service.heavy, passage.time_left(route, claim.timeout));
    let merged = heavy.work(body_len.max(reply.len()), left, move || Ok(merge(&merging, fields, &reply)?));
    Ok(Answer::Whole(merged.await?))
}

/// The answer to a ping: it was verified, and its class has no fields of its own. No plugin is asked.
fn pong(passage: &mut Passage<'_>, claim: &Claim, body: &[u8]) -> Result<Answer, Refusal> {
    passage.count(&claim.public_key)?;
    if !is_json(&passage.parts) {
        return Err(Refusal::ContentType);
    }
    json::parse_object(body)?;
    if claim.body_hash != EMPTY_BODY_HASH {
        return Err(Refusal::BodyHash);
    }
    Ok(Answer::Whole(Answered { fields: Map::new(), body_hash: EMPTY_BODY_HASH.to_owned() }))
}

/// The class's own fields, with defaults, as the schema and the signed hash allow them.
fn accept(route: &Route, body: &[u8], signed_hash: &str) -> Result<Map<String, Value>, Refusal> {
    let sent = strip_envelope(json::parse_object(body)?);
    let fields = route.contract().accept(sent)?;
    let hash = hash_of(route, &fields).map_err(|_| Refusal::BodyHash)?;
    if hash == signed_hash { Ok(fields) } else { Err(Refusal::BodyHash) }
}

/// `application/json`, with or without parameters.
fn is_json(parts: &Parts) -> bool {
    let media = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media.split(';').next().is_some_and(|media| media.trim().eq_ignore_ascii_case("application/json"))
}

/// The v10 body hash: over Python's str() of the route's hash fields. Of no fields it is the empty hash.
fn hash_of(route: &Route, fields: &Map<String, Value>) -> Result<String, String> {
    let hashed = route.contract().hash_fields();
    if hashed.is_empty() {
        return Ok(EMPTY_BODY_HASH.to_owned());
    }
    let values = hashed.iter().map(|(name, ty)| {
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
    /// Ends what is known: its texts go into the answer as they are.
    fn envelope(self, passage: &Passage<'_>) -> ReplyEnvelope {
        ReplyEnvelope {
            name: self.route.as_ref().map_or(PING, |route| route.name()).to_owned(),
            timeout: self.head.timeout,
            axon: Terminal {
                process_time: Some(passage.arrival.elapsed_s()),
                ip: self.head.axon.ip,
                port: self.head.axon.port,
                hotkey: Some(passage.axon.hotkey.clone()),
                ..Terminal::default()
            },
            dendrite: self.head.dendrite,
        }
    }

    fn success(self, passage: &Passage<'_>, answered: &Answered) -> (HeaderMap, Vec<u8>) {
        let route = self.route.clone();
        let (mut headers, body) = self.envelope(passage).success(&answered.fields, &answered.body_hash);
        if let Some(route) = route {
            write_input_objects(&mut headers, route.contract().required(), &answered.fields);
        }
        (headers, body)
    }
}
