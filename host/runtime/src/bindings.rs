//! What `bindgen!` makes of `wit/`, under shorter names.

#![allow(missing_docs, reason = "generated; the documentation is in wit/")]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "neuron",
    imports: {
        "soma:neuron/response.[method]response-stream.write": async | trappable,
        default: trappable,
    },
    exports: { default: async },
    with: { "soma:neuron/response.response-stream": crate::capability::ResponseStream },
});

pub use exports::soma::neuron::{blacklist, forward, lifecycle, priority, streaming, verify};
pub use soma::neuron::metagraph::Absence;
pub use soma::neuron::types::{Caller, Dialect, Failure, Reply, Request, Verdict};
pub use soma::neuron::{clock, log, metagraph, random, response, types};
