//! `soma:neuron/clock`: the time of day, in whole milliseconds.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::bindings::clock::Host;
use crate::state::HostState;

impl Host for HostState {
    fn now_ms(&mut self) -> wasmtime::Result<f64> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // Below 2^53 for the next 285,000 years.
        Ok(since.as_millis() as f64)
    }
}
