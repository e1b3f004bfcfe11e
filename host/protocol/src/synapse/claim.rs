//! Who a request says it is from, and the checks that make it true.

use std::time::Duration;

use miette::Diagnostic;
use thiserror::Error;

use super::head::RequestHead;
use crate::signature::{self, Crypto, ReadyKey};
use crate::ss58::{PublicKey, Ss58Error};

/// How old a nonce may be and how far in the future it may lie.
///
/// The Python axon adds the client's own time-out, without a bound, to four seconds of grace, has no bound for the
/// future, and checks the age only of clients that send a version. Here the time-out counts up to a cap and everybody
/// is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The age that passes without a time-out header. Default 4 seconds.
    pub base: Duration,
    /// The most that a time-out header adds. Default 60 seconds.
    pub timeout_cap: Duration,
    /// How far a nonce may lie in the future. Default 4 seconds.
    pub future: Duration,
}

impl Default for Window {
    fn default() -> Self {
        Self { base: Duration::from_secs(4), timeout_cap: Duration::from_secs(60), future: Duration::from_secs(4) }
    }
}

/// Bytes of a uuid header.
const LONGEST_UUID: usize = 64;

/// Why a request is not authenticated. The server answers 401 with `Not Verified with error: ` and this text, which
/// is the Python axon's where it has one.
#[derive(Debug, Clone, PartialEq, Error, Diagnostic)]
pub enum AuthError {
    /// No hotkey header.
    #[error("No SS58 formatted address or public key provided.")]
    #[diagnostic(code(soma::protocol::synapse_missing_hotkey), help("send bt_header_dendrite_hotkey"))]
    MissingHotkey,
    /// The hotkey header is no address.
    #[error(transparent)]
    #[diagnostic(transparent)]
    BadHotkey(#[from] Ss58Error),
    /// No nonce header.
    #[error("Missing Nonce")]
    #[diagnostic(
        code(soma::protocol::synapse_missing_nonce),
        help("send bt_header_dendrite_nonce, Unix time in nanoseconds")
    )]
    MissingNonce,
    /// A uuid has 36 characters; it is remembered with the nonce.
    #[error("uuid has more than {LONGEST_UUID} bytes")]
    #[diagnostic(code(soma::protocol::synapse_uuid), help("send one uuid for each running client"))]
    LongUuid,
    /// No signature header.
    #[error("Missing Signature")]
    #[diagnostic(
        code(soma::protocol::synapse_missing_signature),
        help("send bt_header_dendrite_signature; clients of version 9 always do")
    )]
    MissingSignature,
    /// The signature is not `0x` and hex digits.
    #[error("Invalid signature format. Expected hex string.")]
    #[diagnostic(code(soma::protocol::synapse_signature_not_hex), help("write the signature as 0x and 128 hex digits"))]
    SignatureNotHex,
    /// The signature is hex, but not 64 bytes.
    #[error("Invalid SR25519 signature.")]
    #[diagnostic(code(soma::protocol::synapse_signature_length), help("write the signature as 0x and 128 hex digits"))]
    SignatureLength,
    /// No body hash header, or one that is not 64 lower-case hex digits. (The Python axon finds out only when it
    /// compares the hash with the body's, and answers 500.)
    #[error("Missing or malformed computed_body_hash")]
    #[diagnostic(
        code(soma::protocol::synapse_body_hash),
        help("send computed_body_hash, the SHA3-256 of the empty string if no field is hashed")
    )]
    BodyHash,
    /// The nonce is too old.
    #[error("Nonce is too old: acceptable delta is {acceptable_s:.2} seconds but request was {age_s:.2} seconds old")]
    #[diagnostic(code(soma::protocol::synapse_stale), help("set the clocks of both machines by NTP"))]
    TooOld {
        /// The oldest that passes, in seconds.
        acceptable_s: f64,
        /// The age of this one, in seconds.
        age_s: f64,
    },
    /// The nonce lies in the future.
    #[error(
        "Nonce is too far in the future: acceptable delta is {acceptable_s:.2} seconds but request was {ahead_s:.2} seconds ahead"
    )]
    #[diagnostic(code(soma::protocol::synapse_future), help("set the clocks of both machines by NTP"))]
    TooNew {
        /// The furthest that passes, in seconds.
        acceptable_s: f64,
        /// How far ahead this one is, in seconds.
        ahead_s: f64,
    },
    /// The nonce was used before. The text is the Python axon's for the same case.
    #[error("Nonce is too old, a newer one was last processed")]
    #[diagnostic(code(soma::protocol::synapse_replayed), help("sign each request anew; do not send one twice"))]
    Replayed,
    /// The signature is not the hotkey's over the signed string.
    #[error("Signature mismatch with {message} and {signature}")]
    #[diagnostic(
        code(soma::protocol::synapse_bad_signature),
        help("sign for the hotkey of the axon that is called, with the nonce, uuid and body hash of the headers")
    )]
    Mismatch {
        /// The string that should have been signed.
        message: String,
        /// The signature, `0x` and hex.
        signature: String,
    },
}

