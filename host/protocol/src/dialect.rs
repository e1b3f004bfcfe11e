//! Which protocol a request speaks, decided from its headers alone.

use http::HeaderMap;
use miette::Diagnostic;
use thiserror::Error;

/// The headers that authenticate a btauth/1 request, in lower case.
pub(crate) const BTAUTH: &[&str] = &[
    crate::btauth::VERSION,
    crate::btauth::HOTKEY,
    crate::btauth::RECEIVER,
    crate::btauth::NONCE,
    crate::btauth::CRYPTO,
    crate::btauth::SIGNATURE,
];
/// What the names of a version 10 request's own headers start with.
const SYNAPSE_PREFIX: &str = "bt_header_";
/// The one authenticating header of version 10 without that prefix.
const BODY_HASH: &str = "computed_body_hash";

/// A protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// The axon protocol of the Python SDK's versions 9 and 10.
    Synapse,
    /// The signed requests of version 11.
    Btauth,
}

/// Why no dialect can be named. The server answers 400.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
pub enum DialectError {
    /// Headers of both dialects: which of the two identities would count?
    #[error("request has headers of both btauth/1 and the version 10 protocol")]
    #[diagnostic(
        code(soma::protocol::both_dialects),
        help("send either X-Bittensor-* or bt_header_* headers, not both")
    )]
    Both,
    /// One authenticating header twice.
    #[error("header {name} is given twice")]
    #[diagnostic(code(soma::protocol::repeated_header), help("send each authentication header once"))]
    Repeated {
        /// The header's name in lower case.
        name: String,
    },
}

/// Names the dialect of a request.
///
/// Without the headers of either it is [`Dialect::Synapse`], so that an unsigned request is refused in the words
/// that version 10 clients know.
///
/// # Errors
/// [`DialectError`] if headers of both are there, or an authenticating header is there twice.
pub fn detect(headers: &HeaderMap) -> Result<Dialect, DialectError> {
    let mut synapse = false;
    let mut btauth = false;
    // As good as always no name is there twice, and nothing has to be looked up.
    let repeated = headers.len() > headers.keys_len();
    for name in headers.keys() {
        let name = name.as_str();
        let is_btauth = BTAUTH.contains(&name);
        let is_synapse = name.starts_with(SYNAPSE_PREFIX) || name == BODY_HASH;
        if repeated && (is_btauth || is_synapse) && headers.get_all(name).iter().nth(1).is_some() {
            return Err(DialectError::Repeated { name: name.to_owned() });
        }
        btauth |= is_btauth;
        synapse |= is_synapse;
    }
    match (synapse, btauth) {
        (true, true) => Err(DialectError::Both),
        (false, true) => Ok(Dialect::Btauth),
        (_, false) => Ok(Dialect::Synapse),
    }
}
