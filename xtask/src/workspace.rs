//! Where things are in this repository.

use std::env;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::cargo;
use crate::error::XtaskError;

/// The repository.
pub struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

/// The part of `cargo metadata` that is read.
#[derive(Deserialize)]
struct Metadata {
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

/// Crates that are built for another target, outside of the host's workspace: they have unit tests and lints of
/// their own.
pub const OUTSIDE: [&str; 6] = [
    "sdk-guest/rust",
    "examples/text-miner-rust",
    "plugins/hotkey-list",
    "plugins/stake-gate",
    "plugins/stake-priority",
    "tests/guests",
];

impl Workspace {
    /// Asks cargo.
    pub fn find() -> Result<Self, XtaskError> {
        let start = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let answer = cargo::command(Path::new(&start))
            .args(["metadata", "--no-deps", "--format-version=1", "--offline"])
            .output()
            .map_err(XtaskError::no_program("cargo"))?;
        let metadata: Metadata =
            serde_json::from_slice(&answer.stdout).map_err(|error| XtaskError::Metadata(error.to_string()))?;
        Ok(Self { root: metadata.workspace_root, target: metadata.target_directory })
    }

    /// The repository's root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the built guests are.
    pub fn guests(&self) -> PathBuf {
        self.target.join("guests")
    }

    /// Where the guests' crates are built for this machine, to be tested and checked.
    pub fn outside_target(&self) -> PathBuf {
        self.target.join("guests-native")
    }

    /// A program of a debug build.
    pub fn built(&self, name: &str) -> PathBuf {
        self.program("debug", name)
    }

    /// A program of a release build.
    pub fn released(&self, name: &str) -> PathBuf {
        self.program("release", name)
    }

    fn program(&self, profile: &str, name: &str) -> PathBuf {
        self.target.join(profile).join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }
}
