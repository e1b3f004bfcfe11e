//! The C SDK's own tests, on this machine: compiled with the sanitizers for addresses and undefined behaviour, so that a
//! read out of bounds ends them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Context;
use crate::error::XtaskError;

const SDK: &str = "sdk-guest/c";

/// The parts of the SDK that need no host.
const PARTS: [&str; 5] = ["arena.c", "text.c", "reader.c", "writer.c", "result.c"];

const FLAGS: [&str; 8] = [
    "-std=gnu17",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-g",
    "-O1",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
];

/// The arena as it ships, and one without room, where each allocation is a block whose ends are watched.
const ARENAS: [(&str, &[&str]); 2] = [("arena", &[]), ("blocks", &["-DSOMA_ARENA=0"])];

/// Compiles and runs them. Says whether they passed.
pub fn test(context: &Context) -> Result<bool, XtaskError> {
    let sdk = context.workspace.root().join(SDK);
    let target = context.workspace.outside_target();
    fs::create_dir_all(&target).map_err(XtaskError::file("make", &target))?;
    let tests = sources(&sdk.join("tests"))?;
    for (name, defines) in ARENAS {
        let program = target.join(format!("c-sdk-{name}"));
        eprintln!("> cc {} ... (in {SDK})", FLAGS.join(" "));
        let mut compiler = Command::new("cc");
        compiler.current_dir(&sdk).args(FLAGS).args(defines).args(PARTS).args(&tests);
        compiler.arg("-lm").arg("-o").arg(&program);
        let compiled = compiler.status().map_err(XtaskError::no_program("cc"))?;
        if !compiled.success() {
            return Ok(false);
        }
        let shown = program.to_string_lossy().into_owned();
        if !Command::new(&program).status().map_err(XtaskError::no_program(&shown))?.success() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The `*.c` files of a folder.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, XtaskError> {
    let entries = fs::read_dir(folder).map_err(XtaskError::file("read", folder))?;
    let paths = entries.flatten().map(|entry| entry.path());
    Ok(paths.filter(|path| path.extension().is_some_and(|ending| ending == "c")).collect())
}
