//! The line against a plain model of it.

use proptest::prelude::*;

use super::*;

const CALLERS: [&str; 4] = ["a", "b", "c", "d"];

/// Somebody in the model's line.
#[derive(Clone, Copy, Debug)]
struct Model {
    name: usize,
    caller: usize,
    rank: f64,
    since: Instant,
    deadline: Instant,
}

#[derive(Clone, Debug)]
enum Step {
    Enter {
        caller: usize,
        rank: f64,
        patience_ms: u64,
    },
    /// Of those who wait, the nth in the order of their names.
    Leave(usize),
    /// Of those who run, the nth in the order in which they began.
    Release(usize),
    Pass {
        ms: u64,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let rank = prop_oneof![
        6 => (-3_i8..4).prop_map(f64::from),
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(f64::NEG_INFINITY),
        1 => Just(f64::MIN),
        1 => Just(f64::MAX),
    ];
    let step = prop_oneof![
        6 => (0_usize..CALLERS.len(), rank, 0_u64..5000)
            .prop_map(|(caller, rank, patience_ms)| Step::Enter { caller, rank, patience_ms }),
        1 => (0_usize..8).prop_map(Step::Leave),
        4 => (0_usize..8).prop_map(Step::Release),
        // Eighths of a second are exact in binary: equal sums are then equal in both ways of reckoning.
        2 => (0_u64..16).prop_map(|eighths| Step::Pass { ms: eighths * 125 }),
    ];
    proptest::collection::vec(step, 0..80)
}

/// Rank plus age, as the contract says it.
fn worth(who: &Model, slope: f64, now: Instant) -> f64 {
    let rank = if who.rank.is_finite() { who.rank } else { f64::MIN };
    rank + slope * (now - who.since).as_secs_f64()
}

/// The line with its model.
struct Bed {
    line: Line<usize>,
    slope: f64,
    places: usize,
    most: usize,
    now: Instant,
    waiting: Vec<Model>,
    /// Callers of those who run.
    running: Vec<usize>,
    standings: BTreeMap<usize, Standing>,
}

impl Bed {
    fn new(places: usize, most: usize, slope: f64) -> Bed {
        let now = Instant::now();
        let line = Line::new(places, most, slope, now);
        Bed { line, slope, places, most, now, waiting: vec![], running: vec![], standings: BTreeMap::new() }
    }

    /// The index of the highest (or lowest) of some in the model; of equals, who came first (or last).
    fn extreme(&self, wanted: Ordering, of: impl Fn(&Model) -> bool) -> Option<usize> {
        let worth = |at: usize| worth(&self.waiting[at], self.slope, self.now);
        let better = |a: usize, b: usize| match worth(a) - worth(b) {
            0.0 => (wanted == Ordering::Less) == (a > b),
            difference => (difference > 0.0) == (wanted == Ordering::Greater),
        };
        let some = (0..self.waiting.len()).filter(|at| of(&self.waiting[*at]));
        some.reduce(|best, next| if better(next, best) { next } else { best })
    }

    fn may_start(&self, caller: usize) -> bool {
        let has = self.running.iter().filter(|running| **running == caller).count();
        has < self.places - self.running.len()
    }

    fn in_line(&self, caller: usize) -> usize {
        self.waiting.iter().filter(|who| who.caller == caller).count()
    }

    /// Who has to make room for this one.
    fn gives_way(&self, new: &Model) -> Option<usize> {
        let lowest = self.extreme(Ordering::Less, |_| true)?;
        if worth(&self.waiting[lowest], self.slope, self.now) < worth(new, self.slope, self.now) {
            return Some(lowest);
        }
        let (part, finite) = ((self.most / PART).max(1), |rank: f64| if rank.is_finite() { rank } else { f64::MIN });
        let crowds = |who: &Model| self.in_line(who.caller) > part && finite(who.rank) <= finite(new.rank);
        if self.in_line(new.caller) < part { self.extreme(Ordering::Less, crowds) } else { None }
    }

    fn enter(&mut self, who: Model) {
        let asks = Asks { caller: CALLERS[who.caller], rank: who.rank, deadline: who.deadline };
        match self.line.enter(self.now, &asks, who.name) {
            Entry::Start(caller) => {
                assert!(self.may_start(who.caller) && *caller == *CALLERS[who.caller]);
                self.running.push(who.caller);
            }
            Entry::Full => {
                assert!(!self.may_start(who.caller) && self.waiting.len() == self.most);
                assert_eq!(self.gives_way(&who), None);
            }
            Entry::Waits { standing, shed } => {
                assert!(!self.may_start(who.caller));
                assert_eq!(shed.is_some(), self.waiting.len() == self.most);
                if let Some(shed) = shed {
                    let way = self.gives_way(&who).unwrap();
                    assert_eq!(self.waiting.remove(way).name, shed);
                }
                self.waiting.push(who);
                self.standings.insert(who.name, standing);
            }
        }
    }

    fn release(&mut self, nth: usize) {
        let caller = self.running.remove(nth);
        let Released { next, mut late } = self.line.release(self.now, CALLERS[caller]);
        let mut next = next.into_iter();
        while let Some(at) = self.extreme(Ordering::Greater, |who| self.may_start(who.caller)) {
            let who = self.waiting.remove(at);
            if who.deadline < self.now + LEAST_LEFT {
                assert_eq!(late.remove(0), who.name);
            } else {
                assert_eq!(next.next(), Some((CALLERS[who.caller].into(), who.name)));
                self.running.push(who.caller);
            }
        }
        assert!(late.is_empty() && next.next().is_none());
    }

    fn step(&mut self, name: usize, step: &Step) {
        match *step {
            Step::Pass { ms } => self.now += Duration::from_millis(ms),
            Step::Enter { caller, rank, patience_ms } => {
                let deadline = self.now + Duration::from_millis(patience_ms);
                self.enter(Model { name, caller, rank, since: self.now, deadline });
            }
            Step::Leave(nth) if nth < self.waiting.len() => {
                let gone = self.waiting.remove(nth).name;
                assert_eq!(self.line.leave(self.standings[&gone]), Some(gone));
            }
            Step::Release(nth) if nth < self.running.len() => self.release(nth),
            Step::Leave(_) | Step::Release(_) => {}
        }
        assert_eq!(self.line.free, self.places - self.running.len(), "a place was lost or made");
        assert_eq!(self.line.waiting.len(), self.waiting.len());
        for (caller, name) in CALLERS.iter().enumerate() {
            let running = self.running.iter().filter(|running| **running == caller).count();
            let held = Held { running, waiting: self.in_line(caller) };
            let known = (held != Held::default()).then_some(held);
            assert_eq!(self.line.callers.get(*name).copied(), known, "who has nothing is forgotten");
            assert!(running <= self.places.div_ceil(2), "one caller has more than half");
        }
    }
}

proptest! {
    #[test]
    fn the_line_is_what_the_contract_says(
        steps in steps(),
        places in 1_usize..6,
        most in prop_oneof![0_usize..6, Just(16)],
        slope in prop_oneof![Just(0.0), Just(1.0), Just(0.5)],
    ) {
        let mut bed = Bed::new(places, most, slope);
        for (name, step) in steps.iter().enumerate() {
            bed.step(name, step);
        }
    }
}
