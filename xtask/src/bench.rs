//! `cargo xtask bench NAME`: builds the host in release mode and runs a bench against it.
//!
//! Benches are programs of `soma-e2e` that print a table, or one JSON line per case with `--json`. Their exit status
//! is 0 when every target holds.

use std::process::{Command, ExitCode};

use clap::{Args, ValueEnum};

use crate::error::XtaskError;
use crate::{Context, cargo, guests};

/// Which bench, and its arguments.
#[derive(Args)]
pub struct BenchArgs {
    /// The bench.
    name: Bench,
    /// Passed on, e.g. `--json` or `--rounds N`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// All benches.
#[derive(Clone, Copy, ValueEnum)]
enum Bench {
    /// What strangers and forgers cost, and what a proven caller notices of them.
    Flood,
}

impl Bench {
    /// The program of `soma-e2e`.
    fn program(self) -> &'static str {
        match self {
            Bench::Flood => "flood",
        }
    }
}

/// Runs the bench and passes its exit status on.
pub fn run(context: &Context, arguments: &BenchArgs) -> Result<ExitCode, XtaskError> {
    let built = guests::build(context)?;
    let program = arguments.name.program();
    let mut build = cargo::command(context.workspace.root());
    build.args(["build", "--release", "--package", "soma", "--package", "soma-e2e", "--bin", "soma", "--bin", program]);
    let status = cargo::run(&mut build)?;
    if !status.success() {
        return Ok(cargo::exit_code(status));
    }
    let path = context.workspace.released(program);
    let mut bench = Command::new(&path);
    bench.args(&arguments.arguments).env("SOMA_GUESTS", &built).env("SOMA_BIN", context.workspace.released("soma"));
    let status = bench.status().map_err(XtaskError::no_program(&path.display().to_string()))?;
    Ok(cargo::exit_code(status))
}
