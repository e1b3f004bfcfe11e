//! Swaps, stops, and connections that behave in other ways than they should.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use crate::client::Request;
use crate::fixture::{GUARD, Neuron, guest};
use crate::signed::{Btauth, CHARLIE, Synapse};

fn text() -> Synapse {
    Synapse::new("TextGeneration", json!({"prompt": "one two"}))
}

#[tokio::test]
async fn a_request_keeps_the_plugins_that_admitted_it() {
    let neuron = Neuron::start().await;
    let request = text().sign();
    let mut early = neuron.connect().await;
    early.announce(&request).await;
    neuron.slots.swap("text-miner-rust", guest("swap_next")).await.unwrap();
    let late = neuron.ask(&text().sign()).await;
    assert_eq!((late.status, &late.json()["model_name"]), (200, &json!("text-miner 0.2.0")), "{}", late.text());
    early.send(&request.body).await;
    let answer = early.answer().await.unwrap();
    assert_eq!((answer.status, &answer.json()["model_name"]), (200, &json!("text-miner 0.1.0")), "{}", answer.text());
    // The next request of the same connection is another request.
    let next = early.ask(&text().sign()).await;
    assert_eq!((next.status, &next.json()["model_name"]), (200, &json!("text-miner 0.2.0")), "{}", next.text());
}

