//! Running other programs.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use crate::error::ToolchainError;

/// How much of a failed program's output an error quotes.
const QUOTED_LINES: usize = 20;

/// Runs a program to its end and returns what it printed.
pub(crate) fn output(command: &mut Command) -> Result<String, ToolchainError> {
    let result = command.stdin(Stdio::null()).output().map_err(|source| not_started(command, source))?;
    check(command, result.status, &result.stderr)?;
    Ok(String::from_utf8_lossy(&result.stdout).into_owned())
}

/// An error that quotes the end of `stderr` unless the program ended well.
pub(crate) fn check(command: &Command, status: ExitStatus, stderr: &[u8]) -> Result<(), ToolchainError> {
    if status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<&str> = text.lines().collect();
    let end = lines.len().saturating_sub(QUOTED_LINES);
    let quoted = lines.get(end..).unwrap_or_default().join("\n");
    let output = if quoted.is_empty() { status.to_string() } else { quoted };
    Err(ToolchainError::Failed { command: shown(command), output })
}

pub(crate) fn not_started(command: &Command, cause: std::io::Error) -> ToolchainError {
    ToolchainError::NoProgram { program: command.get_program().to_string_lossy().into_owned(), cause }
}

/// The command line as a person would type it.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// The file that a shell would run for `program`.
pub(crate) fn on_path(program: &str, path: &OsStr) -> Option<PathBuf> {
    env::split_paths(path).map(|folder| folder.join(program)).find(|file| is_executable(file))
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file() || file.with_extension("exe").is_file()
}

/// Variables with which an outer cargo would steer the inner one, e.g. when this runs under `cargo run`.
/// What says how to reach a registry, and where cargo's home is, stays.
pub(crate) fn steers_cargo(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    const KEPT: [&str; 6] =
        ["CARGO_HOME", "CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTR", "CARGO_SOURCE_", "CARGO_TERM_"];
    match name {
        "CARGO" | "RUSTC" | "RUSTDOC" | "RUSTFLAGS" | "RUSTDOCFLAGS" | "MAKEFLAGS" | "MFLAGS" | "OUT_DIR" => true,
        _ if name.starts_with("RUSTC_") => true,
        _ => name.starts_with("CARGO_") && !KEPT.iter().any(|kept| name.starts_with(kept)),
    }
}

/// A command in whose environment no outer cargo can be seen, started in `folder`.
pub(crate) fn clean(program: impl AsRef<OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    for (name, _) in env::vars_os() {
        if steers_cargo(&name) {
            command.env_remove(name);
        }
    }
    command
}

/// `folder` before everything that is on the path.
pub(crate) fn path_with(folder: &Path, path: &OsStr) -> OsString {
    let folders = std::iter::once(folder.to_owned()).chain(env::split_paths(path));
    env::join_paths(folders).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outer_cargo_is_scrubbed_and_the_way_to_the_registry_stays() {
        for (name, scrubbed) in [
            ("CARGO", true),
            ("RUSTC", true),
            ("RUSTC_WRAPPER", true),
            ("RUSTFLAGS", true),
            ("CARGO_ENCODED_RUSTFLAGS", true),
            ("CARGO_TARGET_DIR", true),
            ("CARGO_PKG_NAME", true),
            ("CARGO_MANIFEST_DIR", true),
            ("CARGO_HOME", false),
            ("CARGO_HTTP_PROXY", false),
            ("CARGO_NET_OFFLINE", false),
            ("CARGO_REGISTRIES_MINE_INDEX", false),
            ("RUSTUP_TOOLCHAIN", false),
            ("RUSTUP_AUTO_INSTALL", false),
            ("PATH", false),
        ] {
            assert_eq!(steers_cargo(OsStr::new(name)), scrubbed, "{name}");
        }
    }

    #[test]
    fn a_failure_quotes_the_end_of_what_was_printed() {
        let error = output(Command::new("sh").args(["-c", "seq 1 30 >&2; exit 3"])).unwrap_err();
        let ToolchainError::Failed { output, .. } = error else { panic!("{error}") };
        assert!(output.starts_with("11\n") && output.ends_with("\n30"), "{output}");
        let error = output_of_missing();
        assert!(matches!(error, ToolchainError::NoProgram { .. }), "{error}");
    }

    fn output_of_missing() -> ToolchainError {
        output(&mut Command::new("there-is-no-such-program")).unwrap_err()
    }
}
