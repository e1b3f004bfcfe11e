//! TypeScript and JavaScript.
//!
//! The tools are npm packages, pinned by a lock file that is part of this crate: the TypeScript compiler checks the
//! types (where the plugin has a `tsconfig.json`), esbuild makes one file of the sources, componentize-js puts the
//! StarlingMonkey engine round it. The engine keeps every import of its world and stubs its own clock, console and
//! randomness: the SDK puts the host's in their place, and what the manifest does not want is refused when it is called.
//!
//! A plugin that does not name its own copy of the SDK gets the one that is part of this crate.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use include_dir::{Dir, include_dir};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use soma_manifest::Manifest;

use crate::cache::{Cache, Lock, make_folder, remove_folder};
use crate::error::ToolchainError;
use crate::process;
use crate::progress::Progress;

pub(crate) static SDK_SOURCES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../sdk-guest/typescript/src");
pub(crate) static SDK_PACKAGE: &str = include_str!("../../../../sdk-guest/typescript/package.json");

const PACKAGE: &str = include_str!("../../../../sdk-guest/typescript/toolchain/package.json");
const LOCK: &str = include_str!("../../../../sdk-guest/typescript/toolchain/package-lock.json");
const BUILD: &str = include_str!("../../../../sdk-guest/typescript/toolchain/build.mjs");

/// The folder of the tools in the cache, and its lock.
const NAME: &str = "typescript";
/// What was installed there; written last.
const STAMP: &str = "soma-stamp";
/// The oldest node that the packages run with.
const OLDEST_NODE: u32 = 20;
/// The author's sources begin here unless `main` of package.json says otherwise.
const ENTRY: &str = "src/index.ts";

/// The pinned packages.
pub(super) fn tools() -> String {
    #[derive(Deserialize)]
    struct Package {
        dependencies: Map<String, Value>,
    }
    let Ok(package) = serde_json::from_str::<Package>(PACKAGE) else { return PACKAGE.to_owned() };
    let pins = package.dependencies.iter().map(|(name, version)| match version.as_str() {
        Some(version) => format!("{name}@{version}"),
        None => name.clone(),
    });
    pins.collect::<Vec<_>>().join(" ")
}

/// Builds the plugin in `folder`.
pub(super) fn component(
    folder: &Path,
    manifest: &Manifest,
    world: &Path,
    cache: &Cache,
    progress: Progress,
) -> Result<Vec<u8>, ToolchainError> {
    let entry = entry(folder)?;
    let tools = Tools::get(cache, progress)?;
    let step = progress.step(format!("building {}", manifest.name));
    tools.check_types(folder)?;
    let output = world.join("component.wasm");
    tools.build(folder, &Order { entry: &entry, manifest, world, output: &output })?;
    let component = fs::read(&output).map_err(ToolchainError::file("read", &output))?;
    step.done();
    Ok(component)
}

/// The first file of the sources, relative to the plugin's folder.
fn entry(folder: &Path) -> Result<String, ToolchainError> {
    let failed = |output: String, help: String| ToolchainError::Build { folder: folder.to_owned(), output, help };
    let path = folder.join("package.json");
    let text = fs::read_to_string(&path).map_err(ToolchainError::file("read", &path))?;
    let package: Value = serde_json::from_str(&text)
        .map_err(|error| failed(format!("package.json is not JSON: {error}"), "correct package.json".to_owned()))?;
    let entry = package.get("main").and_then(Value::as_str).unwrap_or(ENTRY);
    if !folder.join(entry).is_file() {
        let help = format!("write {entry}, or name the file with the hooks as `main` in package.json");
        return Err(failed(format!("there is no {entry}"), help));
    }
    Ok(if entry.starts_with('.') { entry.to_owned() } else { format!("./{entry}") })
}

/// What is built.
struct Order<'a> {
    entry: &'a str,
    manifest: &'a Manifest,
    world: &'a Path,
    output: &'a Path,
}

/// The installed packages. Others wait for as long as this lives: another version of Soma would install its own.
#[derive(Debug)]
pub struct Tools {
    folder: PathBuf,
    _lock: Lock,
}

