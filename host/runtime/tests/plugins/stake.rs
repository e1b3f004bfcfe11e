//! `plugins/stake-gate` and `plugins/stake-priority` before plugins that know nothing of stake.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use soma_runtime::{Absence, Call, CallError, InstanceSpec, LoadError, SlotSpec, Slots, Stage, Trace};

use crate::fixture::{LONG, SHORT, call, call_by, failure, guest, load, serve, slot, slot_of};
use crate::subnet::{Seen, neuron, seeing};

const WARM: InstanceSpec = InstanceSpec::Warm { calls: None, age: None, memory: None, idle: None };

/// The subnet: uid 0 has a permit.
fn subnet() -> Arc<Seen> {
    let neurons = vec![neuron(0, "5Validator", 5000.0), neuron(1, "5Rich", 900.5), neuron(2, "5Poor", 0.25)];
    Arc::new(Seen::new(1, neurons))
}

fn plugin(name: &str, config: &[(&str, &str)]) -> SlotSpec {
    let config = config.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    SlotSpec { config, ..slot(name, guest(name)) }
}

/// Why a caller is turned away; none when it was answered.
async fn denial(slots: &Slots, call: Call) -> Option<String> {
    match serve(&slots.table(), call).await {
        Ok(_) => None,
        Err(CallError::Denied { slot, reason }) => {
            assert_eq!(slot, "stake-gate");
            Some(reason)
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_stranger_and_whoever_has_too_little_stake_is_told_so() {
    let gate = plugin("stake-gate", &[("min-stake", "900.5"), ("allow", r#"["5Friend"]"#)]);
    let slots = load([gate, slot_of("reply_garbage")]).await.unwrap();
    let table = [
        ("5Validator", None),
        ("5Rich", None),
        ("5Friend", None),
        ("5Poor", Some("a stake of 0.25 is below 900.5")),
        ("5Stranger", Some("not registered on this subnet")),
    ];
    for (hotkey, expected) in table {
        let asked = seeing(call_by(hotkey, "Echo", "{}", LONG), &subnet());
        assert_eq!(denial(&slots, asked).await.as_deref(), expected, "{hotkey}");
    }
    let blind = Call { metagraph: Err(Absence::Unread), ..call_by("5Validator", "Echo", "{}", LONG) };
    assert_eq!(denial(&slots, blind).await.as_deref(), Some("not open for requests"));
}

#[tokio::test]
async fn the_gate_stands_before_its_routes_only() {
    let gate =
        SlotSpec { routes: Some(vec!["Probe".to_owned()]), ..plugin("stake-gate", &[("require-permit", "true")]) };
    let slots = load([gate, slot_of("probe_caller"), slot_of("reply_garbage")]).await.unwrap();
    let seen = subnet();
    let ask = async |hotkey, route| denial(&slots, seeing(call_by(hotkey, route, "{}", LONG), &seen)).await;
    assert_eq!(ask("5Validator", "Probe").await, None);
    assert_eq!(ask("5Rich", "Probe").await.as_deref(), Some("no validator permit"));
    assert_eq!(ask("5Stranger", "Echo").await, None);
}

/// With a gate before it, on a route of another plugin: the rank is the order of the queue.
#[tokio::test]
async fn whoever_has_more_stake_is_served_first() {
    let mut answers = slot_of("priority_odd");
    answers.budget.in_flight = std::num::NonZeroUsize::new(1);
    let order = plugin("stake-priority", &[("cap", "1000")]);
    let slots = Arc::new(load([plugin("stake-gate", &[]), order, answers]).await.unwrap());
    let (seen, served) = (subnet(), Arc::new(Mutex::new(Vec::new())));
    let mut sent = Vec::new();
    // The first holds the only place until the others wait.
    for (hotkey, spin) in [("5Poor", SHORT * 20), ("5Poor", Duration::ZERO), ("5Rich", SHORT), ("5Validator", SHORT)] {
        let body = json!({"spin_ms": spin.as_millis() as f64}).to_string();
        let (call, trace) = (seeing(call_by(hotkey, "Odd", body, LONG), &seen), Trace::default());
        let (slots, served, own) = (slots.clone(), served.clone(), trace.clone());
        sent.push(tokio::spawn(async move {
            let answer = slots.table().route("Odd").unwrap().serve(slots.engine(), call, &own).await.unwrap();
            served.lock().unwrap().push((hotkey, answer.priority.unwrap()));
        }));
        while !trace.laps().iter().any(|lap| lap.stage == Stage::Priority) {
            tokio::time::sleep(SHORT / 10).await;
        }
        tokio::time::sleep(SHORT / 5).await;
    }
    for one in sent {
        one.await.unwrap();
    }
    let expected = [("5Poor", 0.25), ("5Validator", 1000.0), ("5Rich", 900.5), ("5Poor", 0.25)];
    assert_eq!(*served.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_setting_that_cannot_be_read_opens_no_gate_and_starts_no_kept_instance() {
    let table = [
        ("stake-gate", "min-stake", "many"),
        ("stake-gate", "require-permit", "yes"),
        ("stake-gate", "allow", "5Rich"),
        ("stake-priority", "cap", "inf"),
        ("stake-priority", "default", "low"),
    ];
    for (name, key, value) in table {
        let spec = plugin(name, &[(key, value)]);
        let warm = SlotSpec { instances: Some(WARM), ..spec.clone() };
        let error = load([warm, slot_of("reply_garbage")]).await.err().expect("it is not ready");
        let LoadError::Warm(CallError::Init { reason, .. }) = &error else { panic!("{name} {key}: {error:?}") };
        assert!(reason.contains(&format!("{key:?}")), "{reason}");

        let slots = load([spec, slot_of("reply_garbage")]).await.unwrap();
        let asked = serve(&slots.table(), seeing(call_by("5Validator", "Echo", "{}", LONG), &subnet())).await;
        if name == "stake-gate" {
            let error = failure(asked);
            assert!(
                matches!(&error, CallError::Denied { reason, .. } if reason == "not open for requests"),
                "{error:?}"
            );
        } else {
            assert_eq!(asked.map(|served| served.priority).ok(), Some(Some(0.0)), "an order turns nobody away");
        }
    }
}

/// What `soma plugin test` does with a plugin that only gates.
#[tokio::test]
async fn a_plugin_that_only_gates_can_be_asked_alone() {
    let gate = crate::fixture::loader().load(&plugin("stake-gate", &[("min-stake", "1")])).await.unwrap();
    let order = crate::fixture::loader().load(&plugin("stake-priority", &[])).await.unwrap();
    let engine = crate::fixture::engine();
    let pass = async |version, hotkey| {
        let route = soma_runtime::Route::unanswered("Any", &Default::default(), version).unwrap();
        route.pass(&engine, seeing(call_by(hotkey, "Any", "{}", LONG), &subnet()), &Trace::default()).await
    };
    assert_eq!(pass(gate.clone(), "5Rich").await.unwrap(), None);
    assert!(matches!(pass(gate.clone(), "5Poor").await.unwrap_err(), CallError::Denied { .. }));
    assert_eq!(pass(order, "5Rich").await.unwrap(), Some(900.5));
    let offline = call("Any", "{}", LONG);
    let route = soma_runtime::Route::unanswered("Any", &Default::default(), gate).unwrap();
    assert!(matches!(route.pass(&engine, offline, &Trace::default()).await, Err(CallError::Denied { .. })));
}
