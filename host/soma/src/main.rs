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
//! - [`admin`]: the owner's socket, server and client; [`descriptors`]: how many files may be open
//! - [`logging`]: the log; [`output`]: standard output
//! - [`telemetry`]: metrics, the line of a request, requests of late
//! - [`error`]: errors of this crate; [`exit`]: exit codes

mod admin;
mod cli;
mod command;
mod config;
mod descriptors;
mod error;
mod exit;
mod logging;
mod output;
mod telemetry;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::logging::{Logging, Purpose};

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Both children confine themselves and need one thread only: no runtime, no logging.
    match &cli.command {
        Command::Signer => return command::signer::run(),
        Command::CompileWorker { confinement } => return soma_runtime::compile::serve(confinement),
        _ => {}
    }
    let purpose = if matches!(cli.command, Command::Run(_)) { Purpose::Host } else { Purpose::Command };
    let done = match Logging::start(&cli.logging, purpose) {
        Ok(logging) => command::dispatch(cli, logging.lost()),
        Err(error) => Err(error.into()),
    };
    // The log is complete before the last words.
    match done {
        Ok(code) => code,
        Err(report) if exit::is_closed_pipe(&report) => ExitCode::from(exit::PIPE_CLOSED),
        Err(report) => {
            eprintln!("{report:?}");
            ExitCode::from(exit::code(&report))
        }
    }
}
