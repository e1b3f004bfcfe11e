//! What one version did of late.
//!
//! The window is a time and not a number of calls: three attackers with twenty requests in flight each are sixty of
//! the last hundred calls of a busy neuron within a blink, and next to nothing of its last minute. A neuron that is asked
//! so seldom that a minute holds no three bad callers loses little by answering them.
//!
//! What bounds it: a count for each second of [`SPAN`], and the last [`LEAST_CALLERS`] callers that made it trap.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::verdict::{LEAST_CALLERS, Tally};

/// How far back it reaches.
pub const SPAN: Duration = Duration::from_secs(60);

/// Calls of the last [`SPAN`], to the second.
pub struct Window {
    opened: Instant,
    seconds: VecDeque<Second>,
    calls: u64,
    traps: u64,
    /// Different callers, the one of the latest trap first, with the time of it.
    callers: VecDeque<(Box<str>, Instant)>,
}

struct Second {
    number: u64,
    calls: u64,
    traps: u64,
}

impl Window {
    /// Nothing seen yet.
    pub fn open(now: Instant) -> Window {
        Window { opened: now, seconds: VecDeque::new(), calls: 0, traps: 0, callers: VecDeque::new() }
    }

    /// A call came to a good end.
    pub fn good(&mut self, now: Instant) {
        self.add(now, 0);
    }

    /// A call of this caller trapped.
    pub fn trap(&mut self, caller: &str, now: Instant) {
        self.add(now, 1);
        self.callers.retain(|(known, _)| **known != *caller);
        self.callers.push_front((caller.into(), now));
        self.callers.truncate(LEAST_CALLERS);
    }

    /// What the window holds. Of the callers at most [`LEAST_CALLERS`] are counted.
    pub fn tally(&mut self, now: Instant) -> Tally {
        self.forget(now);
        let lately = |at: Instant| now.saturating_duration_since(at) < SPAN;
        let callers = self.callers.iter().filter(|(_, at)| lately(*at)).count();
        Tally { calls: self.calls, traps: self.traps, callers }
    }

    fn add(&mut self, now: Instant, traps: u64) {
        let number = self.number(now);
        self.forget(now);
        match self.seconds.back_mut() {
            // Threads may come a moment late with an earlier time.
            Some(latest) if latest.number >= number => {
                latest.calls += 1;
                latest.traps += traps;
            }
            _ => self.seconds.push_back(Second { number, calls: 1, traps }),
        }
        self.calls += 1;
        self.traps += traps;
    }

    fn forget(&mut self, now: Instant) {
        let number = self.number(now);
        while let Some(oldest) = self.seconds.pop_front_if(|oldest| oldest.number + SPAN.as_secs() <= number) {
            self.calls -= oldest.calls;
            self.traps -= oldest.traps;
        }
    }

    fn number(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.opened).as_secs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_minute_is_remembered_and_callers_are_counted_once() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut window = Window::open(start);
        window.trap("a", at(0));
        window.trap("a", at(1));
        window.good(at(1));
        assert_eq!(window.tally(at(1)), Tally { calls: 3, traps: 2, callers: 1 });
        window.trap("b", at(30));
        window.trap("c", at(31));
        window.trap("d", at(32));
        assert_eq!(window.tally(at(32)).callers, LEAST_CALLERS);
        assert_eq!(window.tally(at(60)), Tally { calls: 5, traps: 4, callers: 3 });
        assert_eq!(window.tally(at(61)), Tally { calls: 3, traps: 3, callers: 3 });
        assert_eq!(window.tally(at(90)), Tally { calls: 2, traps: 2, callers: 2 });
        assert_eq!(window.tally(at(500)), Tally::default());
    }

    proptest! {
        /// The sums are those of the calls themselves, of the same whole seconds.
        #[test]
        fn sums_are_those_of_the_last_minute(steps in prop::collection::vec((0_u64..5000, 0_u8..6, any::<bool>()), 1..300)) {
            let start = Instant::now();
            let (mut window, mut now, mut seen) = (Window::open(start), start, Vec::new());
            for (later, who, good) in steps {
                now += Duration::from_millis(later);
                let second = now.duration_since(start).as_secs();
                if good { window.good(now) } else { window.trap(&who.to_string(), now) }
                seen.push((second, now, who, good));
                let lately: Vec<_> = seen.iter().filter(|(at, ..)| at + 60 > second).collect();
                let bad = |(_, _, _, good): &&&(u64, Instant, u8, bool)| !good;
                let callers: std::collections::BTreeSet<u8> = seen
                    .iter()
                    .filter(|(_, at, _, good)| !good && now.duration_since(*at) < SPAN)
                    .map(|(_, _, who, _)| *who)
                    .collect();
                let expected = Tally {
                    calls: lately.len() as u64,
                    traps: lately.iter().filter(bad).count() as u64,
                    callers: callers.len().min(LEAST_CALLERS),
                };
                prop_assert_eq!(window.tally(now), expected);
                prop_assert!(window.seconds.len() <= 61);
            }
        }
    }
}
