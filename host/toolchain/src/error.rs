//! Everything that can go wrong with a tool chain, a build and a new project.

use std::path::PathBuf;

use miette::Diagnostic;
use soma_manifest::ManifestError;
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
    #[error("cannot {action} {path}: {cause}")]
    #[diagnostic(code(soma::toolchain::file), help("check the permissions and the space on that disk"))]
    File {
        /// What was tried, e.g. `write`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },

    /// A program is not there or can't be started.
    #[error("cannot run {program}: {cause}")]
    #[diagnostic(
        code(soma::toolchain::no_program),
        help("{program} has to be on the PATH; Rust is best installed with rustup (https://rustup.rs)")
    )]
    NoProgram {
        /// Its name.
        program: String,
        /// What the system said.
        cause: std::io::Error,
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

    /// The plugin's `plugin.toml`.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Manifest(Box<ManifestError>),

    /// Nothing in a folder says what its plugin is written in.
    #[error("{folder} holds no plugin: there is {looked_for}")]
    #[diagnostic(
        code(soma::toolchain::no_language),
        help("name the folder of the plugin, or start one with `soma plugin new LANGUAGE NAME`")
    )]
    NoLanguage {
        /// The folder.
        folder: PathBuf,
        /// What was looked for.
        looked_for: String,
    },

    /// A folder says that its plugin is written in several languages.
    #[error("{folder} could be a plugin in several languages: there is {found}")]
    #[diagnostic(
        code(soma::toolchain::several_languages),
        help("give each plugin a folder of its own; sources that only help may lie in a subfolder")
    )]
    SeveralLanguages {
        /// The folder.
        folder: PathBuf,
        /// What was found.
        found: String,
    },

    /// The build of a plugin ended with an error. The tool's own words are in it.
    #[error("the plugin in {folder} cannot be built:\n{output}")]
    #[diagnostic(code(soma::toolchain::build), help("{help}"))]
    Build {
        /// The folder of the plugin.
        folder: PathBuf,
        /// The end of what the tool printed.
        output: String,
        /// What to do next.
        help: String,
    },

    /// No Python that can make environments.
    #[error("there is no usable python3: {problem}")]
    #[diagnostic(
        code(soma::toolchain::no_python),
        help(
            "install Python 3.10 or newer with its venv module; on Debian and Ubuntu `apt-get install python3 python3-venv`"
        )
    )]
    NoPython {
        /// What was wrong with it.
        problem: String,
    },

    /// A Python environment could not be filled.
    #[error("cannot install {requirements} into {folder}:\n{output}")]
    #[diagnostic(
        code(soma::toolchain::pip),
        help("check the network and pip's settings, then do the same again: this environment is started afresh")
    )]
    Pip {
        /// The requirements.
        requirements: String,
        /// The environment.
        folder: PathBuf,
        /// The end of what pip printed.
        output: String,
    },

    /// No node that runs the tools for TypeScript.
    #[error("there is no usable node: {problem}")]
    #[diagnostic(
        code(soma::toolchain::no_node),
        help("install Node.js 20 or newer with npm (https://nodejs.org), and have both on the PATH")
    )]
    NoNode {
        /// What was wrong with it.
        problem: String,
    },

    /// The tools for TypeScript could not be installed.
    #[error("cannot install the tools for TypeScript into {folder}:\n{output}")]
    #[diagnostic(
        code(soma::toolchain::npm),
        help(
            "check the network and npm's settings (`npm config list`), then do the same again: the folder is filled afresh"
        )
    )]
    Npm {
        /// The folder in the cache.
        folder: PathBuf,
        /// What npm printed.
        output: String,
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

impl From<ManifestError> for ToolchainError {
    fn from(error: ManifestError) -> Self {
        Self::Manifest(Box::new(error))
    }
}

impl ToolchainError {
    /// For `map_err` on file operations.
    pub(crate) fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |cause| Self::File { action, path, cause }
    }
}