impl Tools {
    /// Installs the packages when they are not there.
    ///
    /// # Errors
    /// `NoNode` without a node that runs them, `Npm` when they can't be installed, `File`.
    pub fn get(cache: &Cache, progress: Progress) -> Result<Tools, ToolchainError> {
        let node = node_version()?;
        let tools = Tools { _lock: cache.lock(NAME)?, folder: cache.root().join(NAME) };
        let stamp = format!("{node}{PACKAGE}{LOCK}");
        if !fs::read_to_string(tools.folder.join(STAMP)).is_ok_and(|found| found == stamp) {
            let step = progress.step("installing the tools for TypeScript (230 MB)");
            tools.install()?;
            write(&tools.folder.join(STAMP), &stamp)?;
            step.done();
        }
        tools.write_own()?;
        Ok(tools)
    }

    /// Where they are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn install(&self) -> Result<(), ToolchainError> {
        remove_folder(&self.folder)?;
        make_folder(&self.folder)?;
        write(&self.folder.join("package.json"), PACKAGE)?;
        write(&self.folder.join("package-lock.json"), LOCK)?;
        let mut command = clean("npm", &self.folder);
        // No package's own code runs while it is installed.
        command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]);
        let result = command.stdin(Stdio::null()).output().map_err(|cause| no_node(&cause.to_string()))?;
        if result.status.success() {
            return Ok(());
        }
        Err(ToolchainError::Npm { folder: self.folder.clone(), output: said(&result) })
    }

    /// The parts of this crate that the packages work with.
    fn write_own(&self) -> Result<(), ToolchainError> {
        write(&self.folder.join("build.mjs"), BUILD)?;
        let sdk = self.sdk();
        remove_folder(&sdk)?;
        write_sdk(&sdk)
    }

    fn sdk(&self) -> PathBuf {
        self.folder.join("sdk")
    }

    /// Checks the types of what is in `folder`; content when there is no `tsconfig.json`.
    ///
    /// # Errors
    /// `Build` with the compiler's words.
    pub fn check_types(&self, folder: &Path) -> Result<(), ToolchainError> {
        if !folder.join("tsconfig.json").is_file() {
            return Ok(());
        }
        let mut command = clean("node", folder);
        command.arg(self.folder.join("node_modules/typescript/bin/tsc"));
        command.args(["--noEmit", "--pretty", "false", "--project", "tsconfig.json"]);
        let help = "correct the types; tsconfig.json says what is checked, and how strictly";
        finish(folder, &mut command, b"", help)
    }

    fn build(&self, folder: &Path, order: &Order<'_>) -> Result<(), ToolchainError> {
        let manifest = order.manifest;
        let order = json!({
            "folder": folder,
            "entry": order.entry,
            "world": order.world,
            "output": order.output,
            "sdk": self.sdk(),
            "hooks": manifest.hooks.iter().map(|hook| hook.name()).collect::<Vec<_>>(),
            "wants": manifest.wants.iter().map(|want| want.name()).collect::<Vec<_>>(),
        });
        let mut command = clean("node", folder);
        command.arg(self.folder.join("build.mjs"));
        let help = "the message is from esbuild, which reads the sources, or from the engine, which runs them once";
        finish(folder, &mut command, order.to_string().as_bytes(), help)
    }
}

/// Writes the SDK's package into `folder`.
pub(crate) fn write_sdk(folder: &Path) -> Result<(), ToolchainError> {
    let sources = folder.join("src");
    make_folder(&sources)?;
    SDK_SOURCES.extract(&sources).map_err(ToolchainError::file("write", &sources))?;
    write(&folder.join("package.json"), SDK_PACKAGE)
}

fn write(path: &Path, text: &str) -> Result<(), ToolchainError> {
    fs::write(path, text).map_err(ToolchainError::file("write", path))
}

/// A command without settings that would reach into the tools from outside.
fn clean(program: &str, folder: &Path) -> Command {
    let mut command = process::clean(program, folder);
    command.env_remove("NODE_OPTIONS").env_remove("NODE_PATH");
    command
}

