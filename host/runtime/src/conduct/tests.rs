use super::*;
use crate::budget::Traps;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A host without threads: who calls, when, and whether it traps.
struct Model {
    record: Record,
    now: Instant,
    /// Everything that counted since the version came into service: second, caller, trapped.
    seen: Vec<(Instant, u8, bool)>,
    began: Instant,
}

/// What came of one call.
#[derive(Debug, PartialEq)]
enum Outcome {
    Answered,
    Trapped,
    Slowed,
    Out,
}

impl Model {
    fn new() -> Model {
        let now = Instant::now();
        Model { record: Record::new(now), now, seen: Vec::new(), began: now }
    }

    fn later(&mut self, millis: u64) {
        self.now += Duration::from_millis(millis);
    }

    /// One call from its begin to its end, which is at the same moment.
    fn call(&mut self, caller: u8, traps: bool) -> Outcome {
        let name = caller.to_string();
        let was_out = self.is_out();
        let admitted = match self.record.admit(&name, self.now) {
            Ok(admitted) => admitted,
            Err(Turned::Slowed(_)) => return Outcome::Slowed,
            Err(Turned::Out(_)) => return Outcome::Out,
        };
        if traps {
            self.record.trapped(admitted, &name, self.now);
        } else {
            self.record.breaker.good(admitted, self.now);
        }
        if was_out {
            (self.seen, self.began) = (Vec::new(), self.now);
        } else {
            self.seen.push((self.now, caller, traps));
        }
        if traps { Outcome::Trapped } else { Outcome::Answered }
    }

    fn is_out(&self) -> bool {
        self.record.breaker.out(self.now).is_some()
    }

    /// What the last minute holds, to the second, as the version counts them.
    fn tally(&self) -> Tally {
        let second = |at: Instant| at.duration_since(self.began).as_secs();
        let lately = self.seen.iter().filter(|(at, ..)| second(*at) + 60 > second(self.now));
        let (calls, traps) = lately.fold((0, 0), |(calls, traps), (.., bad)| (calls + 1, traps + u64::from(*bad)));
        let recent = |at: &Instant| self.now.duration_since(*at) < Duration::from_secs(60);
        let callers: BTreeSet<u8> =
            self.seen.iter().filter(|(at, _, bad)| *bad && recent(at)).map(|(_, caller, _)| *caller).collect();
        Tally { calls, traps, callers: callers.len() }
    }
}

#[test]
fn a_caller_that_traps_waits_and_nobody_else_does() {
    let mut host = Model::new();
    assert_eq!(host.call(1, true), Outcome::Trapped);
    assert_eq!(host.call(1, false), Outcome::Slowed);
    assert_eq!(host.call(2, false), Outcome::Answered);
    host.later(1000);
    assert_eq!(host.call(1, true), Outcome::Trapped);
    host.later(1999);
    assert_eq!(host.call(1, false), Outcome::Slowed, "the second pause is twice as long");
    host.later(1);
    assert_eq!(host.call(1, false), Outcome::Answered);
}

/// Requests that were in flight together: the first trap says as much as all of them.
#[test]
fn a_hundred_traps_at_once_are_one() {
    let mut record = Record::new(Instant::now());
    let now = Instant::now();
    for caller in ["a", "b"] {
        for _ in 0..100 {
            record.trapped(Admitted::Call, caller, now);
        }
    }
    for _ in 0..11 {
        record.breaker.good(Admitted::Call, now);
    }
    // With two hundred it would be out; three of fourteen are more than a fifth, three of fifteen are not.
    record.breaker.good(Admitted::Call, now);
    let (strike, change) = record.trapped(Admitted::Call, "c", now);
    assert!(matches!(strike, Strike::Counted(_)));
    assert_eq!(change, None);
}

