//! The verified request on its way to the plugins.

use std::sync::Arc;

use http::{HeaderMap, header};
use soma_runtime::{Call, CallError, Caller, Dialect, Request, Route, Served, StreamedReply};

use crate::pipeline::Passage;

/// A request whose signature was good. What it says about the caller was proven by that.
pub(crate) struct Verified<'a> {
    pub route: &'a Arc<Route>,
    pub dialect: Dialect,
    /// ss58 of the key that signed.
    pub hotkey: String,
    /// Whether the signature covers the body.
    pub body_bound: bool,
    /// Bytes that were sent.
    pub body_len: usize,
    /// Seconds that the caller waits.
    pub timeout: Option<f64>,
}

impl Passage<'_> {
    /// Asks the gates, the priority hook and forward.
    pub async fn ask(&mut self, verified: Verified<'_>, body: Vec<u8>) -> Result<Served, CallError> {
        let (route, trace) = (verified.route.clone(), self.recorder.trace().clone());
        let call = self.call(verified, body);
        let served = route.serve(self.axon.slots.engine(), call, &trace).await;
        self.recorder.resume();
        let served = served?;
        self.recorder.note(|record| record.priority = served.priority);
        Ok(served)
    }

    /// Asks the gates, the priority hook and streaming, up to the first piece.
    pub async fn ask_stream(&mut self, verified: Verified<'_>, body: Vec<u8>) -> Result<StreamedReply, CallError> {
        let (route, trace) = (verified.route.clone(), self.recorder.trace().clone());
        let call = self.call(verified, body);
        let streamed = route.stream(self.axon.slots.engine(), call, &trace).await;
        self.recorder.resume();
        let streamed = streamed?;
        self.recorder.note(|record| record.priority = streamed.priority);
        Ok(streamed)
    }

    fn call(&self, verified: Verified<'_>, body: Vec<u8>) -> Call {
        let Verified { route, dialect, hotkey, body_bound, body_len, timeout } = verified;
        let (arrival, parts) = (&self.arrival, &self.parts);
        let request = Request {
            id: arrival.id.clone(),
            route: route.name().to_owned(),
            target: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
            caller: Caller {
                hotkey,
                uid: self.standing.map(|standing| standing.uid),
                stake: self.standing.map_or(0.0, |standing| standing.stake),
                validator_permit: self.standing.is_some_and(|standing| standing.validator_permit),
                ip: arrival.ip.to_string(),
                body_bound,
            },
            dialect,
            method: parts.method.as_str().to_owned(),
            headers: listed(route.contract().headers(), &parts.headers),
            content_type: text(&parts.headers, header::CONTENT_TYPE.as_str()).unwrap_or_default(),
            body_len: u32::try_from(body_len).unwrap_or(u32::MAX),
            received_ms: (arrival.unix_ns / 1_000_000) as f64,
            deadline_ms: 0,
        };
        Call { request, body, metagraph: self.metagraph.clone(), limit: self.time_left(route, timeout) }
    }
}

/// The headers that the manifest lists for the route.
fn listed(names: &[String], headers: &HeaderMap) -> Vec<(String, String)> {
    let values = names.iter().flat_map(|name| headers.get_all(name).iter().map(move |value| (name, value)));
    values.filter_map(|(name, value)| Some((name.clone(), value.to_str().ok()?.to_owned()))).collect()
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}
