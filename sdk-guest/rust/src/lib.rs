//! What the author of a Soma plugin imports.
//!
//! A plugin is a struct with the synapse's own fields, plain functions and one line that says which of them are
//! hooks:
//!
//! ```
//! use soma_sdk::prelude::*;
//!
//! #[derive(Serialize, Deserialize)]
//! struct TextGeneration {
//!     prompt: String,
//!     max_tokens: u32,
//!     generated_text: Option<String>,
//! }
//!
//! fn generate(mut synapse: TextGeneration) -> TextGeneration {
//!     log::info!("{} tokens at most", synapse.max_tokens);
//!     synapse.generated_text = Some(synapse.prompt.to_uppercase());
//!     synapse
//! }
//!
//! fn blacklist(request: &Request) -> (bool, String) {
//!     (request.caller.stake < 1000.0, "stake below 1000".into())
//! }
//!
//! fn priority(request: &Request) -> f64 {
//!     request.caller.stake
//! }
//!
//! soma_sdk::plugin! {
//!     forward: { TextGeneration => generate },
//!     blacklist: blacklist,
//!     priority: priority,
//! }
//! # fn main() {}
//! ```
//!
//! The SDK reads and writes the JSON (a body that the route's schema allows and the class does not is the plugin's
//! fault: status 500, and the field in the log), writes panics to the host's log and exports
//! the hooks that are named, and no other. On the author's own machine everything compiles for `cargo test` too:
//! the host's functions then have stand-ins, see `testing`.
//!
//! What it never does: import anything outside `soma:neuron`, keep state between two calls, or hide an error by
//! answering something else.
//!
//! # Layout
//! - `bindings`: generated from the contract in `wit/`
//! - `plugin`: the `plugin!` macro
//! - `hooks`: the shapes that an author's functions may have
//! - [`stream`]: where a streaming function writes to
//! - [`log`], [`clock`], [`random`], [`config`], [`metagraph`]: what the host offers
//! - `arena`: the allocator that keeps a fresh instance from growing its memory
//! - `panics`: a panic becomes a line in the log, then a trap
//! - `testing` (native builds only): requests, settings and a metagraph for unit tests
//! - [`prelude`]: what most plugins use

#[cfg(all(target_arch = "wasm32", feature = "arena"))]
mod arena;
mod bindings;
pub mod clock;
pub mod config;
mod failure;
mod hooks;
pub mod log;
pub mod metagraph;
#[cfg(target_arch = "wasm32")]
mod panics;
mod plugin;
pub mod prelude;
pub mod random;
pub mod stream;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use bindings::sdk::soma::neuron::types::{Caller, Dialect, Failure, Reply, Request, Verdict};
pub use hooks::{Answer, Check, Forward, Judgement, Rank, Streaming, Verify};
pub use serde;
pub use serde_json;
pub use stream::{ResponseStream, WriteError};

/// What `plugin!` expands to. No part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::bindings::blacklist as blacklist_hook;
    pub use crate::bindings::blacklist::export_blacklist;
    pub use crate::bindings::blacklist::exports::soma::neuron::blacklist;
    pub use crate::bindings::forward as forward_hook;
    pub use crate::bindings::forward::export_forward;
    pub use crate::bindings::forward::exports::soma::neuron::forward;
    pub use crate::bindings::lifecycle as lifecycle_hook;
    pub use crate::bindings::lifecycle::export_lifecycle;
    pub use crate::bindings::lifecycle::exports::soma::neuron::lifecycle;
    pub use crate::bindings::priority as priority_hook;
    pub use crate::bindings::priority::export_priority;
    pub use crate::bindings::priority::exports::soma::neuron::priority;
    pub use crate::bindings::sdk::soma::neuron::response::ResponseStream as HostStream;
    pub use crate::bindings::streaming as streaming_hook;
    pub use crate::bindings::streaming::export_streaming;
    pub use crate::bindings::streaming::exports::soma::neuron::streaming;
    pub use crate::bindings::verify as verify_hook;
    pub use crate::bindings::verify::export_verify;
    pub use crate::bindings::verify::exports::soma::neuron::verify;
    pub use crate::hooks::{check, judge, prepare, rank, run, start, stream, unknown_route, verify_bytes};
}
