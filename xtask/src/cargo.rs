//! Running cargo.

use std::env;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};

use crate::error::XtaskError;

/// The cargo that started this, in `folder`.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(folder);
    command
}

/// Runs it with its output shown.
pub fn run(command: &mut Command) -> Result<ExitStatus, XtaskError> {
    eprintln!("> cargo {}", words(command));
    command.status().map_err(XtaskError::no_program("cargo"))
}

/// Runs a build that the task cannot go on without.
pub fn build(command: &mut Command) -> Result<(), XtaskError> {
    if run(command)?.success() { Ok(()) } else { Err(XtaskError::Build { words: words(command) }) }
}

fn words(command: &Command) -> String {
    let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}

/// The exit code to pass on; 1 for a program that a signal ended.
pub fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    ExitCode::from(code.unwrap_or(1))
}
