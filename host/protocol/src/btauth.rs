//! btauth/1: signed HTTP requests, as version 11 of the Python SDK makes them.
//!
//! The signature covers scheme, method, target, body, nonce, sender and receiver, so there is nothing left in a request
//! that a third party could change. The order of the checks is the SDK's: [`Claim::from_headers`],
//! [`Claim::check_receiver`], [`Claim::check_fresh`], [`Claim::check_signature`], and then the server's memory of
//! (public key, nonce), which is written only after the signature was good.
//!
//! This reader is stricter than the SDK's `verify`. The SDK accepts, and no client sends, and here is refused as
//! malformed:
//!
//! - a signature without `0x`, in upper case, or with spaces between the digits;
//! - a nonce with `+`, spaces, `_`, or a leading zero (one number, one spelling); a nonce below zero or above 2^64,
//!   which the SDK calls stale;
//! - a scheme in upper case, padded, or as the number `1` or `0`;
//! - a hotkey with a prefix other than 42;
//! - a header given twice.
//!
//! A signature over the payload wrapped in `<Bytes>` is refused as a bad signature.

use std::time::Duration;

use http::HeaderMap;
use miette::Diagnostic;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::header::{self, Field};
use crate::signature::{self, Crypto, ReadyKey};
use crate::ss58::PublicKey;

pub(crate) const VERSION: &str = "x-bittensor-version";
pub(crate) const HOTKEY: &str = "x-bittensor-hotkey";
pub(crate) const RECEIVER: &str = "x-bittensor-receiver";
pub(crate) const NONCE: &str = "x-bittensor-nonce";
pub(crate) const CRYPTO: &str = "x-bittensor-crypto";
pub(crate) const SIGNATURE: &str = "x-bittensor-signature";

/// Whether a request has to name the server it is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiverRule {
    /// Without a receiver it is refused.
    Required,
    /// Without a receiver it passes. A wrong receiver is refused all the same.
    Optional,
}

/// What a server accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// The oldest nonce: exactly this age passes. Default 10 seconds.
    pub max_age: Duration,
    /// How far a nonce may lie in the future: exactly this far passes. Default 2 seconds.
    pub skew: Duration,
    /// Whether a receiver is required. Default [`ReceiverRule::Required`].
    pub receiver: ReceiverRule,
}

impl Default for Policy {
    fn default() -> Self {
        Self { max_age: Duration::from_secs(10), skew: Duration::from_secs(2), receiver: ReceiverRule::Required }
    }
}

/// Why a request is not authenticated. The server answers 401 to all of them.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
pub enum AuthError {
    /// A header is missing or is not written as the protocol says.
    #[error("{0}")]
    #[diagnostic(
        code(soma::protocol::btauth_malformed),
        help("sign the request with the SDK's http_auth.sign and send the headers unchanged")
    )]
    Malformed(String),
    /// The request was signed for another server.
    #[error("request was signed for a different receiving hotkey")]
    #[diagnostic(code(soma::protocol::btauth_wrong_receiver), help("sign for the hotkey of the server that is called"))]
    WrongReceiver,
    /// The request was signed for nobody in particular, and this server wants its name in it.
    #[error("missing X-Bittensor-Receiver: this server requires receiver-bound requests")]
    #[diagnostic(
        code(soma::protocol::btauth_missing_receiver),
        help("sign for the hotkey of the server that is called")
    )]
    MissingReceiver,
    /// The nonce is too old.
    #[error("nonce is older than the {}s freshness window", max_age.as_secs_f64())]
    #[diagnostic(
        code(soma::protocol::btauth_stale),
        help("set the clocks of both machines by NTP and sign just before sending")
    )]
    Stale {
        /// The oldest that passes.
        max_age: Duration,
    },
    /// The nonce lies in the future.
    #[error("nonce is more than {}s in the future", skew.as_secs_f64())]
    #[diagnostic(code(soma::protocol::btauth_future), help("set the clocks of both machines by NTP"))]
    Future {
        /// The furthest that passes.
        skew: Duration,
    },
    /// The signature is not the claimed hotkey's over this request.
    #[error("signature does not verify against the claimed hotkey")]
    #[diagnostic(
        code(soma::protocol::btauth_bad_signature),
        help("sign the target and the body exactly as they are sent, and name the scheme if it is not sr25519")
    )]
    BadSignature,
    /// The nonce was used before.
    #[error("this nonce was already accepted from this hotkey")]
    #[diagnostic(code(soma::protocol::btauth_replayed), help("sign each request anew; do not send one twice"))]
    Replayed,
}