/// What a request says about its sender, not yet believed.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The sender's key, always sr25519 in this protocol.
    pub public_key: PublicKey,
    /// The sender's address, as sent.
    pub hotkey: String,
    /// Unix time in nanoseconds.
    pub nonce: u64,
    /// The sending client. `None` as text if the header is missing, which is what both sides sign then.
    pub uuid: String,
    /// The signature.
    pub signature: [u8; 64],
    /// The hash of the body's hashed fields, 64 lower-case hex digits.
    pub body_hash: String,
    /// How long the client waits, in seconds. Not signed.
    pub timeout: Option<f64>,
}

impl Claim {
    /// Takes the claim out of the headers.
    ///
    /// # Errors
    /// [`AuthError`], in the Python axon's order: hotkey, nonce, signature; then the body hash.
    pub fn from_head(head: &RequestHead) -> Result<Self, AuthError> {
        Self::with_key(head, None)
    }

    /// As [`Claim::from_head`], where the key behind the hotkey's address may be known already: decoding it twice costs
    /// a twentieth of verifying a signature.
    ///
    /// # Errors
    /// As [`Claim::from_head`].
    pub fn with_key(head: &RequestHead, known: Option<PublicKey>) -> Result<Self, AuthError> {
        let dendrite = &head.dendrite;
        let hotkey = dendrite.hotkey.as_deref().filter(|hotkey| !hotkey.is_empty()).ok_or(AuthError::MissingHotkey)?;
        let public_key = match known {
            Some(known) => known,
            None => PublicKey::from_ss58(hotkey)?,
        };
        let nonce = dendrite.nonce.ok_or(AuthError::MissingNonce)?;
        if dendrite.uuid.as_ref().is_some_and(|uuid| uuid.len() > LONGEST_UUID) {
            return Err(AuthError::LongUuid);
        }
        let signature = dendrite
            .signature
            .as_deref()
            .filter(|signature| !signature.is_empty())
            .ok_or(AuthError::MissingSignature)?;
        let signature = decode_signature(signature)?;
        let body_hash = head.computed_body_hash.as_deref().filter(|hash| is_hash(hash)).ok_or(AuthError::BodyHash)?;
        Ok(Self {
            public_key,
            hotkey: hotkey.to_owned(),
            nonce,
            uuid: dendrite.uuid.clone().unwrap_or_else(|| "None".to_owned()),
            signature,
            body_hash: body_hash.to_owned(),
            timeout: head.timeout,
        })
    }

