//! What is refused before it is compiled: every loader here has a compiler that fails.

use bytesize::ByteSize;
use soma_manifest::PluginFileError;
use soma_runtime::budget::BudgetGrant;
use soma_runtime::{CallError, Hook, LoadError, Want};

use crate::fixture::{Repacked, guest, help, load, refusal_of, slot, slot_of};

#[tokio::test]
async fn a_missing_grant_is_named_with_the_line_to_write() {
    let table = [
        (vec![], "grant = [\"clock\", \"random\", \"config\"]", Want::Clock),
        (vec![Want::Clock], "grant = [\"clock\", \"random\", \"config\"]", Want::Random),
        (vec![Want::Random, Want::Clock], "grant = [\"clock\", \"random\", \"config\"]", Want::Config),
    ];
    for (grant, line, missing) in table {
        let mut spec = slot("mine", guest("probe_imports"));
        spec.grant = grant.into_iter().collect();
        let error = refusal_of(spec).await;
        let LoadError::Grant(refusal) = &error else { panic!("{error:?}") };
        assert_eq!((refusal.slot.as_str(), refusal.want), ("mine", missing));
        assert!(help(&error).ends_with(&format!("in soma.toml under [slots.mine]: {line}")), "{}", help(&error));
    }
}

/// The two plugins that look at the chain, and one in C: what is not granted is not compiled.
#[tokio::test]
async fn a_metagraph_that_is_not_granted_refuses_the_plugin_with_the_line_to_write() {
    let table = [
        ("metagraph_reads", vec![], "grant = [\"metagraph\"]"),
        ("c_metagraph", vec![Want::Clock], "grant = [\"clock\", \"metagraph\"]"),
        ("stake-gate", vec![Want::Config], "grant = [\"config\", \"metagraph\"]"),
        ("stake-priority", vec![Want::Config], "grant = [\"config\", \"metagraph\"]"),
    ];
    for (plugin, grant, line) in table {
        let mut spec = slot("mine", guest(plugin));
        spec.grant = grant.into_iter().collect();
        let error = refusal_of(spec).await;
        let LoadError::Grant(refusal) = &error else { panic!("{plugin}: {error:?}") };
        assert_eq!((refusal.slot.as_str(), refusal.want), ("mine", Want::Metagraph), "{plugin}");
        assert!(help(&error).ends_with(&format!("in soma.toml under [slots.mine]: {line}")), "{}", help(&error));
    }
    // A component that imports it, and a manifest that does not say so.
    let silent = Repacked::new("metagraph_reads", |manifest| manifest.wants.clear());
    let error = refusal_of(slot("mine", silent.path())).await;
    let LoadError::File(PluginFileError::UnwantedImport { want, .. }) = &error else { panic!("{error:?}") };
    assert_eq!(*want, Want::Metagraph);
    assert!(help(&error).contains("wants = [\"metagraph\"]"), "{}", help(&error));
}

#[tokio::test]
async fn a_setting_that_the_plugin_does_not_name_is_refused_and_those_that_there_are_listed() {
    let mut spec = slot("mine", guest("stake-gate"));
    spec.grant = [Want::Config, Want::Metagraph].into();
    for (misspelt, value) in [("min_stake", "1000"), ("Allow", "[]"), ("", "x")] {
        spec.config = [("min-stake", "1"), (misspelt, value)].map(|(key, value)| (key.into(), value.into())).into();
        let error = refusal_of(spec.clone()).await;
        let LoadError::Setting(refusal) = &error else { panic!("{error:?}") };
        assert_eq!(refusal.unknown, format!("{misspelt:?}"));
        assert_eq!(refusal.known, "\"allow\", \"min-stake\", \"require-permit\"");
        assert!(help(&error).contains("`config` under [slots.mine]"), "{}", help(&error));
    }
}

#[tokio::test]
async fn a_grant_that_nobody_uses_does_no_harm() {
    let mut spec = slot_of("probe_caller");
    spec.grant = Want::ALL.into();
    load([spec]).await.unwrap();
}

