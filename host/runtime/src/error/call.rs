//! Why a call of a plugin gave no answer.

use std::time::Duration;

use bytesize::ByteSize;
use miette::Diagnostic;
use soma_manifest::Hook;
use thiserror::Error;

use crate::conduct::Limit;

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
    #[diagnostic(
        code(soma::call::cpu_budget),
        help(
            "the plugin computes for too long or loops; if it needs the time, raise budget.forward-cpu (or gate-cpu)"
        )
    )]
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
    #[error("{hook} of slot `{slot}` used up its table budget of {limit} elements")]
    #[diagnostic(code(soma::call::table_budget), help("a fault in the plugin or its tool chain: nobody can raise it"))]
    TableBudget {
        /// The slot.
        slot: String,
        /// Which hook.
        hook: Hook,
        /// Elements of all tables.
        limit: usize,
    },
    /// Its calls were nested too deeply.
    #[error("{hook} of slot `{slot}` used up its stack of {limit}")]
    #[diagnostic(
        code(soma::call::stack_budget),
        help("the plugin recurses without end or too deeply, perhaps over the caller's data; nobody can raise it")
    )]
    StackBudget {
        /// The slot.
        slot: String,
        /// Which hook.
        hook: Hook,
        /// The budget.
        limit: ByteSize,
    },
    /// It handed more to an import in one call than it may.
    #[error("{hook} of slot `{slot}` handed {size} to an import at once, more than the budget of {limit}")]
    #[diagnostic(
        code(soma::call::host_call_budget),
        help("the plugin has to hand over less at once, or write under its slot in soma.toml: budget.host-call")
    )]
    HostCallBudget {
        /// The slot.
        slot: String,
        /// Which hook.
        hook: Hook,
        /// What it handed over.
        size: ByteSize,
        /// The budget.
        limit: ByteSize,
    },
    /// It holds more handles of resources than it may.
    #[error("{hook} of slot `{slot}` used up its budget of {limit} handles")]
    #[diagnostic(
        code(soma::call::handle_budget),
        help("the plugin does not drop its resources; if it needs so many, raise budget.handles of its slot")
    )]
    HandleBudget {
        /// The slot.
        slot: String,
        /// Which hook.
        hook: Hook,
        /// The budget.
        limit: usize,
    },
    /// It answered more than it may.
    #[error("forward of slot `{slot}` answered {size}, more than the budget of {limit}")]
    #[diagnostic(
        code(soma::call::output_budget),
        help("the plugin answers too much; if it has to, raise budget.output of its slot")
    )]
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
    /// Too many wait for it already.
    #[error("slot `{slot}` is busy")]
    #[diagnostic(code(soma::call::busy), help("more requests than this machine can serve"))]
    Busy {
        /// The slot.
        slot: String,
    },
    /// The pool has no instance left.
    #[error("there is no instance left for slot `{slot}`")]
    #[diagnostic(
        code(soma::call::no_instance),
        help(
            "all plugins together hold every instance there is: lower budget.in-flight of the slots with slow streams"
        )
    )]
    NoInstance {
        /// The slot.
        slot: String,
    },
    /// The one instance of a resident plugin was lost, and it is too early to make it again.
    #[error("the plugin of slot `{slot}` is starting again, in {wait:?}")]
    #[diagnostic(
        code(soma::call::starting),
        help("its instance was lost: see the line about it in the log; `instances = \"warm\"` loses one of many")
    )]
    Starting {
        /// The slot.
        slot: String,
        /// How long until it is made again.
        wait: Duration,
    },
    /// The plugin's `init` failed.
    #[error("init of slot `{slot}`: {reason}")]
    #[diagnostic(code(soma::call::init), help("the text is the plugin's own; see its log lines and its settings"))]
    Init {
        /// The slot.
        slot: String,
        /// The plugin's words.
        reason: String,
    },
    /// This caller made the plugin trap, and has to wait.
    #[error("a caller that made slot `{slot}` trap has to wait for {wait:?}")]
    #[diagnostic(code(soma::call::slowed), help("see the traps of this caller in the log; a swap forgives them"))]
    Slowed {
        /// The slot.
        slot: String,
        /// How long until the caller may ask again.
        wait: Duration,
    },
    /// The plugin was taken out because it trapped too often.
    #[error("slot `{slot}` is out because its plugin trapped too often; next try in {wait:?}")]
    #[diagnostic(
        code(soma::call::out),
        help("see its traps in the log; it comes back with its first good answer, or with `soma plugin swap`")
    )]
    Out {
        /// The slot.
        slot: String,
        /// How long until the next probe.
        wait: Duration,
    },
}

