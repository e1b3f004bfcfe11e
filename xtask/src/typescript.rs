//! The tests that are in TypeScript, with node's own runner.

use std::process::Command;

use soma_toolchain::build::typescript::Tools;

use crate::Context;
use crate::error::XtaskError;

/// Folders with types and tests.
const TESTS: [&str; 2] = ["sdk-guest/typescript", "examples/text-miner-typescript"];

/// Bundles and runs the tests of its arguments.
const RUNNER: &str = "sdk-guest/typescript/toolchain/test.mjs";

/// Checks the types and runs the tests. Says whether they passed.
pub fn test(context: &Context) -> Result<bool, XtaskError> {
    let root = context.workspace.root();
    let tools = Tools::get(&context.cache, context.progress)?;
    for folder in TESTS {
        tools.check_types(&root.join(folder))?;
    }
    eprintln!("> node {RUNNER} {}", TESTS.join(" "));
    let mut command = Command::new("node");
    command.arg(RUNNER).arg(tools.folder()).args(TESTS).current_dir(root);
    Ok(command.status().map_err(XtaskError::no_program("node"))?.success())
}
