//! Python environments with pinned packages.
//!
//! Each is one folder of the cache. It is complete when its stamp is there, which is written last; it is made afresh
//! when its packages or the machine's Python changed, or when it does not start.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cache::{Cache, remove_folder};
use crate::error::ToolchainError;
use crate::progress::Progress;

const PYTHON: &str = "python3";
const STAMP: &str = "soma-stamp";
/// How much of pip's output an error quotes.
const QUOTED_LINES: usize = 25;

/// A complete environment.
#[derive(Clone, Debug)]
pub struct Venv {
    folder: PathBuf,
}

impl Venv {
    /// The environment `name` with these requirements (as pip reads them), which is made when it is missing or stale.
    ///
    /// # Errors
    /// `NoPython` without a Python 3.10 that can make environments, `Pip` when packages can't be installed, `File`.
    pub fn get(cache: &Cache, name: &str, wanted: &[String], progress: Progress) -> Result<Venv, ToolchainError> {
        let version = python_version()?;
        let stamp = format!("{version}{}\n", wanted.join("\n"));
        let _lock = cache.lock(name)?;
        let venv = Venv { folder: cache.root().join(name) };
        if fs::read_to_string(venv.folder.join(STAMP)).is_ok_and(|found| found == stamp) && venv.starts() {
            return Ok(venv);
        }
        let step = progress.step(format!("Python environment {name}: {}", wanted.join(", ")));
        make(&venv.folder)?;
        venv.install(wanted, |line| step.note(line)).map_err(|output| ToolchainError::Pip {
            requirements: wanted.join(", "),
            folder: venv.folder.clone(),
            output,
        })?;
        let stamp_file = venv.folder.join(STAMP);
        fs::write(&stamp_file, stamp).map_err(ToolchainError::file("write", stamp_file))?;
        step.done();
        Ok(venv)
    }

    /// Its Python.
    pub fn python(&self) -> PathBuf {
        self.program("python")
    }

    /// A program that one of its packages brought.
    pub fn program(&self, name: &str) -> PathBuf {
        if cfg!(windows) {
            self.folder.join("Scripts").join(format!("{name}.exe"))
        } else {
            self.folder.join("bin").join(name)
        }
    }

    /// Whether its Python starts and finds pip, the one package that all environments have.
    fn starts(&self) -> bool {
        let question = "import importlib.metadata as m; m.version('pip')";
        let mut command = Command::new(self.python());
        command.args(["-c", question]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// Runs pip; what it prints goes to `note` line by line, and its end into the error.
    fn install(&self, wanted: &[String], note: impl Fn(&str)) -> Result<(), String> {
        let mut command = Command::new(self.python());
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
}

fn python_version() -> Result<String, ToolchainError> {
    let no_python = |problem: String| ToolchainError::NoPython { problem };
    let question = "import sys, venv, ensurepip; assert sys.version_info >= (3, 10), sys.version; print(sys.version)";
    let answer = Command::new(PYTHON).args(["-c", question]).stdin(Stdio::null()).output();
    let answer = answer.map_err(|error| no_python(error.to_string()))?;
    if answer.status.success() {
        return Ok(String::from_utf8_lossy(&answer.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&answer.stderr);
    Err(no_python(said.lines().last().unwrap_or("it says nothing").to_owned()))
}

/// An empty environment, in place of what is there.
fn make(folder: &Path) -> Result<(), ToolchainError> {
    remove_folder(folder)?;
    let result = Command::new(PYTHON).args(["-m", "venv"]).arg(folder).stdin(Stdio::null()).output();
    let result = result.map_err(|error| ToolchainError::NoPython { problem: error.to_string() })?;
    if result.status.success() {
        return Ok(());
    }
    let said = [result.stdout, result.stderr].concat();
    Err(ToolchainError::NoPython { problem: String::from_utf8_lossy(&said).trim().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_does_not_start() {
        let folder = tempfile::tempdir().unwrap();
        let venv = Venv { folder: folder.path().into() };
        assert!(!venv.starts());
        assert!(venv.install(&[], |_| ()).is_err());
    }

    #[test]
    fn an_environment_that_is_complete_is_kept_and_another_wish_starts_it_afresh() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path());
        let missing = vec![folder.path().join("missing").to_string_lossy().into_owned()];
        let failed = Venv::get(&cache, "tools", &missing, Progress::Silent).unwrap_err();
        assert!(matches!(failed, ToolchainError::Pip { .. }), "{failed}");
        assert!(!folder.path().join("tools").join(STAMP).exists());

        let wanted = ["--help".to_owned()];
        let venv = Venv::get(&cache, "tools", &wanted, Progress::Silent).unwrap();
        fs::write(venv.folder.join("mark"), "").unwrap();
        Venv::get(&cache, "tools", &wanted, Progress::Silent).unwrap();
        assert!(venv.folder.join("mark").exists());
        let other = ["--help".to_owned(), "--quiet".to_owned()];
        Venv::get(&cache, "tools", &other, Progress::Silent).unwrap();
        assert!(!venv.folder.join("mark").exists());
    }
}
