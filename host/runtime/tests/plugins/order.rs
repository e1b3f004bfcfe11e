//! Who is refused after the gates, and who is served first.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use soma_runtime::{Call, CallError, Hook, SlotSpec, Slots, Stage, Trace};
use tokio::task::JoinHandle;

use crate::fixture::{HOTKEY, LONG, Repacked, SHORT, ask, call, failure, load, serve, slot, slot_of};

pub async fn verify_denies() {
    let slots = load([slot_of("verify_denies")]).await.unwrap();
    assert_eq!(ask(&slots, "Claim", &json!({"truth": true})).await.unwrap(), json!({"truth": true}));
    match ask(&slots, "Claim", &json!({"truth": false})).await.unwrap_err() {
        CallError::Unverified { slot, reason } => {
            assert_eq!((slot, reason), ("verify_denies".to_owned(), format!("not true, {HOTKEY}")));
        }
        other => panic!("{other:?}"),
    }
    // What cannot be checked is not verified, whatever forward would say to it.
    let unread = ask(&slots, "Claim", &json!({})).await.unwrap_err();
    assert!(matches!(unread, CallError::Unverified { .. }), "{unread:?}");
}

pub async fn verify_traps() {
    let slots = load([slot_of("verify_traps")]).await.unwrap();
    let error = ask(&slots, "Echo", &json!({})).await.unwrap_err();
    let CallError::Trap { slot, hook, .. } = &error else { panic!("{error:?}") };
    assert_eq!((slot.as_str(), *hook), ("verify_traps", Hook::Verify));
}

#[tokio::test]
async fn a_blacklist_of_any_plugin_is_asked_before_every_verify() {
    let verifier = Repacked::new("verify_denies", |manifest| {
        manifest.hooks = [Hook::Verify].into();
        manifest.routes.clear();
    });
    let checks = || slot("checks", verifier.path());
    // The verifying plugin stands first, and still the answering one's blacklist speaks before it.
    let slots = load([checks(), slot_of("trap_gate")]).await.unwrap();
    let error = ask(&slots, "Echo", &json!({})).await.unwrap_err();
    assert!(matches!(error, CallError::Trap { hook: Hook::Blacklist, .. }), "{error:?}");
    // It checks only the class that it knows.
    let slots = load([checks(), slot_of("reply_garbage")]).await.unwrap();
    serve(&slots.table(), call("Echo", "{}", LONG)).await.map(drop).unwrap();
    let denying = Repacked::new("verify_traps", |manifest| {
        manifest.hooks = [Hook::Verify].into();
        manifest.routes.clear();
    });
    let slots = load([slot("traps", denying.path()), slot_of("fresh_counter")]).await.unwrap();
    let error = ask(&slots, "Counter", &json!({"then": "answer"})).await.unwrap_err();
    assert!(matches!(&error, CallError::Trap { slot, hook: Hook::Verify, .. } if slot == "traps"), "{error:?}");
}

/// A request of this rank, as the caller of the guest writes it, that takes so long once it is its turn.
fn odd(rank: &str, spin: Duration, limit: Duration) -> Call {
    let mut call = call("Odd", json!({"spin_ms": spin.as_millis() as f64}).to_string(), limit);
    call.request.headers = vec![("x-rank".to_owned(), rank.to_owned())];
    call
}

/// With one place to run in.
fn one_at_a_time() -> SlotSpec {
    let mut spec = slot_of("priority_odd");
    spec.budget.in_flight = std::num::NonZeroUsize::new(1);
    spec
}

pub async fn priority_odd() {
    let slots = load([slot_of("priority_odd")]).await.unwrap();
    let table =
        [("2.5", 2.5), ("-1e300", -1e300), ("0", 0.0), ("NaN", f64::MIN), ("inf", f64::MIN), ("-inf", f64::MIN)];
    for (rank, expected) in table {
        let served = serve(&slots.table(), odd(rank, Duration::ZERO, LONG)).await.unwrap();
        assert_eq!(served.priority, Some(expected), "{rank}");
    }
}

