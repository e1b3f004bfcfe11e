//! The same chain through the Python SDK 10.5.0: what a miner in Python does with it.

use serde_json::Value;

use crate::error::HarnessError;
use crate::neuron::Bench;
use crate::places;
use crate::python::{self, Sdk};

/// What the SDK took; one value for each round.
#[derive(Clone, Debug, Default)]
pub struct Python {
    /// Milliseconds of `Subtensor.get_metagraph_info`: one question, decoded.
    pub read: Vec<f64>,
    /// Nanoseconds of `metagraph.hotkeys.index(hotkey)`, of known ones.
    pub lookup: Vec<f64>,
    /// Megabytes by which the process grew with one metagraph.
    pub megabytes: f64,
}

/// Measures on the chain at `url`; nothing when there is no Python with the SDK.
///
/// # Errors
/// [`HarnessError`] when the script fails.
pub fn measure(
    bench: &Bench,
    url: &str,
    rounds: usize,
    progress: &mut impl FnMut(&str),
) -> Result<Option<Python>, HarnessError> {
    if let Err(missing) = places::python_10() {
        progress(&format!("skipped: {missing}"));
        return Ok(None);
    }
    let rounds = rounds.to_string();
    let arguments = ["--url", url, "--netuid", "1", "--rounds", &rounds];
    let lines = python::run(Sdk::V10, "metagraph_bench_10.py", &bench.home(), &arguments)?;
    let line = lines.last().cloned().unwrap_or_default();
    let list = |name: &str| -> Vec<f64> {
        line.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_f64).collect()
    };
    let megabytes = line.get("megabytes").and_then(Value::as_f64).unwrap_or_default();
    Ok(Some(Python { read: list("read_ms"), lookup: list("lookup_ns"), megabytes }))
}
