//! `cargo xtask differential`: builds the host and the guests, then compares our axon with the real one.

use std::process::ExitCode;

use crate::error::XtaskError;
use crate::{Context, cargo, guests, setup};

/// Runs the comparison with `arguments` and passes its exit status on.
pub fn run(context: &Context, arguments: &[String]) -> Result<ExitCode, XtaskError> {
    let python = setup(context)?;
    let built = guests::build(context)?;
    let root = context.workspace.root();
    let status = cargo::run(cargo::command(root).args(["build", "--package", "soma"]))?;
    if !status.success() {
        return Ok(cargo::exit_code(status));
    }
    let mut compare = cargo::command(root);
    compare.args(["run", "--quiet", "--package", "soma-e2e", "--bin", "differential", "--"]).args(arguments);
    compare.env("SOMA_GUESTS", &built).env("SOMA_BIN", context.workspace.soma()).env("SOMA_PY10", &python.py10);
    Ok(cargo::exit_code(cargo::run(&mut compare)?))
}
