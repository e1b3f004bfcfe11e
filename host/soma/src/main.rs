//! `soma`: runs a Bittensor neuron.
//!
//! This crate is the command line, the configuration and the wiring; everything that it wires is in the other
//! crates. Nothing imports it.
//!
//! # Layout
//!
//! - [`cli`]: commands and flags, named as in the Python SDK
//! - [`config`]: `soma.toml`, and how flags, environment and file come together
//! - [`command`]: one module for each command
//! - [`admin`]: the owner's socket, server and client
//! - [`logging`]: the log
//! - [`error`]: errors of this crate; [`exit`]: exit codes

mod admin;
mod cli;
mod command;
mod config;
mod error;
mod exit;
mod logging;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Both children confine themselves and need one thread only: no runtime, no logging.
    match &cli.command {
        Command::Signer => return command::signer::run(),
        Command::CompileWorker { confinement } => return soma_runtime::compile::serve(confinement),
        _ => {}
    }
    logging::start(&cli.logging);
    match command::dispatch(cli) {
        Ok(code) => code,
        Err(report) => {
            eprintln!("{report:?}");
            ExitCode::from(exit::code(&report))
        }
    }
}
