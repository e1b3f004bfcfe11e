//! Compiling, in a child process that can do little else.
//!
//! The child is this same program with another first argument. It gets the component on its standard input
//! and writes the artifact to its standard output, with an empty environment, limits on CPU time and address
//! space, no files and no sockets. That bounds what a hostile component can cost; it is no barrier against a
//! fault in the compiler that would write hostile code.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use serde::Deserialize;
use soma_confine::{Limits, Policy, Profile};
use tokio::io::AsyncWriteExt;
use wasmtime::Engine;

use crate::engine::code_config;
use crate::error::LoadError;

/// The hidden subcommand of the program that runs [`serve`].
pub const SUBCOMMAND: &str = "compile-worker";

/// Longest wall time of one compilation. Python guests, the largest known kind, take up to 20 s on two cores.
const LONGEST: Duration = Duration::from_secs(180);

/// What the child may use: Python guests need about 1 GiB and 20 s of CPU.
const LIMITS: Limits = Limits { address_space: Some(8 << 30), cpu_seconds: Some(120) };

/// What happens when a measure of confinement is not to be had on this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confinement {
    /// Compile anyway, with the measures that there are; the log names those that are missing.
    #[default]
    BestEffort,
    /// Do not compile.
    Required,
}

impl Confinement {
    fn name(self) -> &'static str {
        match self {
            Confinement::BestEffort => "best-effort",
            Confinement::Required => "required",
        }
    }
}

/// Turns components into code for the serving engine.
#[derive(Clone, Debug)]
pub enum Compiler {
    /// In a child: `program compile-worker best-effort|required`.
    Child {
        /// This program.
        program: PathBuf,
        /// Whether every measure has to be active.
        confinement: Confinement,
    },
    /// In this process, for tools that do not serve: tests, `soma plugin build`.
    InProcess,
}

impl Compiler {
    /// Compiles a component for the serving engine.
    pub async fn compile(&self, engine: &Engine, component: &[u8]) -> Result<Vec<u8>, LoadError> {
        match self {
            Compiler::InProcess => {
                engine.precompile_component(component).map_err(|error| LoadError::Compile(format!("{error:#}")))
            }
            Compiler::Child { program, confinement } => {
                let compiling = in_child(program, *confinement, component);
                let too_long = |_| LoadError::Compile(format!("it took longer than {LONGEST:?}"));
                tokio::time::timeout(LONGEST, compiling).await.map_err(too_long)?
            }
        }
    }
}

async fn in_child(program: &PathBuf, confinement: Confinement, component: &[u8]) -> Result<Vec<u8>, LoadError> {
    let failed = |error: std::io::Error| LoadError::Compile(format!("the compiling child: {error}"));
    let mut child = tokio::process::Command::new(program)
        .args([SUBCOMMAND, confinement.name()])
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let stdin = child.stdin.take();
    let feed = async {
        if let Some(mut stdin) = stdin {
            // A child that gives up early closes its end; its exit says why.
            let _ = stdin.write_all(component).await;
        }
    };
    let (output, ()) = tokio::join!(child.wait_with_output(), feed);
    let output = output.map_err(failed)?;
    let words = String::from_utf8_lossy(&output.stderr);
    for line in words.lines() {
        tracing::debug!(target: "compile", "{line}");
    }
    if output.status.success() {
        return Ok(output.stdout);
    }
    let reason = words.lines().last().unwrap_or("no reason given");
    Err(LoadError::Compile(format!("{reason} ({})", output.status)))
}

/// The child: confines itself, reads a component, writes the artifact. Returns the process's exit code.
pub fn serve(confinement: &str) -> ExitCode {
    // A host that is killed takes its compiler along.
    if let Err(error) = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)) {
        eprintln!("parent-death-signal: unavailable: {error}");
    }
    let policy = if confinement == Confinement::Required.name() { Policy::Required } else { Policy::BestEffort };
    match soma_confine::apply(Profile::Compiler(LIMITS), policy) {
        Ok(report) => report.lines().iter().for_each(|line| eprintln!("{line}")),
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    }
    match compile_stdin() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

fn compile_stdin() -> Result<(), String> {
    let mut component = Vec::new();
    std::io::stdin().read_to_end(&mut component).map_err(|error| error.to_string())?;
    let one_line = |error: wasmtime::Error| format!("{error:#}").replace('\n', " ");
    let engine = Engine::new(&code_config()).map_err(one_line)?;
    let artifact = engine.precompile_component(&component).map_err(one_line)?;
    std::io::stdout().write_all(&artifact).map_err(|error| error.to_string())
}
