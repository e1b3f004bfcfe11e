//! Randomness from the operating system's secure source. The manifest has to want `random`.

/// The most bytes that one call may ask for; the host traps above it.
pub const MOST: u32 = 65536;

/// `len` random bytes.
///
/// # Panics
/// The host traps when `len` is over [`MOST`].
#[cfg(target_arch = "wasm32")]
pub fn bytes(len: u32) -> Vec<u8> {
    crate::bindings::sdk::soma::neuron::random::bytes(len)
}

/// `len` random bytes; in a unit test, of this machine's source.
///
/// # Panics
/// When `len` is over [`MOST`], as under the host, or when the machine has no source.
#[cfg(not(target_arch = "wasm32"))]
pub fn bytes(len: u32) -> Vec<u8> {
    assert!(len <= MOST, "{len} random bytes asked for, {MOST} at most");
    let mut bytes = vec![0; len as usize];
    assert!(getrandom::fill(&mut bytes).is_ok(), "this machine has no source of randomness");
    bytes
}

/// An even choice among 0 to `bound` - 1; 0 when `bound` is 0.
pub fn below(bound: u32) -> u32 {
    if bound == 0 {
        return 0;
    }
    // The top of the range that is not a multiple of `bound` is thrown away, so that no value is more likely.
    let fair = u32::MAX - u32::MAX % bound;
    loop {
        let word = bytes(4).into_iter().fold(0, |word: u32, byte| (word << 8) | u32::from(byte));
        if word < fair {
            return word % bound;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chooses_every_value_below_the_bound() {
        assert_eq!(below(0), 0);
        assert_eq!(below(1), 0);
        let mut seen = [false; 6];
        for _ in 0..1000 {
            seen[below(6) as usize] = true;
        }
        assert_eq!(seen, [true; 6]);
    }

    #[test]
    fn gives_as_many_bytes_as_asked() {
        assert_eq!(bytes(0).len(), 0);
        assert_ne!(bytes(32), bytes(32));
    }
}