    /// Compares the nonce with the clock, `now_ns` in Unix nanoseconds; the borders themselves pass.
    ///
    /// Returns the last Unix nanosecond at which this nonce could pass: until then it has to be remembered. That is
    /// `base + timeout_cap` after the nonce whatever the time-out header says, because the header is not signed: a
    /// second sender of the same request can write a longer one.
    ///
    /// # Errors
    /// [`AuthError::TooOld`], [`AuthError::TooNew`].
    pub fn check_fresh(&self, now_ns: u64, window: &Window) -> Result<u64, AuthError> {
        let acceptable = window.base.saturating_add(self.patience(window));
        let age = Duration::from_nanos(now_ns.saturating_sub(self.nonce));
        if age > acceptable {
            return Err(AuthError::TooOld { acceptable_s: acceptable.as_secs_f64(), age_s: age.as_secs_f64() });
        }
        let ahead = Duration::from_nanos(self.nonce.saturating_sub(now_ns));
        if ahead > window.future {
            return Err(AuthError::TooNew { acceptable_s: window.future.as_secs_f64(), ahead_s: ahead.as_secs_f64() });
        }
        let longest = window.base.saturating_add(window.timeout_cap).as_nanos();
        let longest = u64::try_from(longest).unwrap_or(u64::MAX);
        Ok(self.nonce.saturating_add(longest))
    }

    /// What the time-out adds to the window. NaN and negative times, which a head never holds, add nothing.
    fn patience(&self, window: &Window) -> Duration {
        match self.timeout {
            Some(seconds) if seconds > 0.0 => {
                Duration::try_from_secs_f64(seconds).unwrap_or(window.timeout_cap).min(window.timeout_cap)
            }
            _ => Duration::ZERO,
        }
    }

    /// The string that the sender signed if it meant the axon with this address.
    pub fn message(&self, axon_hotkey: &str) -> String {
        format!("{}.{}.{axon_hotkey}.{}.{}", self.nonce, self.hotkey, self.uuid, self.body_hash)
    }

    /// Verifies the signature, in both forms; `axon_hotkey` is the server's own address, never the request's header.
    ///
    /// # Errors
    /// [`AuthError::Mismatch`].
    pub fn check_signature(&self, axon_hotkey: &str) -> Result<(), AuthError> {
        let message = self.message(axon_hotkey);
        if signature::verify_wrapped(Crypto::Sr25519, &self.public_key, message.as_bytes(), &self.signature) {
            return Ok(());
        }
        Err(self.mismatch(message))
    }

    /// Verifies the signature in the form that dendrites sign. `ready` saves decoding the key; one that is not this
    /// claim's is not used.
    ///
    /// # Errors
    /// [`AuthError::Mismatch`].
    pub fn check_plain_signature(&self, axon_hotkey: &str, ready: Option<&ReadyKey>) -> Result<(), AuthError> {
        let message = self.message(axon_hotkey);
        let good = match ready.filter(|ready| ready.public() == self.public_key) {
            Some(ready) => ready.verify(Crypto::Sr25519, message.as_bytes(), &self.signature),
            None => signature::verify(Crypto::Sr25519, &self.public_key, message.as_bytes(), &self.signature),
        };
        if good { Ok(()) } else { Err(self.mismatch(message)) }
    }

    /// Verifies the signature in the form that browser wallets sign: `<Bytes>` + message + `</Bytes>`.
    ///
    /// # Errors
    /// [`AuthError::Mismatch`].
    pub fn check_wrapped_signature(&self, axon_hotkey: &str) -> Result<(), AuthError> {
        let message = format!("<Bytes>{}</Bytes>", self.message(axon_hotkey));
        if signature::verify(Crypto::Sr25519, &self.public_key, message.as_bytes(), &self.signature) {
            return Ok(());
        }
        Err(self.mismatch(self.message(axon_hotkey)))
    }

    fn mismatch(&self, message: String) -> AuthError {
        // Into a buffer: a string that grows by one digit after the other takes ten times as long.
        let mut digits = [0; 128];
        let digits = hex::encode_to_slice(self.signature, &mut digits).ok().and_then(|()| str::from_utf8(&digits).ok());
        AuthError::Mismatch { message, signature: ["0x", digits.unwrap_or_default()].concat() }
    }
}

/// `0x` and hex digits of either case, as the Python axon reads them.
fn decode_signature(text: &str) -> Result<[u8; 64], AuthError> {
    let digits = text.strip_prefix("0x").ok_or(AuthError::SignatureNotHex)?;
    let bytes = hex::decode(digits).map_err(|_| AuthError::SignatureNotHex)?;
    bytes.try_into().map_err(|_| AuthError::SignatureLength)
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
