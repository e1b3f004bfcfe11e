//! One slot's share of the guests' threads.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use soma_runtime::version::Loader;
use soma_runtime::{CallError, GuestEngine, Slots, Trace};

use crate::fixture::{LONG, SHORT, call, call_by, loader, slot_of};

/// Six guests that compute take one thread of two, and one that comes in between has the other.
#[tokio::test]
async fn a_slot_that_computes_leaves_a_thread_to_the_others() {
    let engine = GuestEngine::start(NonZeroUsize::new(2), 2).unwrap();
    let loader = Loader { engine: engine.clone(), ..loader() };
    let mut greedy = slot_of("fresh_counter");
    greedy.budget.in_flight = NonZeroUsize::new(6);
    let slots = Slots::load(loader, vec![greedy, slot_of("probe_caller")]).await.unwrap();
    let table = slots.table();
    let (spin, neighbour) = (table.route("Counter").unwrap(), table.route("Probe").unwrap());
    let (start, limit) = (Instant::now(), 20 * SHORT);
    let spins: Vec<_> = (0..6)
        .map(|number| {
            let (spin, engine, trace) = (spin.clone(), engine.clone(), Trace::default());
            tokio::spawn(async move {
                // One caller would run in half of the places.
                let call = call_by(&number.to_string(), "Counter", r#"{"then":"spin"}"#, limit);
                let ended = spin.serve(&engine, call, &trace).await;
                (ended.err(), trace)
            })
        })
        .collect();
    tokio::time::sleep(SHORT).await;
    for _ in 0..20 {
        neighbour.serve(&engine, call("Probe", "{}", LONG), &Trace::default()).await.map(drop).unwrap();
    }
    assert!(start.elapsed() > limit || spins.iter().all(|spin| !spin.is_finished()), "they spin meanwhile");
    let mut used = Vec::new();
    for spin in spins {
        let (ended, trace) = spin.await.unwrap();
        assert!(matches!(ended, Some(CallError::WallBudget { .. })), "{ended:?}");
        used.push(trace.laps().iter().map(|lap| lap.cpu).sum::<Duration>());
    }
    let (all, took) = (used.iter().sum::<Duration>(), start.elapsed());
    assert!(all <= took, "{all:?} of CPU in {took:?} are more than one thread");
    let (least, most) = (used.iter().min().unwrap(), used.iter().max().unwrap());
    assert!(*least * 4 > *most, "the line is fair: {used:?}");
}
