//! `soma:neuron/metagraph`: what a plugin finds, what it is told when there is nothing to see, and that one request sees
//! one block.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytesize::ByteSize;
use serde_json::{Value, json};
use soma_runtime::{Absence, Call, CallError, InstanceSpec, Pinned, SlotSpec, Slots};

use crate::fixture::{HOTKEY, LONG, Repacked, SHORT, call, call_by, failure, load, serve, slot, slot_of};
use crate::subnet::{Seen, crowd, neuron, seeing};

/// The same guest in each language.
const GUESTS: [&str; 4] = ["metagraph_reads", "c_metagraph", "python_metagraph", "typescript_metagraph"];

const WARM: InstanceSpec = InstanceSpec::Warm { calls: None, age: None, memory: None, idle: None };

/// What every call is told that has nothing to see.
const NOT_THERE: &str = "the metagraph is not there at the moment";

/// The caller of [`call`] has uid 1 and a stake of 1000.5.
fn subnet() -> Arc<Seen> {
    let neurons = vec![neuron(0, "5Rich", 5000.0), neuron(1, HOTKEY, 1000.5), neuron(2, "5Poor", 0.0)];
    Arc::new(Seen::new(1234, neurons).own(2))
}

fn look(body: &Value) -> Call {
    call("Look", body.to_string(), LONG)
}

/// A look that is gated by its header.
fn gated(header: &str, value: &str) -> Call {
    let mut call = look(&json!({"what": "subnet"}));
    call.request.headers = vec![(header.to_owned(), value.to_owned())];
    call
}

/// What the guest has found.
async fn found(slots: &Slots, call: Call) -> Value {
    let served = serve(&slots.table(), call).await.unwrap();
    serde_json::from_slice::<Value>(&served.reply.body).unwrap()["found"].take()
}

/// Every value of a neuron arrives, in each language; what is not there is none and no error.
pub async fn metagraph_reads() {
    for guest in GUESTS {
        let slots = load([slot_of(guest)]).await.unwrap();
        let seen = subnet();
        let ask = async |body: Value| found(&slots, seeing(look(&body), &seen)).await;
        let rich = json!({
            "uid": 0, "hotkey": "5Rich", "coldkey": "5Cold-0", "stake": 5000.0, "alpha_stake": 3750.0, "tao_stake": 2.125,
            "emission": 1e-9, "consensus": 0.125, "incentive": 0.25, "dividends": 0.5, "validator_trust": 1.0,
            "validator_permit": true, "active": false, "last_update": 4_000_000_000_u32, "axon": "[2001:db8::1]:8091",
        });
        for body in [json!({"what": "uid", "uid": 0}), json!({"what": "hotkey", "hotkey": "5Rich"})] {
            assert!(is_same(&ask(body.clone()).await, &rich), "{guest} {body}");
        }
        let own = ask(json!({"what": "hotkey", "hotkey": HOTKEY})).await;
        assert_eq!((&own["uid"], &own["stake"], &own["axon"]), (&json!(1), &json!(1000.5), &Value::Null), "{guest}");
        for uid in [3, 65535] {
            assert_eq!(ask(json!({"what": "uid", "uid": uid})).await, Value::Null, "{guest}");
        }
        for hotkey in ["", "5", "5rich", "\u{e4}", "\0", &"5".repeat(65), &"5".repeat(100_000)] {
            assert_eq!(ask(json!({"what": "hotkey", "hotkey": hotkey})).await, Value::Null, "{guest} {hotkey:.9}");
        }
        let subnet = ask(json!({"what": "subnet"})).await;
        assert_eq!(subnet, json!({"netuid": 7, "block": 1234, "size": 3, "own_uid": 2}), "{guest}");
        let all = ask(json!({"what": "all"})).await;
        assert!(is_same(&all, &json!({"count": 3, "stake": 6000.5, "first": 0, "last": 2})), "{guest} {all}");
    }
}

/// As objects of numbers: 1 and 1.0 are the same one.
fn is_same(one: &Value, other: &Value) -> bool {
    let equal = |(name, value): (&String, &Value)| match (value.as_f64(), other[name].as_f64()) {
        (Some(one), Some(other)) => one == other,
        _ => *value == other[name],
    };
    let fields = |value: &Value| value.as_object().map_or(0, serde_json::Map::len);
    fields(one) == fields(other) && one.as_object().into_iter().flatten().all(equal)
}

#[tokio::test]
async fn gates_judge_by_it_and_rank_by_it() {
    for guest in GUESTS {
        let slots = load([slot_of(guest)]).await.unwrap();
        let seen = subnet();
        let served = serve(&slots.table(), seeing(gated("x-least", "1000.5"), &seen)).await.unwrap();
        assert_eq!(served.priority, Some(1000.5), "{guest}");
        let poor = failure(serve(&slots.table(), seeing(gated("x-least", "1001"), &seen)).await);
        assert!(
            matches!(&poor, CallError::Denied { reason, .. } if reason == "stake 1000.5 is below 1001"),
            "{poor:?}"
        );
        let mut stranger = seeing(gated("x-least", "0"), &seen);
        stranger.request.caller.hotkey = "5Stranger".to_owned();
        let stranger = failure(serve(&slots.table(), stranger).await);
        assert!(matches!(&stranger, CallError::Denied { reason, .. } if reason == "not registered"), "{stranger:?}");
    }
}

