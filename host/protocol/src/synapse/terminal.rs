//! One side of an exchange, as headers and bodies describe it.

use http::{HeaderMap, HeaderName};
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

/// What the names of the axon's headers begin with.
pub(crate) const AXON_PREFIX: &str = "bt_header_axon_";
/// What the names of the dendrite's headers begin with.
pub(crate) const DENDRITE_PREFIX: &str = "bt_header_dendrite_";

/// The names of a terminal's headers. They are made once: a request has forty of them looked up or written.
pub(crate) struct Names {
    pub status_code: HeaderName,
    pub status_message: HeaderName,
    pub process_time: HeaderName,
    pub ip: HeaderName,
    pub port: HeaderName,
    pub version: HeaderName,
    pub nonce: HeaderName,
    pub uuid: HeaderName,
    pub hotkey: HeaderName,
    pub signature: HeaderName,
}

macro_rules! names {
    ($prefix:literal) => {
        Names {
            status_code: HeaderName::from_static(concat!($prefix, "status_code")),
            status_message: HeaderName::from_static(concat!($prefix, "status_message")),
            process_time: HeaderName::from_static(concat!($prefix, "process_time")),
            ip: HeaderName::from_static(concat!($prefix, "ip")),
            port: HeaderName::from_static(concat!($prefix, "port")),
            version: HeaderName::from_static(concat!($prefix, "version")),
            nonce: HeaderName::from_static(concat!($prefix, "nonce")),
            uuid: HeaderName::from_static(concat!($prefix, "uuid")),
            hotkey: HeaderName::from_static(concat!($prefix, "hotkey")),
            signature: HeaderName::from_static(concat!($prefix, "signature")),
        }
    };
}

/// What the axon's headers are called.
pub(crate) static AXON: Names = names!("bt_header_axon_");
/// What the dendrite's headers are called.
pub(crate) static DENDRITE: Names = names!("bt_header_dendrite_");

impl Terminal {
    /// Adds the fields that are present as headers of these names. Texts become values without a copy.
    pub(crate) fn write_headers(self, headers: &mut HeaderMap, names: &Names) {
        let number = |value: Option<u64>| value.map(|value| value.to_string());
        let fields = [
            (&names.status_code, number(self.status_code.map(u64::from))),
            (&names.status_message, self.status_message),
            (&names.process_time, self.process_time.map(float_repr)),
            (&names.ip, self.ip),
            (&names.port, number(self.port.map(u64::from))),
            (&names.version, number(self.version)),
            (&names.nonce, number(self.nonce)),
            (&names.uuid, self.uuid),
            (&names.hotkey, self.hotkey),
            (&names.signature, self.signature),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                header::put(headers, name.clone(), value);
            }
        }
    }
}
