//! The client against servers that answer with canned bytes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails, wherever in its file that is"
)]

mod asked;
mod canned;

use std::io::Write;
use std::time::Duration;

use canned::{Canned, json_answer};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::Method;
use serde_json::{Map, Value, json};
use soma_dendrite::{Answer, BtauthRequest, Dendrite, DendriteError, RequiredFields, SynapseOptions, SynapseTarget};
use soma_protocol::signature::Crypto;
use soma_protocol::ss58::PublicKey;
use soma_wallet::{Intent, SignerError};

/// A hang guard. What is awaited comes over loopback at once.
const GUARD: Duration = Duration::from_secs(60);

/// Signs with a key of this test in this process.
struct TestSigner {
    keys: schnorrkel::Keypair,
    public: PublicKey,
    hotkey: String,
}

impl TestSigner {
    fn new() -> Self {
        let seed = schnorrkel::MiniSecretKey::from_bytes(&[7; 32]).unwrap();
        let keys = seed.expand_to_keypair(schnorrkel::ExpansionMode::Ed25519);
        let public = PublicKey(keys.public.to_bytes());
        Self { keys, public, hotkey: public.to_ss58() }
    }
}

impl soma_dendrite::RequestSigner for TestSigner {
    fn hotkey(&self) -> &str {
        &self.hotkey
    }

    fn crypto(&self) -> Crypto {
        Crypto::Sr25519
    }

    async fn sign(&self, intent: Intent) -> Result<[u8; 64], SignerError> {
        let message = intent.message(&self.public, Crypto::Sr25519).expect("the client makes proper intents");
        Ok(self.keys.sign_simple(b"substrate", &message).to_bytes())
    }
}

/// The published development account `//Alice`.
const AXON: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

fn dendrite() -> Dendrite<TestSigner> {
    Dendrite::new(TestSigner::new()).unwrap()
}

fn fields() -> Map<String, Value> {
    json!({"message": "hi", "reply": null}).as_object().unwrap().clone()
}

fn options() -> SynapseOptions {
    SynapseOptions { timeout: GUARD, ..SynapseOptions::default() }
}

fn target(server: &Canned) -> SynapseTarget {
    SynapseTarget::new(&server.address(), AXON, "Echo").unwrap()
}

