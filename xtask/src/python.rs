//! Python environments with the real Bittensor SDKs, for the conformance tests.
//!
//! Each is made in the cache folder from one file of requirements. It is complete when its stamp is there, which
//! is written last; it is made afresh when the requirements or the Python changed, or when it does not start.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Context;
use crate::error::XtaskError;

/// The Python programs of both environments.
pub struct Environments {
    /// With version 10 of the SDK: axon, dendrite, synapse.
    pub py10: PathBuf,
    /// With version 11: signed HTTP.
    pub py11: PathBuf,
}

/// What the environments are made from.
const PYTHON: &str = "python3";
const STAMP: &str = "soma-stamp";
/// How much of pip's output an error quotes.
const QUOTED_LINES: usize = 25;

/// Makes what is missing or stale.
pub fn set_up(context: &Context) -> Result<Environments, XtaskError> {
    let version = python_version()?;
    Ok(Environments {
        py10: environment(context, "py10", "tests/e2e/python/requirements-10.txt", &version)?,
        py11: environment(context, "py11", "tests/e2e/python/requirements-11.txt", &version)?,
    })
}

fn python_version() -> Result<String, XtaskError> {
    let no_python = |problem: String| XtaskError::NoPython { problem };
    let question = "import sys, venv, ensurepip; assert sys.version_info >= (3, 10), sys.version; print(sys.version)";
    let answer = Command::new(PYTHON).args(["-c", question]).output();
    let answer = answer.map_err(|error| no_python(error.to_string()))?;
    if answer.status.success() {
        return Ok(String::from_utf8_lossy(&answer.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&answer.stderr);
    Err(no_python(said.lines().last().unwrap_or("it says nothing").to_owned()))
}

fn environment(context: &Context, name: &str, file: &str, version: &str) -> Result<PathBuf, XtaskError> {
    let file = context.workspace.root().join(file);
    let requirements = fs::read_to_string(&file).map_err(XtaskError::file("read", &file))?;
    let wanted = requirement_lines(&requirements);
    let stamp = format!("{version}{}\n", wanted.join("\n"));

    let _lock = context.cache.lock(name)?;
    let folder = context.cache.root().join(name);
    let python = program(&folder);
    if fs::read_to_string(folder.join(STAMP)).is_ok_and(|found| found == stamp) && starts(&python) {
        return Ok(python);
    }
    let step = context.progress.step(format!("Python environment {name}: {}", wanted.join(", ")));
    make(&folder)?;
    install(&python, &wanted, |line| step.note(line)).map_err(|output| XtaskError::Pip {
        requirements: wanted.join(", "),
        folder: folder.clone(),
        output,
    })?;
    let stamp_file = folder.join(STAMP);
    fs::write(&stamp_file, stamp).map_err(XtaskError::file("write", stamp_file))?;
    step.done();
    Ok(python)
}

/// Lines that say something.
fn requirement_lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn program(folder: &Path) -> PathBuf {
    if cfg!(windows) { folder.join("Scripts").join("python.exe") } else { folder.join("bin").join("python") }
}

/// Whether it starts and finds its packages; importing them all would take seconds.
fn starts(python: &Path) -> bool {
    let question = "import importlib.metadata as m; m.version('bittensor')";
    let result = Command::new(python).args(["-c", question]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    result.is_ok_and(|status| status.success())
}

/// An empty environment, in place of what is there.
fn make(folder: &Path) -> Result<(), XtaskError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(XtaskError::file("remove", folder)(error));
        }
        _ => {}
    }
    let result = Command::new(PYTHON).args(["-m", "venv"]).arg(folder).output();
    let result = result.map_err(|error| XtaskError::NoPython { problem: error.to_string() })?;
    if result.status.success() {
        return Ok(());
    }
    let said = [result.stdout, result.stderr].concat();
    Err(XtaskError::NoPython { problem: String::from_utf8_lossy(&said).trim().to_owned() })
}

/// Runs pip; what it prints goes to `note` line by line, and its end into the error.
fn install(python: &Path, wanted: &[String], note: impl Fn(&str)) -> Result<(), String> {
    let mut command = Command::new(python);
    command.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar=off"]);
    // Errors among the progress lines: 2>&1 without a shell.
    let (reader, writer) = std::io::pipe().map_err(|error| error.to_string())?;
    let errors = writer.try_clone().map_err(|error| error.to_string())?;
    command.args(wanted).stdin(Stdio::null()).stdout(writer).stderr(errors);
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    // The command holds the writing ends: they have to close for the reading to end.
    drop(command);
    let mut said = Vec::new();
    for line in BufReader::new(reader).lines().map_while(Result::ok) {
        note(line.split_whitespace().take(2).collect::<Vec<_>>().join(" ").as_str());
        said.push(line);
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() {
        return Ok(());
    }
    let start = said.len().saturating_sub(QUOTED_LINES);
    Err(said.get(start..).unwrap_or_default().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_requirements_without_comments() {
        let text = "# the last with an axon\nbittensor==10.5.0  # pinned\n\n  torch\n";
        assert_eq!(requirement_lines(text), ["bittensor==10.5.0", "torch"]);
    }

    #[test]
    fn a_program_that_is_not_there_does_not_start() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!starts(&program(folder.path())));
        assert!(install(&program(folder.path()), &[], |_| ()).is_err());
    }
}
