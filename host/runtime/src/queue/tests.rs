//! The queue with its wake-ups.

use futures_util::FutureExt;

use super::*;

fn later() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

/// Somebody new.
fn enter(queue: &Queue, rank: f64, deadline: Instant) -> Entered {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    static NAMES: AtomicUsize = AtomicUsize::new(0);
    enter_as(queue, &NAMES.fetch_add(1, Relaxed).to_string(), rank, deadline)
}

fn enter_as(queue: &Queue, caller: &str, rank: f64, deadline: Instant) -> Entered {
    queue.enter(&Asks { caller, rank, deadline })
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
    let first = started(enter(&queue, 0.0, later()));
    let mut low = waiting(enter(&queue, 1.0, later()));
    let mut high = waiting(enter(&queue, 100.0, later()));
    let mut odd = waiting(enter(&queue, f64::NAN, later()));
    drop(first);
    assert!(is_called(&mut low).is_none() && is_called(&mut odd).is_none());
    let place = is_called(&mut high).unwrap().unwrap();
    drop(place);
    let place = is_called(&mut low).unwrap().unwrap();
    assert!(is_called(&mut odd).is_none());
    drop(place);
    drop(is_called(&mut odd).unwrap().unwrap());
    started(enter(&queue, 0.0, later()));
}

#[test]
fn who_gives_up_leaves_no_hole() {
    let queue = Queue::new(1, 2);
    let running = started(enter(&queue, 0.0, later()));
    let gone = waiting(enter(&queue, 9.0, later()));
    let mut stays = waiting(enter(&queue, 0.0, later()));
    assert!(matches!(enter(&queue, 0.0, later()), Entered::Full));
    drop(gone);
    let called_and_gone = waiting(enter(&queue, 5.0, later()));
    drop(running);
    // It was called, and goes without ever having looked.
    drop(called_and_gone);
    drop(is_called(&mut stays).unwrap().unwrap());
    assert_eq!(queue.line().free, 1);
}

#[test]
fn a_full_line_sheds_its_lowest() {
    let queue = Queue::new(1, 2);
    let _running = started(enter(&queue, 0.0, later()));
    let mut low = waiting(enter(&queue, 1.0, later()));
    let mut middle = waiting(enter(&queue, 5.0, later()));
    let mut high = waiting(enter(&queue, 9.0, later()));
    assert_eq!(is_called(&mut low).unwrap().err(), Some(Turned::Shed));
    assert!(matches!(enter(&queue, -1.0, later()), Entered::Full));
    assert!(is_called(&mut middle).is_none() && is_called(&mut high).is_none());
}

#[test]
fn who_cannot_make_it_is_not_started() {
    let queue = Queue::new(1, 2);
    let running = started(enter(&queue, 0.0, later()));
    let mut late = waiting(enter(&queue, 9.0, Instant::now()));
    let mut in_time = waiting(enter(&queue, 0.0, later()));
    drop(running);
    assert_eq!(is_called(&mut late).unwrap().err(), Some(Turned::Late));
    assert!(is_called(&mut in_time).unwrap().is_ok());
}

#[test]
fn waiting_makes_up_for_rank() {
    let opened = Instant::now();
    let mut line = Line::new(1, 10, SLOPE, opened);
    let at = |seconds| opened + Duration::from_secs(seconds);
    let mut enter =
        |name, seconds, rank| line.enter(at(seconds), &Asks { caller: name, rank, deadline: at(100) }, name);
    assert!(matches!(enter("first", 0, 0.0), Entry::Start(_)));
    for (name, seconds, rank) in [("old", 0, 0.0), ("young", 5, 4.0), ("rich", 5, 6.0)] {
        assert!(matches!(enter(name, seconds, rank), Entry::Waits { .. }));
    }
    let mut order = vec!["first"];
    while let Some((_, next)) = line.release(at(6), order.last().unwrap()).next.pop() {
        order.push(next);
    }
    assert_eq!(order, ["first", "rich", "old", "young"]);
}

#[test]
fn one_caller_leaves_places_for_others_and_loses_none_of_its_requests() {
    let queue = Queue::new(4, 64);
    let hog = |rank| enter_as(&queue, "hog", rank, later());
    let first = started(hog(9.0));
    let _second = started(hog(9.0));
    let mut line: Vec<Waiting> = (0..20).map(|_| waiting(hog(9.0))).collect();
    let other = started(enter_as(&queue, "other", 0.0, later()));
    let third = started(enter_as(&queue, "third", 0.0, later()));
    drop((other, third));
    assert!(line.iter_mut().all(|waiting| is_called(waiting).is_none()), "it has half");
    drop(first);
    let mut place = is_called(&mut line[0]).unwrap().unwrap();
    for waiting in &mut line[1..] {
        assert!(is_called(waiting).is_none());
    }
    for waiting in &mut line[1..] {
        drop(place);
        place = is_called(waiting).unwrap().unwrap();
    }
}

#[test]
fn who_fills_the_line_makes_room_for_another_of_the_same_rank() {
    let queue = Queue::new(1, 16);
    let _running = started(enter_as(&queue, "hog", 0.0, later()));
    let mut hogs: Vec<Waiting> = (0..16).map(|_| waiting(enter_as(&queue, "hog", 1.0, later()))).collect();
    assert!(matches!(enter_as(&queue, "hog", 1.0, later()), Entered::Full));
    assert!(matches!(enter_as(&queue, "poor", 0.0, later()), Entered::Full), "a lower rank is no reason");
    let others: Vec<Waiting> = (0..2).map(|_| waiting(enter_as(&queue, "other", 1.0, later()))).collect();
    assert!(matches!(enter_as(&queue, "other", 1.0, later()), Entered::Full), "it has its part");
    let shed = hogs.iter_mut().filter_map(is_called).filter(|called| called.is_err()).count();
    assert_eq!((shed, others.len()), (2, 2));
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
                let place =
                    match queue.enter(&Asks { caller: &n.to_string(), rank: f64::from(n % 13), deadline: later() }) {
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
