//! What `bindgen!` makes of `wit/`, under shorter names.

#![allow(missing_docs, reason = "generated; the documentation is in wit/")]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "neuron",
    imports: { default: trappable },
    exports: { default: async },
});

pub use exports::soma::neuron::{blacklist, forward, priority};
pub use soma::neuron::types::{Caller, Dialect, Failure, Reply, Request, Verdict};
pub use soma::neuron::{clock, config, log, random, types};
