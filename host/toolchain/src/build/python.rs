//! Python: componentize-py, with every WASI import stubbed.
//!
//! The author writes a module with `axon.attach(...)`. What the tool wants, a module with one class for each hook, is
//! generated: it prepares `print`, time and the like before the author's module is imported, and has the functions
//! compared with the manifest after it. All modules are imported at build time; what they leave in memory is the
//! component.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use include_dir::{Dir, include_dir};
use soma_manifest::contract::LIFECYCLE;
use soma_manifest::{Hook, Manifest};

use crate::cache::{Cache, make_folder};
use crate::error::ToolchainError;
use crate::process;
use crate::progress::Progress;
use crate::template;
use crate::venv::Venv;
use crate::world::{self, WORLD};

/// Newer ones may bring another Python, with other modules: a test has to see it first.
const TOOL: &str = "componentize-py==0.25.1";
/// The environment's folder in the cache.
const ENVIRONMENT: &str = "componentize-py";
/// The generated module.
const ENTRY: &str = "soma_entry";
/// The author's module, when there are several.
const MODULE: &str = "app";

/// The SDK, as this build of Soma knows it.
pub(crate) static SDK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../sdk-guest/python/soma");

/// What builds plugins in this language.
pub(super) fn tools() -> String {
    TOOL.to_owned()
}

/// Builds the plugin in `folder`.
pub(super) fn component(
    folder: &Path,
    manifest: &Manifest,
    world: &Path,
    cache: &Cache,
    progress: Progress,
) -> Result<Vec<u8>, ToolchainError> {
    // The author's mistakes first: they should not cost a download.
    let module = module(folder)?;
    // Also where the author has no init function: the first request finds an interpreter that is ready.
    world::write_exporting(manifest, &[LIFECYCLE.0], world)?;
    let venv = Venv::get(cache, ENVIRONMENT, &[TOOL.to_owned()], progress)?;
    let step = progress.step(format!("{}: importing its modules into a component (about 15 s)", manifest.name));
    let scratch = super::scratch("soma-python-")?;
    let entry = scratch.path().join("entry");
    make_folder(&entry)?;
    let file = entry.join(format!("{ENTRY}.py"));
    fs::write(&file, entry_text(&module, manifest)).map_err(ToolchainError::file("write", file))?;
    let sdk = sdk(folder, scratch.path())?;
    let output = scratch.path().join("plugin.wasm");

    let mut command = Command::new(venv.program("componentize-py"));
    command.arg("--quiet").arg("--wit-path").arg(world).args(["--world", WORLD]);
    command.args(["componentize", "--stub-wasi", ENTRY]);
    for path in [&entry, &sdk, folder] {
        command.arg("--python-path").arg(path);
    }
    command.arg("--output").arg(&output).current_dir(scratch.path());
    // The tool's own call stack says nothing to an author.
    command.env("RUST_BACKTRACE", "0").env_remove("PYTHONPATH").env_remove("PYTHONHOME");
    let ended = command.stdin(Stdio::null()).output().map_err(|source| process::not_started(&command, source))?;
    if !ended.status.success() {
        return Err(failed(folder, &String::from_utf8_lossy(&ended.stderr)));
    }
    step.done();
    fs::read(&output).map_err(ToolchainError::file("read", output))
}

/// The author's module: `app.py`, or the only one that is no test.
fn module(folder: &Path) -> Result<String, ToolchainError> {
    let entries = fs::read_dir(folder).map_err(ToolchainError::file("read", folder))?;
    let names = entries.flatten().filter(|entry| entry.path().is_file());
    let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut modules: Vec<String> = names.filter_map(|name| name.strip_suffix(".py").map(str::to_owned)).collect();
    modules.retain(|name| !name.starts_with("test_") && !name.ends_with("_test") && name != "conftest");
    modules.sort();
    let chosen = match modules.as_slice() {
        [only] => only,
        several if several.iter().any(|name| name == MODULE) => MODULE,
        _ => return Err(unusable(folder, format!("no {MODULE}.py, and not just one other module"))),
    };
    // `import` takes identifiers; these are names of Soma's own modules.
    let plain =
        chosen.chars().all(|c| c == '_' || c.is_alphanumeric()) && !chosen.starts_with(|c: char| c.is_numeric());
    if !plain || [ENTRY, WORLD, "soma", "wit_world"].contains(&chosen) {
        return Err(unusable(folder, format!("{chosen}.py cannot be imported under this name")));
    }
    Ok(chosen.to_owned())
}

fn unusable(folder: &Path, output: String) -> ToolchainError {
    let help = format!("call the module with `axon.attach(...)` {MODULE}.py");
    ToolchainError::Build { folder: folder.to_owned(), output, help }
}

