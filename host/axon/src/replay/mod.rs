//! Nonces that were used, for as long as they could be used again.
//!
//! The key is what the caller signed and cannot vary: (public key, uuid, nonce) for a synapse, (public key,
//! nonce) for btauth; never the route or the body, which a synapse does not sign. A nonce is looked up before
//! the signature is checked, which saves the check, and kept after it, if it is still absent: of two equal
//! requests one wins.
//!
//! What bounds it: at most [`Bounds::per_key`] live nonces of one hotkey and [`Bounds::total`] in all. When
//! one is reached new nonces are refused; a live nonce is never forgotten. Each is forgotten when its own window has
//! ended. Should the clock go back after that, the nonce is refused all the same: nothing is accepted whose window
//! ended before the latest that was forgotten.
//!
//! What lasts: see [`keeper`]. After an unclean stop nonces up to a certain moment are refused, because one of them
//! may have been used.

mod file;
pub mod keeper;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use soma_protocol::ss58::PublicKey;

pub use self::keeper::{Keeper, ReplayError};

/// Expired nonces that one request forgets for others: the cost of a request stays bounded, and as each request adds
/// one and takes up to so many, the memory shrinks as fast as it may.
const AT_ONCE: usize = 64;

/// Most nonces that are remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Of one hotkey. The longest window is about a minute: 16,384 are 250 requests a second.
    pub per_key: usize,
    /// In all. One nonce takes about 200 bytes.
    pub total: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds { per_key: 16_384, total: 1_000_000 }
    }
}

/// What names a request that may be served once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nonce {
    key: Key,
    expires: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key {
    hotkey: [u8; 32],
    nonce: u64,
    /// Zero for btauth, half a BLAKE3 hash for a synapse's uuid: a header may be long, a nonce takes the same room.
    uuid: u128,
}

impl Nonce {
    /// A synapse's. `nonce` and `expires`, the end of its window, are Unix time in nanoseconds.
    pub fn synapse(hotkey: PublicKey, uuid: &str, nonce: u64, expires: u64) -> Nonce {
        let half = blake3::hash(uuid.as_bytes()).as_bytes().first_chunk().copied().unwrap_or_default();
        Nonce { key: Key { hotkey: hotkey.0, nonce, uuid: u128::from_le_bytes(half) }, expires }
    }

    /// A btauth request's.
    pub fn btauth(hotkey: PublicKey, nonce: u64, expires: u64) -> Nonce {
        Nonce { key: Key { hotkey: hotkey.0, nonce, uuid: 0 }, expires }
    }
}

/// Why a nonce is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotKept {
    /// It was used before.
    Used,
    /// There is no room to remember it.
    Full,
    /// Nobody can tell whether it was used before: the host did not stop cleanly, or its clock went back.
    Closed {
        /// Nonces up to this one are refused: Unix time in nanoseconds.
        until: u64,
    },
}

/// The nonces of all hotkeys.
#[derive(Debug, Default)]
pub struct ReplayMemory {
    bounds: Bounds,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// With the end of each window.
    used: HashMap<Key, u64>,
    /// The same, by the end of the window.
    ends: BTreeSet<(u64, Key)>,
    by_hotkey: HashMap<[u8; 32], usize>,
    /// The latest end of a window that was forgotten.
    forgotten: u64,
    /// Nonces up to this one are refused.
    closed: u64,
    /// Nothing is kept any more: the host is stopping, and what it writes must be all there is.
    sealed: bool,
}

impl ReplayMemory {
    /// An empty memory.
    pub fn new(bounds: Bounds) -> ReplayMemory {
        ReplayMemory { bounds, state: Mutex::default() }
    }

    /// Whether this nonce could be kept, as far as can be said before its signature is verified.
    ///
    /// # Errors
    /// [`NotKept::Used`] and [`NotKept::Closed`].
    pub fn look(&self, nonce: &Nonce) -> Result<(), NotKept> {
        self.lock().look(nonce)
    }

    /// Keeps a nonce whose signature was good. `now` is Unix time in nanoseconds.
    ///
    /// # Errors
    /// [`NotKept`].
    pub fn keep(&self, nonce: Nonce, now: u64) -> Result<(), NotKept> {
        let mut state = self.lock();
        state.forget(now, AT_ONCE);
        state.look(&nonce)?;
        if state.is_full(&nonce.key, &self.bounds) {
            state.forget(now, usize::MAX);
        }
        if state.is_full(&nonce.key, &self.bounds) {
            return Err(NotKept::Full);
        }
        state.insert(nonce);
        Ok(())
    }

    /// Forgets nonces whose window has ended, some thousand at a time, so that nobody waits long for the lock.
    pub fn forget_expired(&self, now: u64) {
        while self.lock().forget(now, 4096) == 4096 {}
    }

    /// Until when nonces are refused because it is not known whether they were used: Unix time in nanoseconds, in the
    /// past if none is.
    pub fn closed_until(&self) -> u64 {
        self.lock().closed
    }

    /// Nonces that are remembered.
    pub fn len(&self) -> usize {
        self.lock().used.len()
    }

    /// Whether none is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn close(&self, until: u64) {
        let mut state = self.lock();
        state.closed = state.closed.max(until);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change leaves the state whole, so a panic elsewhere does not matter.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn look(&self, nonce: &Nonce) -> Result<(), NotKept> {
        if self.sealed {
            return Err(NotKept::Full);
        }
        if self.used.contains_key(&nonce.key) {
            return Err(NotKept::Used);
        }
        if nonce.key.nonce <= self.closed {
            return Err(NotKept::Closed { until: self.closed });
        }
        if nonce.expires <= self.forgotten {
            return Err(NotKept::Closed { until: nonce.key.nonce });
        }
        Ok(())
    }

    fn is_full(&self, key: &Key, bounds: &Bounds) -> bool {
        let own = self.by_hotkey.get(&key.hotkey).copied().unwrap_or_default();
        own >= bounds.per_key || self.used.len() >= bounds.total
    }

    fn insert(&mut self, nonce: Nonce) {
        if self.used.insert(nonce.key, nonce.expires).is_none() {
            self.ends.insert((nonce.expires, nonce.key));
            *self.by_hotkey.entry(nonce.key.hotkey).or_default() += 1;
        }
    }

    /// Forgets up to `most` nonces whose window has ended; says how many.
    fn forget(&mut self, now: u64, most: usize) -> usize {
        let mut gone = 0;
        while gone < most
            && let Some((expires, key)) = self.ends.first().copied().filter(|(expires, _)| *expires < now)
        {
            self.ends.pop_first();
            self.used.remove(&key);
            self.forgotten = self.forgotten.max(expires);
            if let Some(own) = self.by_hotkey.get_mut(&key.hotkey) {
                *own -= 1;
                if *own == 0 {
                    self.by_hotkey.remove(&key.hotkey);
                }
            }
            gone += 1;
        }
        gone
    }
}

#[cfg(test)]
mod tests;
