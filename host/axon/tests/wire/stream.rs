//! Answers in pieces, in both dialects: their heads, their ends, and what becomes of those that break off.

use std::time::Duration;

use serde_json::{Value, json};
use soma_axon::Limits;
use soma_axon::record::{ANSWERED, ConnectionEvent, Cut, HUNG_UP};
use soma_protocol::dialect::Dialect;
use tokio::time::sleep;

use crate::client::Request;
use crate::fixture::{Neuron, Options, wait_for};
use crate::signed::{Btauth, CHARLIE, Synapse};

/// The same question in both dialects.
fn questions(route: &str, fields: Value) -> [Request; 2] {
    // Two callers: one that made a plugin trap has to wait.
    let btauth = Btauth { caller: &CHARLIE, ..Btauth::new(&format!("/{route}"), fields.to_string()) };
    [Synapse::new(route, fields).sign(), btauth.sign()]
}

#[tokio::test]
async fn a_synapse_is_streamed_with_the_headers_of_a_success() {
    let neuron = Neuron::start().await;
    let request = Synapse::new("Words", json!({"count": 25, "size": 3})).sign();
    let mut connection = neuron.connect().await;
    let answer = connection.ask(&request).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let table = [
        ("content-type", "text/event-stream"),
        ("transfer-encoding", "chunked"),
        ("name", "Words"),
        ("timeout", "12.0"),
        ("bt_header_axon_status_code", "200"),
        ("bt_header_axon_status_message", "Success"),
    ];
    for (name, value) in table {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    assert!(answer.header("bt_header_axon_process_time").is_some() && answer.header("content-length").is_none());
    assert!(answer.is_whole);
    let expected: String = (0..25).map(|nth: u32| (nth % 10).to_string().repeat(3)).collect();
    assert_eq!(answer.text(), expected);
    // The connection goes on after it.
    assert_eq!(connection.ask(&Synapse::new("Trap", json!({})).sign()).await.status, 500);
    assert_eq!(connection.ask(&Synapse::new("Words", json!({"count": 1, "size": 1})).sign()).await.text(), "0");
}

#[tokio::test]
async fn a_btauth_stream_has_the_status_and_the_type_of_the_manifest() {
    let neuron = Neuron::start().await;
    let answer = neuron.ask(&Btauth::new("/Words", r#"{"count": 2, "size": 1}"#).sign()).await;
    assert_eq!((answer.status, answer.header("content-type")), (201, Some("text/plain")), "{}", answer.text());
    assert!(answer.is_whole && answer.header("x-request-id").is_some());
    assert_eq!(answer.text(), "01");
}

#[tokio::test]
async fn an_error_before_the_first_piece_is_an_ordinary_one() {
    let neuron = Neuron::start_with(Options { failing: "stream_fails_before", ..Options::default() }).await;
    for request in questions("Failing", json!({"kind": "nothing"})) {
        let answer = neuron.ask(&request).await;
        assert!(answer.status == 200 && answer.is_whole && answer.body.is_empty(), "{}", answer.text());
    }
    for (kind, status, message) in [("invalid", 422, "told to"), ("trap", 500, "Internal Server Error #")] {
        for request in questions("Failing", json!({"kind": kind})) {
            let answer = neuron.ask(&request).await;
            assert_eq!(answer.status, status, "{}", answer.text());
            assert!(answer.message().starts_with(message), "{}", answer.text());
        }
    }
}

/// Nobody takes half an answer for a whole one.
#[tokio::test]
async fn an_error_after_the_first_piece_breaks_the_connection_off() {
    let neuron = Neuron::start_with(Options { failing: "stream_fails_after", ..Options::default() }).await;
    for (kind, code) in [("internal", "internal"), ("trap", "trap")] {
        for request in questions("Failing", json!({"kind": kind})) {
            let mut connection = neuron.connect().await;
            let answer = connection.ask(&request).await;
            assert!(answer.status == 200 && !answer.is_whole, "{}", answer.text());
            assert!("a part".starts_with(&answer.text()), "{}", answer.text());
            assert!(connection.is_closed().await);
            let id = answer.header("x-request-id").unwrap().to_owned();
            let record = neuron.observed.record(|record| record.id == id).await;
            assert_eq!((record.code, record.status), (code, 200));
        }
    }
}

#[tokio::test]
async fn a_stream_is_recorded_when_it_ends_with_its_bytes() {
    let neuron = Neuron::start().await;
    let answer = neuron.ask(&Synapse::new("Words", json!({"count": 100, "size": 1000})).sign()).await;
    let id = answer.header("x-request-id").unwrap();
    let record = neuron.observed.record(|record| record.id == id).await;
    assert_eq!((record.code, record.status, record.bytes_out), (ANSWERED, 200, 100_000));
    let stages: Vec<&str> = record.stages.iter().map(|lap| lap.stage.name()).collect();
    assert_eq!(stages, ["head", "gate", "body", "signature", "schema", "queue", "forward", "reply"]);
}

#[tokio::test]
async fn a_caller_that_hangs_up_ends_the_stream() {
    let neuron = Neuron::start().await;
    for request in questions("Endless", json!({})) {
        let mut connection = neuron.connect().await;
        connection.send(&[request.usual_head(), request.body.clone()].concat()).await;
        sleep(Duration::from_millis(50)).await;
        let before = neuron.observed.count();
        drop(connection);
        wait_for(|| (neuron.observed.count() > before).then_some(())).await;
        assert_eq!(neuron.observed.count(), before + 1, "it is told once");
    }
    for dialect in [Dialect::Synapse, Dialect::Btauth] {
        let record = neuron.observed.record(|record| record.dialect == Some(dialect)).await;
        assert_eq!((record.code, record.route.as_deref(), record.proven), (HUNG_UP, Some("Endless"), true));
    }
}

/// The host would hold its answer for as long as it likes.
#[tokio::test]
async fn a_caller_that_takes_nothing_is_cut() {
    let limits = Limits { write_time: Duration::from_millis(300), ..quick() };
    let neuron = Neuron::start_with(Options { limits, ..Options::default() }).await;
    let mut connection = neuron.connect().await;
    let request = Synapse::new("Endless", json!({})).sign();
    connection.send(&[request.usual_head(), request.body].concat()).await;
    neuron.observed.events(ConnectionEvent::Cut(Cut::WriteTime), 1).await;
    neuron.observed.record(|record| record.code == HUNG_UP).await;
    neuron.observed.events(ConnectionEvent::Closed, 1).await;
    assert_eq!(neuron.gate.in_use().connections, 0);
}

/// The clocks are looked at every quarter of the time for a head.
fn quick() -> Limits {
    Limits { head_time: Duration::from_millis(400), ..Limits::default() }
}