/// Waits until the request has its rank, and for the moment that it then takes to the queue.
async fn ranked(trace: &Trace) {
    until(|| trace.laps().iter().any(|lap| lap.stage == Stage::Priority)).await;
    tokio::time::sleep(SHORT / 5).await;
}

async fn until(reached: impl Fn() -> bool) {
    let start = Instant::now();
    while !reached() {
        assert!(start.elapsed() < LONG, "it never comes to that");
        tokio::time::sleep(SHORT / 10).await;
    }
}

/// Sends requests one after another; they write their names down as they are answered.
struct Crowd {
    slots: Arc<Slots>,
    answered: Arc<Mutex<Vec<String>>>,
}

impl Crowd {
    async fn new() -> Crowd {
        Crowd { slots: Arc::new(load([one_at_a_time()]).await.unwrap()), answered: Arc::default() }
    }

    /// Comes back when the request has left its gates: it runs, or waits.
    async fn send(&self, rank: &str, spin: Duration, limit: Duration) -> JoinHandle<Result<(), CallError>> {
        let (slots, answered, name, trace) =
            (self.slots.clone(), self.answered.clone(), rank.to_owned(), Trace::default());
        let (call, own) = (odd(rank, spin, limit), trace.clone());
        let sent = tokio::spawn(async move {
            slots.table().route("Odd").unwrap().serve(slots.engine(), call, &own).await?;
            answered.lock().unwrap().push(name);
            Ok(())
        });
        ranked(&trace).await;
        sent
    }

