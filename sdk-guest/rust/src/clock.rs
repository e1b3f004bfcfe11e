//! The time of day. The manifest has to want `clock`.

/// Milliseconds since 1970, UTC. The host may round it.
#[cfg(target_arch = "wasm32")]
pub fn now_ms() -> f64 {
    crate::bindings::sdk::soma::neuron::clock::now_ms()
}

/// Milliseconds since 1970, UTC; in a unit test, of this machine's clock.
#[cfg(not(target_arch = "wasm32"))]
pub fn now_ms() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64() * 1000.0)
}
