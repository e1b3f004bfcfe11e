//! Why a plugin was not loaded.

use std::path::PathBuf;
use std::time::Duration;

use miette::Diagnostic;
use soma_manifest::{GrantError, PluginFileError, SettingError};
use thiserror::Error;

use super::CallError;

/// A plugin does not come into service; what served before goes on serving.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum LoadError {
    /// The file is not a plugin that this host can load.
    #[error(transparent)]
    #[diagnostic(transparent)]
    File(#[from] PluginFileError),

    /// The operator does not grant what it imports.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Grant(#[from] GrantError),

    /// It asks for more of a budget than it gets.
    #[error("slot `{slot}`: the plugin asks for a `{key}` of {asked}, more than the {granted} that it gets")]
    #[diagnostic(
        code(soma::plugin::budget_not_granted),
        help("if you agree, write in soma.toml under [slots.{slot}]: budget = {{ {key} = \"{asked}\" }}")
    )]
    Budget {
        /// The operator's slot.
        slot: String,
        /// The budget, as it is called in both files.
        key: &'static str,
        /// What the manifest asks for.
        asked: String,
        /// What it would get.
        granted: String,
    },

    /// The operator wrote a setting that it does not read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Setting(#[from] SettingError),

    /// It streams, and the operator wants one instance for all.
    #[error("slot `{slot}`: a plugin with the hook `streaming` cannot be resident")]
    #[diagnostic(
        code(soma::plugin::resident_stream),
        help(
            "a stream lasts for as long as its caller reads, and nobody else would be served meanwhile: \
             write in soma.toml under [slots.{slot}]: instances = \"warm\""
        )
    )]
    ResidentStream {
        /// The operator's slot.
        slot: String,
    },

    /// The engine cannot be made.
    #[error("the WebAssembly engine does not start: {0}")]
    #[diagnostic(
        code(soma::runtime::engine),
        help("the instance pool reserves address space: check `ulimit -v`, it should say unlimited")
    )]
    Engine(String),

    /// The compiler refused the component, or ran out of its own limits.
    #[error("the component does not compile: {0}")]
    #[diagnostic(
        code(soma::plugin::compile),
        help("the compiler works with limited time and memory; build the plugin again, smaller if it ran out of them")
    )]
    Compile(String),

    /// The folder for compiled code cannot be used.
    #[error("cannot use {path} for compiled plugins: {cause}")]
    #[diagnostic(
        code(soma::runtime::artifacts),
        help("check that this user may write there, and that the disk is not full")
    )]
    Artifacts {
        /// File or folder.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },

    /// Names fit, but not the shapes: built against another version of `wit/`.
    #[error("the plugin does not fit the contract soma:neuron 0.1: {0}")]
    #[diagnostic(code(soma::plugin::shape), help("build it again with `soma plugin build` of this version"))]
    Shape(String),

    /// It could not be instantiated within its own budget.
    #[error("the plugin does not start: {0}")]
    #[diagnostic(
        code(soma::plugin::warm),
        help("it failed before any request; `soma.toml` may have to grant more memory")
    )]
    Warm(CallError),

    /// A route's schema is no JSON Schema.
    #[error("route `{route}`: the schema is not usable: {problem}")]
    #[diagnostic(
        code(soma::plugin::schema),
        help("mend the schema file of the route (JSON Schema draft 2020-12, no references to other documents)")
    )]
    Schema {
        /// The route.
        route: String,
        /// What is wrong.
        problem: String,
    },

    /// A route is bound that no plugin answers, or one that two answer.
    #[error("{0}")]
    #[diagnostic(code(soma::config::routes), help("mend `routes` of the slots in soma.toml"))]
    Routes(String),

    /// There is no such slot.
    #[error("there is no slot `{slot}`")]
    #[diagnostic(code(soma::config::no_such_slot), help("the slots are: {known}"))]
    NoSuchSlot {
        /// The name asked for.
        slot: String,
        /// The names that are there.
        known: String,
    },

    /// The new version would take something away that callers or the operator rely on.
    #[error("slot `{slot}`: with this version there would be no {lost} any more")]
    #[diagnostic(
        code(soma::plugin::loses),
        help("if that is wanted: `soma plugin swap --allow-loss`, or change soma.toml and restart")
    )]
    Loses {
        /// The operator's slot.
        slot: String,
        /// What would be gone.
        lost: String,
    },

    /// Too many old versions are still busy.
    #[error("slot `{slot}`: {draining} old versions still serve requests; none ended within {waited:?}")]
    #[diagnostic(code(soma::plugin::draining), help("try again when their requests have ended"))]
    StillDraining {
        /// The operator's slot.
        slot: String,
        /// How many drain.
        draining: usize,
        /// How long the swap waited.
        waited: Duration,
    },
}