/// What a request says about itself, not yet believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The sender's key.
    pub public_key: PublicKey,
    /// The sender's address, as sent.
    pub hotkey: String,
    /// The receiver's address, as sent. Not checked to be one: it is compared as text.
    pub receiver: Option<String>,
    /// Unix time in nanoseconds.
    pub nonce: u64,
    /// The scheme.
    pub crypto: Crypto,
    /// The signature.
    pub signature: [u8; 64],
}

impl Claim {
    /// Reads the headers.
    ///
    /// # Errors
    /// [`AuthError::Malformed`].
    pub fn from_headers(headers: &HeaderMap) -> Result<Self, AuthError> {
        if text(headers, VERSION, "X-Bittensor-Version")? != Some("1") {
            return Err(malformed("missing or unsupported X-Bittensor-Version (expected '1')"));
        }
        let hotkey = text(headers, HOTKEY, "X-Bittensor-Hotkey")?
            .filter(|hotkey| !hotkey.is_empty())
            .ok_or_else(|| malformed("missing X-Bittensor-Hotkey"))?;
        let nonce = text(headers, NONCE, "X-Bittensor-Nonce")?.ok_or_else(|| malformed("missing X-Bittensor-Nonce"))?;
        let nonce = header::decimal(nonce).ok_or_else(|| malformed("X-Bittensor-Nonce is not a decimal integer"))?;
        let crypto = match text(headers, CRYPTO, "X-Bittensor-Crypto")? {
            None | Some("sr25519") => Crypto::Sr25519,
            Some("ed25519") => Crypto::Ed25519,
            Some(_) => return Err(malformed("unsupported X-Bittensor-Crypto")),
        };
        let signature = text(headers, SIGNATURE, "X-Bittensor-Signature")?
            .ok_or_else(|| malformed("missing X-Bittensor-Signature"))?;
        let signature = decode_signature(signature)?;
        let public_key = PublicKey::from_ss58(hotkey).map_err(|_| bad_encoding())?;
        let receiver = text(headers, RECEIVER, "X-Bittensor-Receiver")?;
        Ok(Self {
            public_key,
            hotkey: hotkey.to_owned(),
            receiver: receiver.map(str::to_owned),
            nonce,
            crypto,
            signature,
        })
    }

    /// Compares the receiver with the server's own address.
    ///
    /// # Errors
    /// [`AuthError::WrongReceiver`], [`AuthError::MissingReceiver`].
    pub fn check_receiver(&self, own: &str, policy: &Policy) -> Result<(), AuthError> {
        match (&self.receiver, policy.receiver) {
            (Some(receiver), _) if receiver == own => Ok(()),
            (Some(_), _) => Err(AuthError::WrongReceiver),
            (None, ReceiverRule::Optional) => Ok(()),
            (None, ReceiverRule::Required) => Err(AuthError::MissingReceiver),
        }
    }

    /// Compares the nonce with the clock, `now_ns` in Unix nanoseconds. Returns the last Unix nanosecond at which this
    /// nonce would still pass: until then it has to be remembered.
    ///
    /// # Errors
    /// [`AuthError::Stale`], [`AuthError::Future`].
    pub fn check_fresh(&self, now_ns: u64, policy: &Policy) -> Result<u64, AuthError> {
        let max_age = nanoseconds(policy.max_age);
        if now_ns.saturating_sub(self.nonce) > max_age {
            return Err(AuthError::Stale { max_age: policy.max_age });
        }
        if self.nonce.saturating_sub(now_ns) > nanoseconds(policy.skew) {
            return Err(AuthError::Future { skew: policy.skew });
        }
        Ok(self.nonce.saturating_add(max_age))
    }

