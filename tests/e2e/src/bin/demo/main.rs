//! `cargo xtask demo`: the whole product in one run, on real requests.
//!
//! It starts `soma run` with the example miner and a gate in front of it, sends signed requests of both dialects,
//! swaps the plugin while requests run, and says of every answer why it is the right one. The exit status is 0
//! only when all of them are.
//!
//! # Layout
//! - [`host`]: the running host, left alone with `--keep`
//! - [`cases`]: requests and the answers that they have to get
//! - [`stream`]: the swap under a stream of requests
//! - [`report`]: what is printed

mod cases;
mod host;
mod report;
mod stream;

use std::process::ExitCode;

use soma_e2e::HarnessError;

use crate::host::Host;
use crate::report::Report;

/// The flag that leaves the host running.
const KEEP: &str = "--keep";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = arguments.iter().find(|argument| *argument != KEEP) {
        eprintln!("demo: unknown argument {unknown}; the only one is {KEEP}, which leaves the host running");
        return ExitCode::from(2);
    }
    match run(&arguments) {
        Ok(report) => report.end(),
        Err(error) => {
            eprintln!("demo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<Report, HarnessError> {
    let mut report = Report::default();
    report.chapter("A host with two plugins: hotkey-list gates, text-miner answers");
    let host = Host::start()?;
    host.describe();
    report.chapter("Signed requests of both dialects");
    cases::answered(&host, &mut report)?;
    report.chapter("Requests that must not get an answer");
    cases::refused(&host, &mut report)?;
    report.chapter("The plugin is swapped while requests run");
    stream::swap(&host, &mut report)?;
    if arguments.is_empty() {
        host.stop(&mut report)?;
    } else {
        host.leave();
    }
    Ok(report)
}
