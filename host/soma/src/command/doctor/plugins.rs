//! The plugins: whether each file is one, and which version.

use soma_manifest::PluginFile;
use soma_runtime::SlotSpec;
use soma_runtime::slots::SlotStatus;

use super::finding::Finding;

const CHECK: &str = "plugin";

/// Reads the file of each slot. Nothing is compiled.
pub fn check(slots: &[SlotSpec], running: &[SlotStatus]) -> Vec<Finding> {
    slots.iter().map(|slot| one(slot, running.iter().find(|status| status.slot == slot.name))).collect()
}

fn one(slot: &SlotSpec, running: Option<&SlotStatus>) -> Finding {
    let file = match PluginFile::open(&slot.plugin) {
        Ok(file) => file,
        Err(error) => return named(&slot.name, Finding::from_error(CHECK, &error)),
    };
    if let Err(error) = file.check_grants(&slot.name, &slot.grant) {
        return Finding::from_error(CHECK, &error);
    }
    if let Err(error) = file.check_settings(&slot.name, &slot.config) {
        return Finding::from_error(CHECK, &error);
    }
    let manifest = &file.manifest;
    let says = format!("{}: {} {}", slot.name, manifest.name, manifest.version);
    match running {
        Some(status) if status.out_until_ms.is_some() => Finding::wrong(
            CHECK,
            format!("{says} was taken out by the running host: it trapped for too many callers"),
            "the log has its traps; put a mended version in with `soma plugin swap`",
        ),
        Some(status) if status.digest != file.digest.to_string() => Finding::remark(
            CHECK,
            format!("{says} is in the file, and the running host serves {} {}", status.plugin, status.version),
            format!("`soma plugin swap {} {}` takes the file's", slot.name, slot.plugin.display()),
        ),
        Some(_) => Finding::good(CHECK, format!("{says}, and the running host serves it")),
        None => Finding::good(CHECK, says),
    }
}

fn named(slot: &str, finding: Finding) -> Finding {
    Finding { says: format!("{slot}: {}", finding.says), ..finding }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::finding::Verdict;
    use super::*;

    #[test]
    fn a_file_that_is_no_plugin_is_wrong_and_names_its_slot() {
        let folder = tempfile::tempdir().unwrap();
        let plugin = folder.path().join("a.wasm");
        let slot = SlotSpec {
            name: "text".to_owned(),
            plugin: plugin.clone(),
            routes: None,
            grant: BTreeSet::new(),
            config: BTreeMap::new(),
            budget: soma_runtime::budget::BudgetGrant::default(),
            instances: None,
        };
        for content in [None, Some("not a component")] {
            if let Some(content) = content {
                std::fs::write(&plugin, content).unwrap();
            }
            let findings = check(std::slice::from_ref(&slot), &[]);
            assert_eq!(findings[0].verdict, Verdict::Wrong, "{findings:?}");
            assert!(findings[0].says.starts_with("text: "), "{findings:?}");
            assert!(findings[0].mend.is_some(), "{findings:?}");
        }
    }
}
