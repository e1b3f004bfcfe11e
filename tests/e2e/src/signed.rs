//! Requests signed by hand, to be bent before they are sent.
//!
//! They are written here from the protocols' descriptions, with nothing of `soma-protocol`: a mistake there must not
//! cancel out because both sides share it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::account::Account;
use crate::error::HarnessError;
use crate::wire::Request;

/// SHA3-256 of nothing: the body hash of every synapse whose class hashes no field.
pub const EMPTY_HASH: &str = "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a";

/// The uuid of a test's dendrite.
const UUID: &str = "6a1f2f80-0000-11f0-8000-0123456789ab";

/// A synapse before it is signed.
#[derive(Clone, Debug)]
pub struct Synapse<'a> {
    /// Who signs.
    pub caller: Account,
    /// Whose hotkey is signed for.
    pub axon: &'a str,
    /// The class name.
    pub route: &'a str,
    /// The fields, a JSON object.
    pub body: Value,
    /// Unix nanoseconds.
    pub nonce: u64,
    /// Seconds.
    pub timeout: f64,
    /// 64 hex digits.
    pub body_hash: String,
}

impl<'a> Synapse<'a> {
    /// A fresh synapse for a class that hashes nothing, with a time-out of 12 seconds.
    pub fn new(caller: Account, axon: &'a str, route: &'a str, body: Value) -> Self {
        Self { caller, axon, route, body, nonce: next_nonce(), timeout: 12.0, body_hash: EMPTY_HASH.to_owned() }
    }

    /// Signs it and lays it out with the headers that the Python dendrite sends.
    ///
    /// # Errors
    /// As [`Account::sign`].
    pub fn request(&self) -> Result<Request, HarnessError> {
        let caller = self.caller.hotkey;
        let message = format!("{}.{caller}.{}.{UUID}.{}", self.nonce, self.axon, self.body_hash);
        let signature = format!("0x{}", hex::encode(self.caller.sign(message.as_bytes())?));
        let mut request = Request::new("POST", &format!("/{}", self.route))
            .with("name", self.route)
            .with("timeout", format!("{:?}", self.timeout))
            .with("bt_header_axon_ip", "127.0.0.1")
            .with("bt_header_axon_hotkey", self.axon)
            .with("bt_header_dendrite_ip", "203.0.113.9")
            .with("bt_header_dendrite_version", "10005000")
            .with("bt_header_dendrite_nonce", self.nonce.to_string())
            .with("bt_header_dendrite_uuid", UUID)
            .with("bt_header_dendrite_hotkey", caller)
            .with("bt_header_dendrite_signature", signature)
            .with("header_size", "0")
            .with("total_size", "0")
            .with("computed_body_hash", self.body_hash.as_str())
            .with("content-type", "application/json")
            .body(self.body.to_string());
        for name in self.body.as_object().into_iter().flat_map(serde_json::Map::keys) {
            // base64 of `""`: the empty instance of a string.
            request = request.with(&format!("bt_header_input_obj_{name}"), "IiI=");
        }
        Ok(request)
    }
}

/// A btauth/1 request before it is signed.
#[derive(Clone, Debug)]
pub struct Btauth<'a> {
    /// Who signs.
    pub caller: Account,
    /// Whose hotkey is signed for, `None` for an unbound request.
    pub receiver: Option<&'a str>,
    /// The method.
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// The body.
    pub body: &'a str,
    /// The SHA-256 of the body, 64 lower-case hex digits.
    pub body_sha256: String,
    /// Unix nanoseconds.
    pub nonce: u64,
}

impl<'a> Btauth<'a> {
    /// A fresh POST that is bound to `receiver`.
    pub fn new(caller: Account, receiver: &'a str, target: &'a str, body: &'a str) -> Self {
        Self {
            caller,
            receiver: Some(receiver),
            method: "POST",
            target,
            body,
            body_sha256: hex::encode(Sha256::digest(body)),
            nonce: next_nonce(),
        }
    }

    /// Signs it and lays it out.
    ///
    /// # Errors
    /// As [`Account::sign`].
    pub fn request(&self) -> Result<Request, HarnessError> {
        let caller = self.caller.hotkey;
        let nonce = self.nonce.to_string();
        let payload = [
            "btauth/1",
            "sr25519",
            self.method,
            self.target,
            &self.body_sha256,
            &nonce,
            caller,
            self.receiver.unwrap_or("-"),
        ]
        .join("\n");
        let signature = format!("0x{}", hex::encode(self.caller.sign(payload.as_bytes())?));
        let mut request = Request::new(self.method, self.target)
            .with("x-bittensor-version", "1")
            .with("x-bittensor-hotkey", caller)
            .with("x-bittensor-nonce", nonce)
            .with("x-bittensor-signature", signature)
            .with("content-type", "application/json")
            .body(self.body);
        if let Some(receiver) = self.receiver {
            request = request.with("x-bittensor-receiver", receiver);
        }
        Ok(request)
    }
}

/// Unix nanoseconds, never the same twice in this process.
pub fn next_nonce() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = unix_nanoseconds();
    let step = |before: u64| now.max(before + 1);
    match LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |before| Some(step(before))) {
        Ok(before) | Err(before) => step(before),
    }
}

/// Unix nanoseconds.
pub fn unix_nanoseconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
