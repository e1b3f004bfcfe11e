//! The axon: the public server of a neuron. It speaks the protocol of the Python SDK up to version 10 and the
//! signed requests of version 11 (`btauth/1`) on one port.
//!
//! It holds no key and signs nothing. No plugin code runs for a request before the caller's signature is
//! verified, and what a plugin is told about the caller comes from that signature, never from the body.
//!
//! # Layout
//!
//! - [`server`]: accepting, HTTP/1.1, graceful stop
//! - `pipeline`: a request's way through, in order; `synapse` and `btauth` are its two dialects
//! - [`admission`]: which hotkeys are let in at all
//! - [`replay`]: nonces that were used, for as long as they could be used again
//! - `body`: reading a body within its bounds
//! - `plugins`: the verified request on its way to the plugins
//! - [`refusal`]: everything a caller can be refused for, with its status and its words

pub mod admission;
mod body;
mod btauth;
mod pipeline;
mod plugins;
pub mod refusal;
pub mod replay;
pub mod server;
mod synapse;

pub use admission::Admission;
pub use pipeline::Axon;
pub use refusal::Refusal;
pub use replay::ReplayMemory;
pub use server::{ServeError, Server};
