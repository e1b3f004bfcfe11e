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
//! - `host`: building the host's binary
//! - `python`: the Python environments with the real Bittensor SDKs
//! - `c`: the C SDK's own tests
//! - `typescript`: the tests that are in TypeScript
//! - `test`, `check`, `demo`, `differential`, `fuzz`, `bench`: the subcommands
//! - `cargo`: running cargo
//! - `error`: everything that can go wrong

mod bench;
mod c;
mod cargo;
mod check;
mod demo;
mod differential;
mod error;
mod fuzz;
mod guests;
mod host;
mod python;
mod test;
#[cfg(test)]
mod tests;
mod typescript;
mod workspace;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use soma_toolchain::{Cache, Progress, Toolchain};

use crate::error::XtaskError;
use crate::guests::Selection;
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
    /// Find or fetch the tool chain for guests, and make the Python environments (10 minutes the first time).
    #[command(after_help = "Example: SOMA_CACHE=/srv/cache cargo xtask setup    (default: ~/.cache/soma)")]
    Setup,
    /// Build the guests whose sources changed, into guests/ of the target folder.
    #[command(after_help = "Example: cargo xtask guests")]
    Guests,
    /// Set up, build everything and run all tests, or those that `cargo test` makes of the arguments.
    #[command(after_help = "Example: cargo xtask test -p soma-axon gate")]
    Test(TestArgs),
    /// Format, lints and documentation, with warnings denied. Changes nothing.
    #[command(after_help = "Example: cargo xtask check")]
    Check,
    /// Build the host and three guests, and show what they do.
    #[command(after_help = "Example: cargo xtask demo --keep")]
    Demo(DemoArgs),
    /// Send generated requests to the real 10.5.0 axon and to ours, and count the differences by their documented row.
    #[command(after_help = "Example: cargo xtask differential --requests 10000 --seed 7")]
    Differential(DifferentialArgs),
    /// Run the property test of every parser with very many cases, for a bounded time.
    #[command(after_help = "Example: cargo xtask fuzz --target soma-toml --seconds 60")]
    Fuzz(fuzz::FuzzArgs),
    /// Build the host in release mode and measure it; prints a table.
    #[command(after_help = "Example: cargo xtask bench flood --json")]
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
        Task::Guests => guests::build(&context, &Selection::All).map(|_| ExitCode::SUCCESS),
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
