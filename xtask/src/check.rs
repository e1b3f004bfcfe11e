//! `cargo xtask check`: format, lints and documentation, warnings denied; of the host and of the guests.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::error::XtaskError;
use crate::workspace::OUTSIDE;
use crate::{Context, cargo};

/// Runs all checks up to the first that fails, and passes its exit status on.
pub fn run(context: &Context) -> Result<ExitCode, XtaskError> {
    let root = context.workspace.root();
    let host = (root.to_owned(), None);
    let outside = OUTSIDE.map(|folder| (root.join(folder), Some(context.workspace.outside_target())));
    for (folder, target) in std::iter::once(host).chain(outside) {
        if let Some(failed) = check(folder, target)? {
            return Ok(failed);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The exit code of the first check that fails in one workspace.
fn check(folder: PathBuf, target: Option<PathBuf>) -> Result<Option<ExitCode>, XtaskError> {
    let checks: [(&[&str], &[&str]); 3] = [
        (&["fmt", "--all", "--check"], &[]),
        (&["clippy", "--workspace", "--all-targets"], &["--", "--deny", "warnings"]),
        (&["doc", "--workspace", "--no-deps", "--document-private-items"], &[]),
    ];
    for (words, last) in checks {
        let mut command = cargo::command(&folder);
        command.args(words).env("RUSTDOCFLAGS", "--deny warnings");
        if let (Some(target), false) = (&target, words.contains(&"fmt")) {
            command.arg("--target-dir").arg(target);
        }
        let status = cargo::run(command.args(last))?;
        if !status.success() {
            return Ok(Some(cargo::exit_code(status)));
        }
    }
    Ok(None)
}