#[test]
fn a_plugin_that_is_broken_for_everybody_goes_and_comes_back_with_the_first_good_answer() {
    let mut host = Model::new();
    for caller in 0..3 {
        assert_eq!(host.call(caller, true), Outcome::Trapped);
    }
    assert_eq!(host.call(9, false), Outcome::Out);
    host.later(1000);
    assert_eq!(host.call(8, true), Outcome::Trapped, "the first probe");
    assert_eq!(host.call(9, false), Outcome::Out);
    host.later(1999);
    assert_eq!(host.call(9, false), Outcome::Out);
    host.later(1);
    assert_eq!(host.call(9, false), Outcome::Answered, "the second probe");
    assert_eq!(host.call(10, false), Outcome::Answered);
    assert!(!host.is_out());
}

fn steps(callers: u8) -> impl Strategy<Value = Vec<(u8, u64)>> {
    // Bursts, steady traffic, and pauses that outlast every bound.
    let later = prop_oneof![5 => 0_u64..5, 5 => 0_u64..3000, 1 => 0_u64..400_000];
    prop::collection::vec((0..callers, later), 1..400)
}

proptest! {
    /// Two attackers, and any number of others whose calls are good.
    #[test]
    fn fewer_than_three_callers_never_take_a_plugin_out(steps in steps(6)) {
        let mut host = Model::new();
        for (caller, later) in steps {
            host.later(later);
            let outcome = host.call(caller, caller < 2);
            prop_assert!(outcome != Outcome::Out && !host.is_out());
            prop_assert!(outcome != Outcome::Slowed || caller < 2, "an honest caller was slowed");
        }
    }

    /// Three attackers and three others: out when, and only when, the rule says so of what was seen.
    #[test]
    fn three_take_it_out_only_above_a_fifth(steps in steps(6)) {
        let mut host = Model::new();
        for (caller, later) in steps {
            host.later(later);
            let was_out = host.is_out();
            let outcome = host.call(caller, caller < 3);
            if !was_out {
                let bad = outcome == Outcome::Trapped && host.tally().is_bad();
                prop_assert_eq!(host.is_out(), bad, "{:?} {:?}", outcome, host.tally());
            }
            prop_assert!(outcome != Outcome::Slowed || caller < 3, "an honest caller was slowed");
        }
    }

    /// Those who took it out cannot keep it out: the first of the others who asks after the pause puts it back,
    /// however the attackers crowd around that moment.
    #[test]
    fn attackers_cannot_keep_it_out(attacks in prop::collection::vec((0_u8..3, 0_u64..900), 1..100)) {
        let mut host = Model::new();
        for attacker in 0..3 {
            host.call(attacker, true);
        }
        prop_assert!(host.is_out());
        let mut waited = 0;
        for (attacker, later) in attacks {
            host.later(later);
            waited += later;
            prop_assert!(host.call(attacker, true) != Outcome::Trapped);
            let expected = if waited < 1000 { Outcome::Out } else { Outcome::Answered };
            prop_assert_eq!(host.call(200, false), expected);
            if waited >= 1000 {
                break;
            }
        }
    }

    #[test]
    fn a_visit_that_ends_without_a_word_changes_nothing(asked in any::<bool>(), traps in 0_usize..3) {
        let counts = Arc::new(Counts::default());
        let conduct = Arc::new(Conduct::new("slot".into(), "version".into(), counts.clone(), Traps::Limited));
        for caller in 0..traps {
            let mut visit = Visit::begin([&conduct], &caller.to_string()).unwrap();
            visit.ask(&conduct);
            visit.settle(&Err::<(), _>(trap("slot")));
        }
        let mut visit = Visit::begin([&conduct, &conduct], "somebody").unwrap();
        if asked {
            visit.ask(&conduct);
        }
        drop(visit);
        prop_assert_eq!((conduct.slowed(), conduct.out(), counts.traps()), (traps, None, traps as u64));
    }
}

fn trap(slot: &str) -> CallError {
    CallError::Trap { slot: slot.to_owned(), hook: soma_manifest::Hook::Forward, trap: "unreachable".to_owned() }
}

