//! Python environments with the real Bittensor SDKs, for the conformance tests; and the tests that are in Python.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use soma_toolchain::venv::Venv;

use crate::Context;
use crate::error::XtaskError;

/// The Python programs of both environments.
pub struct Environments {
    /// With version 10 of the SDK: axon, dendrite, synapse.
    pub py10: PathBuf,
    /// With version 11: signed HTTP.
    pub py11: PathBuf,
}

/// Folders with tests in Python.
const TESTS: [&str; 2] = ["sdk-guest/python/tests", "examples/text-miner-python"];

/// Where those tests find the SDK.
const SDK: &str = "sdk-guest/python";

/// Makes what is missing or stale.
pub fn set_up(context: &Context) -> Result<Environments, XtaskError> {
    Ok(Environments {
        py10: environment(context, "py10", "tests/e2e/python/requirements-10.txt")?,
        py11: environment(context, "py11", "tests/e2e/python/requirements-11.txt")?,
    })
}

/// The Python with version 11 and a web server, which only the benches need.
pub fn set_up_served(context: &Context) -> Result<PathBuf, XtaskError> {
    environment(context, "py11-served", "tests/e2e/python/requirements-served.txt")
}

fn environment(context: &Context, name: &str, file: &str) -> Result<PathBuf, XtaskError> {
    let file = context.workspace.root().join(file);
    let requirements = fs::read_to_string(&file).map_err(XtaskError::file("read", &file))?;
    let venv = Venv::get(&context.cache, name, &requirement_lines(&requirements), context.progress)?;
    Ok(venv.python())
}

/// Lines that say something.
fn requirement_lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Runs the tests that are in Python: of the SDK and of the example. Says whether they passed.
pub fn test(root: &Path, python: &Path) -> Result<bool, XtaskError> {
    for folder in TESTS {
        eprintln!("> python -m unittest discover (in {folder})");
        let mut command = Command::new(python);
        // The source tree stays as it is.
        command.arg("-B").args(["-m", "unittest", "discover", "--quiet"]).env("PYTHONPATH", root.join(SDK));
        let status = command.current_dir(root.join(folder)).status().map_err(XtaskError::no_program("python"))?;
        if !status.success() {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_requirements_without_comments() {
        let text = "# the last with an axon\nbittensor==10.5.0  # pinned\n\n  torch\n";
        assert_eq!(requirement_lines(text), ["bittensor==10.5.0", "torch"]);
    }
}
