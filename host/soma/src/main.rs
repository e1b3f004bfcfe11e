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
//! - [`state`]: the state folder, which one host has at a time
//! - [`subnet`]: what admission and plugins see of the chain; [`notify`]: what the service manager is told
//! - [`logging`]: the log; [`output`]: standard output
//! - `native`: a handler without a sandbox, in builds for benches alone
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
#[cfg(feature = "native")]
mod native;
mod notify;
mod output;
mod state;
mod subnet;
mod telemetry;

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use soma_wallet::handover;

use crate::cli::{Cli, Command};
use crate::logging::{Logging, Purpose};

/// A request makes some hundred small allocations, and many of them end on another thread than they began on: with the
/// C library's allocator they took a fifth of its processor time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Both children confine themselves and need one thread only: no runtime, no logging.
    match &cli.command {
        Command::Signer => return command::signer::run(),
        Command::CompileWorker { confinement } => return soma_runtime::compile::serve(confinement),
        // A process that runs guests, or somebody's build scripts, has no password in its environment: from here on it is
        // another program.
        Command::Run(_) if handover::is_needed() => {
            let Err(error) = handover::start_again();
            return failure(&error.into());
        }
        Command::Plugin(_) | Command::Bench(_) if handover::is_needed() => {
            let Err(error) = handover::start_without();
            return failure(&error.into());
        }
        _ => {}
    }
    let purpose = match cli.command {
        Command::Run(_) => Purpose::Host,
        Command::Bench(_) => Purpose::Measuring,
        _ => Purpose::Command,
    };
    let done = match Logging::start(&cli.logging, purpose) {
        Ok(logging) => command::dispatch(cli, logging.lost()),
        Err(error) => Err(error.into()),
    };
    // The log is complete before the last words.
    match done {
        Ok(code) => code,
        Err(report) if exit::is_closed_pipe(&report) => ExitCode::from(exit::PIPE_CLOSED),
        Err(report) => failure(&report),
    }
}

fn failure(report: &miette::Report) -> ExitCode {
    eprintln!("{report:?}");
    ExitCode::from(exit::code(report))
}
