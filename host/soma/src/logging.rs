//! The log: lines on standard error, for people or as JSON.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::cli::LoggingFlags;

/// The variable that sets a filter of its own, in tracing's syntax: `info,request=debug`.
const FILTER: &str = "SOMA_LOG";

/// Starts logging. Called once.
pub fn start(flags: &LoggingFlags) {
    let level = match (flags.trace, flags.debug) {
        (true, _) => "trace",
        (_, true) => "info,soma=debug,request=debug,plugin=debug,compile=debug",
        _ => "info",
    };
    let filter = EnvFilter::try_from_env(FILTER).unwrap_or_else(|_| EnvFilter::new(level));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if flags.json {
        builder.json().flatten_event(true).init();
    } else {
        builder.with_ansi(std::io::stderr().is_terminal()).init();
    }
}
