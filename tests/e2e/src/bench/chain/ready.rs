//! From the start of `soma localnet` to its first answer.

use crate::error::HarnessError;
use crate::neuron::Bench;
use crate::rpc::Chain;

/// Seconds, for each start.
///
/// # Errors
/// As [`Chain::start`].
pub fn measure(bench: &Bench, rounds: usize) -> Result<Vec<f64>, HarnessError> {
    let start = || {
        let chain = Chain::start(bench, &["--json"])?;
        let seconds = chain.ready.as_secs_f64();
        chain.end("TERM")?;
        Ok(seconds)
    };
    (0..rounds).map(|_| start()).collect()
}
