//! Callers that make a plugin trap, and plugins that trap too often.

use std::time::Duration;

use serde_json::{Value, json};
use soma_runtime::slots::SlotStatus;
use soma_runtime::{CallError, Slots, Trace};

use crate::fixture::{LONG, call_by, failure, guest, load, serve, slot, slot_of};
use crate::log;

const SECOND: Duration = Duration::from_secs(1);

async fn ask(slots: &Slots, caller: &str, then: &str) -> Result<Value, CallError> {
    let body = json!({"then": then}).to_string();
    let served = serve(&slots.table(), call_by(caller, "Counter", body, LONG)).await?;
    Ok(serde_json::from_slice(&served.reply.body).unwrap())
}

async fn status(slots: &Slots) -> SlotStatus {
    slots.list().await.remove(0)
}

fn is_trap(error: &CallError) -> bool {
    matches!(error, CallError::Trap { .. })
}

#[tokio::test]
async fn who_makes_it_trap_waits_and_others_do_not_notice() {
    let slots = load([slot("slowing", guest("fresh_counter")), slot_of("probe_caller")]).await.unwrap();
    assert!(is_trap(&ask(&slots, "attacker", "trap").await.unwrap_err()));
    let slowed = ask(&slots, "attacker", "answer").await.unwrap_err();
    let CallError::Slowed { slot, wait } = &slowed else { panic!("{slowed:?}") };
    assert!(slot == "slowing" && *wait <= SECOND, "{slowed:?}");
    assert_eq!(ask(&slots, "honest", "answer").await.unwrap(), json!({"calls": 1}));
    // Another slot is no business of this one.
    serve(&slots.table(), call_by("attacker", "Probe", "{}", LONG)).await.map(drop).unwrap();
    let seen = status(&slots).await;
    assert_eq!((seen.traps, seen.slowed, seen.out_until_ms), (1, 1, None));

    tokio::time::sleep(*wait).await;
    assert!(is_trap(&ask(&slots, "attacker", "trap").await.unwrap_err()));
    let slowed = ask(&slots, "attacker", "answer").await.unwrap_err();
    assert!(matches!(slowed, CallError::Slowed { wait, .. } if wait > SECOND), "{slowed:?}");
}

#[tokio::test]
async fn a_used_up_budget_counts_like_a_trap_and_a_failure_does_not() {
    let slots = load([slot_of("fresh_counter"), slot_of("limit_memory")]).await.unwrap();
    assert!(matches!(ask(&slots, "a", "fail").await, Err(CallError::Internal(_))));
    assert!(ask(&slots, "a", "answer").await.is_ok());
    let greedy = || call_by("a", "Echo", "{}", LONG);
    assert!(matches!(failure(serve(&slots.table(), greedy()).await), CallError::MemoryBudget { .. }));
    assert!(matches!(failure(serve(&slots.table(), greedy()).await), CallError::Slowed { .. }));
}

/// Out with the third caller, told of in the log once, back with a good probe.
#[tokio::test]
async fn a_plugin_that_traps_for_three_goes_out_and_a_good_probe_puts_it_back() {
    log::keep();
    let slots = load([slot("conduct-out-log", guest("fresh_counter"))]).await.unwrap();
    for caller in ["a", "b", "c"] {
        assert!(is_trap(&ask(&slots, caller, "trap").await.unwrap_err()));
    }
    let out = ask(&slots, "honest", "answer").await.unwrap_err();
    assert!(matches!(&out, CallError::Out { slot, wait } if slot == "conduct-out-log" && *wait <= SECOND), "{out:?}");
    let seen = status(&slots).await;
    assert!(seen.out_until_ms.is_some() && seen.slowed == 3, "{seen:?}");

    tokio::time::sleep(SECOND).await;
    assert!(is_trap(&ask(&slots, "d", "trap").await.unwrap_err()), "a bad probe");
    let longer = ask(&slots, "honest", "answer").await.unwrap_err();
    assert!(matches!(longer, CallError::Out { wait, .. } if wait > SECOND), "{longer:?}");

    tokio::time::sleep(2 * SECOND).await;
    assert_eq!(ask(&slots, "honest", "answer").await.unwrap(), json!({"calls": 1}));
    assert_eq!(ask(&slots, "somebody", "answer").await.unwrap(), json!({"calls": 1}));
    assert_eq!(status(&slots).await.out_until_ms, None);
    let said = log::conduct_of("conduct-out-log");
    let levels: Vec<&str> = said.iter().map(|(level, _)| level.as_str()).collect();
    assert_eq!(levels, ["ERROR", "ERROR", "INFO"], "out, out for longer, back: {said:?}");
}

