//! Everything a caller can be refused for: its status, its stable code, and the words for the caller.
//!
//! What the caller is told and what the log says are two things: reasons that a plugin gives on purpose go
//! to the caller as printable ASCII; the text of traps and internal faults never does.

use std::time::Duration;

use http::StatusCode;
use soma_protocol::btauth;
use soma_protocol::dialect::DialectError;
use soma_protocol::json::JsonError;
use soma_protocol::synapse::{AuthError, HeadError, printable_reason};
use soma_runtime::CallError;
use soma_runtime::route::SchemaViolation;
use thiserror::Error;

use crate::gate::whole_seconds;

/// Seconds after which a caller may try again when the host was busy.
pub const RETRY_AFTER: u64 = 1;
/// The same when the chain is not to be had: the time of one block.
const BLOCK: u64 = 12;

/// Why a request is not answered. `Display` is for the operator's log.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Headers of both dialects, or one authenticating header twice.
    #[error(transparent)]
    Dialect(#[from] DialectError),
    /// A v10 header does not parse.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// No slot answers this route.
    #[error("unknown route")]
    UnknownRoute {
        /// The name asked for, as sent.
        name: String,
        /// The routes that there are, quoted and with commas.
        known: String,
    },
    /// Neither GET nor POST.
    #[error("wrong method")]
    Method,
    /// The hotkey is not on the operator's list.
    #[error("hotkey not admitted")]
    NotAdmitted,
    /// The hotkey is not registered on the subnet.
    #[error("hotkey not registered")]
    NotRegistered,
    /// The hotkey is registered and has no validator permit.
    #[error("hotkey without a validator permit")]
    NoPermit,
    /// The hotkey is registered with less stake than the operator asks for.
    #[error("hotkey with less stake than {needed}")]
    TooLittleStake {
        /// Whole alpha.
        needed: f64,
    },
    /// What is known of the chain is older than the operator allows.
    #[error("the view of the chain is too old")]
    ChainOutage,
    /// The address sends more than it may.
    #[error("address over its rate")]
    AddressRate {
        /// How long until a request would pass.
        wait: Duration,
    },
    /// The hotkey, which was proven, sends more than it may.
    #[error("hotkey over its rate")]
    HotkeyRate {
        /// How long until a request would pass.
        wait: Duration,
    },
    /// All requests that are not proven yet hold as much as they may, in number or in bytes.
    #[error("too many requests that are not verified yet, or too many bytes of them")]
    Crowded,
    /// A v10 request is not authenticated.
    #[error(transparent)]
    Synapse(#[from] AuthError),
    /// A btauth request is not authenticated.
    #[error(transparent)]
    Btauth(#[from] btauth::AuthError),
    /// There is no room to remember another nonce.
    #[error("nonce memory full")]
    NonceMemoryFull,
    /// The nonce may have been used before the host stopped uncleanly.
    #[error(
        "nonces up to {}.{:03} (Unix time) are refused after an unclean stop of this server; sign again after that",
        until / 1_000_000_000,
        until / 1_000_000 % 1000
    )]
    ReplayClosed {
        /// Unix time in nanoseconds.
        until: u64,
    },
    /// The signed body hash is not that of the body.
    #[error("body hash mismatch")]
    BodyHash,
    /// More bytes than the route takes.
    #[error("body larger than {limit} bytes")]
    BodyTooLarge {
        /// Bytes that the route takes.
        limit: u64,
    },
    /// The body did not arrive in time.
    #[error("body too slow")]
    BodyTooSlow,
    /// The connection broke inside the body.
    #[error("body broken off")]
    BodyBroken,
    /// Not `application/json`, where only that is taken.
    #[error("content type is not application/json")]
    ContentType,
    /// The body is not a JSON object without repeated keys.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The body is not what the route's schema asks for.
    #[error(transparent)]
    Schema(#[from] SchemaViolation),
    /// The plugins gave no answer.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl Refusal {
    /// HTTP status of the answer, in both dialects.
    pub fn status(&self) -> StatusCode {
        match self {
            Refusal::Dialect(_) | Refusal::Head(_) | Refusal::BodyBroken => StatusCode::BAD_REQUEST,
            Refusal::Synapse(_)
            | Refusal::Btauth(_)
            | Refusal::NonceMemoryFull
            | Refusal::ReplayClosed { .. }
            | Refusal::BodyHash => StatusCode::UNAUTHORIZED,
            Refusal::AddressRate { .. } | Refusal::HotkeyRate { .. } => StatusCode::TOO_MANY_REQUESTS,
            Refusal::Crowded | Refusal::ChainOutage => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::NotAdmitted | Refusal::NotRegistered | Refusal::NoPermit | Refusal::TooLittleStake { .. } => {
                StatusCode::FORBIDDEN
            }
            Refusal::UnknownRoute { .. } => StatusCode::NOT_FOUND,
            Refusal::Method => StatusCode::METHOD_NOT_ALLOWED,
            Refusal::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Refusal::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::ContentType | Refusal::Json(_) | Refusal::Schema(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Refusal::Call(error) => call_status(error),
        }
    }

    /// A stable name: what a client or a log query can rely on.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::Dialect(_) => "dialect",
            Refusal::Head(_) => "header",
            Refusal::UnknownRoute { .. } => "unknown-route",
            Refusal::Method => "method",
            Refusal::NotAdmitted => "not-admitted",
            Refusal::NotRegistered => "not-registered",
            Refusal::NoPermit => "no-permit",
            Refusal::TooLittleStake { .. } => "too-little-stake",
            Refusal::ChainOutage => "chain-outage",
            Refusal::Synapse(AuthError::Replayed) | Refusal::Btauth(btauth::AuthError::Replayed) => "replayed",
            Refusal::Synapse(_) | Refusal::Btauth(_) => "not-verified",
            Refusal::NonceMemoryFull => "nonce-memory-full",
            Refusal::ReplayClosed { .. } => "replay-closed",
            Refusal::AddressRate { .. } => "address-rate",
            Refusal::HotkeyRate { .. } => "hotkey-rate",
            Refusal::Crowded => "crowded",
            Refusal::BodyHash => "body-hash",
            Refusal::BodyTooLarge { .. } => "body-too-large",
            Refusal::BodyTooSlow => "body-too-slow",
            Refusal::BodyBroken => "body-broken",
            Refusal::ContentType => "content-type",
            Refusal::Json(_) => "json",
            Refusal::Schema(_) => "schema",
            Refusal::Call(error) => call_code(error),
        }
    }

    /// Seconds after which a new try makes sense.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Refusal::AddressRate { wait }
            | Refusal::HotkeyRate { wait }
            | Refusal::Call(
                CallError::Slowed { wait, .. } | CallError::Out { wait, .. } | CallError::Starting { wait, .. },
            ) => Some(whole_seconds(*wait)),
            Refusal::ChainOutage => Some(BLOCK),
            _ => (self.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER),
        }
    }

    /// The words for the caller of a synapse: the Python axon's where it has the same case.
    pub fn synapse_text(&self, request: &str, timeout: f64) -> String {
        match self {
            Refusal::UnknownRoute { name, known } => {
                format!("Synapse name '{}' not found. Available synapses [{known}]", printable_reason(name))
            }
            Refusal::NotAdmitted => "Forbidden. Key is blacklisted: not on this axon's list.".to_owned(),
            Refusal::NotRegistered => "Forbidden. Key is blacklisted: not registered on this subnet.".to_owned(),
            Refusal::NoPermit => "Forbidden. Key is blacklisted: no validator permit.".to_owned(),
            Refusal::TooLittleStake { needed } => {
                format!("Forbidden. Key is blacklisted: less stake than {needed}.")
            }
            Refusal::Call(CallError::Denied { reason, .. }) => {
                format!("Forbidden. Key is blacklisted: {}.", printable_reason(reason))
            }
            Refusal::Call(
                CallError::CpuBudget { .. }
                | CallError::WallBudget { .. }
                | CallError::GateWall { .. }
                | CallError::StreamIdle { .. },
            ) => {
                format!("Response timeout after: {timeout:?}s")
            }
            _ if self.status() == StatusCode::UNAUTHORIZED => {
                format!("Not Verified with error: {}", self.plain_text(request))
            }
            _ => self.plain_text(request),
        }
    }

    /// The words for other callers.
    pub fn plain_text(&self, request: &str) -> String {
        match self {
            Refusal::Call(error) => call_text(error, request),
            other => printable_long(other.to_string()),
        }
    }
}

