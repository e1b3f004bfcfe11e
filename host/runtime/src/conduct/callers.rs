//! Who made a version trap, and for how long each of them has to wait.
//!
//! What bounds it: at most so many callers are remembered. When one more comes, one that would be forgiven anyway
//! goes first, and otherwise the one with the fewest strikes, of those the one that has been there longest: a crowd of
//! fresh keys washes out fresh keys, and never somebody who trapped again and again.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::verdict::pause;

/// Callers that are remembered for one version: more than a subnet has.
pub const MOST_CALLERS: usize = 4096;

/// Without another trap for so long, a caller is forgiven: five times the longest pause.
pub const FORGIVEN_AFTER: Duration = Duration::from_secs(300);

/// The callers that made one version trap.
pub struct Callers {
    most: usize,
    known: HashMap<Box<str>, Strikes>,
}

#[derive(Clone, Copy, Debug)]
struct Strikes {
    count: u32,
    last: Instant,
    until: Instant,
}

/// What a trap says of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strike {
    /// It is one more, and the caller has to wait for so long.
    Counted(Duration),
    /// The caller waits already: this call was running when the trap that counts came. A hundred calls at once
    /// are no more than one.
    Known,
}

impl Strikes {
    fn is_forgiven(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.last) >= FORGIVEN_AFTER
    }
}

impl Callers {
    /// Nobody yet, and at most so many.
    pub fn new(most: usize) -> Callers {
        Callers { most, known: HashMap::new() }
    }

    /// How long this caller still has to wait; none when it may ask.
    pub fn wait(&self, caller: &str, now: Instant) -> Option<Duration> {
        let left = self.known.get(caller)?.until.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    /// Whether this caller made it trap and was not forgiven.
    pub fn is_struck(&self, caller: &str, now: Instant) -> bool {
        self.known.get(caller).is_some_and(|strikes| !strikes.is_forgiven(now))
    }

    /// A call of this caller trapped.
    pub fn strike(&mut self, caller: &str, now: Instant) -> Strike {
        let before = self.known.get(caller).filter(|strikes| !strikes.is_forgiven(now));
        if before.is_some_and(|strikes| strikes.until > now) {
            return Strike::Known;
        }
        let count = before.map_or(0, |strikes| strikes.count).saturating_add(1);
        let pause = pause(count);
        if !self.known.contains_key(caller) {
            self.make_room(now);
        }
        self.known.insert(caller.into(), Strikes { count, last: now, until: now + pause });
        Strike::Counted(pause)
    }

    /// How many have to wait.
    pub fn waiting(&self, now: Instant) -> usize {
        self.known.values().filter(|strikes| strikes.until > now).count()
    }

    fn make_room(&mut self, now: Instant) {
        if self.known.len() < self.most {
            return;
        }
        self.known.retain(|_, strikes| !strikes.is_forgiven(now));
        while self.known.len() >= self.most {
            let least = self.known.iter().min_by_key(|(_, strikes)| (strikes.count, strikes.last));
            let Some(name) = least.map(|(name, _)| name.clone()) else { return };
            self.known.remove(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn each_trap_doubles_the_wait_and_quiet_time_forgives() {
        let (mut callers, mut now) = (Callers::new(8), Instant::now());
        for expected in [1, 2, 4, 8, 16, 32, 60, 60] {
            assert_eq!(callers.strike("a", now), Strike::Counted(expected * SECOND));
            assert_eq!(callers.wait("a", now), Some(expected * SECOND));
            assert_eq!(callers.strike("a", now + SECOND / 2), Strike::Known);
            assert_eq!(callers.wait("b", now), None);
            now += expected * SECOND;
            assert_eq!(callers.wait("a", now), None);
            assert!(callers.is_struck("a", now));
        }
        now += FORGIVEN_AFTER;
        assert!(!callers.is_struck("a", now));
        assert_eq!(callers.strike("a", now), Strike::Counted(SECOND));
    }

    #[test]
    fn a_crowd_of_fresh_keys_does_not_wash_out_who_trapped_again() {
        let (mut callers, mut now) = (Callers::new(4), Instant::now());
        callers.strike("again", now);
        now += SECOND;
        callers.strike("again", now);
        for number in 0..1000 {
            now += Duration::from_micros(1);
            callers.strike(&format!("fresh-{number}"), now);
            assert!(callers.known.len() <= 4);
        }
        assert!(callers.wait("again", now).is_some());
        assert!(callers.wait("fresh-999", now).is_some(), "the latest has a place, too");
        assert_eq!(callers.wait("fresh-0", now), None);
    }

    #[test]
    fn who_would_be_forgiven_goes_first() {
        let (mut callers, start) = (Callers::new(2), Instant::now());
        callers.strike("old", start);
        callers.strike("old", start + SECOND);
        let now = start + SECOND + FORGIVEN_AFTER;
        callers.strike("one", now);
        callers.strike("two", now);
        assert!(!callers.known.contains_key("old"));
        assert_eq!(callers.waiting(now), 2);
    }

    proptest! {
        /// Whatever happens: never more than fit, nobody waits for longer than a minute, and nobody waits who did not trap.
        #[test]
        fn waits_are_bounded_and_only_for_those_who_trapped(
            steps in prop::collection::vec((0_u8..12, 0_u64..90_000), 1..200),
        ) {
            let (mut callers, mut now) = (Callers::new(5), Instant::now());
            let mut struck = std::collections::BTreeSet::new();
            for (who, later) in steps {
                now += Duration::from_millis(later);
                let name = who.to_string();
                callers.strike(&name, now);
                struck.insert(who);
                prop_assert!(callers.known.len() <= 5);
                prop_assert!(callers.wait(&name, now).is_some());
                for other in 0..12 {
                    let wait = callers.wait(&other.to_string(), now).unwrap_or_default();
                    prop_assert!(wait <= Duration::from_secs(60));
                    prop_assert!(wait.is_zero() || struck.contains(&other));
                }
            }
        }
    }
}
