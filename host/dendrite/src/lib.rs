//! The signed HTTP client of a neuron: it asks an axon in the synapse v10 dialect or any HTTP server in btauth/1.
//!
//! One [`Dendrite`] belongs to one hotkey. Each call is one request: the nonce is taken, the signer process is
//! asked for one typed signature, the request is sent, and what came back is read within bounds of bytes and time.
//!
//! What it never does: hold a key, follow a redirect, use a proxy named by the environment, send a request a
//! second time, speak TLS (`https` is a typed error), or keep more of an answer than its limit allows
//! ([`Dendrite::DEFAULT_ANSWER_LIMIT`], counted after decompression).
//!
//! # Layout
//! - [`dendrite`]: the handle, its nonces and its uuid
//! - [`target`]: whom a synapse goes to
//! - [`options`]: how one synapse is sent
//! - [`synapse`]: the synapse v10 call and its answer
//! - [`btauth`]: the btauth/1 call and its answer
//! - [`signing`]: what the client needs from a signer
//! - `transport`: the bounded exchange of one request
//! - [`error`]: everything that can go wrong on this side

pub mod btauth;
pub mod dendrite;
pub mod error;
pub mod options;
pub mod signing;
pub mod synapse;
pub mod target;
mod transport;

pub use btauth::{BtauthAnswer, BtauthRequest};
pub use dendrite::Dendrite;
pub use error::DendriteError;
pub use options::{RequiredFields, SynapseOptions};
pub use signing::RequestSigner;
pub use synapse::Answer;
pub use target::SynapseTarget;