impl CallError {
    /// Whether the plugin misbehaved: it trapped, or used up what only a fault or an attack uses up. Times on the
    /// wall, answers that are too large and busy hosts are no misbehaviour.
    pub fn is_misbehaviour(&self) -> bool {
        matches!(
            self,
            CallError::Trap { .. }
                | CallError::CpuBudget { .. }
                | CallError::MemoryBudget { .. }
                | CallError::TableBudget { .. }
                | CallError::StackBudget { .. }
                | CallError::HostCallBudget { .. }
                | CallError::HandleBudget { .. }
        )
    }

    /// The budget that was used up; none when that was not the reason.
    pub fn limit(&self) -> Option<Limit> {
        Some(match self {
            CallError::CpuBudget { .. } => Limit::Cpu,
            CallError::WallBudget { .. } => Limit::Wall,
            CallError::GateWall { .. } => Limit::GateWall,
            CallError::MemoryBudget { .. } => Limit::Memory,
            CallError::TableBudget { .. } => Limit::Table,
            CallError::StackBudget { .. } => Limit::Stack,
            CallError::OutputBudget { .. } => Limit::Output,
            CallError::StreamBudget { .. } => Limit::Stream,
            CallError::StreamIdle { .. } => Limit::StreamIdle,
            CallError::StreamStalled { .. } => Limit::StreamDrain,
            CallError::HostCallBudget { .. } => Limit::HostCall,
            CallError::HandleBudget { .. } => Limit::Handles,
            CallError::Busy { .. } => Limit::Queue,
            CallError::NoInstance { .. } => Limit::Instances,
            _ => return None,
        })
    }

    /// The hook that it names.
    pub fn hook(&self) -> Option<Hook> {
        Some(match self {
            CallError::Trap { hook, .. }
            | CallError::CpuBudget { hook, .. }
            | CallError::GateWall { hook, .. }
            | CallError::MemoryBudget { hook, .. }
            | CallError::TableBudget { hook, .. }
            | CallError::StackBudget { hook, .. }
            | CallError::HostCallBudget { hook, .. }
            | CallError::HandleBudget { hook, .. } => *hook,
            CallError::Denied { .. } => Hook::Blacklist,
            CallError::Unverified { .. } => Hook::Verify,
            CallError::StreamBudget { .. } | CallError::StreamIdle { .. } | CallError::StreamStalled { .. } => {
                Hook::Streaming
            }
            _ => return None,
        })
    }

    /// The slot that it names.
    pub fn slot(&self) -> Option<&str> {
        Some(match self {
            CallError::Denied { slot, .. }
            | CallError::Unverified { slot, .. }
            | CallError::Trap { slot, .. }
            | CallError::CpuBudget { slot, .. }
            | CallError::GateWall { slot, .. }
            | CallError::MemoryBudget { slot, .. }
            | CallError::TableBudget { slot, .. }
            | CallError::StackBudget { slot, .. }
            | CallError::HostCallBudget { slot, .. }
            | CallError::HandleBudget { slot, .. }
            | CallError::OutputBudget { slot, .. }
            | CallError::StreamBudget { slot, .. }
            | CallError::StreamIdle { slot, .. }
            | CallError::StreamStalled { slot, .. }
            | CallError::StreamLeft { slot }
            | CallError::Garbage { slot, .. }
            | CallError::Busy { slot }
            | CallError::NoInstance { slot }
            | CallError::Starting { slot, .. }
            | CallError::Init { slot, .. }
            | CallError::Slowed { slot, .. }
            | CallError::Out { slot, .. } => slot,
            CallError::Invalid(_)
            | CallError::Refused(_)
            | CallError::Unavailable(_)
            | CallError::Internal(_)
            | CallError::WallBudget { .. } => return None,
        })
    }
}