/// Four of five calls are good: it stays.
#[tokio::test]
async fn a_plugin_that_traps_for_a_fifth_stays() {
    let slots = load([slot_of("fresh_counter")]).await.unwrap();
    for _ in 0..12 {
        ask(&slots, "honest", "answer").await.unwrap();
    }
    for caller in ["a", "b", "c"] {
        assert!(is_trap(&ask(&slots, caller, "trap").await.unwrap_err()));
    }
    assert!(ask(&slots, "honest", "answer").await.is_ok());
    assert_eq!(status(&slots).await.out_until_ms, None);
}

/// One spins and one waits behind it. The traps are those of calls that were running before.
#[tokio::test]
async fn who_waits_in_the_queue_is_told_at_once() {
    let spec = crate::budgets::granted(slot_of("fresh_counter"), &json!({"in-flight": 1, "queue": 8}));
    let slots = load([spec]).await.unwrap();
    let route = slots.table().route("Counter").unwrap().clone();
    let spawn = |caller: &str, then: &str| {
        let call = call_by(caller, "Counter", json!({"then": then}).to_string(), LONG);
        let (route, engine) = (route.clone(), slots.engine().clone());
        tokio::spawn(async move { route.serve(&engine, call, &Trace::default()).await.map(drop) })
    };
    let crowd = [spawn("spinning", "spin"), spawn("spinning", "spin")];
    while status(&slots).await.waiting == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for caller in ["a", "b", "c"] {
        trap_as(&slots, caller).await;
    }
    let mut told = Vec::new();
    for waiting in crowd {
        // The one that runs is not told: it has all of its CPU time.
        if let Ok(ended) = tokio::time::timeout(SECOND, waiting).await {
            told.push(ended.unwrap().unwrap_err());
        }
    }
    assert!(matches!(told.as_slice(), [CallError::Out { .. }]), "{told:?}");
}

/// Blames the version as a call of this caller would that traps.
async fn trap_as(slots: &Slots, caller: &str) {
    let table = slots.table();
    let conduct = table.route("Counter").unwrap().answerer().conduct();
    let mut visit = soma_runtime::conduct::Visit::begin([conduct], caller).unwrap();
    visit.ask(conduct);
    let hook = soma_runtime::Hook::Forward;
    let trap = CallError::Trap { slot: "fresh_counter".to_owned(), hook, trap: "unreachable".to_owned() };
    visit.settle(&Err::<(), _>(trap));
}

#[tokio::test]
async fn a_swap_forgives_everybody_and_counters_go_on() {
    let slots = load([slot("forgiving", guest("fresh_counter"))]).await.unwrap();
    for caller in ["a", "b", "c"] {
        assert!(is_trap(&ask(&slots, caller, "trap").await.unwrap_err()));
    }
    assert!(matches!(ask(&slots, "honest", "answer").await, Err(CallError::Out { .. })));
    slots.swap("forgiving", guest("fresh_counter")).await.unwrap();
    assert!(ask(&slots, "honest", "answer").await.is_ok());
    assert!(ask(&slots, "a", "answer").await.is_ok());
    let seen = status(&slots).await;
    assert_eq!((seen.traps, seen.slowed, seen.out_until_ms), (3, 0, None));
}
