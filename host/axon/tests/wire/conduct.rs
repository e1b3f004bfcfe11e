//! Callers that make a plugin trap, and a plugin that traps for too many: what each of them gets.

use std::time::Duration;

use serde_json::json;

use crate::client::Answer;
use crate::fixture::Neuron;
use crate::signed::{Account, BOB, Btauth, CHARLIE, DAVE, FERDIE, Synapse};

async fn ask(neuron: &Neuron, caller: &'static Account, then: &str) -> Answer {
    let body = json!({"then": then}).to_string();
    neuron.ask(&Btauth { caller, ..Btauth::new("/Counter", body) }.sign()).await
}

#[tokio::test]
async fn who_makes_a_plugin_trap_is_slowed_and_a_plugin_that_traps_for_three_is_out() {
    let neuron = Neuron::start().await;
    assert_eq!(ask(&neuron, &BOB, "trap").await.status, 500);
    let slowed = ask(&neuron, &BOB, "answer").await;
    assert_eq!((slowed.status, slowed.header("retry-after")), (429, Some("1")), "{}", slowed.text());
    let dialect = Synapse { caller: &BOB, ..Synapse::new("Counter", json!({"then": "answer"})) }.sign();
    assert_eq!(neuron.ask(&dialect).await.status, 429, "the same in the other dialect");
    assert_eq!(ask(&neuron, &FERDIE, "answer").await.status, 200);

    assert_eq!(ask(&neuron, &CHARLIE, "trap").await.status, 500);
    assert_eq!(ask(&neuron, &DAVE, "trap").await.status, 500);
    let out = ask(&neuron, &FERDIE, "answer").await;
    assert_eq!((out.status, out.header("retry-after")), (503, Some("1")), "{}", out.text());
    let other = Btauth { caller: &FERDIE, ..Btauth::new("/Probe", json!({}).to_string()) }.sign();
    assert_eq!(neuron.ask(&other).await.status, 200, "another slot goes on");

    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(ask(&neuron, &FERDIE, "answer").await.status, 200, "a good probe");
    assert_eq!(ask(&neuron, &FERDIE, "answer").await.status, 200);
}
