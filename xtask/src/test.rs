//! `cargo xtask test`: set-up, guests, the binary, then every test.

use std::process::{Command, ExitCode};

use crate::error::XtaskError;
use crate::guests::{self, Selection};
use crate::workspace::OUTSIDE;
use crate::{Context, c, cargo, host, python, setup, typescript};

/// Runs the tests and passes their exit status on. With `arguments` only what `cargo test` makes of them.
pub fn run(context: &Context, arguments: &[String]) -> Result<ExitCode, XtaskError> {
    let environments = setup(context)?;
    let built = guests::build(context, &Selection::All)?;
    host::build_all(context)?;
    let soma = context.workspace.built("soma");
    let with_variables = |command: &mut Command| {
        command
            .env("SOMA_GUESTS", &built)
            .env("SOMA_BIN", &soma)
            .env("SOMA_PY10", &environments.py10)
            .env("SOMA_PY11", &environments.py11);
    };
    let mut tests = cargo::command(context.workspace.root());
    tests.arg("test");
    with_variables(&mut tests);
    if !arguments.is_empty() {
        return Ok(cargo::exit_code(cargo::run(tests.args(arguments))?));
    }
    let status = cargo::run(tests.arg("--workspace"))?;
    if !status.success() {
        return Ok(cargo::exit_code(status));
    }
    if !c::test(context)? {
        return Ok(ExitCode::FAILURE);
    }
    if !python::test(context.workspace.root(), &environments.py11)? {
        return Ok(ExitCode::FAILURE);
    }
    if !typescript::test(context)? {
        return Ok(ExitCode::FAILURE);
    }
    outside(context)
}

/// The unit tests of the SDK, the example and the plugins, on this machine.
fn outside(context: &Context) -> Result<ExitCode, XtaskError> {
    let target = context.workspace.outside_target();
    for folder in OUTSIDE {
        let mut tests = cargo::command(&context.workspace.root().join(folder));
        let status = cargo::run(tests.args(["test", "--workspace", "--target-dir"]).arg(&target))?;
        if !status.success() {
            return Ok(cargo::exit_code(status));
        }
    }
    Ok(ExitCode::SUCCESS)
}
