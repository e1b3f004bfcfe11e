//! Who is asked before the plugin that answers, and in which order.

use std::collections::BTreeMap;

use serde_json::json;
use soma_runtime::{CallError, Hook, SlotSpec};

use crate::fixture::{HOTKEY, Repacked, ask, guest, load, slot, slot_of};

fn list(name: &str, setting: &str, hotkeys: &[&str]) -> SlotSpec {
    let config = BTreeMap::from([(setting.to_owned(), json!(hotkeys).to_string())]);
    SlotSpec { config, ..slot(name, guest("hotkey-list")) }
}

/// The slot and the words of the denial; none when there was an answer.
async fn denial(specs: Vec<SlotSpec>) -> Option<(String, String)> {
    match ask(&load(specs).await.unwrap(), "Echo", &json!({})).await {
        Ok(_) => None,
        Err(CallError::Denied { slot, reason }) => Some((slot, reason)),
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_first_denial_wins_in_the_operators_order_and_the_answering_plugin_comes_last() {
    let long_reason = Repacked::gate("deny_reason");
    let denying = || list("list", "deny", &[HOTKEY]);
    let allowing = || list("allowing", "allow", &[HOTKEY]);
    let wordy = || slot("wordy", long_reason.path());
    let own = || slot_of("deny_reason");
    let answers = || slot_of("reply_garbage");
    let table = [
        (vec![denying(), wordy(), own()], "list"),
        (vec![wordy(), denying(), own()], "wordy"),
        (vec![own(), denying()], "list"),
        (vec![allowing(), own()], "deny_reason"),
        (vec![answers(), denying(), wordy()], "list"),
    ];
    for (specs, expected) in table {
        let order: Vec<String> = specs.iter().map(|spec| spec.name.clone()).collect();
        let (slot, _) = denial(specs).await.expect("somebody denies");
        assert_eq!(slot, expected, "{order:?}");
    }
}

#[tokio::test]
async fn a_gate_of_another_slot_lets_pass_whom_it_does_not_deny() {
    let slots = load([list("list", "allow", &[HOTKEY]), slot_of("fresh_counter")]).await.unwrap();
    assert_eq!(ask(&slots, "Counter", &json!({"then": "answer"})).await.unwrap(), json!({"calls": 1}));
    let (slot, reason) = denial(vec![list("list", "allow", &[]), slot_of("reply_garbage")]).await.unwrap();
    assert_eq!((slot.as_str(), reason.as_str()), ("list", "this hotkey is not on the list"));
}

#[tokio::test]
async fn a_gate_with_routes_stands_before_these_only() {
    let gate = SlotSpec { routes: Some(vec!["Probe".to_owned()]), ..list("list", "deny", &[HOTKEY]) };
    let slots = load([gate, slot_of("probe_caller"), slot_of("fresh_counter")]).await.unwrap();
    let denied = ask(&slots, "Probe", &json!({})).await.unwrap_err();
    assert!(matches!(&denied, CallError::Denied { slot, .. } if slot == "list"), "{denied:?}");
    assert_eq!(ask(&slots, "Counter", &json!({"then": "answer"})).await.unwrap(), json!({"calls": 1}));
}

/// A gate that fails has not let anybody pass.
#[tokio::test]
async fn a_gate_that_traps_or_spins_keeps_the_answering_plugin_from_being_asked() {
    for (name, spins) in [("trap_gate", false), ("limit_gate", true)] {
        let gate = Repacked::gate(name);
        let slots = load([slot("gate", gate.path()), slot_of("fresh_counter")]).await.unwrap();
        let error = ask(&slots, "Counter", &json!({"then": "answer"})).await.unwrap_err();
        match error {
            CallError::Trap { slot, hook: Hook::Blacklist, .. } if !spins => assert_eq!(slot, "gate"),
            CallError::CpuBudget { slot, hook: Hook::Blacklist, .. } if spins => assert_eq!(slot, "gate"),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_hook_that_the_manifest_leaves_out_is_not_asked() {
    let plugin = Repacked::new("deny_reason", |manifest| {
        manifest.hooks.remove(&Hook::Blacklist);
    });
    let slots = load([slot("mine", plugin.path())]).await.unwrap();
    assert_eq!(ask(&slots, "Echo", &json!({"a": 1})).await.unwrap(), json!({"a": 1}));
}
