//! The host's binary.

use std::path::PathBuf;

use crate::error::XtaskError;
use crate::{Context, cargo};

/// Builds `soma` as the tests use it, and returns where it is.
pub fn build(context: &Context) -> Result<PathBuf, XtaskError> {
    cargo::build(cargo::command(context.workspace.root()).args(["build", "--package", "soma"]))?;
    Ok(context.workspace.soma())
}

/// Builds `soma` and a program of `soma-e2e` in release mode, and returns where both are.
pub fn release(context: &Context, program: &str) -> Result<(PathBuf, PathBuf), XtaskError> {
    let mut build = cargo::command(context.workspace.root());
    build.args(["build", "--release", "--package", "soma", "--package", "soma-e2e", "--bin", "soma", "--bin", program]);
    cargo::build(&mut build)?;
    Ok((context.workspace.released("soma"), context.workspace.released(program)))
}
