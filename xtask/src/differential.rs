//! `cargo xtask differential`: builds the host and its guest, then compares our axon with the real one.

use std::process::{Command, ExitCode};

use crate::error::XtaskError;
use crate::guests::{self, Selection};
use crate::{Context, cargo, host, setup};

/// What the comparison loads.
pub const GUESTS: Selection = Selection::Named(&["edge_classes"]);

/// Runs the comparison with `arguments` and passes its exit status on.
pub fn run(context: &Context, arguments: &[String]) -> Result<ExitCode, XtaskError> {
    let python = setup(context)?;
    let built = guests::build(context, &GUESTS)?;
    host::build(context, &["soma", "differential"])?;
    let mut compare = Command::new(context.workspace.built("differential"));
    compare.args(arguments).env("SOMA_GUESTS", &built).env("SOMA_BIN", context.workspace.built("soma"));
    let status = compare.env("SOMA_PY10", &python.py10).status().map_err(XtaskError::no_program("differential"))?;
    Ok(cargo::exit_code(status))
}
