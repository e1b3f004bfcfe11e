//! `soma:neuron/random`: bytes from the operating system.

use crate::bindings::random::Host;
use crate::state::HostState;

/// Most bytes in one call, as the contract says.
const MOST_BYTES: u32 = 65_536;

impl Host for HostState {
    fn bytes(&mut self, len: u32) -> wasmtime::Result<Vec<u8>> {
        if len > MOST_BYTES {
            return Err(wasmtime::format_err!("asked for {len} random bytes, more than {MOST_BYTES}"));
        }
        let mut bytes = vec![0; len as usize];
        getrandom::fill(&mut bytes).map_err(|error| wasmtime::format_err!("no randomness: {error}"))?;
        Ok(bytes)
    }
}
