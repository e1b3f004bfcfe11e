//! Why a plugin was not loaded, and why a call of one gave no answer.

use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use miette::Diagnostic;
use soma_manifest::{GrantError, Hook, PluginFileError, Seconds};
use thiserror::Error;

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

    /// It asks for more memory than it gets.
    #[error("slot `{slot}`: the plugin asks for {asked} of memory, more than the {granted} it gets")]
    #[diagnostic(
        code(soma::plugin::budget_not_granted),
        help("if you agree, write in soma.toml under [slots.{slot}]: budget = {{ memory = \"{asked}\" }}")
    )]
    Budget {
        /// The operator's slot.
        slot: String,
        /// What the manifest asks for.
        asked: ByteSize,
        /// What it would get.
        granted: ByteSize,
    },

    /// It asks for more time than it gets.
    #[error("slot `{slot}`: the plugin asks for {asked} for a request, more than the {granted:?} it gets")]
    #[diagnostic(
        code(soma::plugin::budget_not_granted),
        help("if you agree, write in soma.toml under [slots.{slot}]: budget = {{ wall = \"{asked}\" }}")
    )]
    Wall {
        /// The operator's slot.
        slot: String,
        /// What the manifest asks for.
        asked: Seconds,
        /// What it would get.
        granted: Duration,
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
    #[error("cannot use {path} for compiled plugins: {source}")]
    #[diagnostic(
        code(soma::runtime::artifacts),
        help("check that this user may write there, and that the disk is not full")
    )]
    Artifacts {
        /// File or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
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
    Warm(#[source] CallError),

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

/// A call that gave no answer. What the caller is told of it is the server's business; texts here are for the
/// operator's log.
#[derive(Debug, Clone, Error, Diagnostic)]
#[non_exhaustive]
pub enum CallError {
    /// A gate turned the caller away.
    #[error("denied by slot `{slot}`: {reason}")]
    #[diagnostic(code(soma::call::denied))]
    Denied {
        /// The gate's slot.
        slot: String,
        /// The plugin's words.
        reason: String,
    },
    /// A verify hook does not accept the request.
    #[error("not verified by slot `{slot}`: {reason}")]
    #[diagnostic(code(soma::call::unverified))]
    Unverified {
        /// The slot of the plugin that checked.
        slot: String,
        /// The plugin's words.
        reason: String,
    },
    /// The plugin says that the request makes no sense.
    #[error("invalid: {0}")]
    #[diagnostic(code(soma::call::invalid))]
    Invalid(String),
    /// The plugin does not give this caller what it asks for.
    #[error("refused: {0}")]
    #[diagnostic(code(soma::call::refused))]
    Refused(String),
    /// The plugin cannot answer now.
    #[error("unavailable: {0}")]
    #[diagnostic(code(soma::call::unavailable))]
    Unavailable(String),
    /// The plugin reports a fault of its own.
    #[error("internal: {0}")]
    #[diagnostic(code(soma::call::internal), help("the text is the plugin's own; see its log lines"))]
    Internal(String),
    /// The guest trapped.
    #[error("{hook} of slot `{slot}` trapped: {trap}")]
    #[diagnostic(code(soma::call::trap), help("a fault in the plugin: see its log lines above"))]
    Trap {
        /// The slot.
        slot: String,
        /// Which hook.
        hook: Hook,
        /// Trap and backtrace.
        trap: String,
    },
    /// It used its CPU budget.
    #[error("{hook} of slot `{slot}` used up its CPU budget of {limit:?}")]
    #[diagnostic(code(soma::call::cpu_budget), help("the plugin computes for too long or loops"))]
    CpuBudget {
        /// The slot.
        slot: String,
        /// Which hook.
        hook: Hook,
        /// The budget.
        limit: Duration,
    },
    /// The time of the whole request is over.
    #[error("the time of the request ({limit:?}) was used up")]
    #[diagnostic(
        code(soma::call::wall_budget),
        help("the plugin was too slow for the caller's time-out, or waited too long for its turn")
    )]
    WallBudget {
        /// The time it had.
        limit: Duration,
    },
    /// A gate took too long.
    #[error("{hook} of slot `{slot}` did not decide within {limit:?}")]
    #[diagnostic(code(soma::call::gate_wall), help("the machine is busy, or the gate waits for something slow"))]
    GateWall {
        /// The slot.
        slot: String,
        /// Which hook.
        hook: Hook,
        /// The time it had.
        limit: Duration,
    },
    /// It wanted more memory than it has.
    #[error("{hook} of slot `{slot}` used up its memory budget of {limit}")]
    #[diagnostic(
        code(soma::call::memory_budget),
        help("raise `budget.memory` in the plugin's manifest, or under its slot in soma.toml")
    )]
    MemoryBudget {
        /// The slot.
        slot: String,
        /// Which hook.
        hook: Hook,
        /// The budget.
        limit: ByteSize,
    },
    /// Its tables grew beyond the limit.
    #[error("{hook} of slot `{slot}` used up its table budget")]
    #[diagnostic(code(soma::call::table_budget), help("a fault in the plugin or its tool chain"))]
    TableBudget {
        /// The slot.
        slot: String,
        /// Which hook.
        hook: Hook,
    },
    /// It answered more than it may.
    #[error("forward of slot `{slot}` answered {size}, more than the budget of {limit}")]
    #[diagnostic(code(soma::call::output_budget), help("the plugin answers too much"))]
    OutputBudget {
        /// The slot.
        slot: String,
        /// What it answered.
        size: ByteSize,
        /// The budget.
        limit: ByteSize,
    },
    /// It streamed more than it may.
    #[error("streaming of slot `{slot}` wrote more than {limit} in all, or more than {piece} at once")]
    #[diagnostic(code(soma::call::stream_budget), help("the plugin answers too much, or in too large pieces"))]
    StreamBudget {
        /// The slot.
        slot: String,
        /// The budget of the whole answer.
        limit: ByteSize,
        /// The budget of one piece.
        piece: ByteSize,
    },
    /// It streamed nothing for too long.
    #[error("streaming of slot `{slot}` wrote nothing for {limit:?}")]
    #[diagnostic(code(soma::call::stream_idle), help("the plugin has to write, or to return, sooner"))]
    StreamIdle {
        /// The slot.
        slot: String,
        /// The time it had.
        limit: Duration,
    },
    /// The caller took too little of a streamed answer for too long.
    #[error("the caller took less than 1 KiB/s of the stream of slot `{slot}` over {limit:?}")]
    #[diagnostic(code(soma::call::stream_stalled), help("a slow or dead connection: not the plugin's fault"))]
    StreamStalled {
        /// The slot.
        slot: String,
        /// The time the caller had.
        limit: Duration,
    },
    /// The caller left a streamed answer before its end.
    #[error("the caller left the stream of slot `{slot}`")]
    #[diagnostic(code(soma::call::stream_left))]
    StreamLeft {
        /// The slot.
        slot: String,
    },
    /// Its answer is not what the contract or the route asks for.
    #[error("forward of slot `{slot}` gave an answer that cannot be used: {problem}")]
    #[diagnostic(
        code(soma::call::garbage),
        help("a fault in the plugin: for a synapse it must answer with a JSON object")
    )]
    Garbage {
        /// The slot.
        slot: String,
        /// What is wrong with it.
        problem: String,
    },
    /// No instance is free and too many wait.
    #[error("slot `{slot}` is busy")]
    #[diagnostic(code(soma::call::busy), help("more requests than this machine can serve"))]
    Busy {
        /// The slot.
        slot: String,
    },
}
