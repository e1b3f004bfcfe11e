//! The programs of the workspace.

use std::path::PathBuf;

use crate::error::XtaskError;
use crate::{Context, cargo};

/// Builds programs of the workspace, of which `soma` is one. Always of the whole workspace: what a dependency is built with
/// depends on the packages that ask for it, and each other choice of packages would build wasmtime and subxt once more.
pub fn build(context: &Context, programs: &[&str]) -> Result<(), XtaskError> {
    let mut build = cargo::command(context.workspace.root());
    build.args(["build", "--workspace"]);
    programs.iter().for_each(|program| {
        build.args(["--bin", program]);
    });
    cargo::build(&mut build)
}

/// Builds every program and every test, as `cargo test --workspace` wants them.
pub fn build_all(context: &Context) -> Result<(), XtaskError> {
    cargo::build(cargo::command(context.workspace.root()).args(["build", "--workspace", "--bins", "--tests"]))
}

/// Builds `soma` and a program of `soma-e2e` in release mode, and returns where both are.
pub fn release(context: &Context, program: &str) -> Result<(PathBuf, PathBuf), XtaskError> {
    let mut build = cargo::command(context.workspace.root());
    build.args(["build", "--release", "--package", "soma", "--package", "soma-e2e", "--bin", "soma", "--bin", program]);
    cargo::build(&mut build)?;
    Ok((context.workspace.released("soma"), context.workspace.released(program)))
}
