//! Questions to the active Rust toolchain.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::chain::{Surroundings, TARGET};
use crate::error::ToolchainError;
use crate::process;

/// What `rustc` on the path is, seen from one folder (a `rust-toolchain.toml` there decides it too).
#[derive(Debug)]
pub(crate) struct Rustc {
    /// Folder of the toolchain.
    pub sysroot: PathBuf,
    /// The machine's own target, e.g. `x86_64-unknown-linux-gnu`.
    pub host: String,
    /// The whole answer to `rustc -vV`: names the compiler.
    pub version: String,
}

/// The linker that makes components, and the folder with the `wasm-ld` that it calls.
#[derive(Clone, Debug)]
pub(crate) struct Linker {
    pub program: PathBuf,
    pub wasm_ld: Option<PathBuf>,
}

impl Rustc {
    pub(crate) fn ask(folder: &Path, around: &Surroundings) -> Result<Self, ToolchainError> {
        let version = process::output(command(folder, around).arg("-vV"))?;
        let sysroot = process::output(command(folder, around).args(["--print", "sysroot"]))?;
        let host = version.lines().find_map(|line| line.strip_prefix("host: "));
        let host = host.unwrap_or_default().to_owned();
        Ok(Self { sysroot: PathBuf::from(sysroot.trim_end()), host, version })
    }

    /// Whether the standard library for the guests' target is there.
    pub(crate) fn has_target(folder: &Path, around: &Surroundings) -> bool {
        let mut question = command(folder, around);
        question.args(["--print", "target-libdir", "--target", TARGET]);
        let Ok(answer) = process::output(&mut question) else { return false };
        let Ok(files) = std::fs::read_dir(answer.trim_end()) else { return false };
        files.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
    }

    /// The toolchain's own linker, else one on the path.
    pub(crate) fn linker(&self, around: &Surroundings) -> Result<Linker, ToolchainError> {
        let programs = self.sysroot.join("lib/rustlib").join(&self.host).join("bin");
        let own = programs.join("wasm-component-ld");
        if own.is_file() {
            let wasm_ld = programs.join("gcc-ld");
            return Ok(Linker { program: own, wasm_ld: wasm_ld.is_dir().then_some(wasm_ld) });
        }
        match process::on_path("wasm-component-ld", &around.path) {
            Some(program) => Ok(Linker { program, wasm_ld: None }),
            None => Err(ToolchainError::NoLinker { looked_in: programs }),
        }
    }
}

fn command(folder: &Path, around: &Surroundings) -> Command {
    let mut command = process::clean("rustc", folder);
    command.env("PATH", &around.path);
    command
}