/// Runs one of the tools on the plugin in `folder`; what it says is the error.
fn finish(folder: &Path, command: &mut Command, input: &[u8], help: &str) -> Result<(), ToolchainError> {
    let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = started.map_err(|cause| no_node(&cause.to_string()))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A tool that ends before it has read everything says why.
        _ = stdin.write_all(input);
    }
    let result = child.wait_with_output().map_err(|cause| no_node(&cause.to_string()))?;
    if result.status.success() {
        // Warnings.
        _ = std::io::stderr().write_all(&result.stderr);
        return Ok(());
    }
    Err(ToolchainError::Build { folder: folder.to_owned(), output: said(&result), help: help.to_owned() })
}

/// Everything that a tool printed. A compiler's words are worth more than a fixed number of lines.
fn said(result: &Output) -> String {
    let text = [result.stdout.as_slice(), result.stderr.as_slice()].concat();
    let text = String::from_utf8_lossy(&text).trim().to_owned();
    if text.is_empty() { result.status.to_string() } else { text }
}

/// The version of node, e.g. `v20.20.2`, when it is one that runs the packages.
fn node_version() -> Result<String, ToolchainError> {
    let answer = Command::new("node").arg("--version").stdin(Stdio::null()).output();
    let answer = answer.map_err(|cause| no_node(&cause.to_string()))?;
    let version = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
    match major(&version) {
        Some(found) if found >= OLDEST_NODE => Ok(version),
        _ => Err(no_node(&format!("it is {version:?}"))),
    }
}

fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn no_node(problem: &str) -> ToolchainError {
    ToolchainError::NoNode { problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_packages_are_pinned_and_the_lock_knows_them() {
        let lock: Value = serde_json::from_str(LOCK).unwrap();
        let tools = tools();
        assert_eq!(tools.split(' ').count(), 3, "{tools}");
        for pin in tools.split(' ') {
            let (name, version) = pin.rsplit_once('@').unwrap();
            assert!(version.chars().all(|c| c.is_ascii_digit() || c == '.'), "{pin}");
            let locked = &lock["packages"][format!("node_modules/{name}")];
            assert_eq!(locked["version"], version, "{pin}");
        }
        // Where a package comes from is the machine's setting; what it is, is pinned.
        for (name, package) in lock["packages"].as_object().unwrap() {
            assert!(package.get("resolved").is_none(), "{name}");
            assert!(name.is_empty() || package["integrity"].is_string(), "{name}");
        }
    }

    #[test]
    fn the_sources_begin_where_package_json_says() {
        let folder = tempfile::tempdir().unwrap();
        let ask = |package: &str| {
            fs::write(folder.path().join("package.json"), package).unwrap();
            entry(folder.path())
        };
        fs::write(folder.path().join("plugin.js"), "").unwrap();
        assert_eq!(ask(r#"{"main": "plugin.js"}"#).unwrap(), "./plugin.js");
        assert_eq!(ask(r#"{"main": "./plugin.js"}"#).unwrap(), "./plugin.js");
        for (package, problem) in [("{}", "no src/index.ts"), (r#"{"main": "x.ts"}"#, "no x.ts"), ("{", "not JSON")] {
            let error = ask(package).unwrap_err();
            assert!(error.to_string().contains(problem), "{error}");
        }
        fs::create_dir(folder.path().join("src")).unwrap();
        fs::write(folder.path().join("src/index.ts"), "").unwrap();
        assert_eq!(ask("{}").unwrap(), "./src/index.ts");
    }

    #[test]
    fn the_sdk_is_a_package_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        write_sdk(folder.path()).unwrap();
        for file in ["package.json", "src/index.ts", "src/host/component.ts", "src/host/stand-in.ts"] {
            assert!(folder.path().join(file).is_file(), "{file}");
        }
    }

    #[test]
    fn reads_the_version_of_node() {
        for (text, expected) in [("v20.20.2", Some(20)), ("v8", Some(8)), ("20.1", None), ("", None), ("vx", None)] {
            assert_eq!(major(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_version_is_read(text in "\\PC{0,20}") {
            major(&text);
        }
    }
}
