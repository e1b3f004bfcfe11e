//! Everything that can go wrong with the repository's tasks.

use std::path::PathBuf;

use miette::Diagnostic;
use soma_manifest::{ManifestError, PluginFileError};
use soma_toolchain::ToolchainError;
use thiserror::Error;

/// Why a task could not be done.
#[derive(Debug, Error, Diagnostic)]
pub enum XtaskError {
    /// The tool chain, or a guest's build.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Toolchain(#[from] ToolchainError),

    /// A guest's `plugin.toml`.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Manifest(Box<ManifestError>),

    /// A guest could not be packed.
    #[error("cannot pack {guest}")]
    #[diagnostic(code(soma::xtask::pack), help("the cause says what is wrong with the component"))]
    Pack {
        /// Name of the guest.
        guest: String,
        /// What was wrong.
        #[source]
        source: Box<PluginFileError>,
    },

    /// A file or folder can't be read or written.
    #[error("cannot {action} {path}: {cause}")]
    #[diagnostic(code(soma::xtask::file), help("check the permissions and the space on that disk"))]
    File {
        /// What was tried, e.g. `write`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },

    /// A program can't be started.
    #[error("cannot run {program}: {cause}")]
    #[diagnostic(code(soma::xtask::no_program), help("{program} has to be on the PATH"))]
    NoProgram {
        /// Its name.
        program: String,
        /// What the system said.
        cause: std::io::Error,
    },

    /// Cargo does not tell where it builds.
    #[error("cannot read what `cargo metadata` says: {0}")]
    #[diagnostic(code(soma::xtask::metadata), help("run `cargo metadata --no-deps` in the repository"))]
    Metadata(String),

    /// The list of test guests and the folders differ.
    #[error("tests/guests/cases.rs does not fit the folders: {0}")]
    #[diagnostic(
        code(soma::xtask::cases),
        help("list every folder of tests/guests in cases.rs, and write its host test")
    )]
    Cases(String),

    /// No such guest.
    #[error("there is no guest {name}")]
    #[diagnostic(code(soma::xtask::guest), help("name a folder of examples, plugins or tests/guests"))]
    NoGuest {
        /// What was asked for.
        name: String,
    },

    /// Something that the task needs could not be built.
    #[error("`cargo {words}` failed")]
    #[diagnostic(code(soma::xtask::build), help("cargo's messages are above"))]
    Build {
        /// What cargo was told.
        words: String,
    },

    /// No such fuzz target.
    #[error("there is no fuzz target with {name} in its name")]
    #[diagnostic(code(soma::xtask::fuzz_target), help("`cargo xtask fuzz --list` shows all of them"))]
    NoFuzzTarget {
        /// What was asked for.
        name: String,
    },

    /// The tests did not compile.
    #[error("the fuzz targets do not compile")]
    #[diagnostic(code(soma::xtask::fuzz_build), help("cargo's messages are above"))]
    FuzzBuild,

    /// A fuzz target of the table is not there, or there are two of that name.
    #[error("{file} does not have exactly one test {test}")]
    #[diagnostic(code(soma::xtask::fuzz_test), help("mend the table in xtask/src/fuzz/targets/table.rs"))]
    FuzzTest {
        /// The test.
        test: String,
        /// Where it should be.
        file: String,
    },
}

impl From<ManifestError> for XtaskError {
    fn from(error: ManifestError) -> Self {
        Self::Manifest(Box::new(error))
    }
}

impl XtaskError {
    /// For `map_err` on file operations.
    pub fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |cause| Self::File { action, path, cause }
    }

    /// For `map_err` on the start of a program.
    pub fn no_program(program: &str) -> impl FnOnce(std::io::Error) -> Self {
        let program = program.to_owned();
        move |cause| Self::NoProgram { program, cause }
    }
}
