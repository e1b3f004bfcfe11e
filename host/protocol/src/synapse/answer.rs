//! What a client makes of a reply.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use super::reply::strip_envelope;
use super::terminal::{AXON_PREFIX, DENDRITE_PREFIX};
use crate::header::{self, Field};
use crate::json::parse_object;

/// The status of a reply that cannot be read, whatever it says itself.
const UNREADABLE: u16 = 422;

/// A reply, read by the Python dendrite's rules. Everything in it is the server's word.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// The outcome: the status header, else the body's for HTTP 200, else the HTTP status. `None` for an HTTP 200 that
    /// names no status anywhere, which a Python dendrite counts as a failure too.
    pub status_code: Option<u16>,
    /// The outcome in words.
    pub status_message: Option<String>,
    /// The synapse's own fields: only of an HTTP 200 whose body is an object. Not checked against any class.
    pub fields: Option<Map<String, Value>>,
    /// How long the server says it took, in seconds.
    pub process_time: Option<f64>,
    /// The HTTP status.
    pub http_status: u16,
    /// Whether body and headers could be read. If not, `status_code` is 422 and the message says why.
    pub readable: bool,
}

impl Answer {
    /// Whether the outcome is 200, by the header and not by HTTP.
    pub fn is_success(&self) -> bool {
        self.status_code == Some(200)
    }
}

/// Reads a reply.
///
/// The rules, in order: the content type is JSON and the body a JSON object, else the outcome is 422; with HTTP 200
/// the body's fields and its `axon` status count; with any other status the outcome is the HTTP status with the
/// body's `message`; then the headers' status, message and time win over all that, and a number there that is none
/// makes the outcome 422. Bodies are read strictly: a duplicate key is unreadable.
pub fn read_answer(status: u16, headers: &HeaderMap, body: &[u8]) -> Answer {
    let mut answer = Answer { http_status: status, readable: true, ..Answer::default() };
    if let Err(reason) = read_body(&mut answer, headers, body) {
        return unreadable(answer, &reason);
    }
    // The values are taken over only when all of them can be read.
    match read_headers(headers) {
        Ok(said) => {
            answer.status_code = said.status_code.or(answer.status_code);
            answer.status_message = said.status_message.or(answer.status_message);
            answer.process_time = said.process_time.or(answer.process_time);
            answer
        }
        Err(name) => unreadable(answer, &format!("header {name} cannot be read")),
    }
}

fn unreadable(answer: Answer, reason: &str) -> Answer {
    Answer {
        status_code: Some(UNREADABLE),
        status_message: Some(format!("Failed to parse response: {reason}")),
        readable: false,
        ..answer
    }
}

fn read_body(answer: &mut Answer, headers: &HeaderMap, body: &[u8]) -> Result<(), String> {
    if !is_json(headers) {
        return Err(format!("{}, content type is not application/json", answer.http_status));
    }
    let body = parse_object(body).map_err(|error| error.to_string())?;
    if answer.http_status != 200 {
        answer.status_code = Some(answer.http_status);
        answer.status_message = body.get("message").and_then(text);
        return Ok(());
    }
    if let Some(Value::Object(axon)) = body.get("axon") {
        let code = axon.get("status_code").and_then(Value::as_u64);
        answer.status_code = code.and_then(|code| u16::try_from(code).ok());
        answer.status_message = axon.get("status_message").and_then(text);
        let time = axon.get("process_time").and_then(Value::as_f64);
        answer.process_time = time.filter(|time| *time >= 0.0);
    }
    answer.fields = Some(strip_envelope(body));
    Ok(())
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// What the headers say.
#[derive(Default)]
struct Said {
    status_code: Option<u16>,
    status_message: Option<String>,
    process_time: Option<f64>,
}

/// The three headers that count; the error is the name of one that cannot be read. The other numbers are read too,
/// only to refuse what a Python dendrite refuses.
fn read_headers(headers: &HeaderMap) -> Result<Said, String> {
    for side in [AXON_PREFIX, DENDRITE_PREFIX] {
        integer(headers, &format!("{side}port"))?;
        integer(headers, &format!("{side}version"))?;
        integer(headers, &format!("{side}nonce"))?;
    }
    let code_name = format!("{AXON_PREFIX}status_code");
    let status_code = match integer(headers, &code_name)? {
        Some(code) => Some(u16::try_from(code).map_err(|_| code_name)?),
        None => None,
    };
    let time_name = format!("{AXON_PREFIX}process_time");
    let process_time = match value(headers, &time_name)? {
        Some(text) => Some(seconds(text).ok_or(time_name)?),
        None => None,
    };
    let message = value(headers, &format!("{AXON_PREFIX}status_message"))?;
    Ok(Said { status_code, status_message: message.map(str::to_owned), process_time })
}

fn value<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, String> {
    match header::field(headers, name) {
        Field::Absent => Ok(None),
        Field::Text(text) => Ok(Some(text)),
        Field::NotText | Field::Repeated => Err(name.to_owned()),
    }
}

fn integer(headers: &HeaderMap, name: &str) -> Result<Option<u64>, String> {
    match value(headers, name)? {
        Some(text) => header::decimal(text).map(Some).ok_or_else(|| name.to_owned()),
        None => Ok(None),
    }
}

fn seconds(text: &str) -> Option<f64> {
    let value: f64 = text.parse().ok()?;
    (value.is_finite() && value >= 0.0).then_some(value)
}

/// `application/json` or `application/<something>+json`, whatever parameters follow.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(CONTENT_TYPE) else {
        return false;
    };
    let kind = kind.to_str().unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    match essence.strip_prefix("application/") {
        Some(subtype) => subtype == "json" || subtype.ends_with("+json"),
        None => false,
    }
}