async fn ask(server: &Canned) -> Result<Answer, DendriteError> {
    dendrite().synapse(&target(server), fields(), &options()).await
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Answers that the Python dendrite only refuses because its class has the field `message: str`.
const NEEDS_A_CLASS: [&str; 2] = ["200_body_missing_required", "200_body_wrong_type"];

#[tokio::test]
async fn reads_every_recorded_answer_as_the_python_dendrite_does() {
    let recorded: Map<String, Value> =
        serde_json::from_str(include_str!("../../../protocol/tests/vectors/dendrite_response_handling.json")).unwrap();
    let mut seen = 0;
    for (name, case) in recorded.iter().filter(|(name, _)| !NEEDS_A_CLASS.contains(&name.as_str())) {
        let bytes = case["response_bytes"].as_str().unwrap().as_bytes().to_vec();
        let server = Canned::start(bytes).await;
        let status = match ask(&server).await {
            Ok(answer) => answer.synapse.status_code,
            Err(error) => error.v10_status(),
        };
        assert_eq!(json!(status), case["dendrite_status_code"], "{name}");
        seen += 1;
    }
    assert_eq!(seen, recorded.len() - NEEDS_A_CLASS.len());
}

#[tokio::test]
async fn gives_the_fields_of_a_success() {
    let body = json!({"message": "m", "reply": "r", "name": "Echo", "axon": {}});
    let server = Canned::start(json_answer(
        200,
        "bt_header_axon_status_code: 200\r\nbt_header_axon_process_time: 0.5\r\n",
        &body,
    ))
    .await;
    let answer = ask(&server).await.unwrap();
    assert!(answer.synapse.is_success());
    assert_eq!(Value::from(answer.synapse.fields.unwrap()), json!({"message": "m", "reply": "r"}));
    assert_eq!(answer.synapse.process_time, Some(0.5));
    assert_eq!(answer.body, body.to_string().as_bytes());
    assert!(answer.elapsed > Duration::ZERO);
}

#[tokio::test]
async fn does_not_follow_a_redirect() {
    let other = Canned::start(json_answer(200, "bt_header_axon_status_code: 200\r\n", &json!({}))).await;
    let location = format!("location: http://{}/Echo\r\n", other.address());
    let server = Canned::start(json_answer(307, &location, &json!({"message": "over there"}))).await;
    let answer = ask(&server).await.unwrap();
    assert_eq!((answer.synapse.http_status, answer.synapse.status_code), (307, Some(307)));
    assert_eq!(other.requests().len(), 0);
}

#[tokio::test]
async fn decompresses_but_not_without_bounds() {
    let small = gzip(json!({"message": "m"}).to_string().as_bytes());
    let server = Canned::start(gzip_answer(&small)).await;
    let answer = ask(&server).await.unwrap();
    assert_eq!(Value::from(answer.synapse.fields.unwrap()), json!({"message": "m"}));

    // 64 MiB of blanks in 64 KiB.
    let bomb = gzip(&vec![b' '; 64 * 1024 * 1024]);
    assert!(bomb.len() < 128 * 1024);
    let server = Canned::start(gzip_answer(&bomb)).await;
    assert_too_large(ask(&server).await, Dendrite::<TestSigner>::DEFAULT_ANSWER_LIMIT);
}

#[tokio::test]
async fn takes_answers_up_to_the_limit_and_no_further() {
    for (bytes, fits) in [(100, true), (101, false)] {
        let body = format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
        assert_eq!(body.len(), bytes);
        // Once with a length that gives the size away, once without one.
        let claimed = format!("content-length: {bytes}\r\n");
        for length in [claimed.as_str(), ""] {
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n{length}\r\n");
            let server = Canned::start([head.as_bytes(), body.as_bytes()].concat()).await;
            let outcome = dendrite().with_answer_limit(100).synapse(&target(&server), fields(), &options()).await;
            if fits {
                assert_eq!(outcome.unwrap().body, body.as_bytes());
            } else {
                assert_too_large(outcome, 100);
            }
        }
    }
}

#[tokio::test]
async fn a_broken_compressed_body_is_a_payload_error() {
    let mut broken = gzip(&[b'x'; 1000]);
    broken.truncate(broken.len() / 2);
    let server = Canned::start(gzip_answer(&broken)).await;
    let error = ask(&server).await.unwrap_err();
    assert!(matches!(error, DendriteError::Payload { .. }), "{error:?}");
}

#[tokio::test]
async fn gives_up_when_time_is_over() {
    // One server says nothing at all, the other stops in the middle of the body.
    for bytes in [&b""[..], b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{"] {
        let server = Canned::start_hanging(bytes.to_vec()).await;
        let options = SynapseOptions { timeout: Duration::from_millis(300), ..options() };
        let call = dendrite();
        let target = target(&server);
        let outcome = tokio::time::timeout(GUARD, call.synapse(&target, fields(), &options)).await;
        let error = outcome.expect("the call ends by itself").unwrap_err();
        assert!(matches!(error, DendriteError::TimedOut { .. }), "{error:?}");
        assert_eq!(error.v10_status(), Some(408));
    }
}

#[tokio::test]
async fn nobody_there_is_503() {
    let server = Canned::start(Vec::new()).await;
    let target = target(&server);
    server.close().await;
    let error = dendrite().synapse(&target, fields(), &options()).await.unwrap_err();
    assert!(matches!(error, DendriteError::Unavailable { .. }), "{error:?}");
    assert_eq!(error.v10_status(), Some(503));
}

#[tokio::test]
async fn sends_nothing_when_the_request_cannot_be_made() {
    let server = Canned::start(json_answer(200, "", &json!({}))).await;
    let odd = [
        SynapseOptions { timeout: Duration::ZERO, ..options() },
        SynapseOptions { hash_fields: vec![("absent".to_owned(), "str".parse().unwrap())], ..options() },
        SynapseOptions { hash_fields: vec![("message".to_owned(), "int".parse().unwrap())], ..options() },
        SynapseOptions { required: RequiredFields::Named(vec!["absent".to_owned()]), ..options() },
    ];
    for options in odd {
        let error = dendrite().synapse(&target(&server), fields(), &options).await.unwrap_err();
        assert_eq!(error.v10_status(), None, "{error:?}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn btauth_gives_status_headers_and_body() {
    let server = Canned::start(b"HTTP/1.1 418 Teapot\r\nx-own: yes\r\ncontent-length: 3\r\n\r\nabc".to_vec()).await;
    let answer = dendrite()
        .btauth(BtauthRequest {
            url: format!("http://{}/a%20b?c=d", server.address()),
            method: Method::PUT,
            body: "text".into(),
            content_type: None,
            receiver: None,
            timeout: GUARD,
        })
        .await
        .unwrap();
    assert_eq!((answer.status, &answer.body[..]), (418, &b"abc"[..]));
    assert_eq!(answer.headers.get("x-own").unwrap(), "yes");
}

fn gzip_answer(compressed: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        compressed.len()
    );
    [head.as_bytes(), compressed].concat()
}

fn assert_too_large(outcome: Result<Answer, DendriteError>, expected: usize) {
    match outcome {
        Err(DendriteError::TooLarge { limit, .. }) => assert_eq!(limit, expected),
        other => panic!("{other:?}"),
    }
}
