//! Instances that serve one request or more: what a call finds of the calls before it, and what ends an instance.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::{Duration, Instant};

use bytesize::ByteSize;
use serde_json::{Value, json};
use soma_runtime::{CallError, InstanceSpec, LoadError, SlotSpec, Slots};

use crate::fixture::{
    LONG, Repacked, SHORT, ask, call, call_by, failure, guest, load, read, serve, slot, slot_of, stream,
};

const FRESH: InstanceSpec = InstanceSpec::Fresh { ready: None };
const WARM: InstanceSpec = InstanceSpec::Warm { calls: None, age: None, memory: None, idle: None };
const RESIDENT: InstanceSpec = InstanceSpec::Resident;

fn with(spec: SlotSpec, instances: InstanceSpec) -> SlotSpec {
    SlotSpec { instances: Some(instances), ..spec }
}

async fn loaded(name: &str, instances: InstanceSpec) -> Slots {
    load([with(slot_of(name), instances)]).await.unwrap()
}

async fn count(slots: &Slots, then: &str) -> Result<Value, CallError> {
    ask(slots, "Count", &json!({"then": then})).await
}

/// Of a caller who is slowed down for it, and not the others.
async fn trap(slots: &Slots) {
    let mut call = call("Count", r#"{"then":"trap"}"#, LONG);
    call.request.caller.hotkey = "who makes it trap".to_owned();
    let trapped = failure(serve(&slots.table(), call).await);
    assert!(matches!(trapped, CallError::Trap { .. }), "{trapped:?}");
}

async fn calls(slots: &Slots) -> u64 {
    count(slots, "answer").await.unwrap()["calls"].as_u64().unwrap()
}

/// A fresh instance has never seen another caller; the others have, and the operator is told so.
pub async fn leak_secret() {
    let table = [
        (FRESH, [None, None, None]),
        (InstanceSpec::Fresh { ready: Some(2) }, [None, None, None]),
        (WARM, [None, Some("mine"), Some("yours")]),
        (RESIDENT, [None, Some("mine"), Some("yours")]),
    ];
    for (instances, seen) in table {
        let slots = loaded("leak_secret", instances).await;
        for (secret, of_another) in ["mine", "yours", "theirs"].into_iter().zip(seen) {
            let answer = ask(&slots, "Secret", &json!({"secret": secret})).await.unwrap();
            assert_eq!(answer, json!({"of_another": of_another}), "{instances:?}");
        }
    }
}

/// A stream that a guest keeps reaches nobody any more, least of all the next caller.
pub async fn stream_keeps() {
    for (instances, found) in [(FRESH, "none"), (WARM, "closed")] {
        let slots = loaded("stream_keeps", instances).await;
        for expected in ["none", found, found] {
            let reply = stream(&slots, call("Kept", "{}", LONG)).await.unwrap();
            let (pieces, error) = read(reply).await;
            assert!(error.is_none(), "{error:?}");
            assert_eq!(pieces, [expected], "{instances:?}");
        }
    }
}

/// An instance that serves more than one request is made ready once, before its first hook.
pub async fn warm_init() {
    let slots = loaded("warm_init", FRESH).await;
    for _ in 0..2 {
        let fresh = json!({"made_ready": 0, "calls": 1, "judged": 1});
        assert_eq!(count(&slots, "answer").await.unwrap(), fresh, "its gate and its answer share an instance");
    }
    for instances in [WARM, RESIDENT] {
        let slots = loaded("warm_init", instances).await;
        for nth in 1..=3 {
            let kept = json!({"made_ready": 1, "calls": nth, "judged": nth});
            assert_eq!(count(&slots, "answer").await.unwrap(), kept, "{instances:?}");
        }
    }
}

#[tokio::test]
async fn a_plugin_that_cannot_be_made_ready_does_not_come_into_service() {
    for (setting, instances) in [("fail", WARM), ("fail", RESIDENT), ("trap", WARM), ("trap", RESIDENT)] {
        let mut spec = with(slot_of("warm_init"), instances);
        spec.config = [("init".to_owned(), setting.to_owned())].into();
        let error = load([spec]).await.err().expect("it is not ready");
        match &error {
            LoadError::Warm(CallError::Init { reason, .. }) => {
                assert_eq!((setting, &**reason), ("fail", "told to fail"))
            }
            LoadError::Warm(CallError::Trap { .. }) => assert_eq!(setting, "trap"),
            other => panic!("{other:?}"),
        }
        let mut fresh = with(slot_of("warm_init"), FRESH);
        fresh.config = [("init".to_owned(), setting.to_owned())].into();
        load([fresh]).await.map(drop).expect("a fresh instance is not asked");
    }
}

/// Whatever ends a call badly ends the instance; an answer that is a failure does not.
#[tokio::test]
async fn a_warm_instance_is_given_back_only_when_its_call_ended_well() {
    let slots = loaded("warm_init", WARM).await;
    assert_eq!(calls(&slots).await, 1);
    let refused = count(&slots, "fail").await.unwrap_err();
    assert!(matches!(refused, CallError::Refused(_)), "{refused:?}");
    assert_eq!(calls(&slots).await, 3);

    trap(&slots).await;
    assert_eq!(calls(&slots).await, 1);
    let late = failure(serve(&slots.table(), call("Count", r#"{"then":"endless"}"#, SHORT)).await);
    assert!(matches!(late, CallError::WallBudget { .. }), "{late:?}");
    assert_eq!(calls(&slots).await, 1);
    let table = slots.table();
    let left = tokio::time::timeout(SHORT, serve(&table, call("Count", r#"{"then":"endless"}"#, LONG))).await;
    assert!(left.is_err());
    assert_eq!(calls(&slots).await, 1);
    assert_eq!(calls(&slots).await, 2);
}

/// Callers that a gate turns away cost no instance.
#[tokio::test]
async fn an_instance_whose_gate_said_no_is_given_back() {
    let slots = loaded("warm_init", WARM).await;
    for _ in 0..3 {
        let mut denied = call("Count", r#"{"then":"answer"}"#, LONG);
        denied.request.caller.ip = "192.0.2.66".to_owned();
        let denied = failure(serve(&slots.table(), denied).await);
        assert!(matches!(denied, CallError::Denied { .. }), "{denied:?}");
    }
    let kept = json!({"made_ready": 1, "calls": 1, "judged": 4});
    assert_eq!(count(&slots, "answer").await.unwrap(), kept);
}

#[tokio::test]
async fn a_warm_instance_ends_by_calls_by_age_and_by_memory() {
    let by_calls = InstanceSpec::Warm { calls: NonZeroU32::new(2), age: None, memory: None, idle: None };
    let slots = loaded("warm_init", by_calls).await;
    // The first of them was spent on looking at the plugin when it was loaded.
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(calls(&slots).await);
    }
    assert_eq!(seen, [1, 1, 2, 1, 2]);

    let by_age = InstanceSpec::Warm { calls: None, age: Some("1s".parse().unwrap()), memory: None, idle: None };
    let slots = loaded("warm_init", by_age).await;
    assert_eq!(calls(&slots).await, 1);
    let start = Instant::now();
    while slots.list().await[0].idle > 0 {
        assert!(start.elapsed() < LONG, "it is dropped although nobody comes");
        tokio::time::sleep(SHORT).await;
    }
    assert_eq!(calls(&slots).await, 1);

    let memory = Some(ByteSize::kib(64));
    let slots = loaded("warm_init", InstanceSpec::Warm { calls: None, age: None, memory, idle: None }).await;
    assert_eq!([calls(&slots).await, calls(&slots).await], [1, 1], "it has more from the start");
}

#[tokio::test]
async fn no_more_wait_than_the_operator_says() {
    let one = InstanceSpec::Warm { calls: None, age: None, memory: None, idle: NonZeroUsize::new(1) };
    let slots = loaded("warm_init", one).await;
    let table = slots.table();
    let spins = (0..2).map(|_| serve(&table, call("Count", r#"{"then":"spin"}"#, LONG)));
    for served in futures_util::future::join_all(spins).await {
        served.map(drop).unwrap();
    }
    assert_eq!(slots.list().await[0].idle, 1);
}

/// Neither another slot nor another version finds an instance of this one.
#[tokio::test]
async fn warm_instances_belong_to_one_version_of_one_slot() {
    let slots = load([with(slot("one", guest("leak_secret")), WARM)]).await.unwrap();
    let other = load([with(slot("other", guest("leak_secret")), WARM)]).await.unwrap();
    for slots in [&slots, &other] {
        let answer = ask(slots, "Secret", &json!({"secret": "old"})).await.unwrap();
        assert_eq!(answer, json!({"of_another": null}));
    }
    let old = slots.table();
    let next = Repacked::new("leak_secret", |manifest| manifest.version = "0.2.0".to_owned());
    slots.swap("one", next.path()).await.unwrap();
    let answer = ask(&slots, "Secret", &json!({"secret": "new"})).await.unwrap();
    assert_eq!(answer, json!({"of_another": null}));
    // The old version still answers whom it has admitted, and keeps nothing for later.
    let answerer = || old.route("Secret").unwrap().answerer();
    assert_eq!(answerer().idle(), 0);
    serve(&old, call("Secret", r#"{"secret":"late"}"#, LONG)).await.map(drop).unwrap();
    assert_eq!(answerer().idle(), 0);
}

#[tokio::test]
async fn a_resident_instance_serves_one_request_at_a_time_and_loses_none() {
    let slots = loaded("warm_init", RESIDENT).await;
    let table = slots.table();
    let crowd = (0..20).map(|_| serve(&table, call("Count", r#"{"then":"answer"}"#, LONG)));
    let mut seen = Vec::new();
    for served in futures_util::future::join_all(crowd).await {
        let answer: Value = serde_json::from_slice(&served.unwrap().reply.body).unwrap();
        assert_eq!(answer["made_ready"], 1);
        seen.push(answer["calls"].as_u64().unwrap());
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=20).collect::<Vec<_>>());
}

/// Who hangs up, or gives little time, does not cost the others the instance.
#[tokio::test]
async fn a_resident_call_comes_to_its_end_whoever_leaves() {
    let slots = loaded("warm_init", RESIDENT).await;
    let table = slots.table();
    let spin = |caller, limit| serve(&table, call_by(caller, "Count", r#"{"then":"spin"}"#, limit));
    let late = failure(spin("late", Duration::from_millis(2)).await);
    assert!(matches!(late, CallError::WallBudget { .. }), "{late:?}");
    assert!(tokio::time::timeout(Duration::from_millis(2), spin("leaves", LONG)).await.is_err());
    let after = count(&slots, "answer").await.unwrap();
    assert_eq!(after["made_ready"], 1);
    // Whether the spins had begun when they were given up is a matter of time; none of them was broken off.
    assert!((1..=3).contains(&after["calls"].as_u64().unwrap()), "{after}");
    assert_eq!(calls(&slots).await, after["calls"].as_u64().unwrap() + 1);
}

#[tokio::test]
async fn a_resident_instance_that_trapped_is_made_again_after_a_while() {
    let slots = loaded("warm_init", RESIDENT).await;
    assert_eq!(calls(&slots).await, 1);
    trap(&slots).await;
    let start = Instant::now();
    let mut turned_away = 0;
    let again = loop {
        match count(&slots, "answer").await {
            Ok(again) => break again,
            Err(CallError::Starting { .. }) if start.elapsed() < LONG => turned_away += 1,
            Err(other) => panic!("{other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert_eq!(again, json!({"made_ready": 1, "calls": 1, "judged": 1}));
    assert!(turned_away > 0, "nobody waits for it meanwhile");
}

#[tokio::test]
async fn ready_made_instances_are_fresh_and_go_with_their_version() {
    let slots = loaded("fresh_counter", InstanceSpec::Fresh { ready: Some(4) }).await;
    let filled = async || {
        let start = Instant::now();
        while slots.list().await[0].idle < 4 {
            assert!(start.elapsed() < LONG);
            tokio::time::sleep(SHORT / 10).await;
        }
    };
    for _ in 0..3 {
        filled().await;
        for _ in 0..6 {
            assert_eq!(ask(&slots, "Counter", &json!({"then": "answer"})).await.unwrap(), json!({"calls": 1}));
        }
    }
    filled().await;
    let old = slots.table();
    let next = Repacked::new("fresh_counter", |manifest| manifest.version = "0.2.0".to_owned());
    slots.swap("fresh_counter", next.path()).await.unwrap();
    assert_eq!(old.route("Counter").unwrap().answerer().idle(), 0);
    drop(old);
    let start = Instant::now();
    while slots.list().await[0].draining > 0 {
        assert!(start.elapsed() < LONG, "who makes instances in advance must not keep a version alive");
        tokio::time::sleep(SHORT / 10).await;
    }
}

#[tokio::test]
async fn the_list_names_the_mode_and_small_plugins_are_fresh_without_a_word() {
    let shown = async |spec| load([spec]).await.unwrap().list().await.remove(0).instances;
    assert_eq!(shown(slot_of("text-miner-rust")).await, "fresh");
    assert_eq!(shown(with(slot_of("warm_init"), RESIDENT)).await, "resident");
    assert_eq!(shown(with(slot_of("warm_init"), WARM)).await, "warm (500 calls, 600s, 12.0 MiB, 8 idle)");
}
