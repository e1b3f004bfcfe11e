//! A table with a bound, for counters by address or by hotkey.
//!
//! What bounds it: a fixed number of entries for each of its shards. A new key in a full shard makes the shard look
//! for entries that are as good as new and can be forgotten, at most once a second, because looking costs a walk. If
//! there is none, the key shares one entry with all others that found no room: a flood from more addresses than the
//! table holds is then counted as if it came from a few.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks are held for some hundred nanoseconds; with 16 of them two threads seldom meet.
const SHARDS: usize = 16;
/// Nanoseconds between two walks of one shard.
const PAUSE: u64 = 1_000_000_000;

/// What a table holds.
pub(crate) trait Counted: Default {
    /// As good as new: it can be forgotten.
    fn is_idle(&self, now: u64) -> bool;
    /// Until when it is worth more than a stranger's; none if it is not. Of those that are, the one that ends first
    /// makes room when there is nothing else.
    fn kept_until(&self, now: u64) -> Option<u64>;
}

/// Bounded counters by key.
pub(crate) struct Table<K, V> {
    shards: Vec<Mutex<Shard<K, V>>>,
    per_shard: usize,
    hasher: RandomState,
}

struct Shard<K, V> {
    entries: HashMap<K, V>,
    /// Of all that found no room.
    shared: V,
    walked: Option<u64>,
}

impl<K: Hash + Eq, V: Counted> Table<K, V> {
    /// A table of about `capacity` entries, at least one for each shard.
    pub fn new(capacity: usize) -> Table<K, V> {
        let shard = || Mutex::new(Shard { entries: HashMap::new(), shared: V::default(), walked: None });
        Table {
            shards: std::iter::repeat_with(shard).take(SHARDS).collect(),
            per_shard: (capacity / SHARDS).max(1),
            hasher: RandomState::new(),
        }
    }

    /// Does something with the entry of this key: its own, a new one, or the shared one.
    pub fn with<R>(&self, key: K, now: u64, act: impl FnOnce(&mut V) -> R) -> R {
        let Some(mut shard) = self.shard(&key) else { return act(&mut V::default()) };
        let shard = &mut *shard;
        if let Some(entry) = shard.entries.get_mut(&key) {
            return act(entry);
        }
        if shard.entries.len() >= self.per_shard {
            shard.forget_idle(now);
        }
        if shard.entries.len() >= self.per_shard {
            return act(&mut shard.shared);
        }
        act(shard.entries.entry(key).or_default())
    }

    /// Does something with an entry of its own. When there is no room, one that is not kept is forgotten for it, or
    /// the one that was kept first.
    pub fn with_own(&self, key: K, now: u64, act: impl FnOnce(&mut V))
    where
        K: Clone,
    {
        let Some(mut shard) = self.shard(&key) else { return };
        let shard = &mut *shard;
        if !shard.entries.contains_key(&key) && shard.entries.len() >= self.per_shard {
            shard.forget_idle(now);
            if shard.entries.len() >= self.per_shard
                && let Some(least) = shard.least(now)
            {
                shard.entries.remove(&least);
            }
        }
        act(shard.entries.entry(key).or_default());
    }

    /// Reads the key's own entry, if it has one.
    pub fn look<R>(&self, key: &K, look: impl FnOnce(&V) -> R) -> Option<R> {
        self.shard(key)?.entries.get(key).map(look)
    }

    /// Entries in all shards.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().unwrap().entries.len()).sum()
    }

    fn shard(&self, key: &K) -> Option<MutexGuard<'_, Shard<K, V>>> {
        let index = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or_default();
        // An entry is changed in one step, so a panic elsewhere leaves nothing half done.
        Some(self.shards.get(index)?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<K: Hash + Eq, V: Counted> Shard<K, V> {
    fn forget_idle(&mut self, now: u64) {
        if self.walked.is_some_and(|walked| now.saturating_sub(walked) < PAUSE) {
            return;
        }
        self.walked = Some(now);
        self.entries.retain(|_, entry| !entry.is_idle(now));
    }

    /// The entry that makes room: the first that is not kept, or the one that is kept for the shortest time.
    fn least(&self, now: u64) -> Option<K>
    where
        K: Clone,
    {
        let mut least: Option<(u64, &K)> = None;
        for (key, entry) in &self.entries {
            let Some(until) = entry.kept_until(now) else { return Some(key.clone()) };
            if least.is_none_or(|(first, _)| until < first) {
                least = Some((until, key));
            }
        }
        least.map(|(_, key)| key.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Default)]
    struct Entry {
        uses: u32,
        idle_at: u64,
        kept: Option<u64>,
    }

    impl Counted for Entry {
        fn is_idle(&self, now: u64) -> bool {
            self.idle_at <= now
        }

        fn kept_until(&self, _now: u64) -> Option<u64> {
            self.kept
        }
    }

    fn busy(entry: &mut Entry) -> u32 {
        entry.uses += 1;
        entry.idle_at = 5 * PAUSE;
        entry.uses
    }

    #[test]
    fn a_full_table_shares_one_entry_and_takes_new_keys_when_old_ones_are_idle() {
        let table: Table<u32, Entry> = Table::new(SHARDS * 4);
        for key in 0..10_000 {
            table.with(key, PAUSE, busy);
        }
        assert_eq!(table.len(), SHARDS * 4);
        assert!(table.with(77_777, PAUSE, busy) > 100, "it shares its entry with thousands");
        assert_eq!(table.with(88_888, 6 * PAUSE, busy), 1, "the old ones were idle and are gone");
    }

    #[test]
    fn who_needs_an_entry_of_its_own_gets_a_strangers() {
        let table: Table<u32, Entry> = Table::new(SHARDS * 2);
        for key in 0..1000 {
            table.with(key, PAUSE, busy);
        }
        table.with_own(5000, PAUSE, |entry| entry.kept = Some(9));
        assert_eq!(table.look(&5000, |entry| entry.kept), Some(Some(9)));
        assert_eq!(table.len(), SHARDS * 2);
        for key in 6000..9000 {
            table.with_own(key, PAUSE, |entry| {
                busy(entry);
            });
        }
        assert_eq!(table.look(&5000, |entry| entry.kept), Some(Some(9)), "a kept one does not make room");
    }

    #[test]
    fn when_all_are_kept_the_one_that_ends_first_makes_room() {
        let table: Table<u32, Entry> = Table::new(SHARDS * 4);
        for key in 0..10_000_u32 {
            table.with_own(key, PAUSE, |entry| {
                busy(entry);
                entry.kept = Some(u64::from(key));
            });
            assert!(table.look(&key, |entry| entry.kept.is_some()).unwrap_or(false), "{key} found its place");
            assert!(key == 0 || table.look(&(key - 1), |_| ()).is_some(), "not the newest but one");
        }
        assert_eq!(table.len(), SHARDS * 4);
    }

    proptest! {
        #[test]
        fn the_bound_holds(keys in proptest::collection::vec((any::<u16>(), 0u64..20, any::<bool>()), 0..500)) {
            let table: Table<u16, Entry> = Table::new(64);
            for (key, second, own) in keys {
                if own {
                    table.with_own(key, second * PAUSE, |entry| entry.kept = (key % 3 == 0).then_some(second));
                } else {
                    table.with(key, second * PAUSE, busy);
                }
                prop_assert!(table.len() <= 64);
            }
        }
    }
}
