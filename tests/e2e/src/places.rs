//! Where the binary, the guests and the Pythons are.
//!
//! Each place is named by a variable that `cargo xtask test` sets; without it the place where `cargo xtask` puts
//! the thing is tried, so that one test can be run by hand after a first `cargo xtask test`.

use std::env;
use std::path::{Path, PathBuf};

use crate::error::HarnessError;

/// The `soma` binary: `SOMA_BIN`, else beside this build.
///
/// # Errors
/// [`HarnessError::NotPrepared`] when there is no such file.
pub fn soma() -> Result<PathBuf, HarnessError> {
    found("the soma binary", named("SOMA_BIN").unwrap_or_else(|| build_folder().join("debug/soma")))
}

/// A built guest component: `SOMA_GUESTS`, else `guests` in the target folder.
///
/// # Errors
/// [`HarnessError::NotPrepared`] when there is no such file.
pub fn guest(name: &str) -> Result<PathBuf, HarnessError> {
    let folder = named("SOMA_GUESTS").unwrap_or_else(|| build_folder().join("guests"));
    found("a guest component", folder.join(format!("{name}.wasm")))
}

/// A Python interpreter that has bittensor 10.5.0: `SOMA_PY10`, else in the cache folder.
///
/// # Errors
/// [`HarnessError::NotPrepared`] when there is no such file.
pub fn python_10() -> Result<PathBuf, HarnessError> {
    found("a Python with bittensor 10.5.0", named("SOMA_PY10").unwrap_or_else(|| cached_python("py10")))
}

/// A Python interpreter that has bittensor 11.3.0: `SOMA_PY11`, else in the cache folder.
///
/// # Errors
/// [`HarnessError::NotPrepared`] when there is no such file.
pub fn python_11() -> Result<PathBuf, HarnessError> {
    found("a Python with bittensor 11.3.0", named("SOMA_PY11").unwrap_or_else(|| cached_python("py11")))
}

/// A Python interpreter that has bittensor 11.3.0, FastAPI and uvicorn: `SOMA_PY11_SERVED`, else in the cache folder.
///
/// # Errors
/// [`HarnessError::NotPrepared`] when there is no such file.
pub fn python_served() -> Result<PathBuf, HarnessError> {
    let python = named("SOMA_PY11_SERVED").unwrap_or_else(|| cached_python("py11-served"));
    found("a Python with bittensor 11.3.0 and FastAPI", python)
}

/// One of this crate's Python scripts.
///
/// # Errors
/// [`HarnessError::NotPrepared`] when there is no such file.
pub fn script(name: &str) -> Result<PathBuf, HarnessError> {
    found("a script of the tests", Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(name))
}

fn found(what: &'static str, path: PathBuf) -> Result<PathBuf, HarnessError> {
    if path.is_file() { Ok(path) } else { Err(HarnessError::NotPrepared { what, path }) }
}

fn named(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The target folder that the running executable is in: it is in `<target>/<profile>` or `<target>/<profile>/deps`.
fn build_folder() -> PathBuf {
    let executable = env::current_exe().unwrap_or_default();
    executable
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file())
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"), Path::to_path_buf)
}

/// Soma's cache folder: `SOMA_CACHE`, else where the binary has it too.
pub fn cache() -> PathBuf {
    named("SOMA_CACHE")
        .or_else(|| named("XDG_CACHE_HOME").map(|home| home.join("soma")))
        .unwrap_or_else(|| named("HOME").unwrap_or_default().join(".cache/soma"))
}

fn cached_python(name: &str) -> PathBuf {
    cache().join("python").join(name).join("bin/python")
}
