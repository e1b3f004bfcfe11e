//! Nonces over clean and unclean stops.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use soma_axon::replay::keeper::Windows;
use soma_axon::{Keeper, ReplayMemory, system_clock};
use soma_protocol::{btauth, synapse};

use crate::client::Request;
use crate::fixture::{Neuron, Options};
use crate::signed::{Btauth, Synapse};

fn open(folder: &Path) -> (Keeper, Arc<ReplayMemory>) {
    let future = Duration::from_millis(500);
    let window = synapse::Window { future, ..Default::default() };
    let policy = btauth::Policy { skew: future, ..Default::default() };
    let (keeper, memory) =
        Keeper::open(folder, Windows::of(&window, &policy), Default::default(), system_clock()).unwrap();
    (keeper, Arc::new(memory))
}

async fn start(memory: &Arc<ReplayMemory>) -> Neuron {
    Neuron::start_with(Options { replay: Some(memory.clone()), ..Options::default() }).await
}

fn questions() -> [Request; 2] {
    [Synapse::new("Counter", json!({"then": "answer"})).sign(), Btauth::new("/Counter", r#"{"then": "answer"}"#).sign()]
}

#[tokio::test]
async fn after_a_clean_stop_what_was_used_stays_used_and_the_rest_passes_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (keeper, memory) = open(folder.path());
    let (used, unused) = (questions(), questions());
    let neuron = start(&memory).await;
    for request in &used {
        assert_eq!(neuron.ask(request).await.status, 200);
    }
    keeper.close(&memory, system_clock()).unwrap();
    assert_eq!(neuron.ask(&unused[0]).await.status, 401, "nothing is kept after the last word");

    let neuron = start(&open(folder.path()).1).await;
    for (used, unused) in used.iter().zip(&unused) {
        assert_eq!(neuron.ask(used).await.status, 401);
        assert_eq!(neuron.ask(unused).await.status, 200);
    }
}

#[tokio::test]
async fn after_an_unclean_stop_replays_are_refused_and_fresh_requests_pass_after_the_bound() {
    let folder = tempfile::tempdir().unwrap();
    let (_killed, memory) = open(folder.path());
    let used = questions();
    let neuron = start(&memory).await;
    for request in &used {
        assert_eq!(neuron.ask(request).await.status, 200);
    }
    let (_keeper, memory) = open(folder.path());
    let neuron = start(&memory).await;
    for request in used.iter().chain(&questions()) {
        let answer = neuron.ask(request).await;
        assert_eq!(answer.status, 401, "{}", answer.text());
        assert!(answer.message().contains("after an unclean stop of this server"), "{}", answer.text());
    }
    while system_clock() <= memory.closed_until() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for request in &questions() {
        assert_eq!(neuron.ask(request).await.status, 200);
    }
    for request in &used {
        assert_eq!(neuron.ask(request).await.status, 401, "still");
    }
}
