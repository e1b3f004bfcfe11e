//! The client's requests.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Map, Value};

use super::head::{INPUT_OBJECT, OrNone};
use super::reply::{envelope, strip_envelope};
use super::terminal::{AXON, DENDRITE, Terminal};
use crate::header;
use crate::pystr::float_repr;

/// A request to be sent as `POST /<route>`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outgoing {
    /// The synapse's class name, which is the path.
    pub route: String,
    /// How long the client waits, in seconds. It also widens the window in which the server takes the nonce.
    pub timeout_s: f64,
    /// The server: ip, port and hotkey.
    pub axon: Terminal,
    /// The client: ip, version, nonce, uuid, hotkey, and the signature once it is made.
    pub dendrite: Terminal,
    /// The hash over the hashed fields, [`EMPTY_BODY_HASH`](super::EMPTY_BODY_HASH) if there are none.
    pub body_hash: String,
    /// The synapse's own fields.
    pub fields: Map<String, Value>,
    /// The fields without a default. The Python axon wants a header for each.
    pub required: Vec<String>,
}

impl Outgoing {
    /// The string to sign, as sr25519 in the Substrate context, with the client's hotkey.
    pub fn message(&self) -> String {
        format!(
            "{}.{}.{}.{}.{}",
            OrNone(self.dendrite.nonce),
            OrNone(self.dendrite.hotkey.as_deref()),
            OrNone(self.axon.hotkey.as_deref()),
            OrNone(self.dendrite.uuid.as_deref()),
            self.body_hash
        )
    }

    /// The headers, content type included.
    ///
    /// For a required field that is null or missing this sends the JSON `null`. The Python dendrite sends no header
    /// then, and the Python axon answers 500; it does accept this one.
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        header::set(&mut headers, "name", &self.route);
        header::set(&mut headers, "timeout", &float_repr(self.timeout_s));
        self.axon.clone().write_headers(&mut headers, &AXON);
        self.dendrite.clone().write_headers(&mut headers, &DENDRITE);
        for name in &self.required {
            let empty = empty_json(self.fields.get(name).unwrap_or(&Value::Null));
            let name = format!("{INPUT_OBJECT}{name}");
            header::set(&mut headers, &name, &STANDARD.encode(empty));
        }
        header::set(&mut headers, "header_size", "0");
        header::set(&mut headers, "total_size", &self.size().to_string());
        header::set(&mut headers, "computed_body_hash", &self.body_hash);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers
    }

    /// The body: the envelope, then the fields. Keys of [`ENVELOPE_FIELDS`](super::ENVELOPE_FIELDS) among the fields
    /// are dropped.
    pub fn body(&self) -> Vec<u8> {
        let mut body = envelope(&self.route, Some(self.timeout_s), self.size(), &self.dendrite, &self.axon);
        body.extend(strip_envelope(self.fields.clone()));
        Value::Object(body).to_string().into_bytes()
    }

    /// A stand-in for the Python object's size in memory, which nobody can know or check: the bytes of the fields.
    fn size(&self) -> usize {
        self.fields.iter().map(|(name, value)| name.len() + value.to_string().len()).sum()
    }
}

/// The JSON of the empty value of the same type.
pub(super) fn empty_json(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "false",
        Value::Number(number) if number.is_f64() => "0.0",
        Value::Number(_) => "0",
        Value::String(_) => "\"\"",
        Value::Array(_) => "[]",
        Value::Object(_) => "{}",
    }
}
