//! The line against a plain model of it, and the queue with its wake-ups.

use futures_util::FutureExt;
use proptest::prelude::*;

use super::*;

/// Somebody in the model's line.
#[derive(Clone, Copy, Debug)]
struct Model {
    name: usize,
    rank: f64,
    since: Instant,
    deadline: Instant,
}

#[derive(Clone, Debug)]
enum Step {
    Enter {
        rank: f64,
        patience_ms: u64,
    },
    /// Of those who wait, the nth in the order of their names.
    Leave(usize),
    Release,
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
        6 => (rank, 0_u64..5000).prop_map(|(rank, patience_ms)| Step::Enter { rank, patience_ms }),
        1 => (0_usize..8).prop_map(Step::Leave),
        4 => Just(Step::Release),
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

/// The index of the highest (or lowest) in the model; of equals, who came first (or last).
fn extreme(waiting: &[Model], slope: f64, now: Instant, wanted: Ordering) -> Option<usize> {
    let better = |a: usize, b: usize| match worth(&waiting[a], slope, now) - worth(&waiting[b], slope, now) {
        0.0 => (wanted == Ordering::Less) == (a > b),
        difference => (difference > 0.0) == (wanted == Ordering::Greater),
    };
    (0..waiting.len()).reduce(|best, next| if better(next, best) { next } else { best })
}

proptest! {
    #[test]
    fn the_line_is_what_the_contract_says(
        steps in steps(),
        places in 1_usize..4,
        most in 0_usize..6,
        slope in prop_oneof![Just(0.0), Just(1.0), Just(0.5)],
    ) {
        let opened = Instant::now();
        let mut now = opened;
        let mut line = Line::new(places, most, slope, opened);
        let mut waiting: Vec<Model> = Vec::new();
        let mut standings = BTreeMap::new();
        let mut running = 0_usize;
        for (name, step) in steps.into_iter().enumerate() {
            match step {
                Step::Pass { ms } => now += Duration::from_millis(ms),
                Step::Enter { rank, patience_ms } => {
                    let deadline = now + Duration::from_millis(patience_ms);
                    let entry = line.enter(now, rank, deadline, name);
                    let who = Model { name, rank, since: now, deadline };
                    match entry {
                        Entry::Start => {
                            prop_assert!(running < places && waiting.is_empty());
                            running += 1;
                        }
                        Entry::Full => {
                            prop_assert!(running == places && waiting.len() == most);
                            waiting.push(who);
                            prop_assert_eq!(extreme(&waiting, slope, now, Ordering::Less), Some(most));
                            waiting.pop();
                        }
                        Entry::Waits { standing, shed } => {
                            prop_assert_eq!(running, places);
                            prop_assert_eq!(shed.is_some(), waiting.len() == most);
                            if let Some(shed) = shed {
                                let lowest = extreme(&waiting, slope, now, Ordering::Less).unwrap();
                                prop_assert_eq!(waiting.remove(lowest).name, shed);
                            }
                            waiting.push(who);
                            standings.insert(name, standing);
                        }
                    }
                }
                Step::Leave(nth) if nth < waiting.len() => line.leave(standings[&waiting.remove(nth).name]),
                Step::Leave(_) => {}
                Step::Release if running > 0 => {
                    let (next, late) = line.release(now);
                    for name in late {
                        let highest = extreme(&waiting, slope, now, Ordering::Greater).unwrap();
                        let who = waiting.remove(highest);
                        prop_assert_eq!(who.name, name);
                        prop_assert!(who.deadline < now + LEAST_LEFT);
                    }
                    match next {
                        Some(name) => {
                            let highest = extreme(&waiting, slope, now, Ordering::Greater).unwrap();
                            let who = waiting.remove(highest);
                            prop_assert_eq!(who.name, name);
                            prop_assert!(who.deadline >= now + LEAST_LEFT);
                        }
                        None => {
                            prop_assert!(waiting.is_empty());
                            running -= 1;
                        }
                    }
                }
                Step::Release => {}
            }
            prop_assert_eq!(line.free, places - running, "a place was lost or made");
            prop_assert_eq!(line.waiting.len(), waiting.len());
        }
    }
}

fn later() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn started(entered: Entered) -> Place {
    match entered {
        Entered::Started(place) => place,
        Entered::Waiting(_) => panic!("it has to wait"),
        Entered::Full => panic!("it was turned away"),
    }
}

fn waiting(entered: Entered) -> Waiting {
    match entered {
        Entered::Waiting(waiting) => waiting,
        Entered::Started(_) => panic!("it started"),
        Entered::Full => panic!("it was turned away"),
    }
}

fn is_called(waiting: &mut Waiting) -> Option<Result<Place, Turned>> {
    (&mut waiting.call).now_or_never().map(Result::unwrap)
}

#[test]
fn a_free_place_goes_to_the_highest_and_a_place_that_is_given_back_is_there_again() {
    let queue = Queue::new(1, 10);
    let first = started(queue.enter(0.0, later()));
    let mut low = waiting(queue.enter(1.0, later()));
    let mut high = waiting(queue.enter(100.0, later()));
    let mut odd = waiting(queue.enter(f64::NAN, later()));
    drop(first);
    assert!(is_called(&mut low).is_none() && is_called(&mut odd).is_none());
    let place = is_called(&mut high).unwrap().unwrap();
    drop(place);
    let place = is_called(&mut low).unwrap().unwrap();
    assert!(is_called(&mut odd).is_none());
    drop(place);
    drop(is_called(&mut odd).unwrap().unwrap());
    started(queue.enter(0.0, later()));
}

#[test]
fn who_gives_up_leaves_no_hole() {
    let queue = Queue::new(1, 2);
    let running = started(queue.enter(0.0, later()));
    let gone = waiting(queue.enter(9.0, later()));
    let mut stays = waiting(queue.enter(0.0, later()));
    assert!(matches!(queue.enter(0.0, later()), Entered::Full));
    drop(gone);
    let called_and_gone = waiting(queue.enter(5.0, later()));
    drop(running);
    // It was called, and goes without ever having looked.
    drop(called_and_gone);
    drop(is_called(&mut stays).unwrap().unwrap());
    assert_eq!(queue.line().free, 1);
}

#[test]
fn a_full_line_sheds_its_lowest() {
    let queue = Queue::new(1, 2);
    let _running = started(queue.enter(0.0, later()));
    let mut low = waiting(queue.enter(1.0, later()));
    let mut middle = waiting(queue.enter(5.0, later()));
    let mut high = waiting(queue.enter(9.0, later()));
    assert_eq!(is_called(&mut low).unwrap().err(), Some(Turned::Shed));
    assert!(matches!(queue.enter(-1.0, later()), Entered::Full));
    assert!(is_called(&mut middle).is_none() && is_called(&mut high).is_none());
}

#[test]
fn who_cannot_make_it_is_not_started() {
    let queue = Queue::new(1, 2);
    let running = started(queue.enter(0.0, later()));
    let mut late = waiting(queue.enter(9.0, Instant::now()));
    let mut in_time = waiting(queue.enter(0.0, later()));
    drop(running);
    assert_eq!(is_called(&mut late).unwrap().err(), Some(Turned::Late));
    assert!(is_called(&mut in_time).unwrap().is_ok());
}

#[test]
fn waiting_makes_up_for_rank() {
    let opened = Instant::now();
    let mut line = Line::new(0, 10, SLOPE, opened);
    let at = |seconds| opened + Duration::from_secs(seconds);
    for (name, seconds, rank) in [("old", 0, 0.0), ("young", 5, 4.0), ("rich", 5, 6.0)] {
        assert!(matches!(line.enter(at(seconds), rank, at(100), name), Entry::Waits { .. }));
    }
    let order: Vec<_> = std::iter::from_fn(|| line.release(at(6)).0).collect();
    assert_eq!(order, ["rich", "old", "young"]);
}

/// Many come, some go again at any moment, on several threads: never more run than may, and all places are there
/// in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_place_is_lost_or_made_in_a_crowd() {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    const PLACES: usize = 3;
    let (queue, running) = (Queue::new(PLACES, 50), Arc::new(AtomicUsize::new(0)));
    let crowd: Vec<_> = (0..2000_u32)
        .map(|n| {
            let (queue, running) = (queue.clone(), running.clone());
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_micros(u64::from(n % 97) * 50)).await;
                let place = match queue.enter(f64::from(n % 13), later()) {
                    Entered::Started(place) => place,
                    Entered::Full => return,
                    // Every third one is impatient.
                    Entered::Waiting(waiting) if n % 3 == 0 => {
                        let patience = Duration::from_micros(u64::from(n % 41) * 20);
                        match tokio::time::timeout(patience, waiting.place()).await {
                            Ok(Ok(place)) => place,
                            _ => return,
                        }
                    }
                    Entered::Waiting(waiting) => match waiting.place().await {
                        Ok(place) => place,
                        Err(turned) => return assert_eq!(turned, Turned::Shed),
                    },
                };
                assert!(running.fetch_add(1, SeqCst) < PLACES, "too many run");
                tokio::task::yield_now().await;
                running.fetch_sub(1, SeqCst);
                drop(place);
            })
        })
        .collect();
    for one in crowd {
        one.await.unwrap();
    }
    let line = queue.line();
    assert_eq!((line.free, line.waiting.len()), (PLACES, 0));
}
