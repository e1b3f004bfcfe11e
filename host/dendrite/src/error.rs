//! Everything that can go wrong on this side of the wire.

use std::time::Duration;

use miette::Diagnostic;
use soma_protocol::pystr::PyStrError;
use soma_protocol::ss58::Ss58Error;
use soma_wallet::SignerError;
use thiserror::Error;

/// Why a call gave no answer.
///
/// What an axon answers, be it 200 or 500, is no error: see [`crate::Answer`].
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum DendriteError {
    /// The address is not `host:port`.
    #[error("`{addr}` is not an address of the form host:port")]
    #[diagnostic(
        code(soma::dendrite::address),
        help(
            "write a name or an IP address and a port from 1 to 65535, such as 203.0.113.7:8091 or [2001:db8::1]:8091"
        )
    )]
    Address {
        /// What was given.
        addr: String,
    },

    /// The axon's hotkey is not an ss58 address.
    #[error("`{hotkey}` is not a hotkey")]
    #[diagnostic(code(soma::dendrite::hotkey), help("copy the axon's ss58 address, which begins with 5"))]
    Hotkey {
        /// What was given.
        hotkey: String,
        /// What is wrong with it.
        source: Ss58Error,
    },

    /// The route cannot be a class name.
    #[error("`{route}` cannot be the name of a synapse")]
    #[diagnostic(
        code(soma::dendrite::route),
        help("use the synapse's Python class name: ASCII letters, digits and _, at most 128")
    )]
    Route {
        /// What was given.
        route: String,
    },

    /// The address of a btauth request is not one that can be asked.
    #[error("`{url}` is not an address that can be asked: {reason}")]
    #[diagnostic(code(soma::dendrite::url), help("write it as http://host:port/path?query"))]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },

    /// `https` was asked for.
    #[error("`{url}` needs TLS, which this client does not speak yet")]
    #[diagnostic(
        code(soma::dendrite::tls),
        help("use the server's http address; its answers are not secret from the network")
    )]
    TlsUnsupported {
        /// What was given.
        url: String,
    },

    /// A field that was named as hashed or required is not among the fields that are sent.
    #[error("the field `{field}` is named as {role} but is not in the body")]
    #[diagnostic(
        code(soma::dendrite::missing_field),
        help("add the field to the body with the value that the axon should use")
    )]
    MissingField {
        /// The field's name.
        field: String,
        /// What it was named as: `hashed` or `required`.
        role: &'static str,
    },

    /// A field cannot be announced in a header.
    #[error("the field `{field}` cannot be announced in a header")]
    #[diagnostic(code(soma::dendrite::field_name), help("names of required fields are ASCII letters, digits and _"))]
    FieldName {
        /// The field's name.
        field: String,
    },

    /// A hashed field has a value that its Python type does not take.
    #[error("the field `{field}` cannot be hashed")]
    #[diagnostic(
        code(soma::dendrite::hash_value),
        help("give the field a value of the type that is declared for it, or correct the type")
    )]
    HashValue {
        /// The field's name.
        field: String,
        /// What is wrong with it.
        source: PyStrError,
    },

    /// The time-out is zero or too long to be told.
    #[error("a time-out of {timeout:?} cannot be used")]
    #[diagnostic(code(soma::dendrite::timeout_range), help("use more than zero and at most one day"))]
    TimeoutRange {
        /// What was given.
        timeout: Duration,
    },

    /// No signature could be had; nothing was sent.
    #[error("the request could not be signed")]
    #[diagnostic(code(soma::dendrite::signer), help("see the signer's error below; nothing was sent"))]
    Signer(#[from] SignerError),

    /// The HTTP client could not be made.
    #[error("the HTTP client could not be started")]
    #[diagnostic(
        code(soma::dendrite::client),
        help("look at the cause below; file descriptors or memory may be used up")
    )]
    Client {
        /// The cause.
        source: reqwest::Error,
    },

    /// Nobody takes connections there.
    #[error("nothing answers at {at}")]
    #[diagnostic(
        code(soma::dendrite::unavailable),
        help("check address and port, and that the axon runs and is reachable")
    )]
    Unavailable {
        /// Where the request went.
        at: String,
        /// The cause.
        source: reqwest::Error,
    },

    /// The answer was not complete in time.
    #[error("no complete answer from {at} within {timeout:?}")]
    #[diagnostic(code(soma::dendrite::timed_out), help("allow more time, or ask an axon that is less busy"))]
    TimedOut {
        /// Where the request went.
        at: String,
        /// What was allowed.
        timeout: Duration,
    },

    /// The connection ended before the head of an answer.
    #[error("{at} hung up without an answer")]
    #[diagnostic(
        code(soma::dendrite::disconnected),
        help("the axon or something between closed the connection; try again")
    )]
    Disconnected {
        /// Where the request went.
        at: String,
        /// The cause.
        source: reqwest::Error,
    },

    /// What came back is not HTTP.
    #[error("{at} does not answer in HTTP")]
    #[diagnostic(code(soma::dendrite::not_http), help("check that the port is the axon's"))]
    NotHttp {
        /// Where the request went.
        at: String,
        /// The cause.
        source: reqwest::Error,
    },

    /// The body broke off or could not be decompressed.
    #[error("the answer of {at} is not complete")]
    #[diagnostic(code(soma::dendrite::payload), help("the axon broke off or sent a broken body; try again"))]
    Payload {
        /// Where the request went.
        at: String,
        /// The cause.
        source: reqwest::Error,
    },

    /// The body is larger than the limit.
    #[error("the answer of {at} is larger than {limit} bytes")]
    #[diagnostic(
        code(soma::dendrite::too_large),
        help("raise the limit of the dendrite if answers of this axon may be that large")
    )]
    TooLarge {
        /// Where the request went.
        at: String,
        /// The limit in bytes, after decompression.
        limit: usize,
    },

    /// The exchange failed in another way.
    #[error("the exchange with {at} failed")]
    #[diagnostic(code(soma::dendrite::exchange), help("look at the cause below"))]
    Exchange {
        /// Where the request went.
        at: String,
        /// The cause.
        source: reqwest::Error,
    },
}

impl DendriteError {
    /// The status that the Python 10.5.0 dendrite would write for this failure, `None` when nothing was sent.
    pub const fn v10_status(&self) -> Option<u16> {
        match self {
            Self::Unavailable { .. } | Self::Disconnected { .. } => Some(503),
            Self::TimedOut { .. } => Some(408),
            Self::NotHttp { .. } | Self::Payload { .. } => Some(400),
            Self::Exchange { .. } => Some(500),
            // Python has no limit; everything else that it cannot read is 422.
            Self::TooLarge { .. } => Some(422),
            Self::Address { .. }
            | Self::Hotkey { .. }
            | Self::Route { .. }
            | Self::Url { .. }
            | Self::TlsUnsupported { .. }
            | Self::MissingField { .. }
            | Self::FieldName { .. }
            | Self::HashValue { .. }
            | Self::TimeoutRange { .. }
            | Self::Signer(_)
            | Self::Client { .. } => None,
        }
    }
}
