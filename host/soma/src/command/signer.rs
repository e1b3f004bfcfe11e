//! `soma signer`: the process that holds the hotkey.

use std::process::ExitCode;

/// Name of the hidden subcommand.
pub const SUBCOMMAND: &str = "signer";

/// Serves until the other end of the socket is closed.
pub fn run() -> ExitCode {
    match soma_wallet::signer::serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("soma signer: {error}");
            ExitCode::FAILURE
        }
    }
}
