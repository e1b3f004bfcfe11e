//! The server's answers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Map, Value, json};

use super::head::INPUT_OBJECT;
use super::request::empty_json;
use super::terminal::{AXON, DENDRITE, Terminal};
use crate::header;
use crate::pystr::float_repr;

/// The keys of a body that belong to the protocol and not to the synapse class.
pub const ENVELOPE_FIELDS: &[&str] =
    &["name", "timeout", "total_size", "header_size", "dendrite", "axon", "computed_body_hash"];

/// The time-out of a synapse that names none, in seconds: the default of the Python class.
pub const USUAL_TIMEOUT: f64 = 12.0;

/// Room for the headers of an answer, so that the map does not grow step by step.
const HEADERS: usize = 32;
/// Bytes of a reason that a plugin gives.
const REASON: usize = 200;
/// Bytes of any status message: a signature mismatch names the whole signed string.
const MESSAGE: usize = 1024;

/// Drops the protocol's keys. The rest keep their order.
pub fn strip_envelope(mut fields: Map<String, Value>) -> Map<String, Value> {
    fields.retain(|key, _| !ENVELOPE_FIELDS.contains(&key.as_str()));
    fields
}

/// A reason as it may go into a header: every character that is not printable ASCII becomes `?`, and at most 200 bytes
/// are kept. (The Python axon answers 500 when a reason does not fit a header.)
pub fn printable_reason(reason: &str) -> String {
    header::printable(reason, REASON)
}

/// What goes around an answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReplyEnvelope {
    /// The synapse's name: the route's.
    pub name: String,
    /// The time-out that the client asked for, in seconds.
    pub timeout: Option<f64>,
    /// The server. What is set is said; an absent status is 200 and `Success` in [`ReplyEnvelope::success`].
    pub axon: Terminal,
    /// The client, as the server saw it.
    pub dendrite: Terminal,
}

impl ReplyEnvelope {
    /// Headers and body of an answer with the synapse's fields. `computed_body_hash` is the hash over the answer's
    /// hashed fields, which goes into a header; the body's own is empty, as in Python.
    ///
    /// Keys of [`ENVELOPE_FIELDS`] in `fields` are dropped: the envelope is the host's. A dendrite takes its status
    /// from `bt_header_axon_status_code` only, so that header is always there. Without a time-out the answer says
    /// [`USUAL_TIMEOUT`], as the Python class does.
    pub fn success(&self, fields: &Map<String, Value>, computed_body_hash: &str) -> (HeaderMap, Vec<u8>) {
        let mut axon = self.axon.clone();
        axon.status_code.get_or_insert(200);
        axon.status_message.get_or_insert_with(|| "Success".to_owned());
        axon.status_message = axon.status_message.as_deref().map(sayable);
        let timeout = self.timeout.or(Some(USUAL_TIMEOUT));
        let mut body = envelope(&self.name, timeout, 0, &self.dendrite, &axon);
        body.extend(strip_envelope(fields.clone()));
        let body = Value::Object(body).to_string().into_bytes();
        let mut headers = self.headers(&axon, timeout, body.len());
        header::set(&mut headers, "computed_body_hash", computed_body_hash);
        (headers, body)
    }

    /// Headers and body of a refusal: the message is both the body's `message` and the status message header. It is
    /// made printable and cut to 1,024 bytes; reasons from plugins go through [`printable_reason`] before.
    pub fn failure(&self, status: u16, message: &str) -> (HeaderMap, Vec<u8>) {
        let message = sayable(message);
        let body = json!({ "message": message }).to_string().into_bytes();
        let axon = Terminal { status_code: Some(status), status_message: Some(message), ..self.axon.clone() };
        (self.headers(&axon, self.timeout, body.len()), body)
    }

    fn headers(&self, axon: &Terminal, timeout: Option<f64>, size: usize) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(HEADERS);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        header::set(&mut headers, "name", &self.name);
        if let Some(timeout) = timeout {
            header::set(&mut headers, "timeout", &float_repr(timeout));
        }
        axon.write_headers(&mut headers, &AXON);
        self.dendrite.write_headers(&mut headers, &DENDRITE);
        header::set(&mut headers, "header_size", "0");
        header::set(&mut headers, "total_size", &size.to_string());
        headers
    }
}

/// Adds `bt_header_input_obj_<field>` for each required field of the class: base64 of the JSON of the empty value of
/// the field's type. A field that is `null` or not there gets none, as in Python.
pub fn write_input_objects<'a>(
    headers: &mut HeaderMap,
    required: impl IntoIterator<Item = &'a str>,
    fields: &Map<String, Value>,
) {
    for name in required {
        if let Some(value) = fields.get(name).filter(|value| !value.is_null()) {
            header::set(headers, &format!("{INPUT_OBJECT}{name}"), &STANDARD.encode(empty_json(value)));
        }
    }
}

fn sayable(message: &str) -> String {
    header::printable(message, MESSAGE)
}

/// The protocol's part of a body, in the order of the Python class. `size` is what `total_size` says.
pub(super) fn envelope(
    name: &str,
    timeout: Option<f64>,
    size: usize,
    dendrite: &Terminal,
    axon: &Terminal,
) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("name".to_owned(), json!(name));
    body.insert("timeout".to_owned(), json!(timeout));
    body.insert("total_size".to_owned(), json!(size));
    body.insert("header_size".to_owned(), json!(0));
    body.insert("dendrite".to_owned(), json!(dendrite));
    body.insert("axon".to_owned(), json!(axon));
    body.insert("computed_body_hash".to_owned(), json!(""));
    body
}