/// The operator's word: nobody waits, and all of it is counted.
#[test]
fn without_a_limit_traps_are_only_counted() {
    let conduct = Arc::new(Conduct::new("slot".into(), "version".into(), Arc::default(), Traps::Unlimited));
    for caller in ["a", "b", "c", "a"] {
        let mut visit = Visit::begin([&conduct], caller).unwrap();
        visit.ask(&conduct);
        visit.settle(&Err::<(), _>(trap("slot")));
    }
    assert_eq!((conduct.counts().traps(), conduct.slowed(), conduct.out()), (4, 0, None));
}

/// A request asks two versions; only the one that the error names is to blame.
#[tokio::test]
async fn the_version_that_trapped_is_to_blame_and_those_who_wait_are_told() {
    let conduct = |slot: &str| Arc::new(Conduct::new(slot.into(), "version".into(), Arc::default(), Traps::Limited));
    let (gate, text) = (conduct("gate"), conduct("text"));
    let waiting = Visit::begin([&gate, &text], "patient").unwrap();
    for caller in ["a", "b", "c"] {
        let mut visit = Visit::begin([&gate, &text], caller).unwrap();
        visit.ask(&gate);
        visit.ask(&text);
        visit.settle(&Err::<(), _>(trap("text")));
    }
    assert_eq!((gate.out(), gate.slowed(), gate.counts().traps()), (None, 0, 0));
    assert!(text.out().is_some());
    assert!(matches!(waiting.turned_away(&text).await, CallError::Out { slot, .. } if slot == "text"));
    assert!(waiting.check(&gate).is_ok());
    assert!(matches!(waiting.check(&text), Err(CallError::Out { .. })));
    assert!(matches!(Visit::begin([&gate, &text], "new").err(), Some(CallError::Out { .. })));
    assert!(Visit::begin([&gate], "a").is_ok(), "another slot does not know of it");
}

/// Out since two seconds ago: the next one is a probe.
fn out_for_two_seconds() -> Arc<Conduct> {
    let conduct = Arc::new(Conduct::new("slot".into(), "version".into(), Arc::default(), Traps::Limited));
    let before = Instant::now() - Duration::from_secs(2);
    let mut record = conduct.record();
    record.breaker = Breaker::new(before);
    for caller in ["a", "b", "c"] {
        record.breaker.trap(Admitted::Call, caller, before);
    }
    drop(record);
    assert!(conduct.out().is_some());
    conduct
}

#[test]
fn a_probe_whose_request_is_dropped_makes_room_for_the_next() {
    let conduct = out_for_two_seconds();
    for asked in [false, true] {
        let mut probe = Visit::begin([&conduct], "leaves").unwrap();
        assert!(Visit::begin([&conduct], "too many").is_err());
        if asked {
            probe.ask(&conduct);
        }
        drop(probe);
    }
    let mut probe = Visit::begin([&conduct], "stays").unwrap();
    probe.ask(&conduct);
    probe.settle(&Ok::<(), CallError>(()));
    assert_eq!(conduct.out(), None);
}

#[test]
fn a_probe_that_came_to_no_end_does_not_put_it_back() {
    let (slot, limit) = (|| "slot".to_owned(), Duration::from_secs(1));
    let table = [
        CallError::WallBudget { limit },
        CallError::GateWall { slot: slot(), hook: soma_manifest::Hook::Blacklist, limit },
        CallError::StreamIdle { slot: slot(), limit },
        CallError::StreamStalled { slot: slot(), limit },
        CallError::StreamLeft { slot: slot() },
        CallError::Starting { slot: slot(), wait: limit },
        CallError::Init { slot: slot(), reason: "no".to_owned() },
        CallError::NoInstance { slot: slot() },
    ];
    let conduct = out_for_two_seconds();
    for error in table {
        let mut probe = Visit::begin([&conduct], "somebody").unwrap();
        probe.ask(&conduct);
        probe.settle(&Err::<(), _>(error.clone()));
        assert!(conduct.out().is_some(), "{error:?}");
    }
    let mut probe = Visit::begin([&conduct], "somebody").unwrap();
    probe.ask(&conduct);
    probe.settle(&Err::<(), _>(CallError::Unavailable("the plugin's own word".to_owned())));
    assert_eq!(conduct.out(), None);
}