fn call_status(error: &CallError) -> StatusCode {
    match error {
        CallError::Denied { .. } | CallError::Refused(_) => StatusCode::FORBIDDEN,
        CallError::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        CallError::Unavailable(_)
        | CallError::Busy { .. }
        | CallError::NoInstance { .. }
        | CallError::Starting { .. }
        | CallError::Out { .. } => StatusCode::SERVICE_UNAVAILABLE,
        CallError::Slowed { .. } => StatusCode::TOO_MANY_REQUESTS,
        CallError::CpuBudget { .. }
        | CallError::WallBudget { .. }
        | CallError::GateWall { .. }
        | CallError::StreamIdle { .. } => StatusCode::REQUEST_TIMEOUT,
        CallError::Unverified { .. } => StatusCode::UNAUTHORIZED,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn call_code(error: &CallError) -> &'static str {
    match error {
        CallError::Denied { .. } => "denied",
        CallError::Unverified { .. } => "unverified",
        CallError::Invalid(_) => "invalid",
        CallError::Refused(_) => "refused",
        CallError::Unavailable(_) => "unavailable",
        CallError::Internal(_) => "internal",
        CallError::Trap { .. } => "trap",
        CallError::CpuBudget { .. } => "cpu-budget",
        CallError::WallBudget { .. } => "wall-budget",
        CallError::GateWall { .. } => "gate-wall",
        CallError::StreamBudget { .. } => "stream-budget",
        CallError::StreamIdle { .. } => "stream-idle",
        CallError::StreamStalled { .. } => "stream-stalled",
        CallError::StreamLeft { .. } => "stream-left",
        CallError::MemoryBudget { .. } => "memory-budget",
        CallError::TableBudget { .. } => "table-budget",
        CallError::OutputBudget { .. } => "output-budget",
        CallError::Garbage { .. } => "garbage",
        CallError::StackBudget { .. } => "stack-budget",
        CallError::HostCallBudget { .. } => "host-call-budget",
        CallError::HandleBudget { .. } => "handle-budget",
        CallError::Busy { .. } => "busy",
        CallError::NoInstance { .. } => "no-instance",
        CallError::Starting { .. } => "starting",
        CallError::Init { .. } => "init",
        CallError::Slowed { .. } => "slowed",
        CallError::Out { .. } => "out",
        _ => "plugin",
    }
}

fn call_text(error: &CallError, request: &str) -> String {
    match error {
        CallError::Denied { reason, .. }
        | CallError::Unverified { reason, .. }
        | CallError::Invalid(reason)
        | CallError::Refused(reason)
        | CallError::Unavailable(reason) => printable_reason(reason),
        CallError::Busy { .. } | CallError::NoInstance { .. } => "busy, try again".to_owned(),
        CallError::Starting { .. } => "the plugin is starting again".to_owned(),
        CallError::Slowed { .. } => "requests of this hotkey failed here; try again later".to_owned(),
        CallError::Out { .. } => "out of service, try again later".to_owned(),
        CallError::CpuBudget { .. }
        | CallError::WallBudget { .. }
        | CallError::GateWall { .. }
        | CallError::StreamIdle { .. } => "out of time".to_owned(),
        _ => format!("Internal Server Error #{request}"),
    }
}

/// Our own words may be longer than a plugin's reason: a signature mismatch quotes what was to be signed.
fn printable_long(text: String) -> String {
    if text.len() <= 1000 && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text;
    }
    text.chars().take(1000).map(|c| if c.is_ascii() && !c.is_ascii_control() { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trap() -> Refusal {
        let (slot, hook, trap) = ("text".to_owned(), soma_runtime::Hook::Forward, "wasm trap: secret".to_owned());
        Refusal::Call(CallError::Trap { slot, hook, trap })
    }

    #[test]
    fn what_a_plugin_says_on_purpose_is_sent_and_what_it_does_by_accident_is_not() {
        let call = |error| Refusal::Call(error);
        let denied = call(CallError::Denied { slot: "gate".into(), reason: "zu wenig\nEinsatz: 5 \u{3c4}".into() });
        let table = [
            (denied, 403, "Forbidden. Key is blacklisted: zu wenig?Einsatz: 5 ?."),
            (call(CallError::Invalid("no prompt".into())), 422, "no prompt"),
            (call(CallError::Refused("not you".into())), 403, "not you"),
            (call(CallError::Unavailable("model down".into())), 503, "model down"),
            (call(CallError::Internal("secret".into())), 500, "Internal Server Error #id"),
            (trap(), 500, "Internal Server Error #id"),
            (
                call(CallError::WallBudget { limit: std::time::Duration::from_secs(1) }),
                408,
                "Response timeout after: 12.0s",
            ),
            (call(CallError::Busy { slot: "s".into() }), 503, "busy, try again"),
            (Refusal::Synapse(AuthError::MissingNonce), 401, "Not Verified with error: Missing Nonce"),
        ];
        for (refusal, status, text) in table {
            assert_eq!(refusal.status().as_u16(), status, "{refusal}");
            assert_eq!(refusal.synapse_text("id", 12.0), text);
        }
    }

    /// Every budget, and what misbehaving ends in: status, code, and when to try again.
    #[test]
    fn a_used_up_budget_has_its_status() {
        let (slot, hook) = (|| "text".to_owned(), soma_runtime::Hook::Forward);
        let (limit, wait) = (Duration::from_secs(1), Duration::from_millis(3200));
        let bytes = soma_runtime::Budget::default().output;
        let table = [
            (CallError::CpuBudget { slot: slot(), hook, limit }, 408, "cpu-budget", None),
            (CallError::WallBudget { limit }, 408, "wall-budget", None),
            (CallError::GateWall { slot: slot(), hook, limit }, 408, "gate-wall", None),
            (CallError::MemoryBudget { slot: slot(), hook, limit: bytes }, 500, "memory-budget", None),
            (CallError::TableBudget { slot: slot(), hook, limit: 5 }, 500, "table-budget", None),
            (CallError::StackBudget { slot: slot(), hook, limit: bytes }, 500, "stack-budget", None),
            (CallError::OutputBudget { slot: slot(), size: bytes, limit: bytes }, 500, "output-budget", None),
            (CallError::StreamBudget { slot: slot(), limit: bytes, piece: bytes }, 500, "stream-budget", None),
            (CallError::StreamIdle { slot: slot(), limit }, 408, "stream-idle", None),
            (CallError::StreamStalled { slot: slot(), limit }, 500, "stream-stalled", None),
            (
                CallError::HostCallBudget { slot: slot(), hook, size: bytes, limit: bytes },
                500,
                "host-call-budget",
                None,
            ),
            (CallError::HandleBudget { slot: slot(), hook, limit: 5 }, 500, "handle-budget", None),
            (CallError::Busy { slot: slot() }, 503, "busy", Some(1)),
            (CallError::NoInstance { slot: slot() }, 503, "no-instance", Some(1)),
            (CallError::Slowed { slot: slot(), wait }, 429, "slowed", Some(4)),
            (CallError::Out { slot: slot(), wait }, 503, "out", Some(4)),
        ];
        for (error, status, code, retry_after) in table {
            let refusal = Refusal::Call(error);
            let seen = (refusal.status().as_u16(), refusal.code(), refusal.retry_after());
            assert_eq!(seen, (status, code, retry_after), "{refusal}");
            assert!(!refusal.plain_text("id").contains("text"), "the slot is the operator's: {refusal}");
        }
    }

    #[test]
    fn an_unknown_route_lists_those_that_there_are() {
        let refusal = Refusal::UnknownRoute { name: "Tex\nt".into(), known: "'A', 'B'".into() };
        assert_eq!(refusal.synapse_text("id", 1.0), "Synapse name 'Tex?t' not found. Available synapses ['A', 'B']");
        assert_eq!(refusal.status().as_u16(), 404);
    }
}
