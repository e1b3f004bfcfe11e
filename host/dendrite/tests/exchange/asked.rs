//! What goes over the wire: the server's side of `soma-protocol` verifies it.

use std::time::{SystemTime, UNIX_EPOCH};

use http::{HeaderValue, Method};
use serde_json::{Value, json};
use soma_dendrite::{BtauthRequest, SynapseOptions};
use soma_protocol::btauth;
use soma_protocol::dialect::{Dialect, detect};
use soma_protocol::synapse::{self, RequestHead};

use crate::canned::{Canned, json_answer};
use crate::{AXON, GUARD, dendrite, fields, options, target};

fn now_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64
}

#[tokio::test]
async fn a_synapse_verifies() {
    let server = Canned::start(json_answer(200, "", &json!({}))).await;
    let dendrite = dendrite();
    let hash_fields = vec![("message".to_owned(), "str".parse().unwrap())];
    let options = SynapseOptions { hash_fields, ..options() };
    for _ in 0..2 {
        dendrite.synapse(&target(&server), fields(), &options).await.unwrap();
    }
    let mut nonces = Vec::new();
    for request in server.requests() {
        assert_eq!(request.line, ("POST".to_owned(), "/Echo".to_owned()));
        assert_eq!(detect(&request.headers).unwrap(), Dialect::Synapse);
        let head = RequestHead::parse(&request.headers).unwrap();
        let claim = synapse::Claim::from_head(&head).unwrap();
        claim.check_signature(AXON).unwrap();
        claim.check_fresh(now_ns(), &synapse::Window::default()).unwrap();
        assert_eq!(claim.hotkey, dendrite.hotkey());
        assert_eq!(claim.uuid, dendrite.uuid().to_string());
        assert_eq!(claim.body_hash, synapse::body_hash(&["hi".to_owned()]));
        assert_eq!(head.timeout, Some(GUARD.as_secs_f64()));
        let announced: Vec<&str> = head.input_obj.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(announced, ["message", "reply"]);
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!((&body["message"], &body["name"]), (&json!("hi"), &json!("Echo")));
        nonces.push(claim.nonce);
    }
    assert!(nonces.len() == 2 && nonces[0] < nonces[1], "{nonces:?}");
}

#[tokio::test]
async fn a_btauth_request_verifies() {
    let server = Canned::start(json_answer(200, "", &json!({}))).await;
    let dendrite = dendrite();
    for receiver in [Some(AXON.to_owned()), None] {
        let request = BtauthRequest {
            url: format!("http://{}/ä?q=a b", server.address()),
            method: Method::POST,
            body: r#"{"a": 1}"#.into(),
            content_type: Some(HeaderValue::from_static("application/json")),
            receiver,
            timeout: GUARD,
        };
        dendrite.btauth(request).await.unwrap();
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    for (request, receiver) in requests.iter().zip([Some(AXON), None]) {
        let (method, sent) = &request.line;
        assert_eq!(sent, "/%C3%A4?q=a%20b");
        assert_eq!(detect(&request.headers).unwrap(), Dialect::Btauth);
        assert_eq!(request.headers.get("content-type").unwrap(), "application/json");
        let claim = btauth::Claim::from_headers(&request.headers).unwrap();
        claim.check_fresh(now_ns(), &btauth::Policy::default()).unwrap();
        claim.check_signature(method, sent, &btauth::body_sha256(&request.body)).unwrap();
        assert_eq!((claim.hotkey.as_str(), claim.receiver.as_deref()), (dendrite.hotkey(), receiver));
    }
}