#[tokio::test]
async fn a_connection_carries_one_request_after_the_other_in_both_dialects() {
    let neuron = Neuron::start().await;
    let mut connection = neuron.connect().await;
    let denied = Synapse { caller: &CHARLIE, ..text() };
    let btauth = || Btauth::new("/TextGeneration", r#"{"prompt": "one"}"#).sign();
    for (request, status) in [
        (text().sign(), 200),
        (btauth(), 200),
        (denied.sign(), 403),
        (text().sign().body("{}"), 422),
        (Synapse::new("Trap", json!({})).sign(), 500),
        (btauth(), 200),
        (text().sign(), 200),
    ] {
        let answer = connection.ask(&request).await;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
}

#[tokio::test]
async fn a_refusal_does_not_spoil_the_next_request_of_its_connection() {
    let neuron = Neuron::start().await;
    let large = |bytes: usize| text().sign().target("/Nowhere").body("x".repeat(bytes));
    for bytes in [2_000, 60_000, 250_000] {
        let mut connection = neuron.connect().await;
        for _ in 0..2 {
            let refused = connection.ask(&large(bytes)).await;
            assert_eq!((refused.status, refused.header("connection")), (404, None), "{bytes}");
            let answer = connection.ask(&text().sign()).await;
            assert_eq!(answer.status, 200, "{bytes}: {}", answer.text());
        }
    }
    // More than the host reads for nothing: then it says that the connection ends.
    let mut connection = neuron.connect().await;
    connection.send(&large(900_000).usual_head()).await;
    let refused = connection.answer().await.unwrap();
    assert_eq!((refused.status, refused.header("connection")), (404, Some("close")));
    assert!(connection.is_closed().await);
}

#[tokio::test]
async fn requests_that_are_sent_ahead_are_answered_in_order() {
    let neuron = Neuron::start().await;
    let mut connection = neuron.connect().await;
    let prompts = ["one", "two", "three"];
    let ahead = prompts.map(|prompt| {
        let request = Synapse::new("TextGeneration", json!({"prompt": prompt})).sign();
        [request.usual_head(), request.body].concat()
    });
    connection.send(&ahead.concat()).await;
    for prompt in prompts {
        assert_eq!(connection.answer().await.unwrap().json()["prompt"], prompt);
    }
}

#[tokio::test]
async fn a_body_in_chunks_is_read_and_bounded() {
    let neuron = Neuron::start().await;
    let chunk = |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    let request = text().sign();
    let mut connection = neuron.connect().await;
    connection.send(&request.head("transfer-encoding: chunked")).await;
    let (one, other) = request.body.split_at(5);
    connection.send(&[chunk(one), chunk(other), chunk(b"")].concat()).await;
    let answer = connection.answer().await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());

    // Nobody announces how much comes, and it does not end.
    let mut endless = neuron.connect().await;
    endless.send(&text().sign().head("transfer-encoding: chunked")).await;
    for _ in 0..40 {
        endless.send(&chunk(&[b' '; 32 * 1024])).await;
    }
    let answer = endless.answer().await.expect("a refusal, before the body has ended");
    assert_eq!(answer.status, 413, "{}", answer.text());
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let neuron = Neuron::start().await;
    let many = (0..200).fold(text().sign(), |request: Request, n| request.with(&format!("x-{n}"), "1"));
    let long = text().sign().with("x-long", "a".repeat(128 * 1024));
    for request in [many, long] {
        let mut connection = neuron.connect().await;
        connection.send(&request.usual_head()).await;
        let answer = connection.answer().await.expect("a refusal");
        assert_eq!(answer.status, 431);
    }
    assert_eq!(neuron.ask(&text().sign()).await.status, 200);
}

/// Both wait for the same time: one that says nothing, and one that never comes to an end.
#[tokio::test]
async fn a_connection_that_does_not_send_its_head_is_closed() {
    let neuron = Neuron::start().await;
    let mut silent = neuron.connect().await;
    let mut slow = neuron.connect().await;
    slow.send(b"POST /TextGeneration HTTP/1.1\r\nhost: axon\r\n").await;
    assert!(silent.is_closed().await);
    while slow.answer().await.is_some() {}
    assert_eq!(neuron.ask(&text().sign()).await.status, 200);
}

#[tokio::test]
async fn what_is_no_http_is_refused_and_harms_nobody() {
    let neuron = Neuron::start().await;
    for junk in
        [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0\0\0\0\r\n\r\n"]
    {
        let mut connection = neuron.connect().await;
        connection.send(junk).await;
        if let Some(answer) = connection.answer().await {
            assert_eq!(answer.status, 400);
        }
    }
    let gone = {
        let request = text().sign();
        let mut connection = neuron.connect().await;
        connection.announce(&request).await;
        connection.send(&request.body[..3]).await;
        request
    };
    // The request broke off before its signature was looked at, so its nonce is still good.
    assert_eq!(neuron.ask(&gone).await.status, 200);
}

#[tokio::test]
async fn a_stop_lets_the_running_request_finish_and_takes_no_other() {
    let mut neuron = Neuron::start().await;
    let request = text().sign();
    let mut running = neuron.connect().await;
    running.announce(&request).await;
    let mut idle = neuron.connect().await;
    assert_eq!(idle.ask(&text().sign()).await.status, 200);
    neuron.stop();
    assert!(idle.is_closed().await, "a connection without a request has nothing to wait for");
    running.send(&request.body).await;
    let answer = running.answer().await.expect("the running request is answered");
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(running.is_closed().await);
    let address = neuron.address;
    neuron.stopped().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "the port is free");
}

/// The guest would spin for 10 s of CPU; nobody waits for it any more.
#[tokio::test]
async fn a_caller_that_hangs_up_ends_its_call() {
    let neuron = Neuron::start().await;
    let mut connection = neuron.connect().await;
    let request = Synapse::new("Spin", json!({})).sign();
    connection.send(&[request.usual_head(), request.body].concat()).await;
    let nothing_yet = timeout(Duration::from_millis(300), connection.answer()).await;
    assert!(nothing_yet.is_err(), "it spins");
    let spin = |slot: &soma_runtime::slots::SlotStatus| slot.slot == "limit_spin";
    let file = neuron.slots.list().await.into_iter().find(spin).unwrap().file;
    neuron.slots.swap("limit_spin", file).await.unwrap();
    let draining = async || neuron.slots.list().await.iter().find(|slot| spin(slot)).unwrap().draining;
    assert_eq!(draining().await, 1, "the call holds its version");

    drop(connection);
    let hung_up = Instant::now();
    while draining().await > 0 {
        assert!(hung_up.elapsed() < GUARD);
        sleep(Duration::from_millis(1)).await;
    }
    println!("the call ended {:?} after its caller had hung up", hung_up.elapsed());
    let still_its_budget = Duration::from_secs(5);
    assert!(hung_up.elapsed() < still_its_budget, "it ended by its own budget");
}
