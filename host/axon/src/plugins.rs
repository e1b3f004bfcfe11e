//! The verified request on its way to the plugins.

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, header};
use soma_runtime::routing::{Call, Served};
use soma_runtime::{CallError, Caller, Dialect, Request, Route};

use crate::pipeline::{Arrival, Axon, time_left};

/// A request whose signature was good. What it says about the caller was proven by that.
pub(crate) struct Verified<'a> {
    pub arrival: &'a Arrival,
    pub parts: &'a Parts,
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

impl Verified<'_> {
    /// Asks the gates, the priority hook and forward.
    pub async fn ask(self, axon: &Axon, body: Vec<u8>) -> Result<Served, CallError> {
        let limit = time_left(self.route, self.arrival, self.timeout);
        let headers = listed(self.route.contract().headers(), &self.parts.headers);
        let request = Request {
            id: self.arrival.id.clone(),
            route: self.route.name().to_owned(),
            target: self.parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
            caller: Caller {
                hotkey: self.hotkey,
                uid: None,
                stake: 0.0,
                validator_permit: false,
                ip: self.arrival.ip.to_string(),
                body_bound: self.body_bound,
            },
            dialect: self.dialect,
            method: self.parts.method.as_str().to_owned(),
            headers,
            content_type: text(&self.parts.headers, header::CONTENT_TYPE.as_str()).unwrap_or_default(),
            body_len: u32::try_from(self.body_len).unwrap_or(u32::MAX),
            received_ms: (self.arrival.unix_ns / 1_000_000) as f64,
            deadline_ms: 0,
        };
        self.route.serve(axon.slots.engine(), Call { request, body, limit }).await
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
