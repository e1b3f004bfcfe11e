//! The server's answers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use super::head::{BODY_HASH, HEADER_SIZE, INPUT_OBJECT, NAME, TIMEOUT, TOTAL_SIZE};
use super::request::empty_json;
use super::terminal::{AXON, DENDRITE, Terminal};
use crate::header;
use crate::pystr::float_repr;

/// The keys of a body that belong to the protocol and not to the synapse class.
pub const ENVELOPE_FIELDS: &[&str] =
    &["name", "timeout", "total_size", "header_size", "dendrite", "axon", "computed_body_hash"];

/// The time-out of a synapse that names none, in seconds: the default of the Python class.
pub const USUAL_TIMEOUT: f64 = 12.0;

/// Room for the headers of an answer, so that the map does not grow step by step: a refusal has 18.
const HEADERS: usize = 24;
/// Bytes of a reason that a plugin gives.
const REASON: usize = 200;
/// Bytes of any status message: a signature mismatch names the whole signed string.
const MESSAGE: usize = 1024;

/// Drops the protocol's keys. The rest keep their order.
pub fn strip_envelope(mut fields: Map<String, Value>) -> Map<String, Value> {
    if fields.keys().any(|key| is_envelope(key)) {
        fields.retain(|key, _| !is_envelope(key));
    }
    fields
}

fn is_envelope(key: &str) -> bool {
    ENVELOPE_FIELDS.contains(&key)
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
    pub fn success(mut self, fields: &Map<String, Value>, computed_body_hash: &str) -> (HeaderMap, Vec<u8>) {
        self.axon.status_code.get_or_insert(200);
        let message = self.axon.status_message.as_deref().map_or_else(|| "Success".to_owned(), sayable);
        self.axon.status_message = Some(message);
        self.timeout = self.timeout.or(Some(USUAL_TIMEOUT));
        // Writing values to memory does not fail: every key is a text.
        let body = serde_json::to_vec(&Success { envelope: &self, fields }).unwrap_or_default();
        let mut headers = self.headers(body.len());
        header::put(&mut headers, BODY_HASH.clone(), computed_body_hash.to_owned());
        (headers, body)
    }

    /// Headers and body of a refusal: the message is both the body's `message` and the status message header. It is
    /// made printable and cut to 1,024 bytes; reasons from plugins go through [`printable_reason`] before.
    pub fn failure(mut self, status: u16, message: &str) -> (HeaderMap, Vec<u8>) {
        let message = sayable(message);
        let body = failure_body(&message);
        self.axon.status_code = Some(status);
        self.axon.status_message = Some(message);
        (self.headers(body.len()), body)
    }

    fn headers(self, size: usize) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(HEADERS);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        header::put(&mut headers, NAME.clone(), self.name);
        if let Some(timeout) = self.timeout {
            header::put(&mut headers, TIMEOUT.clone(), float_repr(timeout));
        }
        self.axon.write_headers(&mut headers, &AXON);
        self.dendrite.write_headers(&mut headers, &DENDRITE);
        headers.insert(HEADER_SIZE.clone(), HeaderValue::from_static("0"));
        headers.insert(TOTAL_SIZE.clone(), HeaderValue::from(size));
        headers
    }
}

/// The body of an answer, written without building it first: the envelope as [`envelope`] has it, then the fields.
struct Success<'a> {
    envelope: &'a ReplyEnvelope,
    fields: &'a Map<String, Value>,
}

impl Serialize for Success<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ReplyEnvelope { name, timeout, axon, dendrite } = self.envelope;
        let mut body = serializer.serialize_map(None)?;
        body.serialize_entry("name", name)?;
        body.serialize_entry("timeout", timeout)?;
        body.serialize_entry("total_size", &0)?;
        body.serialize_entry("header_size", &0)?;
        body.serialize_entry("dendrite", dendrite)?;
        body.serialize_entry("axon", axon)?;
        body.serialize_entry("computed_body_hash", "")?;
        for (key, value) in self.fields.iter().filter(|(key, _)| !is_envelope(key)) {
            body.serialize_entry(key, value)?;
        }
        body.end()
    }
}

/// `{"message": ...}` in one piece.
fn failure_body(message: &str) -> Vec<u8> {
    #[derive(serde::Serialize)]
    struct Failure<'a> {
        message: &'a str,
    }

    // Writing a string to memory does not fail.
    serde_json::to_vec(&Failure { message }).unwrap_or_default()
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
