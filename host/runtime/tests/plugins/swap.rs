//! A plugin is replaced while requests run.

use std::sync::Arc;

use serde_json::{Value, json};
use soma_runtime::slots::DRAINING;
use soma_runtime::{LoadError, RoutingTable, Slots};

use crate::fixture::{LONG, Repacked, SHORT, call, guest, load, serve, slot, slot_of};

/// Which release of the example answers.
pub async fn model_of(table: &RoutingTable) -> String {
    let body = json!({"prompt": "one", "max_tokens": 10, "temperature": 0.5}).to_string();
    let served = serve(table, call("TextGeneration", body, LONG)).await.unwrap();
    let answer: Value = serde_json::from_slice(&served.reply.body).unwrap();
    answer["model_name"].as_str().unwrap().to_owned()
}

async fn miner() -> Slots {
    load([slot("text", guest("text-miner-rust")), slot_of("fresh_counter")]).await.unwrap()
}

async fn draining(slots: &Slots) -> usize {
    slots.list().await[0].draining
}

#[tokio::test]
async fn a_request_keeps_the_table_that_admitted_it() {
    let slots = miner().await;
    let old = slots.table();
    let before = slots.list().await;
    let swapped = slots.swap("text", guest("swap_next")).await.unwrap();
    assert_eq!(model_of(&old).await, "text-miner 0.1.0");
    assert_eq!(model_of(&slots.table()).await, "text-miner 0.2.0");
    assert_eq!(model_of(&old).await, "text-miner 0.1.0");

    let after = slots.list().await;
    assert_eq!((&swapped.from, &swapped.to), (&before[0].id, &after[0].id));
    assert_ne!(swapped.from, swapped.to);
    assert_eq!((before[0].version.as_str(), after[0].version.as_str()), ("0.1.0", "0.2.0"));
    assert_eq!(after[0].file, guest("swap_next"));
    assert_eq!(before[1].id, after[1].id, "the other slot is as it was");
    let one = |table: &RoutingTable| std::ptr::from_ref(table.route("Counter").unwrap().answerer());
    assert_eq!(one(&old), one(&slots.table()), "the other slot's version is the same one");
}

/// A version's life ends with the last request that was admitted to it.
#[tokio::test]
async fn an_old_version_is_dropped_with_its_last_request() {
    let slots = miner().await;
    let mut requests: Vec<_> = (0..2).map(|_| slots.table().route("TextGeneration").unwrap().clone()).collect();
    slots.swap("text", guest("swap_next")).await.unwrap();
    assert_eq!(draining(&slots).await, 1);
    requests.pop();
    assert_eq!(draining(&slots).await, 1);
    requests.pop();
    assert_eq!(draining(&slots).await, 0);
}

#[tokio::test]
async fn no_request_fails_while_plugins_are_swapped_under_it() {
    let slots = Arc::new(miner().await);
    let asking = {
        let slots = slots.clone();
        tokio::spawn(async move {
            let mut seen = Vec::new();
            while seen.len() < 200 || !seen.iter().any(|model| model == "text-miner 0.2.0") {
                seen.push(model_of(&slots.table()).await);
            }
            seen
        })
    };
    for plugin in ["swap_next", "text-miner-rust", "swap_next", "text-miner-rust", "swap_next"] {
        slots.swap("text", guest(plugin)).await.unwrap();
    }
    let seen = asking.await.unwrap();
    assert!(seen.iter().all(|model| model.starts_with("text-miner 0.")), "{seen:?}");
    assert_eq!(model_of(&slots.table()).await, "text-miner 0.2.0");
}

#[tokio::test]
async fn a_swap_that_fails_leaves_everything_as_it_was() {
    let slots = miner().await;
    let before = slots.table();
    let broken = tempfile::tempdir().unwrap();
    let cut_off = broken.path().join("cut.wasm");
    let whole = std::fs::read(guest("swap_next")).unwrap();
    std::fs::write(&cut_off, &whole[..whole.len() / 2]).unwrap();
    let greedy = Repacked::new("swap_next", |manifest| manifest.budget.memory = Some(bytesize::ByteSize::gib(1)));
    let renamed = Repacked::new("fresh_counter", |manifest| manifest.version = "9".to_owned());
    for plugin in [
        broken.path().join("gone.wasm"),
        cut_off,
        guest("import_foreign"),
        guest("export_shape"),
        greedy.path(),
        // It fits by itself, but the other slot answers its route.
        renamed.path(),
    ] {
        let error = slots.swap("text", plugin.clone()).await.err();
        assert!(error.is_some(), "{} was swapped in", plugin.display());
        assert!(Arc::ptr_eq(&before, &slots.table()), "{}", plugin.display());
        assert_eq!(slots.list().await[0].file, guest("text-miner-rust"));
    }
    assert_eq!(model_of(&slots.table()).await, "text-miner 0.1.0");
    assert_eq!(draining(&slots).await, 0);
    slots.swap("text", guest("swap_next")).await.unwrap();
}

#[tokio::test]
async fn a_slot_that_is_not_there_is_named_with_those_that_are() {
    let error = miner().await.swap("nope", guest("swap_next")).await.unwrap_err();
    let LoadError::NoSuchSlot { slot, known } = &error else { panic!("{error:?}") };
    assert_eq!((slot.as_str(), known.as_str()), ("nope", "text, fresh_counter"));
}

#[tokio::test]
async fn at_most_four_old_versions_drain_and_the_next_swap_waits_for_one_to_end() {
    let slots = Arc::new(miner().await);
    let mut requests = Vec::new();
    for round in 0..DRAINING {
        requests.push(slots.table());
        let plugin = if round % 2 == 0 { "swap_next" } else { "text-miner-rust" };
        slots.swap("text", guest(plugin)).await.unwrap();
    }
    assert_eq!(draining(&slots).await, DRAINING);

    requests.push(slots.table());
    let (busy, other) = (slots.clone(), slots.clone());
    let waiting = tokio::spawn(async move { busy.swap("text", guest("swap_next")).await });
    tokio::time::sleep(SHORT).await;
    assert!(!waiting.is_finished());
    // The host is not held up meanwhile: it serves, lists and swaps other slots.
    assert_eq!(model_of(&slots.table()).await, "text-miner 0.1.0");
    assert_eq!(slots.list().await[0].version, "0.1.0");
    let counter = Repacked::new("fresh_counter", |manifest| manifest.version = "0.1.1".to_owned());
    other.swap("fresh_counter", counter.path()).await.unwrap();
    assert!(!waiting.is_finished());

    requests.remove(0);
    waiting.await.unwrap().unwrap();
    assert_eq!(model_of(&slots.table()).await, "text-miner 0.2.0");
    assert_eq!(slots.list().await[1].version, "0.1.1");
    assert_eq!(draining(&slots).await, DRAINING);
}
