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

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
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
    /// In all. One nonce takes about 120 bytes, and a hotkey's first one as much again.
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
    used: BTreeMap<Short, u64>,
    /// The same; the first end comes first.
    ends: BinaryHeap<Reverse<(u64, Short)>>,
    /// The number of each hotkey that has a nonce here.
    numbers: HashMap<[u8; 32], u64>,
    /// The hotkeys by number.
    hotkeys: HashMap<u64, Own>,
    /// The number of the next new hotkey; none is used twice.
    next: u64,
    /// The latest end of a window that was forgotten.
    forgotten: u64,
    /// Nonces up to this one are refused.
    closed: u64,
    /// Nothing is kept any more: the host is stopping, and what it writes must be all there is.
    sealed: bool,
}

/// A [`Key`] in half the room: a memory holds many nonces of few hotkeys. Later nonces come later in the order, so that
/// most are added at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Short {
    nonce: u64,
    hotkey: u64,
    uuid: [u8; 16],
}

/// What is remembered of one hotkey.
#[derive(Debug)]
struct Own {
    hotkey: [u8; 32],
    nonces: usize,
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
        if self.short(&nonce.key).is_some_and(|short| self.used.contains_key(&short)) {
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
        let own = self.numbers.get(&key.hotkey).and_then(|number| self.hotkeys.get(number));
        own.map_or(0, |own| own.nonces) >= bounds.per_key || self.used.len() >= bounds.total
    }

    /// None when nothing of its hotkey is remembered.
    fn short(&self, key: &Key) -> Option<Short> {
        let hotkey = *self.numbers.get(&key.hotkey)?;
        Some(Short { nonce: key.nonce, hotkey, uuid: key.uuid.to_le_bytes() })
    }

    fn insert(&mut self, nonce: Nonce) {
        let Key { hotkey, nonce: number, uuid } = nonce.key;
        let next = self.next;
        let own = *self.numbers.entry(hotkey).or_insert(next);
        if own == next {
            self.next += 1;
        }
        let short = Short { nonce: number, hotkey: own, uuid: uuid.to_le_bytes() };
        if self.used.insert(short, nonce.expires).is_none() {
            self.ends.push(Reverse((nonce.expires, short)));
            self.hotkeys.entry(own).or_insert(Own { hotkey, nonces: 0 }).nonces += 1;
        }
    }

    /// Everything that is remembered.
    fn nonces(&self) -> Vec<Nonce> {
        let whole = |(short, expires): (&Short, &u64)| {
            let Own { hotkey, .. } = self.hotkeys.get(&short.hotkey)?;
            let key = Key { hotkey: *hotkey, nonce: short.nonce, uuid: u128::from_le_bytes(short.uuid) };
            Some(Nonce { key, expires: *expires })
        };
        self.used.iter().filter_map(whole).collect()
    }

    /// Forgets up to `most` nonces whose window has ended; says how many.
    fn forget(&mut self, now: u64, most: usize) -> usize {
        let mut gone = 0;
        while gone < most
            && let Some(Reverse((expires, short))) = self.ends.peek().copied()
            && expires < now
        {
            self.ends.pop();
            self.used.remove(&short);
            self.forgotten = self.forgotten.max(expires);
            self.forget_one_of(short.hotkey);
            gone += 1;
        }
        // A crowd that is gone leaves no room behind that is never used again.
        if gone > 0 && self.ends.capacity() > 4 * self.ends.len().max(1024) {
            self.ends.shrink_to(2 * self.ends.len());
        }
        gone
    }

    fn forget_one_of(&mut self, number: u64) {
        let Some(own) = self.hotkeys.get_mut(&number) else { return };
        own.nonces = own.nonces.saturating_sub(1);
        if own.nonces == 0
            && let Some(own) = self.hotkeys.remove(&number)
        {
            self.numbers.remove(&own.hotkey);
        }
    }
}

#[cfg(test)]
mod tests;
