//! `cargo xtask differential`: builds the host and its guest, then compares our axon with the real one.

use std::process::ExitCode;

use crate::error::XtaskError;
use crate::guests::{self, Selection};
use crate::{Context, cargo, host, setup};

/// What the comparison loads.
pub const GUESTS: Selection = Selection::Named(&["edge_classes"]);

/// Runs the comparison with `arguments` and passes its exit status on.
pub fn run(context: &Context, arguments: &[String]) -> Result<ExitCode, XtaskError> {
    let python = setup(context)?;
    let built = guests::build(context, &GUESTS)?;
    let soma = host::build(context)?;
    let mut compare = cargo::command(context.workspace.root());
    compare.args(["run", "--quiet", "--package", "soma-e2e", "--bin", "differential", "--"]).args(arguments);
    compare.env("SOMA_GUESTS", &built).env("SOMA_BIN", soma).env("SOMA_PY10", &python.py10);
    Ok(cargo::exit_code(cargo::run(&mut compare)?))
}
