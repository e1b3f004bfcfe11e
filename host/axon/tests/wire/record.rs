//! What the observer is told of a request.

use std::time::Duration;

use serde_json::json;
use soma_axon::record::{ANSWERED, CallerClass, ConnectionEvent, HUNG_UP, Stage};
use soma_protocol::dialect::Dialect;
use tokio::time::sleep;

use crate::fixture::Neuron;
use crate::signed::{BOB, Btauth, Synapse, forged};

#[tokio::test]
async fn an_answered_request_is_told_with_all_of_its_stages() {
    let neuron = Neuron::start().await;
    let request = Synapse::new("TextGeneration", json!({"prompt": "one two"})).sign();
    let answer = neuron.ask(&request).await;
    let id = answer.header("x-request-id").unwrap();
    let record = neuron.observed.record(|record| record.id == id).await;
    assert_eq!((record.code, record.status, record.proven), (ANSWERED, 200, true));
    assert_eq!(record.dialect, Some(Dialect::Synapse));
    assert_eq!((record.route.as_deref(), record.path.as_str()), (Some("TextGeneration"), "/TextGeneration"));
    assert_eq!(record.hotkey.as_deref(), Some(BOB.ss58.as_str()));
    assert_eq!((record.bytes_in, record.bytes_out), (request.body.len() as u64, answer.body.len() as u64));
    assert!(record.version.is_some() && record.budget.is_some() && record.detail.is_empty());
    let names: Vec<&str> = record.stages.iter().map(|lap| lap.stage.name()).collect();
    let expected =
        ["head", "gate", "body", "signature", "schema", "blacklist", "priority", "queue", "forward", "reply"];
    assert!(expected.iter().filter(|name| **name != "queue").all(|name| names.contains(name)), "{names:?}");
    let forward = record.stages.iter().find(|lap| lap.stage == Stage::Forward).unwrap();
    assert!(forward.cpu > Duration::ZERO && forward.memory > 0 && forward.slot.is_some());
    let sum: Duration = record.stages.iter().map(|lap| lap.wall).sum();
    assert!(sum <= record.elapsed, "{sum:?} of {:?}", record.elapsed);
}

#[tokio::test]
async fn a_refused_request_is_told_with_what_is_known_of_it() {
    let neuron = Neuron::start().await;
    let good = Btauth::new("/TextGeneration", r#"{"prompt": "one"}"#).sign();
    let forgery = good.clone().with("x-bittensor-signature", forged());
    let table = [
        (forgery.clone(), 401, "not-verified", false, Some("TextGeneration")),
        (good, 200, ANSWERED, true, Some("TextGeneration")),
        (forgery.target("/nowhere"), 404, "unknown-route", false, None),
    ];
    for (request, status, code, proven, route) in table {
        let answer = neuron.ask(&request).await;
        let id = answer.header("x-request-id").unwrap().to_owned();
        let record = neuron.observed.record(|record| record.id == id).await;
        assert_eq!((record.status, record.code, record.proven), (status, code, proven));
        assert_eq!((record.route.as_deref(), record.hotkey.as_deref()), (route, Some(BOB.ss58.as_str())));
    }
}

#[tokio::test]
async fn a_caller_is_a_stranger_until_it_was_proven_from_its_address() {
    let neuron = Neuron::start().await;
    let mut classes = Vec::new();
    for _ in 0..2 {
        let answer = neuron.ask(&Synapse::new("Counter", json!({"then": "answer"})).sign()).await;
        let id = answer.header("x-request-id").unwrap().to_owned();
        classes.push(neuron.observed.record(|record| record.id == id).await.class);
    }
    assert_eq!(classes, [CallerClass::Stranger, CallerClass::Proven]);
}

#[tokio::test]
async fn a_request_whose_caller_hangs_up_is_told_once() {
    let neuron = Neuron::start().await;
    let mut connection = neuron.connect().await;
    let request = Synapse::new("Spin", json!({})).sign();
    connection.send(&[request.usual_head(), request.body].concat()).await;
    sleep(Duration::from_millis(100)).await;
    assert_eq!(neuron.observed.count(), 0, "it spins");
    drop(connection);
    let record = neuron.observed.record(|record| record.code == HUNG_UP).await;
    assert_eq!((record.status, record.route.as_deref(), record.proven), (499, Some("Spin"), true));
    neuron.observed.events(ConnectionEvent::Opened, 1).await;
    neuron.observed.events(ConnectionEvent::Closed, 1).await;
    assert_eq!(neuron.observed.count(), 1);
}