    /// Verifies the signature over this request. `target` is path and query as they stood in the request line,
    /// `body_sha256_hex` comes from [`body_sha256`] over the body's bytes.
    ///
    /// # Errors
    /// [`AuthError::BadSignature`].
    pub fn check_signature(&self, method: &str, target: &str, body_sha256_hex: &str) -> Result<(), AuthError> {
        self.check_with(None, method, target, body_sha256_hex)
    }

    /// As [`Claim::check_signature`]. `ready` saves decoding the key; one that is not this claim's is not used.
    ///
    /// # Errors
    /// [`AuthError::BadSignature`].
    pub fn check_with(
        &self,
        ready: Option<&ReadyKey>,
        method: &str,
        target: &str,
        body_sha256_hex: &str,
    ) -> Result<(), AuthError> {
        let payload =
            payload(self.crypto, method, target, body_sha256_hex, self.nonce, &self.hotkey, self.receiver.as_deref());
        let good = match ready.filter(|ready| ready.public() == self.public_key) {
            Some(ready) => ready.verify(self.crypto, payload.as_bytes(), &self.signature),
            None => signature::verify(self.crypto, &self.public_key, payload.as_bytes(), &self.signature),
        };
        if good { Ok(()) } else { Err(AuthError::BadSignature) }
    }
}

/// The text that is signed: eight lines without a final line feed. The method is put in upper case; a missing
/// receiver is a dash.
pub fn payload(
    crypto: Crypto,
    method: &str,
    target: &str,
    body_sha256_hex: &str,
    nonce: u64,
    sender: &str,
    receiver: Option<&str>,
) -> String {
    format!(
        "btauth/1\n{}\n{}\n{target}\n{body_sha256_hex}\n{nonce}\n{sender}\n{}",
        crypto.name(),
        method.to_ascii_uppercase(),
        receiver.unwrap_or("-"),
    )
}

/// The headers that a client sends. The scheme is named only when it is not sr25519, as the SDK does.
pub fn headers(crypto: Crypto, nonce: u64, sender: &str, receiver: Option<&str>, signature: &[u8; 64]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    header::set(&mut headers, VERSION, "1");
    header::set(&mut headers, HOTKEY, sender);
    if let Some(receiver) = receiver {
        header::set(&mut headers, RECEIVER, receiver);
    }
    header::set(&mut headers, NONCE, &nonce.to_string());
    if crypto != Crypto::Sr25519 {
        header::set(&mut headers, CRYPTO, crypto.name());
    }
    let signature = format!("0x{}", hex::encode(signature));
    header::set(&mut headers, SIGNATURE, &signature);
    headers
}

/// SHA-256 of a body in lower-case hex.
pub fn body_sha256(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

fn text<'a>(headers: &'a HeaderMap, name: &str, shown: &str) -> Result<Option<&'a str>, AuthError> {
    match header::field(headers, name) {
        Field::Absent => Ok(None),
        Field::Text(text) => Ok(Some(text)),
        Field::NotText => Err(AuthError::Malformed(format!("{shown} is not ascii text"))),
        Field::Repeated => Err(AuthError::Malformed(format!("{shown} is given twice"))),
    }
}

fn decode_signature(text: &str) -> Result<[u8; 64], AuthError> {
    let digits = match text.strip_prefix("0x") {
        Some(digits) => digits,
        None if text.is_empty() => return Err(bad_encoding()),
        None => return Err(malformed("X-Bittensor-Signature is not hex")),
    };
    if !digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(malformed("X-Bittensor-Signature is not hex"));
    }
    let bytes = hex::decode(digits).map_err(|_| malformed("X-Bittensor-Signature is not hex"))?;
    bytes.try_into().map_err(|_| bad_encoding())
}

fn malformed(reason: &str) -> AuthError {
    AuthError::Malformed(reason.to_owned())
}

fn bad_encoding() -> AuthError {
    malformed("invalid hotkey address or signature encoding")
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
