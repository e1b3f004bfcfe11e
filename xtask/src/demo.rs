//! `cargo xtask demo`: builds the host and the demo's guests, then runs the demo of `soma-e2e`.

use std::process::{Command, ExitCode};

use crate::error::XtaskError;
use crate::guests::{self, Selection};
use crate::{Context, cargo, host};

/// What the demo loads.
pub const GUESTS: Selection =
    Selection::Named(&["stake-gate", "stake-priority", "swap_next", "text-miner-rust", "warm_init"]);

/// Runs the demo with `arguments` and passes its exit status on.
pub fn run(context: &Context, arguments: &[String]) -> Result<ExitCode, XtaskError> {
    let built = guests::build(context, &GUESTS)?;
    host::build(context, &["soma", "demo"])?;
    let mut demo = Command::new(context.workspace.built("demo"));
    demo.args(arguments).env("SOMA_GUESTS", &built).env("SOMA_BIN", context.workspace.built("soma"));
    let status = demo.status().map_err(XtaskError::no_program("demo"))?;
    Ok(cargo::exit_code(status))
}