#[tokio::test]
async fn a_hook_that_is_not_exported_cannot_be_live() {
    let plugin = Repacked::new("limit_spin", |manifest| {
        manifest.hooks.insert(Hook::Priority);
    });
    let error = refusal_of(slot("mine", plugin.path())).await;
    assert!(matches!(error, LoadError::File(PluginFileError::MissingHook { hook: Hook::Priority })), "{error:?}");
}

#[tokio::test]
async fn files_that_are_no_plugins_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read(guest("probe_caller")).unwrap();
    let of = async |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        match refusal_of(slot("mine", path)).await {
            LoadError::File(error) => error,
            other => panic!("{name}: {other:?}"),
        }
    };
    let gone = refusal_of(slot("mine", folder.path().join("gone.wasm"))).await;
    assert!(matches!(gone, LoadError::File(PluginFileError::Unreadable { .. })), "{gone:?}");
    let is_a_folder = refusal_of(slot("mine", folder.path().to_owned())).await;
    assert!(matches!(is_a_folder, LoadError::File(PluginFileError::Unreadable { .. })), "{is_a_folder:?}");
    assert!(matches!(of("text", b"#!/bin/sh\n").await, PluginFileError::Invalid(_)));
    assert!(matches!(of("empty", b"").await, PluginFileError::Invalid(_)));
    assert!(matches!(of("half", &whole[..whole.len() / 2]).await, PluginFileError::Invalid(_)));
    assert!(matches!(of("module", b"\0asm\x01\0\0\0").await, PluginFileError::CoreModule));
    assert!(matches!(of("bare", b"\0asm\x0d\0\x01\0").await, PluginFileError::NoManifest));
}

#[tokio::test]
async fn more_memory_than_granted_is_refused_and_the_grant_mends_it() {
    let plugin = Repacked::new("probe_caller", |manifest| manifest.budget.memory = Some(ByteSize::mib(128)));
    let error = refusal_of(slot("mine", plugin.path())).await;
    let LoadError::Budget { asked, granted, .. } = &error else { panic!("{error:?}") };
    assert_eq!([asked, granted], ["128MiB", "64MiB"]);

    // The help is meant to be pasted.
    let advice = help(&error);
    let (_, pasted) = advice.split_once("memory = \"").unwrap();
    let memory: ByteSize = pasted.split_once('"').unwrap().0.parse().unwrap();
    let mut spec = slot("mine", plugin.path());
    spec.budget = BudgetGrant { memory: Some(memory), ..BudgetGrant::default() };
    load([spec]).await.unwrap();
}

#[tokio::test]
async fn a_plugin_that_does_not_fit_its_own_budget_does_not_start() {
    let plugin = Repacked::new("probe_caller", |manifest| manifest.budget.memory = Some(ByteSize::kib(64)));
    let error = load([slot("mine", plugin.path())]).await.err().expect("its memory starts larger");
    assert!(matches!(error, LoadError::Warm(CallError::MemoryBudget { .. })), "{error:?}");
}

#[tokio::test]
async fn an_unusable_schema_is_named_with_its_route() {
    let plugin = Repacked::new("probe_caller", |manifest| {
        manifest.routes.get_mut("Probe").unwrap().schema = Some(serde_json::json!({"type": "strange"}));
    });
    let error = refusal_of(slot("mine", plugin.path())).await;
    assert!(matches!(&error, LoadError::Schema { route, .. } if route == "Probe"), "{error:?}");
}

#[tokio::test]
async fn a_plugin_that_streams_cannot_be_resident() {
    let mut spec = slot("mine", guest("stream_words"));
    spec.instances = Some(soma_runtime::InstanceSpec::Resident);
    let error = refusal_of(spec).await;
    assert!(matches!(&error, LoadError::ResidentStream { slot } if slot == "mine"), "{error:?}");
    assert!(help(&error).contains("[slots.mine]: instances = \"warm\""), "{}", help(&error));
}
