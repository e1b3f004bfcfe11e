//! Who the caller is when a proxy stands in front.

use serde_json::json;
use soma_axon::record::{ConnectionEvent, Rejection};
use soma_axon::{Proxies, ProxyHeader};

use crate::client::{Connection, Request};
use crate::fixture::{Neuron, Options};
use crate::signed::Synapse;

/// This machine's first address is a proxy, its others are not.
async fn behind(header: ProxyHeader) -> Neuron {
    let proxies = Proxies { trusted: vec!["127.0.0.1/32".parse().unwrap()], header };
    Neuron::start_with(Options { proxies, ..Options::default() }).await
}

fn question() -> Request {
    Synapse::new("Counter", json!({"then": "answer"})).sign()
}

/// The address that the request was counted for.
async fn counted(neuron: &Neuron, connection: &mut Connection, request: &Request) -> String {
    let answer = connection.ask(request).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let id = answer.header("x-request-id").unwrap().to_owned();
    neuron.observed.record(|record| record.id == id).await.ip.to_string()
}

#[tokio::test]
async fn what_a_trusted_proxy_forwards_counts_and_what_others_write_does_not() {
    let neuron = behind(ProxyHeader::None).await;
    let forwarded = || question().with("x-forwarded-for", "192.0.2.66, 203.0.113.9, 127.0.0.1");
    let mut proxy = neuron.connect().await;
    assert_eq!(counted(&neuron, &mut proxy, &forwarded()).await, "203.0.113.9");
    assert_eq!(counted(&neuron, &mut proxy, &question()).await, "127.0.0.1");
    let mut direct = Connection::open_from("127.0.0.2".parse().unwrap(), neuron.address).await;
    assert_eq!(counted(&neuron, &mut direct, &forwarded()).await, "127.0.0.2");
}

#[tokio::test]
async fn a_trusted_proxy_says_whose_connection_it_is() {
    let neuron = behind(ProxyHeader::Required).await;
    for (header, ip) in [
        (b"PROXY TCP4 203.0.113.9 10.0.0.1 4711 8091\r\n".as_slice(), "203.0.113.9"),
        (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x0a\x0a\0\0\x01\x12\x67\x1f\x9b", "203.0.113.10"),
        (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
    ] {
        let mut connection = neuron.connect().await;
        connection.send(header).await;
        assert_eq!(counted(&neuron, &mut connection, &question()).await, ip);
        let spoofed = question().with("x-forwarded-for", "192.0.2.66");
        if ip != "127.0.0.1" {
            assert_eq!(counted(&neuron, &mut connection, &spoofed).await, ip);
        }
    }
}

#[tokio::test]
async fn a_trusted_proxy_without_a_header_is_closed_and_a_header_from_others_is_no_http() {
    let neuron = behind(ProxyHeader::Required).await;
    let mut bare = neuron.connect().await;
    let request = question();
    bare.send(&[request.usual_head(), request.body.clone()].concat()).await;
    assert!(bare.is_closed().await);
    neuron.observed.events(ConnectionEvent::Rejected(Rejection::Proxy), 1).await;

    let mut stranger = Connection::open_from("127.0.0.2".parse().unwrap(), neuron.address).await;
    stranger.send(b"PROXY TCP4 203.0.113.9 10.0.0.1 4711 8091\r\n").await;
    assert!(stranger.answer().await.is_none_or(|answer| answer.status == 400));
    let mut direct = Connection::open_from("127.0.0.2".parse().unwrap(), neuron.address).await;
    assert_eq!(counted(&neuron, &mut direct, &request).await, "127.0.0.2");
}
