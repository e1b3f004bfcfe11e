//! The line without guests: polls by hand.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

use futures_util::future::poll_fn;

use super::*;

/// Counts how often it was called.
#[derive(Default)]
struct Called(AtomicUsize);

impl Wake for Called {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Called {
    fn times(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

fn enter(share: &Arc<CoreShare>, ticket: &mut Option<u64>, called: &Arc<Called>) -> Option<CorePlace> {
    share.enter(ticket, &Waker::from(called.clone()))
}

#[test]
fn a_slot_takes_all_threads_but_one() {
    for (threads, expected) in [(1, 1), (2, 1), (3, 2), (8, 7)] {
        let share = CoreShares::new(threads).slot("greedy");
        let called = Arc::default();
        let places: Vec<_> = std::iter::from_fn(|| enter(&share, &mut None, &called)).take(threads + 1).collect();
        assert_eq!(places.len(), expected, "of {threads} threads");
    }
}

#[test]
fn a_place_goes_to_the_one_that_waits_longest_and_to_nobody_who_comes_later() {
    let share = Arc::new(CoreShare::new(1));
    let (first, second, third) = (Arc::default(), Arc::default(), Arc::default());
    let (mut one, mut two, mut three) = (None, None, None);
    let place = enter(&share, &mut None, &first).unwrap();
    assert!(enter(&share, &mut one, &first).is_none() && enter(&share, &mut two, &second).is_none());
    assert!(enter(&share, &mut one, &first).is_none(), "asking again changes nothing");
    drop(place);
    assert_eq!((first.times(), second.times()), (1, 0));
    assert!(enter(&share, &mut three, &third).is_none(), "the place is kept for the one that was called");
    let place = enter(&share, &mut one, &first).unwrap();
    assert_eq!(one, None);
    drop(place);
    assert_eq!((second.times(), third.times()), (1, 0));
    // The one that was called goes away without coming in: the next one is called.
    share.leave(two.unwrap());
    assert_eq!(third.times(), 1);
    drop(enter(&share, &mut three, &third).unwrap());
    assert!(enter(&share, &mut None, &first).is_some(), "nothing was lost");
}

#[test]
fn one_that_leaves_the_line_holds_nobody_up() {
    let share = Arc::new(CoreShare::new(1));
    let (left, stays) = (Arc::default(), Arc::default());
    let (mut one, mut two) = (None, None);
    let place = enter(&share, &mut None, &left).unwrap();
    assert!(enter(&share, &mut one, &left).is_none() && enter(&share, &mut two, &stays).is_none());
    share.leave(one.unwrap());
    drop(place);
    assert_eq!((left.times(), stays.times()), (0, 1));
}

#[test]
fn versions_of_a_slot_share_its_share() {
    let shares = CoreShares::new(2);
    let (old, new) = (shares.slot("mine"), shares.slot("mine"));
    assert!(Arc::ptr_eq(&old, &new) && !Arc::ptr_eq(&old, &shares.slot("other")));
    drop((old, new));
    shares.slot("third");
    assert_eq!(shares.slots.lock().unwrap().len(), 1);
}

/// Eight calls of two slots on two threads, none of which ever ends by itself; whoever is dropped gives way.
#[test]
fn places_come_back_whatever_becomes_of_a_call() {
    let share = Arc::new(CoreShare::new(1));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    let inside = Arc::new(AtomicUsize::new(0));
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let (ran, inside) = (ran.clone(), inside.clone());
            let call = async move {
                loop {
                    poll_fn(|_| {
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two at once");
                        ran.fetch_add(1, Ordering::SeqCst);
                        inside.fetch_sub(1, Ordering::SeqCst);
                        Poll::Ready(())
                    })
                    .await;
                    tokio::task::yield_now().await;
                }
            };
            runtime.spawn(OnCore::<_>::new(share.clone(), Arc::default(), call))
        })
        .collect();
    for call in calls {
        let before = ran.load(Ordering::SeqCst);
        while ran.load(Ordering::SeqCst) == before {
            assert!(!call.is_finished());
            std::thread::yield_now();
        }
        call.abort();
        let _: Result<(), _> = runtime.block_on(call);
    }
    assert!(enter(&share, &mut None, &Arc::default()).is_some());
}

/// A call that is over at its first poll.
fn short(share: &Arc<CoreShare>) -> OnCore<std::future::Ready<()>> {
    OnCore::new(share.clone(), Arc::default(), std::future::ready(()))
}

#[tokio::test]
async fn hooks_that_follow_one_another_share_a_place_up_to_the_end_of_the_poll() {
    let [mine, other] = [(); 2].map(|()| Arc::new(CoreShare::new(1)));
    let called = Arc::default();
    let mut waits = None;
    stay(async {
        short(&mine).await;
        assert!(enter(&mine, &mut waits, &called).is_none(), "the place is kept");
        short(&mine).await;
        assert_eq!(called.times(), 0);
        short(&other).await;
        assert_eq!(called.times(), 1, "nobody holds two places");
        release();
        drop(enter(&other, &mut None, &called).unwrap());
        short(&other).await;
        tokio::task::yield_now().await;
        drop(enter(&other, &mut None, &called).unwrap());
    })
    .await;
    drop(enter(&mine, &mut waits, &called).unwrap());
}

#[tokio::test]
async fn outside_of_a_request_nothing_is_kept() {
    let share = Arc::new(CoreShare::new(1));
    short(&share).await;
    drop(enter(&share, &mut None, &Arc::default()).unwrap());
    stay(async { short(&share).await }).await;
    assert!(enter(&share, &mut None, &Arc::default()).is_some());
}

#[tokio::test]
async fn a_panic_gives_the_kept_place_back() {
    let share = Arc::new(CoreShare::new(1));
    let kept = share.clone();
    let task = tokio::spawn(stay(async move {
        short(&kept).await;
        panic!("on purpose");
    }));
    assert!(task.await.is_err());
    assert!(enter(&share, &mut None, &Arc::default()).is_some());
}
