//! The formats that Bittensor neurons speak over HTTP: how a request says who sent it, how that is proven, and how an
//! answer is laid out. Both sides use it: the axon parses and verifies, the dendrite builds and reads.
//!
//! Two dialects are understood:
//!
//! - **synapse**, the axon protocol of the Python SDK's versions 9 and 10: identity in `bt_header_*` headers, a JSON
//!   body, a signature that covers neither the path nor (by default) the body;
//! - **btauth/1**, the signed requests of version 11: identity in `X-Bittensor-*` headers, a signature over method,
//!   target, body and both parties.
//!
//! What this crate never does: it opens no socket, reads no clock and no file, starts no task, keeps no state between
//! calls, and signs nothing (a secret key has no type here). The time is an argument; remembering nonces is the
//! server's work, and the checks return until when that has to last.
//!
//! Header fields that come from outside are read strictly: one value, ASCII, no second spelling of the same number or
//! key. Where that is stricter than the Python SDK the item's documentation says so.
//!
//! # Layout
//!
//! - [`ss58`]: public keys and their addresses
//! - [`signature`]: sr25519 and ed25519 verification
//! - [`json`]: strict JSON objects (no duplicate keys, bounded depth)
//! - [`dialect`]: which of the two a request speaks
//! - [`pytype`]: Python type expressions, as a manifest writes them
//! - [`pystr`]: Python's `str()` of a validated value, which is what the body hash covers
//! - [`synapse`]: version 10 requests, claims, replies, and the client's side of them
//! - [`btauth`]: btauth/1 claims and headers
//! - [`tensor`]: arrays of numbers in version 10 synapses

pub mod btauth;
pub mod dialect;
mod header;
pub mod json;
pub mod pystr;
pub mod pytype;
pub mod signature;
pub mod ss58;
pub mod synapse;
pub mod tensor;
