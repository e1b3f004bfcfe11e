//! One module for each command.

use std::process::ExitCode;

use miette::IntoDiagnostic;

use crate::cli::{Cli, Command};
use crate::logging::LostLines;

mod bench;
mod chain;
mod doctor;
mod explain;
mod localnet;
mod plugin;
mod query;
mod run;
pub mod signer;
mod wallet;

pub use self::chain::errand::JOURNAL;
pub use self::chain::error::ChainCommandError;

/// Does what the command line says.
///
/// `lost` counts log lines that found no room.
pub fn dispatch(cli: Cli, lost: LostLines) -> miette::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().into_diagnostic()?;
    let code = match cli.command {
        Command::Run(flags) => runtime.block_on(run::run(flags, lost)).map(|()| ExitCode::SUCCESS),
        Command::Query(flags) => runtime.block_on(query::query(flags)),
        Command::Explain(flags) => runtime.block_on(explain::explain(flags)).map(|()| ExitCode::SUCCESS),
        Command::Bench(flags) => runtime.block_on(bench::bench(flags, lost)).map(|()| ExitCode::SUCCESS),
        Command::Plugin(command) => runtime.block_on(plugin::plugin(command)),
        Command::Chain(command) => runtime.block_on(chain::chain(command)),
        Command::Doctor(flags) => runtime.block_on(doctor::doctor(*flags)),
        Command::Localnet(flags) => runtime.block_on(localnet::localnet(&flags)).map(|()| ExitCode::SUCCESS),
        Command::Wallet(command) => wallet::wallet(command).map(|()| ExitCode::SUCCESS),
        // Both are handled before there is a runtime.
        Command::Signer | Command::CompileWorker { .. } => Ok(ExitCode::FAILURE),
    };
    // A thread that still reads a file or a prompt must not hold the exit up.
    runtime.shutdown_background();
    code
}

/// This program: it starts itself as signer and as compiler.
fn this_program() -> std::path::PathBuf {
    // The link of the running program stays right when the file is replaced by an upgrade.
    std::path::PathBuf::from("/proc/self/exe")
}
