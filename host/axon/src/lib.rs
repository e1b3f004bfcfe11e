//! The axon: the public server of a neuron. It speaks the protocol of the Python SDK up to version 10 and the
//! signed requests of version 11 (`btauth/1`) on one port.
//!
//! It holds no key and signs nothing. No plugin code runs for a request before the caller's signature is
//! verified, and what a plugin is told about the caller comes from that signature, never from the body.
//!
//! # Layout
//!
//! - [`server`]: accepting and stopping; `connection`: one connection, its socket and its clocks
//! - [`proxy`]: who the caller is when a proxy stands in front
//! - `pipeline`: a request's way through, in order; `synapse` and `btauth` are its two dialects
//! - [`gate`]: rates, shares and connections: what a caller may use before and after it was proven
//! - [`admission`]: which hotkeys are let in at all, by list or by what the chain says; `familiar`: keys of those that
//!   were here before
//! - [`replay`]: nonces that were used, for as long as they could be used again, and over restarts
//! - `body`: reading a body within its bounds; `reply`: the body of an answer, whole or in pieces
//! - `heavy`: work on large bodies, away from the threads that serve connections
//! - `plugins`: the verified request on its way to the plugins
//! - [`record`]: what is known of a request when it is over, and who is told
//! - [`refusal`]: everything a caller can be refused for, with its status and its words

pub mod admission;
mod body;
mod btauth;
mod connection;
mod familiar;
pub mod gate;
mod heavy;
mod pipeline;
mod plugins;
pub mod proxy;
pub mod record;
pub mod refusal;
pub mod replay;
mod reply;
pub mod server;
mod synapse;

pub use admission::{Admission, ChainView};
pub use gate::{Gate, Limits};
pub use pipeline::{Axon, system_clock};
pub use proxy::{Proxies, ProxyHeader};
pub use record::{LogObserver, Observer, Record};
pub use refusal::Refusal;
pub use replay::{Keeper, ReplayError, ReplayMemory};
pub use server::{Reserved, ServeError, Server};
