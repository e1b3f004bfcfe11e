//! Everything that can go wrong with a tool chain, a build and a new project.

use std::path::PathBuf;

use miette::Diagnostic;
use thiserror::Error;

/// Why there is no tool chain, no component or no project.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ToolchainError {
    /// Nothing says where the cache folder is.
    #[error("no cache folder: none of SOMA_CACHE, XDG_CACHE_HOME and HOME is set")]
    #[diagnostic(code(soma::toolchain::no_cache), help("set SOMA_CACHE to a folder that may grow to 2 GB"))]
    NoCache,

    /// A file or folder can't be read or written.
    #[error("cannot {action} {path}: {source}")]
    #[diagnostic(code(soma::toolchain::file), help("check the permissions and the space on that disk"))]
    File {
        /// What was tried, e.g. `write`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },

    /// A program is not there or can't be started.
    #[error("cannot run {program}: {source}")]
    #[diagnostic(
        code(soma::toolchain::no_program),
        help("{program} has to be on the PATH; Rust is best installed with rustup (https://rustup.rs)")
    )]
    NoProgram {
        /// Its name.
        program: String,
        /// What the system said.
        source: std::io::Error,
    },

    /// A program ended with an error.
    #[error("`{command}` failed:\n{output}")]
    #[diagnostic(code(soma::toolchain::failed), help("run the command by hand to see all of what it says"))]
    Failed {
        /// The command line.
        command: String,
        /// The end of what it printed.
        output: String,
    },

    /// No way to a standard library for WebAssembly.
    #[error("there is no Rust standard library for wasm32-unknown-unknown:{}", list(tried))]
    #[diagnostic(code(soma::toolchain::no_target), help("run `rustup target add wasm32-unknown-unknown`"))]
    NoTarget {
        /// What was tried, and why it did not work.
        tried: Vec<String>,
    },

    /// rustc comes without the linker that makes components.
    #[error("the active Rust toolchain has no wasm-component-ld (looked in {looked_in} and on the PATH)")]
    #[diagnostic(
        code(soma::toolchain::no_linker),
        help(
            "use a toolchain of rustup (https://rustup.rs), or run `cargo install wasm-component-ld` and install wasm-ld"
        )
    )]
    NoLinker {
        /// The toolchain's folder of programs.
        looked_in: PathBuf,
    },

    /// Debian's archive has no such package.
    #[error("the package archive of this machine does not have {package}")]
    #[diagnostic(code(soma::toolchain::no_package), help("run `rustup target add wasm32-unknown-unknown` instead"))]
    NoPackage {
        /// Its name.
        package: &'static str,
    },

    /// The guest does not compile. The compiler has already said why.
    #[error("the plugin in {crate_dir} does not compile")]
    #[diagnostic(code(soma::toolchain::compile), help("the compiler's messages are above"))]
    Compile {
        /// The folder of the crate.
        crate_dir: PathBuf,
    },

    /// Cargo is content but made no component.
    #[error("the crate in {crate_dir} builds, but gives no component")]
    #[diagnostic(
        code(soma::toolchain::no_component),
        help("a plugin is a library: write `[lib]` with `crate-type = [\"cdylib\"]` into its Cargo.toml")
    )]
    NoComponent {
        /// The folder of the crate.
        crate_dir: PathBuf,
    },

    /// A new plugin can't have this name.
    #[error("a plugin cannot be called {name:?}: {problem}")]
    #[diagnostic(
        code(soma::toolchain::bad_name),
        help("take 1 to 64 characters of a-z, 0-9 and -, beginning with a letter, e.g. `my-miner`")
    )]
    BadName {
        /// What was asked for.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },

    /// A new plugin would overwrite something.
    #[error("{path} is there already and is not empty")]
    #[diagnostic(code(soma::toolchain::folder_in_use), help("take another name, or another folder"))]
    FolderInUse {
        /// The folder.
        path: PathBuf,
    },
}

fn list(tried: &[String]) -> String {
    tried.iter().map(|line| format!("\n- {line}")).collect()
}

impl ToolchainError {
    /// For `map_err` on file operations.
    pub(crate) fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }
}