/// Neither a trap, nor a made-up subnet without neurons.
#[tokio::test]
async fn without_a_metagraph_every_hook_is_told_that_there_is_none() {
    for guest in GUESTS {
        let slots = load([slot_of(guest)]).await.unwrap();
        for absence in [Absence::Offline, Absence::Unread] {
            let blind = |call: Call| Call { metagraph: Err(absence), ..call };
            for what in ["subnet", "all", "first", "uid", "hotkey"] {
                let error = failure(serve(&slots.table(), blind(look(&json!({"what": what})))).await);
                assert!(matches!(&error, CallError::Unavailable(reason) if reason == NOT_THERE), "{guest} {error:?}");
            }
            let denied = failure(serve(&slots.table(), blind(gated("x-least", "0"))).await);
            assert!(matches!(&denied, CallError::Denied { reason, .. } if reason == NOT_THERE), "{guest} {denied:?}");
        }
        let status = slots.list().await.remove(0);
        assert_eq!((status.traps, status.exhausted.len()), (0, 0), "{guest}: nobody misbehaved");
    }
}

#[tokio::test]
async fn an_instance_that_is_made_ready_belongs_to_no_block() {
    let no_request = "there is no metagraph in `init`: it belongs to no request";
    for (instances, expected) in [(InstanceSpec::Fresh { ready: None }, None), (WARM, Some(no_request))] {
        let spec = SlotSpec { instances: Some(instances), ..slot_of("metagraph_reads") };
        let slots = load([spec]).await.unwrap();
        assert_eq!(found(&slots, seeing(look(&json!({"what": "init"})), &subnet())).await, json!(expected));
    }
}

/// The host's newest block, as the axon has it.
#[derive(Clone, Default)]
struct Newest(Arc<Mutex<Option<Arc<Seen>>>>);

impl Newest {
    fn put(&self, seen: Seen) {
        *self.0.lock().unwrap() = Some(Arc::new(seen));
    }

    fn pinned(&self) -> Pinned {
        Ok(self.0.lock().unwrap().clone().unwrap())
    }
}

#[tokio::test]
async fn all_hooks_of_one_request_see_one_block_while_a_newer_one_comes() {
    for instances in [InstanceSpec::Fresh { ready: None }, WARM] {
        let gate = Repacked::gate("metagraph_reads");
        let gate = SlotSpec { instances: Some(instances), ..slot("gate", gate.path()) };
        let slots = load([gate, SlotSpec { instances: Some(instances), ..slot_of("metagraph_reads") }]).await.unwrap();
        let newest = Newest::default();
        let (shared, block_11) = (newest.clone(), Seen::new(11, crowd(3)));
        // It comes when the first gate has asked for the first time.
        newest.put(Seen::new(10, crowd(2)).meanwhile(move || shared.put(block_11)));
        for (block, size) in [(10, 2), (11, 3), (11, 3)] {
            let call = Call { metagraph: newest.pinned(), ..gated("x-block", &block.to_string()) };
            let subnet = found(&slots, call).await;
            assert_eq!((&subnet["block"], &subnet["size"]), (&json!(block), &json!(size)), "{instances:?}");
            assert_eq!(newest.pinned().unwrap_or_else(|_| unreachable!()).subnet().block, 11, "it came meanwhile");
        }
    }
}

#[tokio::test]
async fn an_instance_that_waits_keeps_no_block_alive() {
    let slots = load([SlotSpec { instances: Some(WARM), ..slot_of("metagraph_reads") }]).await.unwrap();
    let seen = subnet();
    let weak = Arc::downgrade(&seen);
    found(&slots, seeing(look(&json!({"what": "subnet"})), &seen)).await;
    drop(seen);
    let start = Instant::now();
    while weak.strong_count() > 0 {
        assert!(start.elapsed() < LONG, "the instance holds on to it");
        tokio::time::sleep(SHORT / 10).await;
    }
}

/// What the host hands over comes in pages, each made when it is asked for, and counts as the plugin's memory.
#[tokio::test]
async fn the_largest_subnet_is_read_whole_within_the_budgets_and_ends_a_plugin_without_room() {
    let seen = Arc::new(Seen::new(1, crowd(4096)));
    let stake = f64::from(4095 * 4096 / 2);
    for guest in GUESTS {
        let slots = load([slot_of(guest)]).await.unwrap();
        let all = found(&slots, seeing(look(&json!({"what": "all"})), &seen)).await;
        assert!(is_same(&all, &json!({"count": 4096, "stake": stake, "first": 0, "last": 4095})), "{guest} {all}");
        let before = seen.looks.load(Ordering::Relaxed);
        found(&slots, seeing(look(&json!({"what": "first"})), &seen)).await;
        let looks = seen.looks.load(Ordering::Relaxed) - before;
        // One more look is its gate's or its rank's.
        assert!((256..=258).contains(&looks), "{guest} has looked at {looks} to see one");
    }
    let small = Repacked::new("metagraph_reads", |manifest| manifest.budget.memory = Some(ByteSize::mib(1)));
    let slots = load([slot("small", small.path())]).await.unwrap();
    let error = failure(serve(&slots.table(), seeing(look(&json!({"what": "all"})), &seen)).await);
    assert!(matches!(error, CallError::MemoryBudget { .. }), "{error:?}");
    // The instance is gone, and who caused that waits for a while. Others do not.
    found(&slots, seeing(call_by("5Other", "Look", r#"{"what": "first"}"#, LONG), &seen)).await;
}
