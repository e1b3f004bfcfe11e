//! Budgets where more than one call counts.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use serde_json::json;
use soma_runtime::version::Loader;
use soma_runtime::{CallError, GuestEngine, Hook, Slots, Trace};
use tokio::task::JoinHandle;

use crate::fixture::{LONG, SHORT, ask, call, call_by, failure, load, loader, serve, slot_of};

/// With one thread for all guests the neighbour has no other place to run.
#[tokio::test]
async fn a_guest_that_spins_ends_by_its_cpu_budget_and_its_neighbour_keeps_answering() {
    let engine = GuestEngine::start(NonZeroUsize::new(1), 1).unwrap();
    let loader = Loader { engine: engine.clone(), ..loader() };
    let slots = Slots::load(loader, vec![slot_of("limit_spin"), slot_of("probe_caller")]).await.unwrap();
    let table = slots.table();
    let spin = table.route("Echo").unwrap().clone();
    let budget = spin.answerer().budget().forward_cpu;
    let spinning = {
        let engine = engine.clone();
        tokio::spawn(async move { failure(spin.serve(&engine, call("Echo", "{}", LONG), &Trace::default()).await) })
    };
    let neighbour = table.route("Probe").unwrap();
    let mut answers = 0_u32;
    while !spinning.is_finished() {
        neighbour.serve(&engine, call("Probe", "{}", LONG), &Trace::default()).await.map(drop).unwrap();
        answers += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    match spinning.await.unwrap() {
        CallError::CpuBudget { slot, hook, limit } => {
            assert_eq!((slot.as_str(), hook, limit), ("limit_spin", Hook::Forward, budget));
        }
        other => panic!("{other:?}"),
    }
    assert!(answers >= 10, "only {answers} answers in {budget:?} of CPU");
}

#[tokio::test]
async fn calls_beyond_those_that_wait_are_turned_away_and_dropped_ones_give_way() {
    let slots = load([slot_of("fresh_counter")]).await.unwrap();
    let table = slots.table();
    let route = table.route("Counter").unwrap();
    let mut number = 0;
    let mut spin = || {
        let (route, engine) = (route.clone(), slots.engine().clone());
        // Spins use up their CPU time in the end, and then their caller has to wait. One caller alone would make room.
        number += 1;
        let spin = call_by(&format!("crowd-{}", number % 16), "Counter", r#"{"then":"spin"}"#, LONG);
        tokio::spawn(async move { route.serve(&engine, spin, &Trace::default()).await })
    };
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    // More than are worked on and may wait.
    let enough = 300 + 4 * cores;
    let mut crowd = Vec::new();
    let start = Instant::now();
    let busy = loop {
        // Some are turned away, and a spin has an end.
        crowd.retain(|call: &JoinHandle<_>| !call.is_finished());
        crowd.resize_with(enough, &mut spin);
        match serve(&table, call("Counter", r#"{"then":"answer"}"#, SHORT)).await {
            Err(busy @ CallError::Busy { .. }) => break busy,
            Ok(_) | Err(CallError::WallBudget { .. }) => {
                assert!(start.elapsed() < LONG, "nothing bounds those that wait")
            }
            Err(other) => panic!("{other:?}"),
        }
    };
    assert!(matches!(&busy, CallError::Busy { slot } if slot == "fresh_counter"), "{busy:?}");
    for call in &crowd {
        call.abort();
    }
    for call in crowd {
        let _ = call.await;
    }
    let answer = loop {
        match ask(&slots, "Counter", &json!({"then": "answer"})).await {
            // Those that were dropped leave at their next epoch.
            Err(CallError::Busy { .. }) => tokio::time::sleep(SHORT / 10).await,
            other => break other.unwrap(),
        }
    };
    assert_eq!(answer, json!({"calls": 1}));
}

#[tokio::test]
async fn a_request_without_time_left_gets_no_answer() {
    let slots = load([slot_of("fresh_counter")]).await.unwrap();
    let late = failure(serve(&slots.table(), call("Counter", r#"{"then":"spin"}"#, Duration::ZERO)).await);
    assert!(matches!(late, CallError::WallBudget { limit: Duration::ZERO }), "{late:?}");
}
