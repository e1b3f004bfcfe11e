//! `cargo xtask demo`: builds the host and the demo's guests, then runs the demo of `soma-e2e`.

use std::process::ExitCode;

use crate::error::XtaskError;
use crate::guests::{self, Selection};
use crate::{Context, cargo, host};

/// What the demo loads.
pub const GUESTS: Selection =
    Selection::Named(&["stake-gate", "stake-priority", "swap_next", "text-miner-rust", "warm_init"]);

/// Runs the demo with `arguments` and passes its exit status on.
pub fn run(context: &Context, arguments: &[String]) -> Result<ExitCode, XtaskError> {
    let built = guests::build(context, &GUESTS)?;
    let soma = host::build(context)?;
    let mut demo = cargo::command(context.workspace.root());
    demo.args(["run", "--quiet", "--package", "soma-e2e", "--bin", "demo", "--"]).args(arguments);
    demo.env("SOMA_GUESTS", &built).env("SOMA_BIN", soma);
    Ok(cargo::exit_code(cargo::run(&mut demo)?))
}
