//! Those who send too slowly.

use std::time::Duration;

use serde_json::json;
use soma_axon::Limits;
use soma_axon::record::{ConnectionEvent, Cut};
use tokio::time::sleep;

use crate::fixture::{Neuron, Options};
use crate::signed::{Btauth, Synapse};

#[tokio::test]
async fn a_body_that_comes_too_slowly_is_cut_with_408_and_one_that_keeps_its_rate_is_read() {
    let limits = Limits { body_time: Duration::from_millis(400), body_rate: 2000, ..Limits::default() };
    let neuron = Neuron::start_with(Options { limits, ..Options::default() }).await;
    let slow = Synapse::new("TextGeneration", json!({"prompt": "one"})).sign();
    let mut connection = neuron.connect().await;
    connection.announce(&slow).await;
    connection.send(&slow.body[..3]).await;
    let answer = connection.answer().await.expect("it is told");
    assert_eq!((answer.status, answer.message().as_str()), (408, "body too slow"));
    assert_eq!(neuron.ask(&slow).await.status, 200, "its nonce is still good");

    // 10,000 bytes at 2,000 a second may take five seconds more; this one takes one.
    let steady = Btauth::new("/Hoard", vec![b' '; 10_000]).sign();
    let mut connection = neuron.connect().await;
    connection.announce(&steady).await;
    for piece in steady.body.chunks(2000) {
        connection.send(piece).await;
        sleep(Duration::from_millis(200)).await;
    }
    assert_ne!(connection.answer().await.unwrap().status, 408);
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_cut_whatever_was_served_before() {
    let limits = Limits { head_time: Duration::from_millis(300), ..Limits::default() };
    let neuron = Neuron::start_with(Options { limits, ..Options::default() }).await;
    let mut connection = neuron.connect().await;
    assert_eq!(connection.ask(&Synapse::new("Counter", json!({"then": "answer"})).sign()).await.status, 200);
    for byte in b"POST /Counter HTTP/1.1\r\nhost: axon\r\nx-a: bcdefghijklmnopqrstuvwxyz\r\n" {
        connection.send(&[*byte]).await;
        sleep(Duration::from_millis(20)).await;
    }
    assert!(connection.is_closed().await);
    neuron.observed.events(ConnectionEvent::Cut(Cut::HeadTime), 1).await;
}

/// The longest signature that the coming schemes of btauth have.
#[tokio::test]
async fn there_is_room_for_a_signature_of_10_608_characters() {
    let neuron = Neuron::start().await;
    let long = Btauth::new("/TextGeneration", r#"{"prompt": "one"}"#).sign();
    let long = long.with("x-bittensor-signature", format!("0x{}", "a".repeat(10_606)));
    let answer = neuron.ask(&long).await;
    assert_eq!((answer.status, answer.message().as_str()), (401, "invalid hotkey address or signature encoding"));
}
