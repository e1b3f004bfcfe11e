//! Which routes a host has.

use soma_runtime::{LoadError, SlotSpec};

use crate::fixture::{Repacked, guest, help, load, slot, slot_of};

fn bound(spec: SlotSpec, routes: &[&str]) -> SlotSpec {
    SlotSpec { routes: Some(routes.iter().map(|route| (*route).to_owned()).collect()), ..spec }
}

#[tokio::test]
async fn a_slot_has_all_routes_of_its_plugin_or_those_that_it_names() {
    let all = load([slot_of("text-miner-rust")]).await.unwrap();
    assert_eq!(
        all.table().names().collect::<Vec<_>>(),
        ["HashedText", "ImageGeneration", "TextGeneration", "TextStream"]
    );
    let some = load([bound(slot_of("text-miner-rust"), &["TextGeneration"])]).await.unwrap();
    assert_eq!(some.table().names().collect::<Vec<_>>(), ["TextGeneration"]);
    assert!(some.table().route("ImageGeneration").is_none());
    let split = [
        bound(slot("one", guest("text-miner-rust")), &["TextGeneration"]),
        bound(slot("two", guest("text-miner-rust")), &["ImageGeneration"]),
    ];
    let status = load(split).await.unwrap().list().await;
    let routes: Vec<_> = status.iter().map(|slot| (slot.slot.as_str(), slot.routes.join(" "))).collect();
    assert_eq!(routes, [("one", "TextGeneration".to_owned()), ("two", "ImageGeneration".to_owned())]);
}

#[tokio::test]
async fn a_route_that_two_answer_or_nobody_is_an_error_that_names_it() {
    let gate = Repacked::gate("deny_reason");
    let table = [
        (vec![slot("one", guest("limit_spin")), slot("two", guest("reply_garbage"))], "`Echo`"),
        (vec![bound(slot("one", guest("limit_spin")), &["Echo", "Echo"])], "`Echo`"),
        (vec![bound(slot("one", guest("limit_spin")), &["Nope"])], "`Nope`"),
        (vec![bound(slot("gate", gate.path()), &["Nope"]), slot_of("probe_caller")], "`Nope`"),
    ];
    for (specs, route) in table {
        let error = load(specs).await.err().expect("the routes do not fit");
        assert!(matches!(&error, LoadError::Routes(problem) if problem.contains(route)), "{route}: {error:?}");
        assert!(help(&error).contains("`routes`"), "{}", help(&error));
    }
}

#[tokio::test]
async fn a_host_without_slots_has_no_routes() {
    assert_eq!(load([]).await.unwrap().table().names().count(), 0);
}
