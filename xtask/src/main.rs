//! `cargo xtask`: everything that the repository needs besides cargo.
//!
//! `setup` finds or fetches the tool chain for guests and makes the Python environments; `guests` builds the
//! guests whose sources changed; `test`, `check` and `demo` do what they say, after the set-up that they need. A
//! clean clone needs nothing else first.
//!
//! It never writes into the source tree, and installs nothing: what it fetches lies in Soma's cache folder.
//!
//! # Layout
//! - `workspace`: where things are in this repository
//! - `guests`: the guests, and which of them are stale
//! - `python`: the Python environments with the real Bittensor SDKs
//! - `test`, `check`, `demo`, `differential`, `fuzz`, `bench`: the subcommands
//! - `cargo`: running cargo
//! - `error`: everything that can go wrong

mod bench;
mod cargo;
mod check;
mod demo;
mod differential;
mod error;
mod fuzz;
mod guests;
mod python;
mod test;
mod workspace;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use soma_toolchain::{Cache, Progress, Toolchain};

use crate::error::XtaskError;
use crate::workspace::Workspace;

/// Set-up, guests, checks and tests of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Get the tool chain for guests and the Python environments.
    Setup,
    /// Build the guests whose sources changed.
    Guests,
    /// Set up, build everything and run all tests.
    Test(TestArgs),
    /// Format, lints and documentation, with warnings denied.
    Check,
    /// Build the host and the example, and show what they do.
    Demo(DemoArgs),
    /// Send generated requests to the real 10.5.0 axon and to ours, and count the differences by their documented row.
    Differential(DifferentialArgs),
    /// Run the property test of every parser with very many cases, for a bounded time.
    Fuzz(fuzz::FuzzArgs),
    /// Build the host in release mode and measure it.
    Bench(bench::BenchArgs),
}

#[derive(Args)]
struct TestArgs {
    /// Passed on to `cargo test`, e.g. `-p soma-axon`. Without it: the whole workspace and the guests' unit tests.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    cargo: Vec<String>,
}

#[derive(Args)]
struct DemoArgs {
    /// Passed on to the demo, e.g. `--keep` (leave the host running).
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    demo: Vec<String>,
}

#[derive(Args)]
struct DifferentialArgs {
    /// Passed on: `--requests N` (500), `--seed N` (1), `--json`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    differential: Vec<String>,
}

fn main() -> miette::Result<ExitCode> {
    let task = Cli::parse().task;
    let context = Context::new()?;
    let code = match task {
        Task::Setup => setup(&context).map(|_| ExitCode::SUCCESS),
        Task::Guests => guests::build(&context).map(|_| ExitCode::SUCCESS),
        Task::Test(args) => test::run(&context, &args.cargo),
        Task::Check => check::run(&context),
        Task::Demo(args) => demo::run(&context, &args.demo),
        Task::Differential(args) => differential::run(&context, &args.differential),
        Task::Fuzz(args) => fuzz::run(&context, &args),
        Task::Bench(args) => bench::run(&context, &args),
    }?;
    Ok(code)
}

/// What every task needs to know.
struct Context {
    workspace: Workspace,
    cache: Cache,
    progress: Progress,
}

impl Context {
    fn new() -> Result<Self, XtaskError> {
        Ok(Self { workspace: Workspace::find()?, cache: Cache::from_env()?, progress: Progress::detect() })
    }
}

/// The tool chain and both Python environments.
fn setup(context: &Context) -> Result<python::Environments, XtaskError> {
    Toolchain::find(context.workspace.root(), &context.cache, context.progress)?;
    python::set_up(context)
}
