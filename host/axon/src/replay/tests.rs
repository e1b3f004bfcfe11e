use super::*;
use proptest::prelude::*;

fn nonce(hotkey: u8, uuid: &str, nonce: u64, expires: u64) -> Nonce {
    Nonce::synapse(PublicKey([hotkey; 32]), uuid, nonce, expires)
}

#[test]
fn one_of_two_equal_requests_wins_whatever_the_order_of_nonces() {
    let memory = ReplayMemory::default();
    assert_eq!(memory.keep(nonce(1, "a", 10, 100), 0), Ok(()));
    assert_eq!(memory.look(&nonce(1, "a", 10, 100)), Err(NotKept::Used));
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
    assert_eq!(memory.look(&nonce(1, "", 1, 50)), Err(NotKept::Used));
    assert_eq!(memory.keep(nonce(3, "", 1, 100), 51), Ok(()), "room after the window of one has ended");
    assert_eq!(memory.keep(nonce(1, "", 2, 100), 51), Err(NotKept::Used));
    assert_eq!(memory.len(), 3);
}

#[test]
fn a_nonce_is_remembered_at_the_very_end_of_its_window() {
    let memory = ReplayMemory::new(Bounds { per_key: 1, total: 1 });
    assert_eq!(memory.keep(nonce(1, "", 1, 50), 0), Ok(()));
    assert_eq!(memory.keep(nonce(1, "", 1, 50), 50), Err(NotKept::Used));
}

#[test]
fn a_clock_that_goes_back_opens_nothing() {
    let memory = ReplayMemory::default();
    assert_eq!(memory.keep(nonce(1, "", 1, 50), 10), Ok(()));
    assert_eq!(memory.keep(nonce(2, "", 60, 110), 60), Ok(()));
    memory.forget_expired(60);
    assert_eq!(memory.len(), 1);
    // The clock says 10 again, and the first request would be fresh.
    assert_eq!(memory.keep(nonce(1, "", 1, 50), 10), Err(NotKept::Closed { until: 1 }));
    assert_eq!(memory.keep(nonce(2, "", 60, 110), 10), Err(NotKept::Used));
}

#[test]
fn what_may_have_been_used_before_an_unclean_stop_is_refused() {
    let memory = ReplayMemory::default();
    memory.close(100);
    assert_eq!(memory.look(&nonce(1, "", 100, 200)), Err(NotKept::Closed { until: 100 }));
    assert_eq!(memory.keep(nonce(1, "", 101, 200), 90), Ok(()));
    assert_eq!(memory.closed_until(), 100);
}

#[test]
fn hotkeys_that_are_gone_leave_nothing_behind() {
    let memory = ReplayMemory::default();
    for hotkey in 0..=255 {
        for number in 1..=20 {
            assert_eq!(memory.keep(nonce(hotkey, "x", number, 50), 0), Ok(()));
        }
    }
    memory.forget_expired(51);
    let state = memory.lock();
    assert!(state.used.is_empty() && state.ends.is_empty());
    assert!(state.numbers.is_empty() && state.hotkeys.is_empty());
    assert!(state.ends.capacity() < 5120, "{} places for none", state.ends.capacity());
}

/// What the memory has to be: a list of everything that was ever accepted.
#[derive(Default)]
struct Model {
    accepted: Vec<Nonce>,
}

proptest! {
    /// Against a list that forgets nothing: nothing is accepted twice while its window is open, whatever the clock
    /// does; with a clock that only goes forward and room enough, everything else is accepted.
    #[test]
    fn agrees_with_a_list_of_everything(
        steps in proptest::collection::vec((0u8..3, 0u64..40, 0u8..2, 0u64..12), 1..300),
        jumps in proptest::collection::vec(0usize..300, 0..3),
    ) {
        let memory = ReplayMemory::new(Bounds { per_key: 1000, total: 10_000 });
        let mut model = Model::default();
        let mut now = 100u64;
        for (step, (hotkey, back, uuid, pause)) in steps.into_iter().enumerate() {
            now = if jumps.contains(&step) { now.saturating_sub(50) } else { now + pause };
            // Fresh: at most 30 old.
            let number = now.saturating_sub(back.min(30));
            let nonce = nonce(hotkey, if uuid == 0 { "a" } else { "b" }, number, number + 30);
            let used = model.accepted.iter().any(|kept| kept.key == nonce.key);
            let kept = memory.keep(nonce, now);
            if used {
                prop_assert!(kept.is_err());
            } else if jumps.is_empty() {
                prop_assert_eq!(kept, Ok(()));
            }
            if kept.is_ok() {
                model.accepted.push(nonce);
            }
            if jumps.is_empty() {
                let live = model.accepted.iter().filter(|kept| kept.expires >= now).count();
                prop_assert!(memory.len() >= live, "a live one was forgotten");
            }
        }
    }

    /// The bounds hold, and a refusal for want of room means that there is none.
    #[test]
    fn is_full_only_when_it_is(
        steps in proptest::collection::vec((0u8..3, 0u64..30, 0u64..6), 1..300),
    ) {
        let bounds = Bounds { per_key: 3, total: 6 };
        let memory = ReplayMemory::new(bounds);
        let mut live: Vec<Nonce> = Vec::new();
        let mut now = 100;
        for (hotkey, number, pause) in steps {
            now += pause;
            live.retain(|kept| kept.expires >= now);
            let nonce = nonce(hotkey, "", now + number, now + number + 5);
            let used = live.contains(&nonce) || live.iter().any(|kept| kept.key == nonce.key);
            let own = live.iter().filter(|kept| kept.key.hotkey == nonce.key.hotkey).count();
            let expected = match (used, own >= bounds.per_key || live.len() >= bounds.total) {
                (true, _) => Err(NotKept::Used),
                (false, true) => Err(NotKept::Full),
                (false, false) => Ok(()),
            };
            prop_assert_eq!(memory.keep(nonce, now), expected);
            if expected.is_ok() {
                live.push(nonce);
            }
            prop_assert!(memory.len() <= bounds.total);
        }
    }
}
