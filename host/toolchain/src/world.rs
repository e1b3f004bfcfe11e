//! The WIT world of one plugin, written from its manifest.
//!
//! Rust, C and Zig leave out what a plugin does not call. Python and JavaScript keep every import of the world that
//! they are built for, and an import that the manifest does not want refuses the plugin. So each plugin is built for
//! a world of its own: what the manifest wants, and the hooks that it makes live. It is called [`WORLD`] for everybody,
//! because C's generated names begin with the name of the world.

use std::fs;
use std::path::Path;

use include_dir::{Dir, include_dir};
use soma_manifest::Manifest;

use crate::cache::make_folder;
use crate::error::ToolchainError;

/// The name of the world.
pub const WORLD: &str = "plugin";

/// The contract, as this build of Soma knows it.
pub(crate) static CONTRACT: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../wit");

/// Writes the contract and the world of this plugin into `folder`, which is made when it is not there.
///
/// # Errors
/// `File` when something can't be written.
pub fn write(manifest: &Manifest, folder: &Path) -> Result<(), ToolchainError> {
    write_exporting(manifest, &[], folder)
}

/// The same with exports that the manifest does not name, in place of what [`write()`] wrote.
pub(crate) fn write_exporting(manifest: &Manifest, more: &[&str], folder: &Path) -> Result<(), ToolchainError> {
    make_folder(folder)?;
    for file in CONTRACT.files() {
        let path = folder.join(file.path());
        fs::write(&path, file.contents()).map_err(ToolchainError::file("write", path))?;
    }
    let path = folder.join(format!("{WORLD}.wit"));
    fs::write(&path, text(manifest, more)).map_err(ToolchainError::file("write", path))
}

/// The world alone. `log` needs no want; `types` and `response` come with the hooks that use them.
fn text(manifest: &Manifest, more: &[&str]) -> String {
    let wants = manifest.wants.iter().map(|want| want.name());
    let imports = std::iter::once("log").chain(wants).map(|name| format!("  import {name};\n"));
    let hooks = manifest.hooks.iter().map(|hook| hook.name());
    let exports = hooks.chain(more.iter().copied()).map(|name| format!("  export {name};\n"));
    let lines: String = imports.chain(exports).collect();
    format!("package soma:neuron@0.1.0;\n\nworld {WORLD} {{\n{lines}}}\n")
}

#[cfg(test)]
pub(crate) mod tests {
    use soma_manifest::{Hook, Want};

    use super::*;

    /// A manifest without routes, for the tests of this crate.
    pub(crate) fn manifest(hooks: &[Hook], wants: &[Want]) -> Manifest {
        Manifest {
            name: "x".into(),
            version: "1".into(),
            hooks: hooks.iter().copied().collect(),
            wants: wants.iter().copied().collect(),
            config: Default::default(),
            budget: Default::default(),
            routes: Default::default(),
        }
    }

    #[test]
    fn imports_what_is_wanted_and_exports_what_is_live() {
        let gate = text(&manifest(&[Hook::Blacklist], &[]), &[]);
        assert!(gate.contains("import log;") && gate.contains("export blacklist;"), "{gate}");
        assert_eq!(gate.matches("import").count() + gate.matches("export").count(), 2, "{gate}");
        let miner = text(&manifest(&[Hook::Forward, Hook::Streaming], &[Want::Config, Want::Random]), &["lifecycle"]);
        for line in ["import config;", "import random;", "export forward;", "export streaming;", "export lifecycle;"] {
            assert!(miner.contains(line), "{miner}");
        }
        assert!(!miner.contains("clock"), "{miner}");
    }

    #[test]
    fn lies_beside_the_contract_in_its_package() {
        let folder = tempfile::tempdir().unwrap();
        write(&manifest(&[Hook::Forward], &[]), folder.path()).unwrap();
        let contract = fs::read_to_string(folder.path().join("types.wit")).unwrap();
        let world = fs::read_to_string(folder.path().join("plugin.wit")).unwrap();
        let package = world.lines().next().unwrap();
        assert!(contract.contains(package), "{package}");
        assert!(!contract.contains(&format!("world {WORLD} ")));
    }
}
