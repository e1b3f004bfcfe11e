//! Streamed answers: the guests that stream, and what a stream may take.

use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};
use soma_runtime::{Call, CallError, Hook, Slots, StreamedReply};

use crate::fixture::{
    LONG, Repacked, SHORT, call, call_by, guest, help, load, read, refusal_of, slot, slot_of, stream,
};

async fn ask(slots: &Slots, route: &str, body: Value) -> Result<StreamedReply, CallError> {
    stream(slots, call(route, body.to_string(), LONG)).await
}

async fn refused(slots: &Slots, route: &str, body: Value) -> CallError {
    ask(slots, route, body).await.err().expect("it fails before it has written")
}

/// The pieces of an answer that comes to a good end.
async fn whole(reply: StreamedReply) -> Vec<Bytes> {
    let (pieces, error) = read(reply).await;
    assert!(error.is_none(), "{error:?}");
    pieces
}

/// Waits until nothing of the slot's old version is left.
async fn drained(slots: &Slots) {
    for _ in 0..3000 {
        if slots.list().await.iter().all(|slot| slot.draining == 0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("a call lives on");
}

pub async fn stream_words() {
    let slots = load([slot_of("stream_words")]).await.unwrap();
    let spec = slots.table().route("Words").unwrap().is_streaming().cloned().unwrap();
    assert_eq!((spec.content_type.as_str(), spec.status), ("text/plain", 201));
    let reply = ask(&slots, "Words", json!({"count": 3, "size": 2})).await.unwrap();
    assert_eq!(reply.priority, None, "it has no such hook");
    assert_eq!(reply.first.as_deref(), Some(b"00".as_slice()));
    assert_eq!(whole(reply).await, ["00", "11", "22"]);

    // More pieces than find room on the way come out whole and in order, however slow the reader is.
    let mut reply = ask(&slots, "Words", json!({"count": 1000, "size": 5000})).await.unwrap();
    let mut nth = 0_u8;
    let mut next = reply.first.take();
    while let Some(piece) = next {
        assert!(piece.len() == 5000 && piece.iter().all(|byte| *byte == b'0' + nth % 10), "{nth}");
        nth = (nth + 1) % 10;
        if nth == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        next = reply.rest.next().await.transpose().unwrap();
    }
    assert_eq!(nth, 0);
}

pub async fn stream_fails_before() {
    let slots = load([slot_of("stream_fails_before")]).await.unwrap();
    let invalid = refused(&slots, "Failing", json!({"kind": "invalid"})).await;
    assert!(matches!(&invalid, CallError::Invalid(reason) if reason == "told to"), "{invalid:?}");
    // Another caller: this one would have to wait afterwards.
    let trap = stream(&slots, call_by("trapping", "Failing", json!({"kind": "trap"}).to_string(), LONG)).await;
    let trap = trap.err().expect("it traps before it has written");
    assert!(matches!(trap, CallError::Trap { hook: Hook::Streaming, .. }), "{trap:?}");
    let unread = refused(&slots, "Failing", json!({"kind": 5})).await;
    assert!(matches!(unread, CallError::Internal(_)), "{unread:?}");
    let empty = ask(&slots, "Failing", json!({"kind": "nothing"})).await.unwrap();
    assert!(empty.first.is_none());
    assert_eq!(whole(empty).await, Vec::<Bytes>::new());
}

/// What was written comes out, and then the error: a part is never taken for the whole.
pub async fn stream_fails_after() {
    let slots = load([slot_of("stream_fails_after")]).await.unwrap();
    for kind in ["internal", "trap"] {
        let reply = ask(&slots, "Failing", json!({"kind": kind})).await.unwrap();
        let (pieces, error) = read(reply).await;
        assert_eq!(pieces, ["a part"]);
        match error.unwrap() {
            CallError::Internal(text) => assert_eq!((kind, text.as_str()), ("internal", "told to")),
            CallError::Trap { hook, .. } => assert_eq!((kind, hook), ("trap", Hook::Streaming)),
            other => panic!("{kind}: {other:?}"),
        }
    }
}

pub async fn stream_endless() {
    let slots = load([slot_of("stream_endless")]).await.unwrap();
    for body in [json!({}), json!("stubborn")] {
        let reply = ask(&slots, "Endless", body.clone()).await.unwrap();
        let (pieces, error) = read(reply).await;
        let Some(CallError::StreamBudget { limit, .. }) = &error else { panic!("{body}: {error:?}") };
        let sum: usize = pieces.iter().map(Bytes::len).sum();
        assert_eq!(sum as u64, limit.0, "{body}");
    }
    // Nobody reads: it waits, which costs nothing, until the time is over.
    let reply = stream(&slots, call("Endless", "{}", 60 * SHORT)).await.unwrap();
    tokio::time::sleep(62 * SHORT).await;
    let (pieces, error) = read(reply).await;
    let kept: usize = pieces.iter().map(Bytes::len).sum();
    assert!(kept <= 300_000, "{kept} bytes were kept for a reader that does not read");
    assert!(matches!(error, Some(CallError::WallBudget { limit }) if limit == 60 * SHORT), "{error:?}");
    // Who leaves ends the call.
    let reply = ask(&slots, "Endless", json!({})).await.unwrap();
    let next = Repacked::new("stream_endless", |manifest| manifest.version = "0.2.0".to_owned());
    slots.swap("stream_endless", next.path()).await.unwrap();
    assert_eq!(slots.list().await[0].draining, 1);
    drop(reply);
    drained(&slots).await;
}

pub async fn stream_silent() {
    let slots = load([slot_of("stream_silent")]).await.unwrap();
    let late = stream(&slots, call("Silent", "{}", SHORT)).await.err().unwrap();
    assert!(matches!(late, CallError::WallBudget { limit } if limit == SHORT), "{late:?}");
    // Who gives up before the first piece ends the call too.
    let next = Repacked::new("stream_silent", |manifest| manifest.version = "0.2.0".to_owned());
    let given_up = tokio::time::timeout(SHORT, ask(&slots, "Silent", json!({}))).await;
    assert!(given_up.is_err());
    slots.swap("stream_silent", next.path()).await.unwrap();
    drained(&slots).await;
}

#[tokio::test]
async fn the_example_streams_beside_its_other_routes() {
    let slots = load([slot_of("text-miner-rust")]).await.unwrap();
    let table = slots.table();
    assert!(table.route("TextGeneration").unwrap().is_streaming().is_none());
    let spec = table.route("TextStream").unwrap().is_streaming().cloned().unwrap();
    assert_eq!((spec.content_type.as_str(), spec.status), ("text/event-stream", 200));
    let reply = ask(&slots, "TextStream", json!({"prompt": "the quick fox", "max_tokens": 2})).await.unwrap();
    assert_eq!(reply.priority, Some(1000.5), "its gates are asked as for any route");
    assert_eq!(whole(reply).await, ["THE", " QUICK"]);
    let empty = refused(&slots, "TextStream", json!({"prompt": " ", "max_tokens": 2})).await;
    assert!(matches!(empty, CallError::Invalid(_)), "{empty:?}");
}

#[tokio::test]
async fn a_gate_stands_before_a_stream_as_before_any_route() {
    let gate = Repacked::gate("deny_reason");
    let slots = load([slot("gate", gate.path()), slot_of("stream_words")]).await.unwrap();
    let denied = refused(&slots, "Words", json!({"count": 1, "size": 1})).await;
    assert!(matches!(&denied, CallError::Denied { slot, .. } if slot == "gate"), "{denied:?}");
}

/// A stream waits for its caller, and meanwhile others are served.
#[tokio::test]
async fn streams_that_nobody_reads_do_not_take_the_places_of_answers() {
    let slots = load([slot_of("text-miner-rust"), slot_of("stream_endless")]).await.unwrap();
    let mut idle = Vec::new();
    for nth in 0..20 {
        idle.push(stream(&slots, endless_of(&format!("caller {nth}"))).await.unwrap());
    }
    let reply = ask(&slots, "TextStream", json!({"prompt": "hi", "max_tokens": 1})).await.unwrap();
    assert_eq!(whole(reply).await, ["HI"]);
    let body = json!({"prompt": "hi", "max_tokens": 1, "temperature": 0.0});
    crate::fixture::ask(&slots, "TextGeneration", &body).await.unwrap();
}

fn endless_of(hotkey: &str) -> Call {
    let mut call = call("Endless", "{}", LONG);
    call.request.caller.hotkey = hotkey.to_owned();
    call
}

/// Who reads slowly, or not at all, holds an eighth of the places and leaves the others alone.
#[tokio::test]
async fn one_caller_has_an_eighth_of_the_places_for_streams() {
    let slots = load([slot_of("stream_endless")]).await.unwrap();
    let mut held = Vec::new();
    for _ in 0..8 {
        held.push(stream(&slots, endless_of("slow")).await.unwrap());
    }
    let more = stream(&slots, endless_of("slow")).await.err().expect("it has as many as it may");
    assert!(matches!(&more, CallError::Busy { slot } if slot == "stream_endless"), "{more:?}");
    stream(&slots, endless_of("another")).await.map(drop).unwrap();
    // One that ends makes room, though not before its guest has gone.
    held.pop();
    let start = Instant::now();
    while let Err(error) = stream(&slots, endless_of("slow")).await {
        assert!(matches!(error, CallError::Busy { .. }) && start.elapsed() < LONG, "{error:?}");
        tokio::time::sleep(SHORT / 10).await;
    }
}

/// 1 KiB/s is the least, over ten seconds: less than that ends the stream long before its time is over.
#[tokio::test]
async fn a_caller_that_takes_next_to_nothing_loses_its_stream() {
    let slots = load([slot_of("stream_endless")]).await.unwrap();
    let start = Instant::now();
    let mut reply = ask(&slots, "Endless", json!({})).await.unwrap();
    // Something every four seconds, so that it is never quiet for long; and then what is left.
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_secs(4)).await;
        reply.rest.next().await.unwrap().unwrap();
    }
    tokio::time::sleep(Duration::from_secs(9)).await;
    let (_, error) = read(reply).await;
    assert!(matches!(&error, Some(CallError::StreamStalled { slot, .. }) if slot == "stream_endless"), "{error:?}");
    assert!(start.elapsed() < LONG / 2, "{:?}", start.elapsed());
}

#[tokio::test]
async fn more_time_than_granted_is_refused_and_the_grant_mends_it() {
    let plugin = Repacked::new("stream_words", |manifest| manifest.budget.wall = Some("10min".parse().unwrap()));
    let error = refusal_of(slot("mine", plugin.path())).await;
    let advice = help(&error);
    assert!(advice.contains("budget = { wall = \"600s\" }"), "{advice}");
    let mut spec = slot("mine", plugin.path());
    spec.budget.wall = Some("600s".parse().unwrap());
    let slots = load([spec]).await.unwrap();
    assert_eq!(slots.table().route("Words").unwrap().answerer().budget().wall, Duration::from_secs(600));
    let usual = load([slot("mine", guest("stream_words"))]).await.unwrap();
    assert_eq!(usual.table().route("Words").unwrap().answerer().budget().wall, Duration::from_secs(60));
}
