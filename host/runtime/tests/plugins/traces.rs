//! Where the time of a request went.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use soma_runtime::{Call, CallError, Slots, Stage, Trace};

use crate::fixture::{LONG, SHORT, call, load, read, slot_of};

async fn traced(slots: &Slots, call: Call) -> (Result<(), CallError>, Trace) {
    let (table, trace) = (slots.table(), Trace::default());
    let served = table.route(&call.request.route).unwrap().serve(slots.engine(), call, &trace).await;
    (served.map(drop), trace)
}

fn stages(trace: &Trace) -> Vec<Stage> {
    trace.laps().iter().map(|lap| lap.stage).collect()
}

#[tokio::test]
async fn every_stage_has_a_lap_with_time_and_memory() {
    let slots = load([slot_of("probe_caller")]).await.unwrap();
    let (served, trace) = traced(&slots, call("Probe", "{}", LONG)).await;
    served.unwrap();
    assert_eq!(stages(&trace), [Stage::Blacklist, Stage::Priority, Stage::Queue, Stage::Forward]);
    let id = slots.list().await[0].id.clone();
    for lap in trace.laps() {
        assert_eq!((&*lap.slot, &*lap.version), ("probe_caller", id.as_str()));
        assert!(lap.wall < Duration::from_secs(10), "{lap:?}");
        if lap.stage == Stage::Queue {
            assert_eq!((lap.cpu, lap.memory), (Duration::ZERO, 0));
        } else {
            assert!(lap.cpu > Duration::ZERO && lap.cpu <= lap.wall + Duration::from_millis(1), "{lap:?}");
            assert!((65_536..=64 << 20).contains(&lap.memory), "{lap:?}");
        }
    }
}

#[tokio::test]
async fn a_call_that_ends_badly_has_its_laps_too() {
    let slots = load([slot_of("fresh_counter"), slot_of("trap_gate")]).await.unwrap();
    let (denied, trace) = traced(&slots, call("Echo", "{}", LONG)).await;
    assert!(denied.is_err());
    assert_eq!(stages(&trace), [Stage::Blacklist]);
    let (late, trace) = traced(&slots, call("Counter", r#"{"then":"spin"}"#, 10 * SHORT)).await;
    assert!(late.is_err());
    assert_eq!(stages(&trace), [Stage::Queue, Stage::Forward]);
    let lap = trace.laps().pop().unwrap();
    assert!(lap.cpu > SHORT / 10 && lap.wall >= SHORT, "{lap:?}");
}

/// Waiting for the caller is wall time and no CPU time.
#[tokio::test]
async fn a_stream_that_waits_costs_no_cpu() {
    let slots = load([slot_of("stream_words")]).await.unwrap();
    let (table, trace) = (slots.table(), Trace::default());
    let words = call("Words", json!({"count": 100, "size": 100_000}).to_string(), LONG);
    let mut reply = table.route("Words").unwrap().stream(slots.engine(), words, &trace).await.unwrap();
    let mut taken = reply.first.take().unwrap().len();
    for _ in 0..10 {
        taken += reply.rest.next().await.unwrap().unwrap().len();
        tokio::time::sleep(SHORT).await;
    }
    let (pieces, error) = read(reply).await;
    taken += pieces.iter().map(Bytes::len).sum::<usize>();
    assert_eq!((taken, error.map(|error| error.to_string())), (10_000_000, None));
    let laps = trace.laps();
    let lap = laps.last().unwrap();
    assert_eq!(lap.stage, Stage::Forward);
    assert!(lap.wall >= 10 * SHORT && lap.cpu < 5 * SHORT, "{lap:?}");
}
