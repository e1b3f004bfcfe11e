//! A plugin's folder becomes a component, by the tools of its language.
//!
//! Each language is one module with one function `component`. It gets the manifest, and a folder with the contract
//! and the world `plugin` ([`crate::world`]): tool chains that keep every import of their world build against that.
//! The component comes back without a manifest.

pub(crate) mod c;
pub(crate) mod python;
pub mod rust;
pub mod typescript;

use std::path::Path;

use soma_manifest::Manifest;

use crate::cache::Cache;
use crate::error::ToolchainError;
use crate::language::Language;
use crate::progress::Progress;
use crate::world;

/// Builds the plugin in `folder` into a component, without a manifest. The tools that its language needs are fetched
/// into `cache` when they are not there. Compiler messages go to standard error as they are, or are part of the error.
///
/// # Errors
/// As [`Language::of`]; `Manifest` when `plugin.toml` is not usable; what the language's tools have to say.
pub fn component(folder: &Path, cache: &Cache, progress: Progress) -> Result<Vec<u8>, ToolchainError> {
    let language = Language::of(folder)?;
    let folder = std::path::absolute(folder).map_err(ToolchainError::file("find", folder))?;
    let manifest = Manifest::from_source(&folder.join("plugin.toml"))?;
    let scratch = scratch("soma-world-")?;
    world::write(&manifest, scratch.path())?;
    let build = match language {
        Language::Rust => rust::component,
        Language::Python => python::component,
        Language::TypeScript => typescript::component,
        Language::C => c::component,
    };
    build(&folder, &manifest, scratch.path(), cache, progress)
}

impl Language {
    /// The pinned tools that build plugins in this language, e.g. `componentize-py==0.25.1`. Empty for Rust, which is
    /// built with the author's own toolchain ([`crate::Toolchain::identity`]).
    pub fn tools(self) -> String {
        match self {
            Language::Rust => String::new(),
            Language::Python => python::tools(),
            Language::TypeScript => typescript::tools(),
            Language::C => c::tools(),
        }
    }
}

/// What is wrong with a plugin whose code has these functions while `hooks` of plugin.toml does not name them. A gate that
/// is silently left out would let everybody in.
fn unnamed(folder: &Path, hooks: &[&str], manifest: &Manifest) -> ToolchainError {
    let found = hooks
        .iter()
        .map(|hook| format!("a {hook} function is there, but `hooks` of plugin.toml does not name \"{hook}\""));
    let named = manifest.hooks.iter().map(|hook| hook.name()).chain(hooks.iter().copied());
    let line: Vec<String> = named.map(|hook| format!("\"{hook}\"")).collect();
    ToolchainError::Build {
        folder: folder.to_owned(),
        output: found.collect::<Vec<_>>().join("\n"),
        help: format!("write hooks = [{}] into plugin.toml, or take the function out", line.join(", ")),
    }
}

/// A temporary folder for what a build needs only while it runs.
fn scratch(prefix: &str) -> Result<tempfile::TempDir, ToolchainError> {
    let made = tempfile::Builder::new().prefix(prefix).tempdir();
    made.map_err(ToolchainError::file("make", std::env::temp_dir()))
}
