//! The headers of a request.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName};
use miette::Diagnostic;
use serde_json::Value;
use thiserror::Error;

use super::terminal::{self, Names, Terminal};
use crate::header::{self, Field};

pub(crate) const INPUT_OBJECT: &str = "bt_header_input_obj_";

pub(super) static NAME: HeaderName = HeaderName::from_static("name");
pub(super) static TIMEOUT: HeaderName = HeaderName::from_static("timeout");
pub(super) static BODY_HASH: HeaderName = HeaderName::from_static("computed_body_hash");
pub(super) static HEADER_SIZE: HeaderName = HeaderName::from_static("header_size");
pub(super) static TOTAL_SIZE: HeaderName = HeaderName::from_static("total_size");

/// Why the headers cannot be read. The server answers 400 (the Python axon says 500).
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
pub enum HeadError {
    /// A header that may stand once stands twice.
    #[error("header {name} is given twice")]
    #[diagnostic(code(soma::protocol::head_repeated), help("send each protocol header once"))]
    Repeated {
        /// The header's name.
        name: String,
    },
    /// A header's value is not ASCII text.
    #[error("header {name} is not ascii text")]
    #[diagnostic(code(soma::protocol::head_not_text), help("send header values as visible ASCII"))]
    NotText {
        /// The header's name.
        name: String,
    },
    /// A number is not one, or lies outside the field's range.
    #[error("header {name} is not {expected}")]
    #[diagnostic(
        code(soma::protocol::head_number),
        help("send integers as plain decimal digits and times as finite decimals of zero or more")
    )]
    Number {
        /// The header's name.
        name: String,
        /// What it has to be.
        expected: &'static str,
    },
    /// An input object is not base64 of JSON.
    #[error("header {name} is not base64 of json")]
    #[diagnostic(
        code(soma::protocol::head_input_object),
        help("send the base64 of the JSON of the field type's empty value")
    )]
    InputObject {
        /// The header's name.
        name: String,
    },
}

/// What the headers of a request say. Nothing of it is proven: see [`Claim`](super::Claim).
///
/// Numbers are read more strictly than Python's `int()` and `float()` do: no sign, blanks, underscores or leading
/// zeros in integers, which therefore cannot be negative; times are finite and not negative.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RequestHead {
    /// The synapse's name. The route decides, not this.
    pub name: Option<String>,
    /// How long the client waits, in seconds: finite, zero or more.
    pub timeout: Option<f64>,
    /// The server, as the client knows it.
    pub axon: Terminal,
    /// The client, as it describes itself.
    pub dendrite: Terminal,
    /// The hash over the body's hashed fields, as the client signed it.
    pub computed_body_hash: Option<String>,
    /// A size in the client's memory, in bytes; it means nothing.
    pub header_size: Option<u64>,
    /// A size in the client's memory, in bytes; it means nothing.
    pub total_size: Option<u64>,
    /// The empty values of the required fields. The names are in lower case, as header names are.
    pub input_obj: Vec<(String, Value)>,
}

impl RequestHead {
    /// Reads the headers. Those that are missing are `None`; those that belong to nobody are passed over.
    ///
    /// # Errors
    /// [`HeadError`] if a header of this protocol is there and cannot be read.
    pub fn parse(headers: &HeaderMap) -> Result<Self, HeadError> {
        let reader = Reader { headers };
        Ok(Self {
            name: reader.text(&NAME)?,
            timeout: reader.seconds(&TIMEOUT)?,
            axon: reader.terminal(&terminal::AXON)?,
            dendrite: reader.terminal(&terminal::DENDRITE)?,
            computed_body_hash: reader.text(&BODY_HASH)?,
            header_size: reader.integer(&HEADER_SIZE)?,
            total_size: reader.integer(&TOTAL_SIZE)?,
            input_obj: reader.input_objects()?,
        })
    }
}

/// Reads single headers and names the one that is wrong.
struct Reader<'a> {
    headers: &'a HeaderMap,
}

impl Reader<'_> {
    fn look(&self, name: &HeaderName) -> Result<Option<&str>, HeadError> {
        match header::field(self.headers, name) {
            Field::Absent => Ok(None),
            Field::Text(text) => Ok(Some(text)),
            Field::NotText => Err(HeadError::NotText { name: name.to_string() }),
            Field::Repeated => Err(HeadError::Repeated { name: name.to_string() }),
        }
    }

    fn text(&self, name: &HeaderName) -> Result<Option<String>, HeadError> {
        Ok(self.look(name)?.map(str::to_owned))
    }

    fn integer<T: TryFrom<u64>>(&self, name: &HeaderName) -> Result<Option<T>, HeadError> {
        let Some(text) = self.look(name)? else {
            return Ok(None);
        };
        let value = header::decimal(text).and_then(|value| T::try_from(value).ok());
        match value {
            Some(value) => Ok(Some(value)),
            None => Err(number(name, "a decimal integer in range")),
        }
    }

    fn seconds(&self, name: &HeaderName) -> Result<Option<f64>, HeadError> {
        let Some(text) = self.look(name)? else {
            return Ok(None);
        };
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() && value >= 0.0 => Ok(Some(value)),
            _ => Err(number(name, "a number of seconds")),
        }
    }

    fn terminal(&self, names: &Names) -> Result<Terminal, HeadError> {
        Ok(Terminal {
            status_code: self.integer(&names.status_code)?,
            status_message: self.text(&names.status_message)?,
            process_time: self.seconds(&names.process_time)?,
            ip: self.text(&names.ip)?,
            port: self.integer(&names.port)?,
            version: self.integer(&names.version)?,
            nonce: self.integer(&names.nonce)?,
            uuid: self.text(&names.uuid)?,
            hotkey: self.text(&names.hotkey)?,
            signature: self.text(&names.signature)?,
        })
    }

    fn input_objects(&self) -> Result<Vec<(String, Value)>, HeadError> {
        let mut objects = Vec::new();
        for name in self.headers.keys() {
            let Some(field) = name.as_str().strip_prefix(INPUT_OBJECT) else {
                continue;
            };
            let text = self.look(name)?.unwrap_or_default();
            let value = STANDARD
                .decode(text)
                .ok()
                .and_then(|json| crate::json::parse_value(&json).ok())
                .ok_or_else(|| HeadError::InputObject { name: name.to_string() })?;
            objects.push((field.to_owned(), value));
        }
        Ok(objects)
    }
}

fn number(name: &HeaderName, expected: &'static str) -> HeadError {
    HeadError::Number { name: name.to_string(), expected }
}

/// Writes `None` where Python would print an absent value.
pub(crate) struct OrNone<T>(pub(crate) Option<T>);

impl<T: fmt::Display> fmt::Display for OrNone<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("None"),
        }
    }
}
