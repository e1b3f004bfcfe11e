//! Every budget that a plugin can use up: its error and code, what is counted, that the next caller's call works, and that
//! a neighbour goes on meanwhile.

use std::path::Path;
use std::time::Duration;

use miette::Diagnostic;
use serde_json::{Value, json};
use soma_manifest::{Manifest, embed};
use soma_runtime::budget::BudgetGrant;
use soma_runtime::version::Loader;
use soma_runtime::{Call, CallError, GuestEngine, Hook, SlotSpec, Slots, Trace};

use crate::fixture::{
    LONG, Repacked, ask, call, call_by, failure, guest, help, load, loader, read, refusal_of, serve, slot, slot_of,
    stream,
};

/// Another caller than that of the first call, which may have to wait by now.
const OTHER: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

/// What the operator writes behind `budget =`, as JSON.
pub fn granted(spec: SlotSpec, budget: &Value) -> SlotSpec {
    let budget: BudgetGrant = serde_json::from_value(budget.clone()).unwrap();
    SlotSpec { budget, ..spec }
}

/// What `soma plugin list` and the metrics have of a slot: its traps, and (hook, budget, times).
async fn counted(slots: &Slots, name: &str) -> (u64, Vec<(Hook, String, u64)>) {
    let status = slots.list().await.into_iter().find(|status| status.slot == name).unwrap();
    let exhausted = status.exhausted.into_iter().map(|one| (one.hook, one.budget, one.times));
    (status.traps, exhausted.collect())
}

fn code(error: &CallError) -> String {
    error.code().unwrap().to_string()
}

