//! The built guests have the shapes that they are there for. `cargo xtask test` builds them and says where.

#![allow(clippy::expect_used, clippy::panic, reason = "a test says what is missing by failing")]

use std::fs;
use std::path::PathBuf;

use soma_manifest::{Hook, PluginFile, PluginFileError, Want};
use wasmparser::{Parser, Payload};

fn bytes(guest: &str) -> Vec<u8> {
    let folder = std::env::var_os("SOMA_GUESTS").expect("SOMA_GUESTS is not set: run `cargo xtask test`");
    let path = PathBuf::from(folder).join(format!("{guest}.wasm"));
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn guests_export_their_hooks_and_import_what_they_use() {
    use Hook::{Blacklist, Forward, Priority, Streaming};
    let cases: [(&str, &[Hook], &[Want]); 22] = [
        ("c_metagraph", &[Forward, Blacklist, Priority], &[Want::Metagraph]),
        ("deny_reason", &[Forward, Blacklist], &[]),
        ("hotkey-list", &[Blacklist], &[Want::Config]),
        ("limit_memory", &[Forward], &[]),
        ("limit_output", &[Forward], &[]),
        ("limit_spin", &[Forward], &[]),
        ("metagraph_reads", &[Forward, Blacklist, Priority], &[Want::Metagraph]),
        ("probe_caller", &[Forward, Blacklist, Priority], &[]),
        ("probe_imports", &[Forward], &[Want::Clock, Want::Random, Want::Config]),
        ("python_ambient", &[Forward, Blacklist], &[Want::Clock, Want::Random]),
        ("python_metagraph", &[Forward, Blacklist, Priority], &[Want::Metagraph]),
        ("reply_failures", &[Forward], &[]),
        ("reply_garbage", &[Forward], &[]),
        ("stake-gate", &[Blacklist], &[Want::Config, Want::Metagraph]),
        ("stake-priority", &[Priority], &[Want::Config, Want::Metagraph]),
        ("swap_next", &[Forward, Streaming, Blacklist, Priority], &[Want::Config]),
        ("text-miner-c", &[Forward, Streaming, Blacklist, Priority], &[Want::Config]),
        ("text-miner-python", &[Forward, Streaming, Blacklist, Priority], &[Want::Config]),
        ("text-miner-rust", &[Forward, Streaming, Blacklist, Priority], &[Want::Config]),
        ("trap_gate", &[Forward, Blacklist], &[]),
        ("trap_panic", &[Forward], &[]),
        ("typescript_metagraph", &[Forward, Blacklist, Priority], &[Want::Metagraph]),
    ];
    for (guest, hooks, wants) in cases {
        let plugin = PluginFile::parse(bytes(guest)).unwrap_or_else(|error| panic!("{guest}: {error}"));
        assert_eq!(plugin.exports, hooks.iter().copied().collect(), "{guest}");
        assert_eq!(plugin.imports, wants.iter().copied().collect(), "{guest}");
        assert_eq!(plugin.manifest.hooks, plugin.exports, "{guest}");
    }
}

#[test]
fn guests_with_a_wrong_shape_are_refused_for_it() {
    let refused = |guest| PluginFile::parse(bytes(guest)).unwrap_err();
    let foreign = refused("import_foreign");
    assert!(matches!(&foreign, PluginFileError::ForeignImport { import } if import == "elsewhere:outside/door@1.0.0"));
    let unwanted = refused("import_unwanted");
    assert!(matches!(&unwanted, PluginFileError::UnwantedImport { want: Want::Config, .. }), "{unwanted}");
    let half = refused("export_half");
    assert!(matches!(&half, PluginFileError::HalfHook { hook: Hook::Blacklist, .. }), "{half}");
}

#[test]
fn the_example_and_its_next_release_differ_in_the_version() {
    let [one, other] = ["text-miner-rust", "swap_next"].map(|guest| PluginFile::parse(bytes(guest)).unwrap().manifest);
    assert_eq!(one.name, other.name);
    assert_eq!((one.version.as_str(), other.version.as_str()), ("0.1.0", "0.2.0"));
    assert_eq!(one.routes, other.routes);
}

/// A fresh instance costs what its memory has at the start: 64 KiB of stack, the arena of 64 KiB, and data.
#[test]
fn the_memory_of_a_guest_starts_small() {
    for guest in ["text-miner-c", "text-miner-rust", "hotkey-list", "stake-gate", "stake-priority", "probe_caller"] {
        let component = bytes(guest);
        let mut pages = Vec::new();
        for payload in Parser::new(0).parse_all(&component) {
            if let Payload::MemorySection(memories) = payload.unwrap() {
                pages.extend(memories.into_iter().map(|memory| memory.unwrap().initial));
            }
        }
        assert_eq!(pages, [3], "{guest}");
    }
}
