//! The budgets by name, as metrics and documents have them.

use std::fmt;

/// One budget of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// CPU time of a hook.
    Cpu,
    /// Wall time of the whole request.
    Wall,
    /// Wall time of a gate hook.
    GateWall,
    /// Linear memory.
    Memory,
    /// Elements of tables.
    Table,
    /// Stack of the guest's frames.
    Stack,
    /// Bytes of an answer.
    Output,
    /// Bytes of a streamed answer, or of one piece of it.
    Stream,
    /// Silence of a streaming hook.
    StreamIdle,
    /// Slowness of a stream's caller.
    StreamDrain,
    /// Bytes of a log line. Ends nothing: the line is cut.
    LogLine,
    /// Bytes of log of one call. Ends nothing: the line is dropped.
    LogCall,
    /// Bytes of one call of an import.
    HostCall,
    /// Handles of resources.
    Handles,
    /// Requests that run and wait.
    Queue,
    /// Instances of the pool.
    Instances,
}

impl Limit {
    /// All of them.
    pub const ALL: [Limit; 16] = [
        Limit::Cpu,
        Limit::Wall,
        Limit::GateWall,
        Limit::Memory,
        Limit::Table,
        Limit::Stack,
        Limit::Output,
        Limit::Stream,
        Limit::StreamIdle,
        Limit::StreamDrain,
        Limit::LogLine,
        Limit::LogCall,
        Limit::HostCall,
        Limit::Handles,
        Limit::Queue,
        Limit::Instances,
    ];

    /// Its name in labels: lower case, words joined by `-`.
    pub fn name(self) -> &'static str {
        match self {
            Limit::Cpu => "cpu",
            Limit::Wall => "wall",
            Limit::GateWall => "gate-wall",
            Limit::Memory => "memory",
            Limit::Table => "table",
            Limit::Stack => "stack",
            Limit::Output => "output",
            Limit::Stream => "stream",
            Limit::StreamIdle => "stream-idle",
            Limit::StreamDrain => "stream-drain",
            Limit::LogLine => "log-line",
            Limit::LogCall => "log-call",
            Limit::HostCall => "host-call",
            Limit::Handles => "handles",
            Limit::Queue => "queue",
            Limit::Instances => "instances",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
