//! `soma plugin build`: a folder becomes a plugin file.

use std::path::{Path, PathBuf};

use soma_manifest::{Manifest, PluginFile, PluginFileError, embed};
use soma_toolchain::{Cache, Progress};

use crate::error::SomaError;
use crate::output::say;

/// Builds the plugin and says what came out.
pub fn build(folder: &Path, output: Option<PathBuf>, component: Option<PathBuf>) -> miette::Result<()> {
    let (path, file) = built(folder, output, component)?;
    let (manifest, kib) = (&file.manifest, file.bytes.len().div_ceil(1024));
    say!("{}: {} {}, {kib} KiB, file digest {}", path.display(), manifest.name, manifest.version, file.digest.short())?;
    Ok(())
}

/// Builds the plugin and writes its file, whose path comes back with it.
pub fn built(
    folder: &Path,
    output: Option<PathBuf>,
    component: Option<PathBuf>,
) -> miette::Result<(PathBuf, PluginFile)> {
    // The manifest first: a mistake in it should not cost a compilation.
    let manifest = Manifest::from_source(&folder.join("plugin.toml"))?;
    let component = match component {
        Some(file) => std::fs::read(&file).map_err(|cause| PluginFileError::Unreadable { path: file, cause })?,
        None => soma_toolchain::build::component(folder, &Cache::from_env()?, Progress::detect())?,
    };
    let file = PluginFile::parse(embed(&component, &manifest)?)?;
    let path = output.unwrap_or_else(|| folder.join(format!("{}.wasm", manifest.name)));
    write_beside_and_rename(&path, &file.bytes).map_err(|cause| SomaError::Write { path: path.clone(), cause })?;
    Ok((path, file))
}

/// A running host may load the file at any time: it sees the old one or the new one.
fn write_beside_and_rename(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    std::fs::write(&beside, bytes)?;
    std::fs::rename(&beside, path)
}
