use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Out, by three callers at this moment.
fn out(now: Instant) -> Breaker {
    let mut breaker = Breaker::new(now);
    assert_eq!(breaker.trap(Admitted::Call, "a", now), None);
    assert_eq!(breaker.trap(Admitted::Call, "b", now), None);
    assert_eq!(breaker.trap(Admitted::Call, "c", now), Some(Change::Out(SECOND)));
    breaker
}

#[test]
fn a_good_probe_puts_it_back_with_a_clean_slate() {
    let now = Instant::now();
    let mut breaker = out(now);
    assert_eq!(breaker.admit(false, now), Err(SECOND));
    let probe = breaker.admit(false, now + SECOND).unwrap();
    assert_eq!(probe, Admitted::Probe(1));
    assert_eq!(breaker.admit(false, now + SECOND), Err(SECOND), "one probe in each step");
    assert_eq!(breaker.check(probe, now + SECOND), Ok(()));
    assert!(breaker.check(Admitted::Call, now + SECOND).is_err());
    assert_eq!(breaker.good(probe, now + SECOND), Some(Change::Back));
    assert_eq!(breaker.admit(true, now + SECOND), Ok(Admitted::Call));
    assert_eq!(breaker.trap(Admitted::Call, "a", now + SECOND), None, "the traps of before do not count");
    assert_eq!(breaker.out(now + SECOND), None);
}

#[test]
fn each_bad_probe_doubles_the_step_up_to_a_minute() {
    let mut now = Instant::now();
    let mut breaker = out(now);
    for expected in [2, 4, 8, 16, 32, 60, 60] {
        now += breaker.out(now).unwrap();
        let probe = breaker.admit(false, now).unwrap();
        assert_eq!(breaker.trap(probe, "a", now), Some(Change::Out(expected * SECOND)));
    }
}

#[test]
fn a_probe_that_says_nothing_makes_room_for_the_next_at_once() {
    let now = Instant::now() + SECOND;
    let mut breaker = out(now - SECOND);
    let left = breaker.admit(false, now).unwrap();
    breaker.abandon(left);
    let next = breaker.admit(false, now).unwrap();
    // The one that left is of no account any more, whatever it says.
    breaker.abandon(left);
    assert_eq!(breaker.trap(left, "a", now), None);
    assert_eq!(breaker.good(left, now), None);
    assert_eq!(breaker.good(next, now), Some(Change::Back));
}

#[test]
fn a_probe_that_hangs_does_not_keep_it_out() {
    let now = Instant::now();
    let mut breaker = out(now);
    let hanging = breaker.admit(false, now + SECOND).unwrap();
    let next = breaker.admit(false, now + 2 * SECOND).unwrap();
    assert_eq!(breaker.good(next, now + 2 * SECOND), Some(Change::Back));
    assert_eq!(breaker.trap(hanging, "a", now + 3 * SECOND), None, "a trap like any other by now");
}

#[test]
fn who_made_it_trap_is_the_probe_only_when_nobody_else_wants_to() {
    let now = Instant::now();
    let mut breaker = out(now);
    assert_eq!(breaker.admit(true, now + SECOND), Err(SECOND));
    assert!(breaker.admit(true, now + 2 * SECOND).is_ok());
}

#[test]
fn what_was_running_when_it_went_out_changes_nothing() {
    let now = Instant::now();
    let mut breaker = out(now);
    assert_eq!(breaker.good(Admitted::Call, now), None);
    assert_eq!(breaker.trap(Admitted::Call, "d", now), None);
    assert_eq!(breaker.out(now), Some(SECOND));
}