/// Has the neighbour answer until the call is over.
async fn beside_a_neighbour(slots: &Slots, call: Call) -> CallError {
    let table = slots.table();
    let route = table.route(&call.request.route).unwrap().clone();
    let engine = slots.engine().clone();
    let calling = tokio::spawn(async move { failure(route.serve(&engine, call, &Trace::default()).await) });
    let mut answers = 0_u32;
    while answers == 0 || !calling.is_finished() {
        serve(&table, call_by(OTHER, "Probe", "{}", LONG)).await.map(drop).unwrap();
        answers += 1;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    calling.await.unwrap()
}

/// Budgets of `forward` and of gates: a guest, the operator's word, a body that uses the budget up, and what comes of it.
#[tokio::test]
async fn each_budget_has_its_error_its_count_and_no_consequence_for_others() {
    let table = [
        ("limit_spin", json!({"forward-cpu": "50ms"}), "{}", LONG, "cpu_budget", Hook::Forward, "cpu", 1),
        ("limit_gate", json!({"gate-cpu": "10ms"}), "{}", LONG, "cpu_budget", Hook::Blacklist, "cpu", 1),
        ("limit_gate", json!({"gate-wall": "20ms"}), "{}", LONG, "gate_wall", Hook::Blacklist, "gate-wall", 0),
        ("limit_spin", json!({}), "{}", Duration::from_millis(50), "wall_budget", Hook::Forward, "wall", 0),
        ("limit_memory", json!({}), "{}", LONG, "memory_budget", Hook::Forward, "memory", 1),
        ("limit_output", json!({"output": "1MiB"}), "{}", LONG, "output_budget", Hook::Forward, "output", 0),
        ("limit_host_call", json!({}), r#"{"to":"log"}"#, LONG, "host_call_budget", Hook::Forward, "host-call", 1),
        ("limit_host_call", json!({}), r#"{"to":"config"}"#, LONG, "host_call_budget", Hook::Forward, "host-call", 1),
        ("limit_host_call", json!({}), r#"{"to":"subnet"}"#, LONG, "host_call_budget", Hook::Forward, "host-call", 1),
    ];
    for (index, (name, grant, body, limit, expected, hook, budget, traps)) in table.into_iter().enumerate() {
        // Counters belong to a slot's name, and this one to this row.
        let (own, neighbour) = (format!("budget-{index}"), format!("neighbour-{index}"));
        let spec = granted(slot(&own, guest(name)), &grant);
        let slots = load([spec, slot(&neighbour, guest("probe_caller"))]).await.unwrap();
        let error = beside_a_neighbour(&slots, call("Echo", body, limit)).await;
        let row = format!("{name} {grant} {body}");
        assert_eq!(code(&error), format!("soma::call::{expected}"), "{row}: {error:?}");
        assert!(!help(&error).is_empty(), "{row}");
        assert_eq!(counted(&slots, &own).await, (traps, vec![(hook, budget.to_owned(), 1)]), "{row}");
        assert_eq!(counted(&slots, &neighbour).await, (0, vec![]), "{row}");
        // Who comes next is served by an instance of their own, up to the same end.
        let next = failure(serve(&slots.table(), call_by(OTHER, "Echo", body, limit)).await);
        assert_eq!(code(&next), code(&error), "{row}");
    }
}

/// Nothing of what is too much is copied, and an operator can allow it.
pub async fn limit_host_call() {
    let slots = load([slot_of("limit_host_call")]).await.unwrap();
    assert_eq!(ask(&slots, "Echo", &json!({"to": "nobody"})).await.unwrap(), json!({}));
    let error = ask(&slots, "Echo", &json!({"to": "log"})).await.unwrap_err();
    let CallError::HostCallBudget { hook: Hook::Forward, size, limit, .. } = &error else { panic!("{error:?}") };
    assert_eq!((size.as_u64(), limit.as_u64()), (20_000_000, 16 << 20));
    let slots = load([granted(slot_of("limit_host_call"), &json!({"host-call": "32MiB"}))]).await.unwrap();
    assert_eq!(ask(&slots, "Echo", &json!({"to": "log"})).await.unwrap(), json!({}));
}

/// It writes until nobody takes any more.
pub async fn stream_drips() {
    let slots = load([slot_of("stream_drips")]).await.unwrap();
    let mut reply = stream(&slots, call("Drips", "{}", LONG)).await.unwrap();
    assert_eq!(reply.first.as_deref(), Some(b"x".as_slice()));
    for _ in 0..1000 {
        assert_eq!(reply.rest.next().await.unwrap().unwrap(), "x");
    }
}

/// A plugin that was written by hand, packed as one that ranks what `probe_caller` answers.
fn handmade(folder: &Path, name: &str) -> SlotSpec {
    let component = wat::parse_str(include_str!("wat/limits.wat")).unwrap();
    let manifest = br#"{"name": "limits", "version": "0.1.0", "hooks": ["priority"]}"#;
    let path = folder.join("limits.wasm");
    std::fs::write(&path, embed(&component, &Manifest::from_section(manifest).unwrap()).unwrap()).unwrap();
    slot(name, path)
}

/// What the handmade one ranks.
fn without_priority() -> Repacked {
    Repacked::new("probe_caller", |manifest| {
        manifest.hooks.remove(&Hook::Priority);
    })
}

#[tokio::test]
async fn stack_tables_and_handles_have_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let answers = without_priority();
    let table = [
        ("stack", "stack_budget", "stack"),
        ("table", "table_budget", "table"),
        ("handles", "handle_budget", "handles"),
    ];
    for (id, expected, budget) in table {
        let (own, text) = (format!("handmade-{id}"), format!("text-{id}"));
        let slots = load([handmade(folder.path(), &own), slot(&text, answers.path())]).await.unwrap();
        let with_id = |id: &str, caller: &str| {
            let mut call = call_by(caller, "Probe", "{}", LONG);
            call.request.id = id.to_owned();
            call
        };
        let error = failure(serve(&slots.table(), with_id(id, "a")).await);
        assert_eq!(code(&error), format!("soma::call::{expected}"), "{error:?}");
        assert_eq!((error.slot(), error.hook()), (Some(own.as_str()), Some(Hook::Priority)));
        assert_eq!(counted(&slots, &own).await, (1, vec![(Hook::Priority, budget.to_owned(), 1)]));
        assert_eq!(counted(&slots, &text).await, (0, vec![]));
        let served = serve(&slots.table(), with_id("nothing", "b")).await.unwrap();
        assert_eq!(served.priority, Some(1.0));
    }
}

#[tokio::test]
async fn a_handle_budget_is_the_operators() {
    let folder = tempfile::tempdir().unwrap();
    let spec = granted(handmade(folder.path(), "few-handles"), &json!({"handles": 7}));
    let answers = without_priority();
    let slots = load([spec, slot("ranked", answers.path())]).await.unwrap();
    let mut asked = call("Probe", "{}", LONG);
    asked.request.id = "handles".to_owned();
    let error = failure(serve(&slots.table(), asked).await);
    assert!(matches!(error, CallError::HandleBudget { limit: 7, .. }), "{error:?}");
}

#[tokio::test]
async fn budgets_of_streams_are_counted() {
    let table = [
        ("stream_endless", "Endless", json!({"stream": "1MiB"}), "stream_budget", "stream"),
        ("stream_silent", "Silent", json!({"idle": "1s"}), "stream_idle", "stream-idle"),
        ("stream_endless", "Endless", json!({"drain": "1s", "stream": "1GiB"}), "stream_stalled", "stream-drain"),
    ];
    for (name, route, grant, expected, budget) in table {
        let own = format!("budget-{budget}");
        let slots = load([granted(slot(&own, guest(name)), &grant)]).await.unwrap();
        let asked = call(route, "{}", LONG);
        let error = match stream(&slots, asked).await {
            Err(error) => error,
            Ok(reply) if budget == "stream-drain" => {
                tokio::time::sleep(Duration::from_secs(3)).await;
                read(reply).await.1.unwrap()
            }
            Ok(reply) => read(reply).await.1.unwrap(),
        };
        assert_eq!(code(&error), format!("soma::call::{expected}"), "{error:?}");
        assert_eq!(counted(&slots, &own).await, (0, vec![(Hook::Streaming, budget.to_owned(), 1)]));
    }
}

/// Nothing ends, and what was cut and dropped is counted.
#[tokio::test]
async fn log_budgets_end_nothing_and_are_counted() {
    let budget = json!({"log-line": "512B", "log-call": "4KiB"});
    let slots = load([granted(slot("budget-log", guest("probe_imports")), &budget)]).await.unwrap();
    ask(&slots, "Imports", &json!({"key": "none", "random": 0})).await.unwrap();
    let (traps, exhausted) = counted(&slots, "budget-log").await;
    let times = |wanted: &str| {
        let of = |(hook, budget, _): &&(Hook, String, u64)| *hook == Hook::Forward && budget == wanted;
        exhausted.iter().find(of).map_or(0, |(.., times)| *times)
    };
    // Four short lines, and 201 that are too long: of these about eight fit.
    assert_eq!((traps, times("log-line") + times("log-call")), (0, 201));
    assert!((5..10).contains(&times("log-line")), "{exhausted:?}");
}

#[tokio::test]
async fn a_full_queue_is_counted() {
    let budget = json!({"in-flight": 1, "queue": 1});
    let slots = load([granted(slot("budget-queue", guest("fresh_counter")), &budget)]).await.unwrap();
    let route = slots.table().route("Counter").unwrap().clone();
    let crowd: Vec<_> = (0..2)
        .map(|_| {
            let (route, engine) = (route.clone(), slots.engine().clone());
            let spin = call("Counter", r#"{"then":"spin"}"#, LONG);
            tokio::spawn(async move { route.serve(&engine, spin, &Trace::default()).await.map(drop) })
        })
        .collect();
    while slots.list().await[0].waiting == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let error = failure(serve(&slots.table(), call("Counter", r#"{"then":"answer"}"#, LONG)).await);
    assert_eq!(code(&error), "soma::call::busy");
    assert_eq!(counted(&slots, "budget-queue").await, (0, vec![(Hook::Forward, "queue".to_owned(), 1)]));
    crowd.iter().for_each(tokio::task::JoinHandle::abort);
}

/// Instances that are held by slow readers: the pool has an end, and says so.
#[tokio::test]
async fn without_an_instance_left_callers_are_told_and_the_next_one_that_is_given_back_serves() {
    let engine = GuestEngine::start(None, 1).unwrap();
    let loader = Loader { engine, ..loader() };
    let budget = json!({"in-flight": 4000, "queue": 4000});
    let slots = Slots::load(loader, vec![granted(slot_of("stream_drips"), &budget)]).await.unwrap();
    let mut held = Vec::new();
    let error = loop {
        assert!(held.len() < 4000, "the pool has no end");
        match stream(&slots, call_by(&(held.len() / 100).to_string(), "Drips", "{}", LONG)).await {
            Ok(reply) => held.push(reply),
            Err(error) => break error,
        }
    };
    assert_eq!(code(&error), "soma::call::no_instance", "{error:?}");
    assert!(held.len() > 100, "{}", held.len());
    let (traps, exhausted) = counted(&slots, "stream_drips").await;
    assert_eq!((traps, exhausted), (0, vec![(Hook::Streaming, "instances".to_owned(), 1)]));
    drop(held.pop());
    loop {
        match stream(&slots, call_by("next", "Drips", "{}", LONG)).await {
            Ok(_) => break,
            // The one that was dropped leaves at its next epoch.
            Err(CallError::NoInstance { .. }) => tokio::time::sleep(Duration::from_millis(5)).await,
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// What a manifest asks for beyond the grant is refused with the line to write.
#[tokio::test]
async fn a_plugin_that_asks_for_more_is_refused_with_the_line_that_grants_it() {
    let table = [
        (json!({"memory": "128MiB"}), "budget = { memory = \"128MiB\" }"),
        (json!({"wall": "90s"}), "budget = { wall = \"90s\" }"),
        (json!({"forward-cpu": "20s"}), "budget = { forward-cpu = \"20s\" }"),
        (json!({"output": "8MiB"}), "budget = { output = \"8MiB\" }"),
    ];
    for (asked, line) in table {
        let greedy = Repacked::new("fresh_counter", |manifest| {
            manifest.budget = serde_json::from_value(asked.clone()).unwrap();
        });
        let error = refusal_of(slot("greedy", greedy.path())).await;
        assert_eq!(error.code().unwrap().to_string(), "soma::plugin::budget_not_granted");
        assert!(help(&error).ends_with(line), "{}", help(&error));
        load([granted(slot("greedy", greedy.path()), &asked)]).await.unwrap();
    }
}
