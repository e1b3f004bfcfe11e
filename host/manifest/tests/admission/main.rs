//! Plugin files as they are built and as they must not be, read without compiling anything.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation is how a test fails; clippy exempts only the test functions themselves"
)]

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use miette::Diagnostic;
use proptest::prelude::*;
use soma_manifest::file::LARGEST_PLUGIN;
use soma_manifest::{Hook, PluginFile, PluginFileError, Want, embed};
use wasm_encoder::{ComponentSection, CustomSection, Encode};

/// A built guest. `cargo xtask test` says where they are; without that they are looked for where it puts them.
fn guest(name: &str) -> PathBuf {
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("guests");
    let folder = std::env::var_os("SOMA_GUESTS").map_or(built, PathBuf::from);
    let path = folder.join(format!("{name}.wasm"));
    assert!(path.is_file(), "{} is not there: run `cargo xtask test`", path.display());
    path
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(guest(name)).unwrap()
}

/// A whole plugin, the smallest one.
static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| bytes("hotkey-list"));

fn help(error: &dyn Diagnostic) -> String {
    error.help().unwrap().to_string()
}

/// The strings of the list in a help text: `... = ["a", "b"]`.
fn pasted(help: &str) -> BTreeSet<Want> {
    let (_, list) = help.rsplit_once('[').unwrap();
    list.trim_end_matches(']').split(", ").map(|name| Want::from_name(name.trim_matches('"')).unwrap()).collect()
}

fn with_section(component: &[u8], name: &str, data: &[u8]) -> Vec<u8> {
    let mut packed = component.to_vec();
    let section = CustomSection { name: name.into(), data: data.into() };
    packed.push(section.id());
    section.encode(&mut packed);
    packed
}

#[test]
fn the_line_that_a_refusal_names_mends_the_manifest() {
    let mut unwanted = bytes("import_unwanted");
    let error = PluginFile::parse(unwanted.clone()).unwrap_err();
    let wants = pasted(&help(&error));
    // Its manifest, with that line.
    let mut manifest = PluginFile::parse(bytes("limit_spin")).unwrap().manifest;
    manifest.wants = wants.clone();
    unwanted = embed(&unwanted, &manifest).unwrap();
    assert_eq!(PluginFile::parse(unwanted).unwrap().imports, wants);
}

#[test]
fn the_line_that_a_missing_grant_names_is_enough_and_takes_nothing_away() {
    let file = PluginFile::open(&guest("probe_imports")).unwrap();
    for granted in [BTreeSet::new(), BTreeSet::from([Want::Clock]), BTreeSet::from([Want::Random, Want::Config])] {
        let error = file.check_grants("mine", &granted).unwrap_err();
        assert!(!granted.contains(&error.want));
        assert!(help(&error).contains("[slots.mine]"), "{}", help(&error));
        let line = pasted(&help(&error));
        assert!(line.is_superset(&granted));
        file.check_grants("mine", &line).unwrap();
    }
}

#[test]
fn a_grant_that_the_plugin_does_not_want_is_found() {
    let file = PluginFile::open(&guest("hotkey-list")).unwrap();
    let table = [(vec![], vec![]), (vec![Want::Config], vec![]), (vec![Want::Clock, Want::Config], vec![Want::Clock])];
    for (granted, unused) in table {
        assert_eq!(file.unused_grants(&granted.into_iter().collect()), unused);
    }
}

#[test]
fn the_manifest_says_which_hooks_are_live_and_only_those_that_are_there() {
    let file = PluginFile::open(&guest("probe_caller")).unwrap();
    let exports = BTreeSet::from([Hook::Forward, Hook::Blacklist, Hook::Priority]);
    assert_eq!(file.exports, exports);
    let mut manifest = file.manifest.clone();
    manifest.hooks = [Hook::Forward].into();
    let fewer = PluginFile::parse(embed(&file.bytes, &manifest).unwrap()).unwrap();
    assert_eq!((fewer.manifest.hooks, fewer.exports), ([Hook::Forward].into(), exports));
    let more = embed(&bytes("limit_spin"), &file.manifest).unwrap();
    let error = PluginFile::parse(more).unwrap_err();
    assert!(matches!(error, PluginFileError::MissingHook { hook: Hook::Blacklist }), "{error:?}");
}

#[test]
fn packing_again_replaces_the_manifest_and_changes_nothing_else() {
    let file = PluginFile::parse(WHOLE.clone()).unwrap();
    assert_eq!(embed(&WHOLE, &file.manifest).unwrap(), *WHOLE, "the same manifest makes the same file");
    let mut manifest = file.manifest.clone();
    manifest.version = "9.9.9".to_owned();
    let next = PluginFile::parse(embed(&WHOLE, &manifest).unwrap()).unwrap();
    assert_eq!(next.manifest, manifest);
    assert_ne!(next.digest, file.digest);
    assert_eq!(embed(&next.bytes, &file.manifest).unwrap(), *WHOLE);
}

#[test]
fn there_is_one_manifest_and_it_is_a_manifest() {
    let file = PluginFile::parse(WHOLE.clone()).unwrap();
    let twice = with_section(&WHOLE, "soma:manifest", &file.manifest.to_section().unwrap());
    assert!(matches!(PluginFile::parse(twice.clone()), Err(PluginFileError::TwoManifests)));
    assert_eq!(embed(&twice, &file.manifest).unwrap(), *WHOLE, "packing again mends it");
    let bare = b"\0asm\x0d\0\x01\0";
    for junk in [&b""[..], b"{", b"[]", b"{\"name\": 5}", b"\xff\xfe"] {
        let packed = with_section(bare, "soma:manifest", junk);
        assert!(matches!(PluginFile::parse(packed), Err(PluginFileError::Manifest(_))), "{junk:?}");
    }
    let other = with_section(&WHOLE, "somebody:else", b"junk");
    assert_eq!(PluginFile::parse(other).unwrap().manifest, file.manifest);
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.wasm");
    File::create(&path).unwrap().set_len(LARGEST_PLUGIN + 1).unwrap();
    let error = PluginFile::open(&path).unwrap_err();
    assert!(matches!(error, PluginFileError::TooLarge { size, limit } if size == limit + 1), "{error:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_plugin_that_is_cut_off_is_refused(at in 0..WHOLE.len()) {
        prop_assert!(PluginFile::parse(WHOLE[..at].to_vec()).is_err());
    }

    #[test]
    fn damage_is_refused_or_harmless(at in 0..WHOLE.len(), by in 1_u8.., length in 1_usize..9) {
        let mut damaged = WHOLE.clone();
        for byte in damaged.iter_mut().skip(at).take(length) {
            *byte ^= by;
        }
        if let Ok(file) = PluginFile::parse(damaged.clone()) {
            prop_assert!(file.manifest.hooks.is_subset(&file.exports));
            prop_assert!(file.imports.is_subset(&file.manifest.wants));
        }
        let manifest = PluginFile::parse(WHOLE.clone()).unwrap().manifest;
        let _ = embed(&damaged, &manifest);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let header = b"\0asm\x0d\0\x01\0".to_vec();
        prop_assert!(PluginFile::parse(bytes.clone()).is_err());
        let _ = PluginFile::parse([header, bytes].concat());
    }
}
