//! What one call may use. Every budget is on by default; only the operator's file can raise one.

mod grant;

use std::num::NonZeroUsize;
use std::time::Duration;

use bytesize::ByteSize;

pub use self::grant::{BudgetGrant, MoreThanGranted};

/// Elements of all tables of one instance, and of each one. Known tool chains make one table of some hundred
/// functions.
pub const TABLE: usize = 20_000;
/// Stack of a guest's own frames; one for all plugins, because the code is compiled for it. wasmtime's default:
/// what a parser of deeply nested JSON needs, many times over.
pub const STACK: ByteSize = ByteSize::kib(512);

/// The limits of one plugin's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Linear memory of one instance, over all its memories.
    pub memory: ByteSize,
    /// CPU time of one gate hook (blacklist, verify, priority).
    pub gate_cpu: Duration,
    /// Wall time of one gate hook, within that of the request.
    pub gate_wall: Duration,
    /// CPU time of one forward or stream.
    pub forward_cpu: Duration,
    /// Wall time of a whole request, when the request itself does not ask for less.
    pub wall: Duration,
    /// Bytes that an answer may have, and one piece of a streamed answer.
    pub output: ByteSize,
    /// Bytes of all pieces of a streamed answer.
    pub stream: ByteSize,
    /// Wall time that a streaming hook may be silent, apart from waiting for its caller.
    pub idle: Duration,
    /// Wall time of waiting for the caller of a streamed answer over which it has to take 1 KiB/s at least.
    pub drain: Duration,
    /// Forwards of one version that run at once.
    pub in_flight: usize,
    /// Streams of one version that run at once.
    pub streams: usize,
    /// Requests that wait for a forward of one version, and for a stream as many. They hold no instance.
    pub queue: usize,
    /// Bytes of one log line; what is longer is cut.
    pub log_line: usize,
    /// Bytes of log that one hook may write; what is longer is dropped.
    pub log_call: usize,
    /// Bytes that one call of an import may hand over to the host.
    pub host_call: ByteSize,
    /// Handles of resources that are alive in one instance.
    pub handles: usize,
    /// Elements of all tables of one instance.
    pub table: usize,
    /// What calls that misbehave lead to.
    pub traps: Traps,
}

/// Whether callers that make a plugin trap have to wait, and a plugin that traps too often goes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Traps {
    /// They do.
    #[default]
    Limited,
    /// They do not: traps are only counted. For tests of plugins that are meant to trap.
    Unlimited,
}

impl Default for Budget {
    fn default() -> Self {
        Budget {
            // Twice what a Python guest needs for 1 KiB of JSON, and 256 of them fit into 16 GiB.
            memory: ByteSize::mib(64),
            // A gate looks something up; a thousand times the 100 us that a Python gate takes.
            gate_cpu: Duration::from_millis(100),
            // Ten times its CPU time: what a gate needs on a machine that is busy.
            gate_wall: Duration::from_secs(1),
            // A forward that computes for longer belongs into a model server behind the plugin.
            forward_cpu: Duration::from_secs(10),
            // The Python SDK's dendrites wait 12 s by default; nobody waits longer than a minute.
            wall: Duration::from_secs(60),
            output: ByteSize::mib(4),
            // A thousand pages of text and more; a stream is for what is read while it is made.
            stream: ByteSize::mib(64),
            // Callers give up on a silent connection at about that time, and proxies do.
            idle: Duration::from_secs(30),
            // A hiccup of the network is over by then; who takes next to nothing holds one of few places.
            drain: Duration::from_secs(10),
            // A forward that computes needs a core; the second one fills the gaps.
            in_flight: 2 * cores(),
            // A stream mostly waits for its caller. A quarter of the instances of the pool.
            streams: 64,
            queue: 256,
            log_line: 1024,
            log_call: 64 * 1024,
            // The largest body by default and the largest answer, and some room.
            host_call: ByteSize::mib(16),
            // A plugin of this contract holds one stream at a time.
            handles: 1000,
            table: TABLE,
            traps: Traps::Limited,
        }
    }
}

/// Cores that this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

impl Budget {
    /// Streams of one version that one caller's hotkey may have, running or in line: an eighth of those that run
    /// at once, and at least one. Eight hotkeys that read slowly are needed to hold all places.
    pub fn streams_of_one_caller(&self) -> usize {
        (self.streams / 8).max(1)
    }
}
