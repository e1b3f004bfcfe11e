//! What callers may use, before and after they have proven who they are.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::json;
use soma_axon::Limits;
use soma_axon::gate::{Rate, ShareLimits};
use soma_axon::record::{ConnectionEvent, Cut, Rejection};

use crate::client::{Connection, Request};
use crate::fixture::{Neuron, Options, wait_for};
use crate::signed::{Account, BOB, Btauth, DAVE, Synapse, forged};

async fn with(limits: Limits) -> Neuron {
    Neuron::start_with(Options { limits, ..Options::default() }).await
}

/// Rates that do not come back within a test.
fn few(address: u32, hotkey: u32) -> Limits {
    Limits { address: Rate::new(1, address), hotkey: Rate::new(1, hotkey), ..Limits::default() }
}

fn from(last: u8) -> IpAddr {
    IpAddr::from([127, 0, 0, last])
}

async fn ask_from(neuron: &Neuron, last: u8, request: &Request) -> u16 {
    Connection::open_from(from(last), neuron.address).await.ask(request).await.status
}

fn question() -> Request {
    Synapse::new("Counter", json!({"then": "answer"})).sign()
}

#[tokio::test]
async fn an_address_over_its_rate_gets_429_in_both_dialects_and_others_are_served() {
    let neuron = with(few(3, 100)).await;
    let junk = question().with("bt_header_dendrite_signature", forged());
    for _ in 0..3 {
        assert_eq!(ask_from(&neuron, 2, &junk).await, 401);
    }
    for request in
        [junk, Btauth::new("/Counter", r#"{"then": "answer"}"#).sign().with("x-bittensor-signature", forged())]
    {
        let answer = Connection::open_from(from(2), neuron.address).await.ask(&request).await;
        assert_eq!((answer.status, answer.header("retry-after")), (429, Some("1")), "{}", answer.text());
        assert_eq!(answer.message(), "address over its rate");
    }
    assert_eq!(ask_from(&neuron, 3, &question()).await, 200);
}

/// Who looks for routes is counted as well.
#[tokio::test]
async fn requests_for_nothing_count_for_their_address() {
    let neuron = with(few(2, 100)).await;
    let nothing = Request { method: "GET".into(), target: "/x".into(), headers: Vec::new(), body: Vec::new() };
    let both = nothing.clone().with("x-bittensor-version", "1").with("bt_header_dendrite_nonce", "1");
    let mut statuses = Vec::new();
    for request in [&nothing, &both, &nothing, &both] {
        statuses.push(ask_from(&neuron, 2, request).await);
    }
    assert_eq!(statuses, [404, 400, 429, 429]);
}

#[tokio::test]
async fn a_hotkey_over_its_rate_gets_429_from_wherever_it_asks() {
    let neuron = with(few(100, 2)).await;
    assert_eq!(ask_from(&neuron, 2, &question()).await, 200);
    assert_eq!(ask_from(&neuron, 3, &question()).await, 200);
    let answer = neuron.ask(&question()).await;
    assert_eq!((answer.status, answer.message().as_str()), (429, "hotkey over its rate"));
    assert_eq!(answer.header("retry-after"), Some("1"));
    let other = Synapse { caller: &DAVE, ..Synapse::new("Counter", json!({"then": "answer"})) };
    assert_eq!(neuron.ask(&other.sign()).await.status, 200);
}

/// Who is proven pays for every refusal that follows.
#[tokio::test]
async fn wrong_content_types_and_bad_pings_count_for_their_hotkey() {
    let plain = |request: Request| request.with("content-type", "text/plain");
    let ping = || Synapse::new("Synapse", json!({})).sign();
    let bad: [&dyn Fn() -> Request; 3] = [&|| plain(question()), &|| plain(ping()), &|| ping().body("no json")];
    for (index, bad) in bad.iter().enumerate() {
        let neuron = with(few(100, 2)).await;
        let mut statuses = Vec::new();
        for _ in 0..3 {
            statuses.push(neuron.ask(&bad()).await.status);
        }
        assert!((415..=422).contains(&statuses[0]) && statuses[0] == statuses[1], "{index}: {statuses:?}");
        assert_eq!(statuses[2], 429, "{index}");
    }
}

/// Invariant 11: nothing that is counted for a hotkey moves before its signature was verified.
#[tokio::test]
async fn junk_in_a_validators_name_takes_nothing_from_the_validator() {
    let neuron = with(few(20, 2)).await;
    assert_eq!(ask_from(&neuron, 9, &question()).await, 200);
    for last in [2, 3, 4] {
        for _ in 0..15 {
            let junk = question().with("bt_header_dendrite_signature", forged());
            assert_eq!(ask_from(&neuron, last, &junk).await, 401);
        }
    }
    assert_eq!(ask_from(&neuron, 9, &question()).await, 200, "the second of two");
    assert_eq!(ask_from(&neuron, 9, &question()).await, 429);
}

#[tokio::test]
async fn a_proven_pair_passes_although_strangers_at_its_address_are_over_their_rate() {
    let neuron = with(few(3, 100)).await;
    assert_eq!(neuron.ask(&question()).await.status, 200);
    let stranger = Synapse { caller: &DAVE, ..Synapse::new("Counter", json!({"then": "answer"})) };
    for expected in [401, 401, 429] {
        let junk = stranger.sign().with("bt_header_dendrite_signature", forged());
        assert_eq!(neuron.ask(&junk).await.status, expected);
    }
    for expected in [200, 200, 200, 429] {
        assert_eq!(neuron.ask(&question()).await.status, expected, "the lane has a rate of its own");
    }
}

#[tokio::test]
async fn strangers_fill_their_share_and_a_proven_caller_is_served() {
    let share = ShareLimits { requests: 3, bytes: 4000 };
    let neuron = with(Limits { strangers: share, proven: share, ..Limits::default() }).await;
    assert_eq!(neuron.ask(&question()).await.status, 200);
    let mut holding = Vec::new();
    for last in 2..5 {
        let mut connection = Connection::open_from(from(last), neuron.address).await;
        connection.announce(&question()).await;
        holding.push(connection);
    }
    let crowded = Connection::open_from(from(6), neuron.address).await.ask(&question()).await;
    assert_eq!((crowded.status, crowded.header("retry-after")), (503, Some("1")), "{}", crowded.text());
    assert_eq!(neuron.ask(&question()).await.status, 200, "the lane is another share");
    drop(holding);
    wait_for(|| (neuron.gate.in_use().stranger_requests == 0).then_some(())).await;
    assert_eq!(ask_from(&neuron, 6, &question()).await, 200);
}

#[tokio::test]
async fn bytes_that_are_not_verified_are_bounded_over_all_strangers() {
    let share = ShareLimits { requests: 100, bytes: 12_000 };
    let neuron = with(Limits { strangers: share, ..Limits::default() }).await;
    let big = || Btauth { caller: &BOB, ..Btauth::new("/Trap", vec![b' '; 5000]) }.sign();
    let mut holding = Connection::open_from(from(2), neuron.address).await;
    let request = big();
    holding.announce(&request).await;
    holding.send(&request.body[..4000]).await;
    wait_for(|| (neuron.gate.in_use().stranger_bytes == 4000).then_some(())).await;
    let refused = Connection::open_from(from(3), neuron.address).await.ask(&big()).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")), "{}", refused.text());
    holding.send(&request.body[4000..]).await;
    assert_eq!(holding.answer().await.unwrap().status, 500, "it was verified, and the plugin traps");
    assert_eq!(neuron.gate.in_use().stranger_bytes, 0);
}

/// Opens requests of one address in the name of a caller that send most of a large body and then nothing.
async fn hog(neuron: &Neuron, last: u8, request: &Request) -> Vec<Connection> {
    let mut holding = Vec::new();
    for _ in 0..16 {
        let mut connection = Connection::open_from(from(last), neuron.address).await;
        connection.announce(request).await;
        connection.send(&request.body[..15_000]).await;
        holding.push(connection);
    }
    holding
}

/// The plugin refuses it, as often as it is asked.
fn large(caller: &'static Account) -> Request {
    let body = format!("{:>16000}", r#"{"kind": "refused"}"#);
    Btauth { caller, ..Btauth::new("/Failing", body) }.sign()
}

#[tokio::test]
async fn one_address_that_holds_large_bodies_keeps_no_stranger_out() {
    let share = ShareLimits { requests: 100, bytes: 16 * 15_000 };
    let neuron = with(Limits { strangers: share, ..Limits::default() }).await;
    let holding = hog(&neuron, 2, &large(&BOB).with("x-bittensor-signature", forged())).await;
    // Two of them have a place.
    wait_for(|| (neuron.observed.count() >= 14).then_some(())).await;
    for last in 3..6 {
        assert_eq!(ask_from(&neuron, last, &large(&BOB)).await, 403, "it was verified, and the plugin refuses");
    }
    drop(holding);
}

#[tokio::test]
async fn one_proven_caller_that_holds_large_bodies_keeps_no_other_out() {
    let share = ShareLimits { requests: 100, bytes: 16 * 15_000 };
    let neuron = with(Limits { proven: share, ..Limits::default() }).await;
    for (last, caller) in [(2, &DAVE), (3, &BOB)] {
        assert_eq!(ask_from(&neuron, last, &large(caller)).await, 403);
    }
    let holding = hog(&neuron, 2, &large(&DAVE)).await;
    // Two of them have a place; two requests were answered before.
    wait_for(|| (neuron.observed.count() >= 16).then_some(())).await;
    assert_eq!(ask_from(&neuron, 3, &large(&BOB)).await, 403, "it was verified, and the plugin refuses");
    drop(holding);
}

#[tokio::test]
async fn idle_connections_of_a_proven_caller_make_room_for_others() {
    let neuron = with(Limits { connections: 4, connections_for_proven: 2, ..Limits::default() }).await;
    let mut kept = Vec::new();
    for last in [2, 3, 2, 3, 2, 3] {
        let mut connection = Connection::open_from(from(last), neuron.address).await;
        assert_eq!(connection.ask(&question()).await.status, 200);
        kept.push(connection);
    }
    let other = Synapse { caller: &DAVE, ..Synapse::new("Counter", json!({"then": "answer"})) };
    assert_eq!(ask_from(&neuron, 9, &other.sign()).await, 200);
    neuron.observed.events(ConnectionEvent::Cut(Cut::MadeRoom), 1).await;
}

#[tokio::test]
async fn idle_connections_make_room_and_busy_ones_do_not() {
    let neuron = with(Limits { connections_per_address: 4, ..Limits::default() }).await;
    let mut idle = Vec::new();
    for _ in 0..40 {
        idle.push(neuron.connect().await);
    }
    neuron.observed.events(ConnectionEvent::Cut(Cut::MadeRoom), 36).await;
    assert_eq!(neuron.ask(&question()).await.status, 200, "from the same address");

    let mut busy = Vec::new();
    for _ in 0..4 {
        let mut connection = Connection::open_from(from(7), neuron.address).await;
        connection.announce(&question()).await;
        busy.push(connection);
    }
    assert!(Connection::open_from(from(7), neuron.address).await.is_closed().await);
    neuron.observed.events(ConnectionEvent::Rejected(Rejection::Address), 1).await;
    assert_eq!(ask_from(&neuron, 8, &question()).await, 200);
}

#[tokio::test]
async fn connections_are_bounded_in_all_with_some_more_for_proven_addresses() {
    let limits = Limits { connections: 3, connections_for_proven: 1, ..Limits::default() };
    let neuron = with(limits).await;
    assert_eq!(ask_from(&neuron, 9, &question()).await, 200);
    wait_for(|| (neuron.gate.in_use().connections == 0).then_some(())).await;
    let mut busy = Vec::new();
    for last in 2..5 {
        let mut connection = Connection::open_from(from(last), neuron.address).await;
        connection.announce(&question()).await;
        busy.push(connection);
    }
    assert!(Connection::open_from(from(6), neuron.address).await.is_closed().await);
    neuron.observed.events(ConnectionEvent::Rejected(Rejection::Total), 1).await;
    assert_eq!(ask_from(&neuron, 9, &question()).await, 200);
}

#[tokio::test]
async fn an_idle_connection_is_kept_for_its_time_and_then_closed() {
    let (head_time, idle_time) = (Duration::from_millis(200), Duration::from_millis(900));
    let neuron = with(Limits { head_time, idle_time, ..Limits::default() }).await;
    let mut connection = neuron.connect().await;
    assert_eq!(connection.ask(&question()).await.status, 200);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(connection.ask(&question()).await.status, 200, "longer idle than a head may take");
    assert!(connection.is_closed().await);
    neuron.observed.events(ConnectionEvent::Cut(Cut::IdleTime), 1).await;
}
