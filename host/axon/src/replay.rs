//! Nonces that were used, for as long as they could be used again.
//!
//! The key is what the caller signed and cannot vary: (public key, uuid, nonce) for a synapse, (public key,
//! nonce) for btauth; never the route or the body, which a synapse does not sign. A nonce is looked up before
//! the signature is checked, which saves the check, and kept after it, if it is still absent: of two equal
//! requests one wins.
//!
//! What bounds it: at most [`Bounds::per_key`] live nonces of one hotkey and [`Bounds::total`] in all. When
//! one is reached new nonces are refused; a live nonce is never forgotten.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use soma_protocol::ss58::PublicKey;

/// Most nonces that are remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Of one hotkey. The longest window is about a minute: 16,384 are 250 requests a second.
    pub per_key: usize,
    /// In all. One nonce takes about 100 bytes.
    pub total: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds { per_key: 16_384, total: 1_000_000 }
    }
}

/// What names a request that may be served once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nonce {
    /// Who signed.
    pub hotkey: PublicKey,
    /// The v10 dendrite's uuid; empty for btauth.
    pub uuid: Box<str>,
    /// Unix time in nanoseconds, as the caller says.
    pub nonce: u64,
    /// When its window ends: Unix time in nanoseconds.
    pub expires: u64,
}

/// Why a nonce was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotKept {
    /// It was used before.
    Used,
    /// There is no room to remember it.
    Full,
}

type Used = HashMap<(u64, Box<str>), u64>;

/// The nonces of all hotkeys.
#[derive(Debug, Default)]
pub struct ReplayMemory {
    bounds: Bounds,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    by_hotkey: HashMap<PublicKey, Used>,
    total: usize,
}

impl ReplayMemory {
    /// An empty memory.
    pub fn new(bounds: Bounds) -> ReplayMemory {
        ReplayMemory { bounds, state: Mutex::default() }
    }

    /// Whether this nonce was kept before.
    pub fn is_used(&self, nonce: &Nonce) -> bool {
        let state = self.lock();
        let key = (nonce.nonce, nonce.uuid.clone());
        state.by_hotkey.get(&nonce.hotkey).is_some_and(|used| used.contains_key(&key))
    }

    /// Keeps a nonce whose signature was good. `now` is Unix time in nanoseconds.
    pub fn keep(&self, nonce: Nonce, now: u64) -> Result<(), NotKept> {
        let mut state = self.lock();
        let state = &mut *state;
        if state.total >= self.bounds.total {
            state.forget_expired(now);
        }
        let used = state.by_hotkey.entry(nonce.hotkey).or_default();
        if used.len() >= self.bounds.per_key {
            let before = used.len();
            used.retain(|_, expires| *expires >= now);
            state.total = state.total.saturating_sub(before - used.len());
        }
        if used.contains_key(&(nonce.nonce, nonce.uuid.clone())) {
            return Err(NotKept::Used);
        }
        if used.len() >= self.bounds.per_key || state.total >= self.bounds.total {
            return Err(NotKept::Full);
        }
        used.insert((nonce.nonce, nonce.uuid), nonce.expires);
        state.total += 1;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change leaves the state whole, so a panic elsewhere does not matter.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget_expired(&mut self, now: u64) {
        self.by_hotkey.retain(|_, used| {
            used.retain(|_, expires| *expires >= now);
            !used.is_empty()
        });
        self.total = self.by_hotkey.values().map(HashMap::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nonce(hotkey: u8, uuid: &str, nonce: u64, expires: u64) -> Nonce {
        Nonce { hotkey: PublicKey([hotkey; 32]), uuid: uuid.into(), nonce, expires }
    }

    #[test]
    fn one_of_two_equal_requests_wins_whatever_the_order_of_nonces() {
        let memory = ReplayMemory::default();
        assert_eq!(memory.keep(nonce(1, "a", 10, 100), 0), Ok(()));
        assert!(memory.is_used(&nonce(1, "a", 10, 100)));
        assert_eq!(memory.keep(nonce(1, "a", 10, 100), 0), Err(NotKept::Used));
        assert_eq!(memory.keep(nonce(1, "a", 9, 100), 0), Ok(()), "a lower nonce is no replay");
        assert_eq!(memory.keep(nonce(1, "b", 10, 100), 0), Ok(()), "another uuid");
        assert_eq!(memory.keep(nonce(2, "a", 10, 100), 0), Ok(()), "another hotkey");
    }

    #[test]
    fn a_full_memory_refuses_and_forgets_nothing_that_lives() {
        let memory = ReplayMemory::new(Bounds { per_key: 2, total: 3 });
        assert_eq!(memory.keep(nonce(1, "", 1, 50), 0), Ok(()));
        assert_eq!(memory.keep(nonce(1, "", 2, 100), 0), Ok(()));
        assert_eq!(memory.keep(nonce(1, "", 3, 100), 0), Err(NotKept::Full), "the hotkey is full");
        assert_eq!(memory.keep(nonce(2, "", 1, 100), 0), Ok(()));
        assert_eq!(memory.keep(nonce(3, "", 1, 100), 0), Err(NotKept::Full), "all is full");
        assert!(memory.is_used(&nonce(1, "", 1, 50)));
        assert_eq!(memory.keep(nonce(3, "", 1, 100), 51), Ok(()), "room after the window of one has ended");
        assert!(!memory.is_used(&nonce(1, "", 1, 50)));
        assert_eq!(memory.keep(nonce(1, "", 2, 100), 51), Err(NotKept::Used));
    }

    #[test]
    fn a_nonce_is_remembered_at_the_very_end_of_its_window() {
        let memory = ReplayMemory::new(Bounds { per_key: 1, total: 1 });
        assert_eq!(memory.keep(nonce(1, "", 1, 50), 0), Ok(()));
        assert_eq!(memory.keep(nonce(1, "", 1, 50), 50), Err(NotKept::Used));
    }
}