    fn answered(&self) -> Vec<String> {
        self.answered.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn who_waits_is_served_by_priority_and_an_odd_one_comes_last() {
    let crowd = Crowd::new().await;
    let holding = crowd.send("0", 40 * SHORT, LONG).await;
    let mut waiting = Vec::new();
    for rank in ["100", "NaN", "500", "inf", "300"] {
        waiting.push(crowd.send(rank, SHORT / 2, LONG).await);
    }
    // Of equals, who came first.
    let gone = crowd.send("900", Duration::ZERO, LONG).await;
    let late = crowd.send("800", Duration::ZERO, SHORT).await;
    gone.abort();
    let late = late.await.unwrap().unwrap_err();
    assert!(matches!(late, CallError::WallBudget { limit } if limit == SHORT), "{late:?}");
    assert!(!holding.is_finished(), "the machine is too slow for this test");
    for sent in waiting {
        sent.await.unwrap().unwrap();
    }
    assert_eq!(crowd.answered(), ["0", "500", "300", "100", "NaN", "inf"]);
}

#[tokio::test]
async fn a_full_queue_sheds_its_lowest_and_holds_no_instances() {
    let crowd = Crowd::new().await;
    let _holding = crowd.send("0", LONG, LONG).await;
    let places = crowd.slots.table().route("Odd").unwrap().answerer().budget().queue;
    let mut waiting = Vec::new();
    while waiting.len() < places {
        // So many at a time that each of them has room before its gates.
        let traces: Vec<Trace> = (0..64.min(places - waiting.len())).map(|_| Trace::default()).collect();
        for trace in traces.clone() {
            let slots = crowd.slots.clone();
            waiting.push(tokio::spawn(async move {
                let call = odd("10", Duration::ZERO, LONG);
                slots.table().route("Odd").unwrap().serve(slots.engine(), call, &trace).await.map(drop)
            }));
        }
        for trace in &traces {
            until(|| trace.laps().iter().any(|lap| lap.stage == Stage::Priority)).await;
        }
    }
    tokio::time::sleep(SHORT).await;
    // As many instances as there are places would be all that the engine has: others are served meanwhile.
    let neighbour = load([slot_of("probe_caller")]).await.unwrap();
    ask(&neighbour, "Probe", &json!({})).await.unwrap();

    let lower = failure(serve(&crowd.slots.table(), odd("-500", Duration::ZERO, LONG)).await);
    assert!(matches!(&lower, CallError::Busy { slot } if slot == "priority_odd"), "{lower:?}");
    let _higher = crowd.send("500", Duration::ZERO, LONG).await;
    until(|| waiting.iter().any(JoinHandle::is_finished)).await;
    let (shed, staying): (Vec<_>, Vec<_>) = waiting.into_iter().partition(JoinHandle::is_finished);
    assert_eq!((shed.len(), staying.len()), (1, places - 1));
    for sent in shed {
        let error = sent.await.unwrap().unwrap_err();
        assert!(matches!(error, CallError::Busy { .. }), "{error:?}");
    }
}

/// A crowd in the gates of one plugin is turned away at the door, and a route without gates does not notice.
#[tokio::test]
async fn gates_have_a_bound_of_their_own() {
    let engine = soma_runtime::GuestEngine::start(None, 1).unwrap();
    let loader = soma_runtime::version::Loader { engine, ..crate::fixture::loader() };
    let slots = Slots::load(loader, vec![slot_of("limit_gate"), slot_of("fresh_counter")]).await;
    let slots = Arc::new(slots.unwrap());
    let in_own_engine = |route: &'static str, body: Value| {
        let slots = slots.clone();
        async move {
            let table = slots.table();
            let route = table.route(route).unwrap();
            let call = call(route.name(), body.to_string(), LONG);
            route.serve(slots.engine(), call, &Trace::default()).await.map(drop)
        }
    };
    let crowd: Vec<_> = (0..1000).map(|_| tokio::spawn(in_own_engine("Echo", json!({})))).collect();
    let most = gates_of_this_machine();
    until(|| crowd.iter().filter(|sent| !sent.is_finished()).count() <= most).await;
    in_own_engine("Counter", json!({"then": "answer"})).await.unwrap();
    let (turned, inside): (Vec<_>, Vec<_>) = crowd.into_iter().partition(JoinHandle::is_finished);
    inside.iter().for_each(JoinHandle::abort);
    let mut busy = 0;
    for sent in turned {
        busy += usize::from(matches!(sent.await.unwrap(), Err(CallError::Busy { .. })));
    }
    // Some of those inside may have come to their end.
    assert!(busy > 900 - most, "{busy} of 1000 were turned away");
}

/// While one slot's gate takes all the time that it may, be it for its own route or for another slot's, those who
/// ask a neighbour are judged at once: they do not stand in the crowd's line.
#[tokio::test]
async fn a_slow_gate_leaves_room_for_the_gates_of_other_slots() {
    let gate = Repacked::gate("limit_gate");
    let before_another = || SlotSpec { routes: Some(vec!["Counter".to_owned()]), ..slot("gate", gate.path()) };
    let table = [("Echo", vec![slot_of("limit_gate")]), ("Counter", vec![before_another(), slot_of("fresh_counter")])];
    for (crowded, mut specs) in table {
        let engine = soma_runtime::GuestEngine::start(None, 1).unwrap();
        let loader = soma_runtime::version::Loader { engine, ..crate::fixture::loader() };
        specs.push(slot_of("text-miner-rust"));
        let slots = Arc::new(Slots::load(loader, specs).await.unwrap());
        let asked = |route: &'static str, body: Value| {
            let slots = slots.clone();
            async move {
                let call = call(route, body.to_string(), LONG);
                slots.table().route(route).unwrap().serve(slots.engine(), call, &Trace::default()).await.map(drop)
            }
        };
        let crowd: Vec<_> = (0..100).map(|_| tokio::spawn(asked(crowded, json!({"then": "answer"})))).collect();
        // The crowd is there when the first of it has spent its time.
        until(|| crowd.iter().any(JoinHandle::is_finished)).await;
        asked("TextGeneration", json!({"prompt": "hi", "max_tokens": 1, "temperature": 0.0})).await.unwrap();
        let waiting = crowd.iter().filter(|sent| !sent.is_finished()).count();
        crowd.iter().for_each(JoinHandle::abort);
        assert!(waiting > 50, "{crowded}: the neighbour was served when {waiting} of 100 were left");
    }
}

/// Requests that are in the gates of one slot at once, or wait for them.
fn gates_of_this_machine() -> usize {
    2 * std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get) + 128
}
