//! Rust: a crate becomes a component.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;
use soma_manifest::{Manifest, PluginFile, embed};

use crate::cache::{self, Cache};
use crate::chain::Toolchain;
use crate::error::ToolchainError;
use crate::process;
use crate::progress::Progress;

/// What the SDK needs of the linker. A stack of 64 KiB instead of 1 MiB: the host resets the whole memory of a
/// plugin after each request, and the stack is the larger part of it.
pub const LINK_FLAGS: [&str; 2] = ["-C", "link-arg=-zstack-size=65536"];

/// The first bytes of a component; a core module has another version.
const COMPONENT: [u8; 8] = [0, b'a', b's', b'm', 0x0d, 0, 1, 0];

/// Rust leaves out the imports that are not called, and the SDK exports the hooks that `plugin!` names: the world is not
/// needed, and the manifest only afterwards.
pub(super) fn component(
    folder: &Path,
    manifest: &Manifest,
    _world: &Path,
    cache: &Cache,
    progress: Progress,
) -> Result<Vec<u8>, ToolchainError> {
    let component = Toolchain::find(folder, cache, progress)?.build(folder, &cache.guest_target())?;
    all_named(folder, &component, manifest)?;
    Ok(component)
}

/// Every hook that the component exports is in the manifest.
fn all_named(folder: &Path, component: &[u8], manifest: &Manifest) -> Result<(), ToolchainError> {
    // Whether it is a plugin at all is said by whoever packs it.
    let packed = embed(component, manifest).map(PluginFile::parse);
    let Ok(Ok(file)) = packed else { return Ok(()) };
    let unnamed: Vec<&str> = file.exports.difference(&manifest.hooks).map(|hook| hook.name()).collect();
    if unnamed.is_empty() { Ok(()) } else { Err(super::unnamed(folder, &unnamed, manifest)) }
}

/// Finds a tool chain and builds the crate in `crate_dir` into a component, without a manifest. Compiler messages
/// go to standard error as they are.
///
/// `target_dir` is where the build keeps its files; None is the folder in the cache that all guests share, which
/// saves building the standard library again.
///
/// # Errors
/// As [`Toolchain::find`]; `Compile` when the compiler refuses the crate, `NoComponent` when it is no `cdylib`.
pub fn rust_component(crate_dir: &Path, target_dir: Option<&Path>) -> Result<Vec<u8>, ToolchainError> {
    let cache = Cache::from_env()?;
    let toolchain = Toolchain::find(crate_dir, &cache, Progress::detect())?;
    let shared = cache.guest_target();
    toolchain.build(crate_dir, target_dir.unwrap_or(&shared))
}

impl Toolchain {
    /// Builds the crate in `crate_dir` into a component, without a manifest; see [`rust_component`].
    ///
    /// # Errors
    /// `Compile` and `NoComponent` as above, `NoProgram` without cargo.
    pub fn build(&self, crate_dir: &Path, target_dir: &Path) -> Result<Vec<u8>, ToolchainError> {
        cache::make_folder(target_dir)?;
        // Two crates of the same name in one target folder write the same file: it is read under the lock.
        let _lock = cache::lock(&target_dir.join("soma-build.lock"))?;
        let mut command = self.cargo(crate_dir);
        command.args(["build", "--release", "--lib", "--message-format=json-render-diagnostics"]);
        command.arg("--target-dir").arg(target_dir).args(self.flags());
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|source| process::not_started(&command, source))?;
        let mut messages = Vec::new();
        if let Some(mut stdout) = child.stdout.take() {
            stdout.read_to_end(&mut messages).map_err(ToolchainError::file("read", "cargo's messages"))?;
        }
        let status = child.wait().map_err(|source| process::not_started(&command, source))?;
        let crate_dir = crate_dir.to_owned();
        if !status.success() {
            return Err(ToolchainError::Compile { crate_dir });
        }
        let Some(file) = artifact(&messages, &crate_dir) else {
            return Err(ToolchainError::NoComponent { crate_dir });
        };
        let component = fs::read(&file).map_err(ToolchainError::file("read", &file))?;
        if component.starts_with(&COMPONENT) { Ok(component) } else { Err(ToolchainError::NoComponent { crate_dir }) }
    }
}

/// One line of cargo's messages.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

/// The `.wasm` file that cargo made of this crate (and not of one that it depends on).
fn artifact(messages: &[u8], crate_dir: &Path) -> Option<PathBuf> {
    let manifest = fs::canonicalize(crate_dir.join("Cargo.toml")).ok()?;
    let lines = messages.split(|byte| *byte == b'\n');
    let made = lines.filter_map(|line| serde_json::from_slice::<Message>(line).ok()).filter(|message| {
        message.reason == "compiler-artifact"
            && fs::canonicalize(&message.manifest_path).is_ok_and(|path| path == manifest)
    });
    made.flat_map(|message| message.filenames).rfind(|file| file.extension().is_some_and(|ending| ending == "wasm"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn takes_the_file_of_the_crate_itself() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = folder.path().join("Cargo.toml");
        fs::write(&manifest, "").unwrap();
        let line = |manifest: &str, files: &str| {
            format!("{{\"reason\":\"compiler-artifact\",\"manifest_path\":{manifest:?},\"filenames\":{files}}}\n")
        };
        let own = manifest.to_string_lossy();
        let messages = [
            "warning, not JSON\n".to_owned(),
            line("/elsewhere/Cargo.toml", "[\"/t/other.wasm\"]"),
            line(&own, "[\"/t/libplugin.rlib\", \"/t/plugin.wasm\"]"),
            line("/elsewhere/Cargo.toml", "[\"/t/late.wasm\"]"),
            "{\"reason\":\"build-finished\",\"success\":true}\n".to_owned(),
        ];
        let found = artifact(messages.concat().as_bytes(), folder.path());
        assert_eq!(found, Some(PathBuf::from("/t/plugin.wasm")));
        assert_eq!(artifact(line(&own, "[]").as_bytes(), folder.path()), None);
    }

    proptest! {
        #[test]
        fn any_message_is_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            artifact(&bytes, Path::new("."));
        }
    }
}
