//! What is measured, in its order.

use tokio::runtime::Runtime;

use super::finality::{self, Finality};
use super::graph::{self, Graph};
use super::python::{self, Python};
use super::ready;
use crate::bench::Arguments;
use crate::error::HarnessError;
use crate::neuron::Bench;

/// Everything that was measured.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// Seconds from the start of `soma localnet` to its first answer, one value for each start.
    pub ready: Vec<f64>,
    /// Of signed calls.
    pub finality: Finality,
    /// Of a metagraph of 1,024 neurons.
    pub graph: Graph,
    /// The same chain through the Python SDK; nothing where it is not installed.
    pub python: Option<Python>,
}

impl Course {
    /// Measures. `count` of the arguments is the number of signed calls in all, `rounds` how often the rest is done.
    ///
    /// # Errors
    /// [`HarnessError`] when a chain does not answer as it should.
    pub fn run(arguments: &Arguments, mut progress: impl FnMut(&str)) -> Result<Course, HarnessError> {
        let bench = Bench::new()?;
        let runtime = Runtime::new().map_err(HarnessError::io("starting a runtime"))?;
        progress("soma localnet is started and asked");
        let ready = ready::measure(&bench, arguments.rounds)?;
        progress("calls are signed, sent and final");
        let finality = runtime.block_on(finality::measure(&bench, arguments.count))?;
        progress("a metagraph of 1,024 neurons is decoded, read and looked up");
        let net = graph::chain()?;
        let graph = runtime.block_on(graph::measure(&net.url(), arguments.rounds, &mut progress))?;
        progress("the same chain through the Python SDK");
        let python = python::measure(&bench, &net.url(), arguments.rounds, &mut progress)?;
        Ok(Course { ready, finality, graph, python })
    }
}
