//! `cargo xtask bench NAME`: builds the host in release mode and runs a bench against it.
//!
//! Benches are programs of `soma-e2e` that print a table, or one JSON line per case with `--json`. They say of
//! each target whether it was held or missed; their exit status is 0 when everything could be measured.

use std::process::{Command, ExitCode};

use clap::{Args, ValueEnum};

use crate::error::XtaskError;
use crate::guests::{self, Selection};
use crate::{Context, cargo, host, python};

/// What the flood bench loads.
pub const FLOOD: Selection = Selection::Named(&["text-miner-rust"]);
/// The same miner in each language.
const MINERS: Selection = Selection::Named(&["text-miner-rust"]);
/// What says which version it is.
const MARKED: Selection = Selection::Named(&["swap_marked"]);

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
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Bench {
    /// The real Python servers, our axon with a native handler and with sandboxed plugins, side by side.
    Axon,
    /// What strangers and forgers cost, and what a proven caller notices of them.
    Flood,
    /// What one call of a plugin costs: fresh, ready-made and warm instances in each language.
    Instance,
    /// Two hundred plugins instead of one.
    Spread,
    /// A plugin that is replaced while it serves.
    Swap,
}

impl Bench {
    /// The program of `soma-e2e`, and its first argument if it has several benches.
    fn program(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Bench::Axon => ("bench", &["axon"]),
            Bench::Flood => ("flood", &[]),
            Bench::Instance => ("instance", &[]),
            Bench::Spread => ("bench", &["spread"]),
            Bench::Swap => ("bench", &["swap"]),
        }
    }

    /// What it loads.
    fn guests(self) -> Selection {
        match self {
            Bench::Axon | Bench::Instance => MINERS,
            Bench::Flood => FLOOD,
            Bench::Spread | Bench::Swap => MARKED,
        }
    }
}

/// Runs the bench and passes its exit status on.
pub fn run(context: &Context, arguments: &BenchArgs) -> Result<ExitCode, XtaskError> {
    let name = arguments.name;
    let built = guests::build(context, &name.guests())?;
    let (program, first) = name.program();
    let (soma, path) = host::release(context, program)?;
    let mut bench = Command::new(&path);
    bench.args(first).args(&arguments.arguments).env("SOMA_GUESTS", &built).env("SOMA_BIN", soma);
    if name == Bench::Axon {
        let python = python::set_up(context)?;
        bench.env("SOMA_PY10", python.py10).env("SOMA_PY11_SERVED", python::set_up_served(context)?);
    }
    let status = bench.status().map_err(XtaskError::no_program(&path.display().to_string()))?;
    Ok(cargo::exit_code(status))
}
