//! Our client against the real 10.5.0 axon and the real 11.3.0 verifier, in one process with the test: what `soma query`
//! has no flag for.

use std::time::Duration;

use http::{HeaderValue, Method};
use serde_json::{Map, Value, json};
use soma_dendrite::{
    Answer, BtauthRequest, Dendrite, DendriteError, RequestSigner, RequiredFields, SynapseOptions, SynapseTarget,
};
use soma_e2e::Account;
use soma_e2e::account::{ALICE, BOB};
use soma_e2e::neuron::Bench;
use soma_e2e::python::{self, Sdk, Service};
use soma_protocol::signature::Crypto;
use soma_protocol::ss58::PublicKey;
use soma_wallet::{Intent, SignerError};

/// A hang guard.
const GUARD: Duration = Duration::from_secs(60);

/// Signs with a development key in this process.
struct DevelopmentSigner(Account);

impl RequestSigner for DevelopmentSigner {
    fn hotkey(&self) -> &str {
        self.0.hotkey
    }

    fn crypto(&self) -> Crypto {
        Crypto::Sr25519
    }

    async fn sign(&self, intent: Intent) -> Result<[u8; 64], SignerError> {
        let owner = PublicKey::from_ss58(self.0.hotkey).unwrap();
        let message = intent.message(&owner, Crypto::Sr25519).unwrap();
        Ok(self.0.sign(&message).unwrap())
    }
}

fn bob() -> Dendrite<DevelopmentSigner> {
    Dendrite::new(DevelopmentSigner(BOB)).unwrap()
}

fn python_axon(bench: &Bench) -> Service {
    let wallet = python::wallet_arguments(&bench.wallets(), ALICE);
    let arguments: Vec<&str> = wallet.iter().map(String::as_str).collect();
    Service::start(Sdk::V10, "axon_10.py", &bench.home(), &arguments).unwrap()
}

async fn ask(axon: &Service, route: &str, fields: Value, options: &SynapseOptions) -> Result<Answer, DendriteError> {
    let target = SynapseTarget::new(&axon.address(), ALICE.hotkey, route).unwrap();
    let fields: Map<String, Value> = fields.as_object().unwrap().clone();
    bob().synapse(&target, fields, options).await
}

fn options() -> SynapseOptions {
    SynapseOptions { timeout: GUARD, ..SynapseOptions::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_axon_takes_what_the_client_sends() {
    let bench = Bench::new().unwrap();
    let axon = python_axon(&bench);
    let named = SynapseOptions { required: RequiredFields::Named(vec!["prompt".to_owned()]), ..options() };
    let cases = [
        (
            "every field announced",
            json!({"prompt": "é\n\u{1f642}", "max_tokens": 3, "temperature": 1e22}),
            options(),
            "é\n\u{1f642}/3/1e+22",
        ),
        ("only the required one", json!({"prompt": "a", "max_tokens": 3}), named.clone(), "a/3/0.7"),
        ("defaults left out", json!({"prompt": "a"}), named, "a/100/0.7"),
        ("an output as null", json!({"prompt": "a", "generated_text": null}), options(), "a/100/0.7"),
    ];
    for (name, fields, options, text) in cases {
        let answer = ask(&axon, "TextGeneration", fields, &options).await.unwrap().synapse;
        assert!(answer.is_success(), "{name}: {answer:?}");
        assert_eq!(answer.fields.unwrap()["generated_text"], text, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_axon_computes_the_same_body_hash() {
    let bench = Bench::new().unwrap();
    let axon = python_axon(&bench);
    let hash_fields =
        vec![("prompt".to_owned(), "str".parse().unwrap()), ("max_tokens".to_owned(), "int".parse().unwrap())];
    let options = SynapseOptions { hash_fields, ..options() };
    for prompt in ["", "abc", "it's \"quoted\"\\", "naïve\r\n\t\u{1f642}"] {
        let answer =
            ask(&axon, "HashedText", json!({"prompt": prompt, "max_tokens": -1}), &options).await.unwrap().synapse;
        assert!(answer.is_success(), "{prompt:?}: {answer:?}");
        let reversed: String = prompt.chars().rev().collect();
        assert_eq!(answer.fields.unwrap()["output"], reversed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_axon_that_was_stopped_is_unavailable() {
    let bench = Bench::new().unwrap();
    let axon = python_axon(&bench);
    let address = axon.address();
    drop(axon);
    let target = SynapseTarget::new(&address, ALICE.hotkey, "TextGeneration").unwrap();
    let error = bob().synapse(&target, Map::new(), &options()).await.unwrap_err();
    assert_eq!(error.v10_status(), Some(503), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_verifier_takes_any_method_target_and_body() {
    let bench = Bench::new().unwrap();
    let server = Service::start(Sdk::V11, "server_11.py", &bench.home(), &["--hotkey", ALICE.hotkey]).unwrap();
    let dendrite = bob();
    for (method, path, body, kind) in [
        (Method::POST, "/generate", r#"{"prompt": "é"}"#, Some("application/json")),
        (Method::PUT, "/a%2Fb/ö?x=1&y=%20 z", "plain", Some("text/plain")),
        (Method::GET, "/", "", None),
    ] {
        let request = BtauthRequest {
            url: format!("http://{}{path}", server.address()),
            method: method.clone(),
            body: body.into(),
            content_type: kind.map(HeaderValue::from_static),
            receiver: Some(ALICE.hotkey.to_owned()),
            timeout: GUARD,
        };
        let answer = dendrite.btauth(request).await.unwrap();
        let seen: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer.status, 200, "{method} {path}: {seen}");
        assert_eq!((&seen["caller"], &seen["method"]), (&json!(BOB.hotkey), &json!(method.as_str())), "{seen}");
        assert_eq!((&seen["body"], &seen["content_type"]), (&json!(body), &json!(kind)), "{seen}");
    }
}
