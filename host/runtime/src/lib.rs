//! Runs plugins that nobody has to trust: admits, compiles, warms, limits, calls and swaps them.
//!
//! It knows no HTTP server and no chain, holds no key, and gives a plugin nothing that was not both wanted by
//! its manifest and granted by the operator. A plugin that misbehaves ends in a [`CallError`]; its store is
//! thrown away and nobody else notices.
//!
//! # Layout
//!
//! - [`budget`]: what one call may use, with the defaults and why
//! - [`engine`]: the wasmtime engine, its clock of epochs, and the threads that guests run on
//! - [`metagraph`]: what plugins see of the subnet, as whoever asks for a call fills it in
//! - `bindings`: the Rust side of `wit/`
//! - `capability`: the host's side of each import, a module each
//! - `state`: what one store carries, and its limiter; `meter`: the CPU clock of one call
//! - [`artifact`]: compiled code, cached by content; [`compile`]: the child that compiles
//! - [`version`]: one loaded version of a plugin; `session`: one instance of it, for one request; `instances`:
//!   how long an instance lives; `cores`: how many threads one slot may have
//! - [`route`]: what a route accepts; [`routing`]: the table that a request pins; [`serving`]: a request's way
//!   through its hooks; [`stream`]: an answer in pieces; [`trace`]: where the time went
//! - [`conduct`]: what becomes of a version that misbehaves, and of those who make it; `fault`: what a failed call means
//! - `gates`: how many requests are in their gate hooks; `queue`: who is served next
//! - [`slots`]: the operator's slots: load, swap, drain
//! - [`cost`]: what instances cost, for commands that tell an author
//! - [`words`]: what others said, fit for a log line
//! - `native` (feature of the same name): plugins without a sandbox, for benches
//! - [`error`]: why a plugin was not loaded, why a call gave no answer

pub mod artifact;
mod bindings;
pub mod budget;
mod capability;
pub mod compile;
pub mod conduct;
mod cores;
pub mod cost;
pub mod engine;
pub mod error;
mod fault;
mod gates;
mod hooks;
mod instances;
pub mod metagraph;
mod meter;
#[cfg(feature = "native")]
pub mod native;
mod queue;
pub mod route;
pub mod routing;
pub mod serving;
mod session;
pub mod slots;
mod state;
pub mod stream;
pub mod trace;
pub mod version;
pub mod words;

pub use bindings::{Caller, Dialect, Reply, Request};
pub use budget::Budget;
pub use engine::GuestEngine;
pub use error::{CallError, LoadError};
pub use instances::{InstancePolicy, InstanceSpec, WarmPolicy};
pub use metagraph::{Absence, Metagraph, Neuron, Pinned, Subnet};
pub use route::RouteContract;
pub use routing::{Route, RoutingTable};
pub use serving::{Call, Served};
pub use slots::{SlotSpec, Slots};
pub use soma_manifest::{Hook, StreamSpec, Want};
pub use stream::{Chunks, StreamedReply};
pub use trace::{Lap, Stage, Trace};
