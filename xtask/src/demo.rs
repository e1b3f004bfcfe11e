//! `cargo xtask demo`: builds the host and the guests, then runs the demo of `soma-e2e`.

use std::process::ExitCode;

use crate::error::XtaskError;
use crate::{Context, cargo, guests};

/// Runs the demo with `arguments` and passes its exit status on.
pub fn run(context: &Context, arguments: &[String]) -> Result<ExitCode, XtaskError> {
    let built = guests::build(context)?;
    let root = context.workspace.root();
    let status = cargo::run(cargo::command(root).args(["build", "--package", "soma"]))?;
    if !status.success() {
        return Ok(cargo::exit_code(status));
    }
    let mut demo = cargo::command(root);
    demo.args(["run", "--quiet", "--package", "soma-e2e", "--bin", "demo", "--"]).args(arguments);
    demo.env("SOMA_GUESTS", &built).env("SOMA_BIN", context.workspace.soma());
    Ok(cargo::exit_code(cargo::run(&mut demo)?))
}
