//! Nothing happens before the signature was good; then it happens once, and for the one who signed.

use serde_json::json;
use soma_axon::replay::Bounds;

use crate::client::Request;
use crate::fixture::{Neuron, Options};
use crate::log;
use crate::signed::{Account, BOB, Btauth, CHARLIE, DAVE, Synapse, forged};

/// How many copies are sent at the same time.
const COPIES: usize = 12;

/// The same question in both dialects, with the header that holds the signature.
fn questions(route: &str) -> [(Request, &'static str); 2] {
    questions_of(route, [&BOB, &BOB])
}

fn questions_of(route: &str, [of_synapse, of_btauth]: [&'static Account; 2]) -> [(Request, &'static str); 2] {
    let body = json!({"then": "answer"});
    [
        (Synapse { caller: of_synapse, ..Synapse::new(route, body.clone()) }.sign(), "bt_header_dendrite_signature"),
        (
            Btauth { caller: of_btauth, ..Btauth::new(&format!("/{route}"), body.to_string()) }.sign(),
            "x-bittensor-signature",
        ),
    ]
}

/// The guest logs a line whenever it runs.
#[tokio::test]
async fn no_plugin_runs_for_a_request_that_is_not_proven() {
    log::keep();
    let neuron = Neuron::start_with(Options { prefix: "unproven-", ..Options::default() }).await;
    let ran = |slot: &str| log::lines_of(slot).len();
    for (route, slot) in [("Trap", "unproven-trap_panic"), ("TrapGate", "unproven-trap_gate")] {
        // Two callers: one that made a plugin trap has to wait.
        for (genuine, signature) in questions_of(route, [&BOB, &CHARLIE]) {
            let before = ran(slot);
            for unproven in [
                genuine.clone().with(signature, forged()),
                genuine.clone().without(signature),
                genuine.clone().with(&signature.replace("signature", "hotkey"), &*DAVE.ss58),
            ] {
                assert_eq!(neuron.ask(&unproven).await.status, 401);
            }
            assert_eq!(ran(slot), before, "{route}: a plugin ran for a forged request");
            assert_eq!(neuron.ask(&genuine).await.status, 500);
            assert_eq!(ran(slot), before + 1, "{route}: a genuine request runs it, so it can be seen");
            assert_eq!(neuron.ask(&genuine).await.status, 401, "used");
            assert_eq!(ran(slot), before + 1, "{route}: a plugin ran twice for one signature");
        }
    }
}

/// Otherwise anybody who sees a request could spend its nonce before it arrives.
#[tokio::test]
async fn a_request_that_is_not_proven_spends_no_nonce() {
    let neuron = Neuron::start().await;
    for (genuine, signature) in questions("Counter") {
        let forgery = genuine.clone().with(signature, forged());
        for _ in 0..3 {
            assert_eq!(neuron.ask(&forgery).await.status, 401);
        }
        assert_eq!(neuron.ask(&genuine).await.status, 200);
        assert_eq!(neuron.ask(&genuine).await.status, 401);
    }
}

#[tokio::test]
async fn one_of_many_equal_requests_wins() {
    let neuron = Neuron::start().await;
    for (question, _) in questions("Counter") {
        let mut copies = Vec::new();
        for _ in 0..COPIES {
            // All of them are admitted before the first has its body.
            let mut connection = neuron.connect().await;
            connection.announce(&question).await;
            copies.push(connection);
        }
        for connection in &mut copies {
            connection.send(&question.body).await;
        }
        let mut statuses = Vec::new();
        for connection in &mut copies {
            statuses.push(connection.answer().await.unwrap().status);
        }
        statuses.sort_unstable();
        assert_eq!((statuses[0], &statuses[1..]), (200, &[401; COPIES - 1][..]));
    }
}

#[tokio::test]
async fn one_dendrite_may_send_out_of_order() {
    let neuron = Neuron::start().await;
    let (early, late) = (questions("Counter"), questions("Counter"));
    for (request, _) in late.iter().chain(&early) {
        assert_eq!(neuron.ask(request).await.status, 200);
    }
}

#[tokio::test]
async fn a_full_memory_refuses_new_nonces_and_forgets_none() {
    let bounds = Bounds { per_key: 2, total: 100 };
    let neuron = Neuron::start_with(Options { bounds, ..Options::default() }).await;
    let [(first, _), (second, _)] = questions("Counter");
    assert_eq!(neuron.ask(&first).await.status, 200);
    assert_eq!(neuron.ask(&second).await.status, 200);
    for (third, _) in questions("Counter") {
        let full = neuron.ask(&third).await;
        assert_eq!(full.status, 401, "{}", full.text());
        assert!(full.message().contains("nonce memory full"), "{}", full.text());
    }
    let again = neuron.ask(&second).await;
    assert_eq!(again.json()["code"], "replayed", "{}", again.text());
    let other = Synapse { caller: &DAVE, ..Synapse::new("Counter", json!({"then": "answer"})) };
    assert_eq!(neuron.ask(&other.sign()).await.status, 200, "one hotkey does not fill another's");
}

/// The body, headers of the other kind and a proxy's words name somebody else.
#[tokio::test]
async fn the_caller_that_a_plugin_sees_is_the_one_who_signed() {
    let neuron = Neuron::start().await;
    let lies = json!({
        "claim": DAVE.ss58, "hotkey": DAVE.ss58, "caller": {"hotkey": DAVE.ss58},
        "dendrite": {"hotkey": DAVE.ss58, "ip": "198.51.100.1"}, "uid": 0, "stake": 1e9, "validator_permit": true,
    });
    let synapse = Synapse::new("Probe", json!({})).sign().body(lies.to_string());
    let btauth = Btauth::new("/Probe?uid=0", lies.to_string()).sign();
    for (request, dialect, bound) in [(synapse, "synapse", false), (btauth, "btauth", true)] {
        let length = request.body.len();
        let request = request
            .with("user-agent", "tests")
            .with("x-forwarded-for", "198.51.100.1")
            .with("x-request-id", "chosen")
            .with("hotkey", &*DAVE.ss58);
        let answer = neuron.ask(&request).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let body = answer.json();
        let seen = &body["seen"];
        assert_eq!(body["claim"], DAVE.ss58.as_str(), "the body is what it is");
        assert_eq!(seen["hotkey"], BOB.ss58.as_str());
        assert_eq!(seen["ip"], "127.0.0.1");
        assert_eq!(
            (&seen["uid"], &seen["stake"], &seen["validator_permit"]),
            (&json!(null), &json!(0.0), &json!(false))
        );
        assert_eq!((&seen["dialect"], &seen["body_bound"]), (&json!(dialect), &json!(bound)));
        assert_eq!((&seen["method"], &seen["body_len"]), (&json!("POST"), &json!(length)));
        assert_eq!(seen["headers"], json!([["user-agent", "tests"]]), "only what the manifest lists");
        assert_eq!(seen["target"], request.target.as_str());
        assert_eq!(seen["id"], answer.header("x-request-id").unwrap());
    }
}
