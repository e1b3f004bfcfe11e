//! One side of an exchange, as headers and bodies describe it.

use http::HeaderMap;
use serde::{Deserialize, Serialize};

use crate::header;
use crate::pystr::float_repr;

/// What a message says about one side, axon or dendrite. In a body the fields stand in this order, absent ones as
/// `null`; in headers each is `bt_header_axon_<field>` or `bt_header_dendrite_<field>`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Terminal {
    /// The outcome, by the HTTP status codes.
    pub status_code: Option<u16>,
    /// The outcome in words.
    pub status_message: Option<String>,
    /// How long the side took, in seconds.
    pub process_time: Option<f64>,
    /// Its IP address, as text.
    pub ip: Option<String>,
    /// Its TCP port.
    pub port: Option<u16>,
    /// Its SDK's version: major x 1,000,000 + minor x 1,000 + patch.
    pub version: Option<u64>,
    /// Unix time in nanoseconds.
    pub nonce: Option<u64>,
    /// One for each running client or server, not for each request.
    pub uuid: Option<String>,
    /// Its hotkey's address.
    pub hotkey: Option<String>,
    /// `0x` and 128 hex digits.
    pub signature: Option<String>,
}

impl Terminal {
    /// Adds the fields that are present as headers that start with `prefix`.
    pub(crate) fn write_headers(&self, headers: &mut HeaderMap, prefix: &str) {
        let number = |value: Option<u64>| value.map(|value| value.to_string());
        let fields = [
            ("status_code", number(self.status_code.map(u64::from))),
            ("status_message", self.status_message.clone()),
            ("process_time", self.process_time.map(float_repr)),
            ("ip", self.ip.clone()),
            ("port", number(self.port.map(u64::from))),
            ("version", number(self.version)),
            ("nonce", number(self.nonce)),
            ("uuid", self.uuid.clone()),
            ("hotkey", self.hotkey.clone()),
            ("signature", self.signature.clone()),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                header::set(headers, &format!("{prefix}{name}"), &value);
            }
        }
    }
}
