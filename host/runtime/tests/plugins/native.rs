//! Plugins without a sandbox go the way of any other.

use serde_json::{Value, json};
use soma_manifest::PluginFile;
use soma_runtime::native::{NativeFailure, NativeHooks, NativeVerdict};
use soma_runtime::version::Version;
use soma_runtime::{CallError, InstanceSpec, Reply, Slots, Stage, Trace};

use crate::fixture::{HOTKEY, LONG, call, engine, failure, guest, loader, serve, slot_of};

fn hooks() -> NativeHooks {
    NativeHooks {
        forward: Some(Box::new(|request, body| match body {
            b"fail" => Err(NativeFailure::Refused("told to".to_owned())),
            b"large" => Ok(Reply { body: vec![0; 20_000_000], content_type: None, status: None }),
            body => {
                let body = json!({"route": request.route, "len": body.len()}).to_string().into_bytes();
                Ok(Reply { body, content_type: None, status: None })
            }
        })),
        blacklist: Some(Box::new(|request| match &*request.caller.hotkey {
            HOTKEY => NativeVerdict::Allow,
            other => NativeVerdict::Deny(format!("not {other}")),
        })),
        priority: Some(Box::new(|request| request.caller.stake)),
        verify: None,
    }
}

async fn slots() -> Slots {
    let spec = slot_of("probe_caller");
    let manifest = PluginFile::open(&guest("probe_caller")).unwrap().manifest;
    let version = Version::native(&engine(), &spec, manifest, hooks()).await.unwrap();
    Slots::bind(loader(), vec![(spec, version)]).unwrap()
}

#[tokio::test]
async fn gates_queue_and_answer_are_asked_in_order() {
    let slots = slots().await;
    let trace = Trace::default();
    let route = slots.table().route("Probe").unwrap().clone();
    let served = route.serve(&engine(), call("Probe", "{}", LONG), &trace).await.unwrap();
    assert_eq!(served.priority, Some(1000.5));
    let answer: Value = serde_json::from_slice(&served.reply.body).unwrap();
    assert_eq!(answer, json!({"route": "Probe", "len": 2}));
    let stages: Vec<Stage> = trace.laps().iter().map(|lap| lap.stage).collect();
    assert_eq!(stages, [Stage::Blacklist, Stage::Priority, Stage::Queue, Stage::Forward]);
}

#[tokio::test]
async fn denials_failures_and_budgets_of_answers_hold() {
    let slots = slots().await;
    let mut stranger = call("Probe", "{}", LONG);
    stranger.request.caller.hotkey = "stranger".to_owned();
    let denied = failure(serve(&slots.table(), stranger).await);
    assert!(matches!(&denied, CallError::Denied { reason, .. } if reason == "not stranger"), "{denied:?}");
    let refused = failure(serve(&slots.table(), call("Probe", "fail", LONG)).await);
    assert!(matches!(&refused, CallError::Refused(reason) if reason == "told to"), "{refused:?}");
    let large = failure(serve(&slots.table(), call("Probe", "large", LONG)).await);
    assert!(matches!(large, CallError::OutputBudget { .. }), "{large:?}");
}

/// Single calls for benches: fresh ones, ready-made ones and warm ones give the answer of any other.
#[tokio::test]
async fn one_call_can_be_made_without_a_server() {
    let warm = InstanceSpec::Warm { calls: None, age: None, memory: None, idle: None };
    for (instances, expected) in [(InstanceSpec::Fresh { ready: Some(4) }, [1, 1, 1]), (warm, [1, 2, 3])] {
        let mut spec = slot_of("fresh_counter");
        spec.instances = Some(instances);
        let version = loader().load(&spec).await.unwrap();
        version.made_ready().await;
        for calls in expected {
            let asked = call("Counter", r#"{"then":"answer"}"#, LONG);
            let reply = version.call_once(asked.request, asked.body).await.unwrap();
            let answer: Value = serde_json::from_slice(&reply.body).unwrap();
            assert_eq!(answer, json!({"calls": calls}), "{instances:?}");
        }
    }
}
