//! Counters of a slot, over all of its versions since the start.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use soma_manifest::Hook;

use super::limit::Limit;

/// How often plugins of one slot trapped and used up budgets.
#[derive(Debug)]
pub struct Counts {
    traps: AtomicU64,
    /// One for each hook and limit, made once.
    exhausted: Vec<(Hook, Limit, AtomicU64)>,
}

/// A budget that was used up.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Exhaustion {
    /// The hook that used it up.
    pub hook: Hook,
    /// Name of the budget; see [`Limit::name`].
    pub budget: String,
    /// How often since the host was started.
    pub times: u64,
}

impl Default for Counts {
    fn default() -> Counts {
        let of = |hook| Limit::ALL.into_iter().map(move |limit| (hook, limit, AtomicU64::new(0)));
        Counts { traps: AtomicU64::new(0), exhausted: Hook::ALL.into_iter().flat_map(of).collect() }
    }
}

impl Counts {
    /// A call misbehaved.
    pub fn trapped(&self) {
        self.traps.fetch_add(1, Ordering::Relaxed);
    }

    /// A hook used up a budget.
    pub fn exhausted(&self, hook: Hook, limit: Limit) {
        let found = self.exhausted.iter().find(|(of, at, _)| (*of, *at) == (hook, limit));
        if let Some((_, _, times)) = found {
            times.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Calls that misbehaved.
    pub fn traps(&self) -> u64 {
        self.traps.load(Ordering::Relaxed)
    }

    /// Every budget that was used up at least once.
    pub fn exhaustions(&self) -> Vec<Exhaustion> {
        let seen = self.exhausted.iter().map(|(hook, limit, times)| (*hook, *limit, times.load(Ordering::Relaxed)));
        let seen = seen.filter(|(_, _, times)| *times > 0);
        seen.map(|(hook, limit, times)| Exhaustion { hook, budget: limit.name().to_owned(), times }).collect()
    }
}

/// The counters of all slots of a host.
#[derive(Debug, Default)]
pub struct Ledger {
    /// By slot; those that no version needs any more are forgotten.
    slots: Mutex<BTreeMap<String, Weak<Counts>>>,
}

impl Ledger {
    /// The counters of the slot with this name: the same ones for all of its versions.
    pub fn slot(&self, name: &str) -> Arc<Counts> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = slots.get(name).and_then(Weak::upgrade) {
            return known;
        }
        slots.retain(|_, counts| counts.strong_count() > 0);
        let counts = Arc::new(Counts::default());
        slots.insert(name.to_owned(), Arc::downgrade(&counts));
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_a_slot_count_together_and_only_what_happened_is_there() {
        let ledger = Ledger::default();
        let (old, new) = (ledger.slot("text"), ledger.slot("text"));
        old.exhausted(Hook::Forward, Limit::Cpu);
        new.exhausted(Hook::Forward, Limit::Cpu);
        new.exhausted(Hook::Blacklist, Limit::LogLine);
        new.trapped();
        let one = |hook, budget: &str, times| Exhaustion { hook, budget: budget.to_owned(), times };
        assert_eq!(old.exhaustions(), [one(Hook::Forward, "cpu", 2), one(Hook::Blacklist, "log-line", 1)]);
        assert_eq!((old.traps(), ledger.slot("other").traps()), (1, 0));
    }
}