/// The module that the tool wants.
fn entry_text(module: &str, manifest: &Manifest) -> String {
    let truth = |holds| if holds { "True" } else { "False" };
    let routes: Vec<String> =
        manifest.routes.iter().map(|(name, route)| format!("{name:?}: {}", truth(route.stream.is_some()))).collect();
    let hooks: Vec<String> = manifest.hooks.iter().map(|hook| format!("{:?}", hook.name())).collect();
    let classes: Vec<&str> = manifest.hooks.iter().map(|hook| class(*hook)).collect();
    format!(
        "import sys\n\n# The author's folder stays as it is.\nsys.dont_write_bytecode = True\n\n\
         from soma import ambient\n\nambient.install()\n\nimport {module}\nfrom soma import hooks\n\n\
         hooks.seal({{{}}}, [{}])\n\nfrom soma.hooks import {}, Lifecycle\n",
        routes.join(", "),
        hooks.join(", "),
        classes.join(", ")
    )
}

/// The SDK's class for a hook; the tool looks for it under this name.
fn class(hook: Hook) -> &'static str {
    match hook {
        Hook::Forward => "Forward",
        Hook::Streaming => "Streaming",
        Hook::Blacklist => "Blacklist",
        Hook::Verify => "Verify",
        Hook::Priority => "Priority",
    }
}

/// The folder that holds the SDK: the project's own copy, which its author may have changed, else ours.
fn sdk(folder: &Path, scratch: &Path) -> Result<PathBuf, ToolchainError> {
    let own = folder.join("sdk");
    if own.join("soma").join("__init__.py").is_file() {
        return Ok(own);
    }
    let sdk = scratch.join("sdk");
    template::copy(&SDK, &sdk.join("soma"))?;
    Ok(sdk)
}

/// What the tool says, without its own frames: Python's traceback, or its complaint.
fn failed(folder: &Path, said: &str) -> ToolchainError {
    let lines: Vec<&str> = said.lines().collect();
    let is_ours = |line: &&str| line.starts_with("AssertionError: ");
    let start = lines.iter().position(is_ours).unwrap_or(0);
    let end = lines.iter().position(|line| line.starts_with("Stack backtrace:")).unwrap_or(lines.len());
    let end = lines.iter().position(|line| line.starts_with("Caused by:")).unwrap_or(end);
    let told = lines.get(start..end).unwrap_or(&lines).join("\n");
    let told = told.strip_prefix("AssertionError: ").unwrap_or(&told).trim();
    // The folders of the build, as the tool's sandbox sees them.
    let output = told.replace("\"/2/", "\"").replace("\"/1/soma/", "\"soma/").replace("\"/0/", "\"");
    ToolchainError::Build {
        folder: folder.to_owned(),
        output,
        help: "modules are imported when the plugin is built: mend what the last lines name".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use soma_manifest::{RouteSpec, StreamSpec};

    use super::*;
    use crate::world::tests::manifest;

    fn module_of(files: &[&str]) -> Result<String, ToolchainError> {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            fs::write(folder.path().join(file), "").unwrap();
        }
        module(folder.path())
    }

    #[test]
    fn finds_the_module_of_the_author() {
        for (files, name) in [
            (&["app.py", "gate.py", "plugin.toml"][..], "app"),
            (&["miner.py", "test_miner.py"], "miner"),
            (&["miner.py", "miner_test.py", "conftest.py"], "miner"),
        ] {
            assert_eq!(module_of(files).unwrap(), name);
        }
        for files in [&["a.py", "b.py"][..], &["pyproject.toml"], &["my-miner.py"], &["soma.py"], &["plugin.py"]] {
            assert!(matches!(module_of(files), Err(ToolchainError::Build { .. })), "{files:?}");
        }
    }

    #[test]
    fn the_entry_names_the_hooks_and_routes_of_the_manifest() {
        let stream = RouteSpec { stream: Some(StreamSpec::default()), ..RouteSpec::default() };
        let routes = [("A".to_owned(), RouteSpec::default()), ("B".to_owned(), stream)].into();
        let manifest = Manifest { routes, ..manifest(&[Hook::Forward, Hook::Streaming, Hook::Blacklist], &[]) };
        let text = entry_text("app", &manifest);
        for line in [
            "import app\n",
            "hooks.seal({\"A\": False, \"B\": True}, [\"forward\", \"streaming\", \"blacklist\"])\n",
            "from soma.hooks import Forward, Streaming, Blacklist, Lifecycle\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }

    #[test]
    fn an_error_is_the_traceback_of_python() {
        let said = "Traceback (most recent call last):\n  File \"/x/bin/componentize-py\", line 8, in <module>\n\
                    AssertionError: Traceback (most recent call last):\n  File \"/2/app.py\", line 3, in <module>\n\
                    NameError: name 'x' is not defined\n\n\nCaused by:\n    NameError\n\nStack backtrace:\n   0: a\n";
        let ToolchainError::Build { output, .. } = failed(Path::new("p"), said) else { panic!("{said}") };
        let lines: Vec<&str> = output.lines().collect();
        assert_eq!(lines[1], "  File \"app.py\", line 3, in <module>");
        assert_eq!(lines.last(), Some(&"NameError: name 'x' is not defined"));
        let ToolchainError::Build { output, .. } = failed(Path::new("p"), "no such world") else { panic!("{said}") };
        assert_eq!(output, "no such world");
    }
}
