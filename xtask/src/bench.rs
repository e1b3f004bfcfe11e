//! `cargo xtask bench NAME`: builds the host in release mode and runs a bench against it.
//!
//! Benches are programs of `soma-e2e` that print a table, or one JSON line per case with `--json`. They say of
//! each target whether it was held or missed; their exit status is 0 when everything could be measured.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use clap::{Args, ValueEnum};

use crate::error::XtaskError;
use crate::guests::{self, Selection};
use crate::{Context, cargo, host, python};

/// What the flood bench loads.
pub const FLOOD: Selection = Selection::Named(&["text-miner-rust"]);
/// The same miner in each language.
const MINERS: Selection =
    Selection::Named(&["text-miner-c", "text-miner-python", "text-miner-rust", "text-miner-typescript"]);
/// A bench without plugins.
const NOTHING: Selection = Selection::Named(&[]);
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
    /// How soon the development chain is ready and a call final; a metagraph of 1,024 neurons, decoded and looked up.
    Chain,
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
            Bench::Chain => ("bench", &["chain"]),
            Bench::Flood => ("flood", &[]),
            Bench::Instance => ("instance", &[]),
            Bench::Spread => ("bench", &["spread"]),
            Bench::Swap => ("bench", &["swap"]),
        }
    }

    /// Whether it runs code that the shipped program has not.
    fn needs_native(self) -> bool {
        matches!(self, Bench::Axon | Bench::Instance)
    }

    /// What it loads.
    fn guests(self) -> Selection {
        match self {
            Bench::Axon | Bench::Instance => MINERS,
            Bench::Chain => NOTHING,
            Bench::Flood => FLOOD,
            Bench::Spread | Bench::Swap => MARKED,
        }
    }
}

/// Runs the bench and passes its exit status on.
pub fn run(context: &Context, arguments: &BenchArgs) -> Result<ExitCode, XtaskError> {
    let name = arguments.name;
    let built = guests::build(context, &name.guests())?;
    let native = if name.needs_native() { Some(native(context)?) } else { None };
    let (program, first) = name.program();
    // After the native build, which leaves its `soma` under the same name.
    let (soma, path) = match name {
        Bench::Instance => (host::release(context, "bench")?.0, context.workspace.released(program)),
        _ => host::release(context, program)?,
    };
    let mut bench = Command::new(&path);
    bench.args(first).args(&arguments.arguments).env("SOMA_GUESTS", &built).env("SOMA_BIN", soma);
    bench.envs(native.map(|program| ("SOMA_NATIVE_BIN", program)));
    if matches!(name, Bench::Axon | Bench::Chain) {
        bench.env("SOMA_PY10", python::set_up(context)?.py10);
    }
    if name == Bench::Axon {
        bench.env("SOMA_PY11_SERVED", python::set_up_served(context)?);
    }
    let status = bench.status().map_err(XtaskError::no_program(&path.display().to_string()))?;
    Ok(cargo::exit_code(status))
}

/// Builds the `soma` that has the example's handler compiled in, and the bench of single instances: both need the
/// runtime's feature `native`, which the shipped program is built without. Returns where a copy of that `soma` is.
fn native(context: &Context) -> Result<PathBuf, XtaskError> {
    let mut build = cargo::command(context.workspace.root());
    build.args([
        "build",
        "--release",
        "--package",
        "soma",
        "--package",
        "soma-e2e",
        "--bin",
        "soma",
        "--bin",
        "instance",
    ]);
    build.args(["--features", "soma/native,soma-e2e/instance"]);
    cargo::build(&mut build)?;
    let copy = context.workspace.released("soma-native");
    fs::copy(context.workspace.released("soma"), &copy).map_err(XtaskError::file("write", &copy))?;
    Ok(copy)
}
