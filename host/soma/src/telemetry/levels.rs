//! What is held at one moment: the numbers that are read when somebody asks, and not counted on the way.

use std::time::Duration;

use soma_runtime::conduct::Exhaustion;
use soma_runtime::slots::SlotStatus;

use crate::subnet::ChainLevel;

/// What the parts of the host hold.
#[derive(Clone, Debug, Default)]
pub struct Levels {
    /// Strangers' requests before their proof.
    pub strangers: Held,
    /// The same of callers with a lane.
    pub lanes: Held,
    /// Open connections.
    pub connections: usize,
    /// Nonces that are remembered.
    pub nonces: usize,
    /// For how long every nonce is still refused.
    pub replay_closed: Duration,
    /// Instances of plugins that are alive; none when the engine does not say.
    pub instances: Option<u64>,
    /// The slots.
    pub slots: Vec<SlotLevel>,
    /// The chain; none with `--offline`.
    pub chain: Option<ChainLevel>,
    /// Requests of proven callers that can be explained.
    pub proven_records: usize,
    /// The same of all others.
    pub unproven_records: usize,
    /// Lines of refused requests that were too many.
    pub lines_left_out: u64,
    /// Lines that the buffers of the log had no room for.
    pub lines_lost: u64,
}

/// What unverified requests hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// How many there are.
    pub requests: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
}

/// One slot.
#[derive(Clone, Debug, Default)]
pub struct SlotLevel {
    /// The operator's name for it.
    pub name: String,
    /// Old versions that still serve.
    pub draining: usize,
    /// Requests that wait for their turn.
    pub waiting: usize,
    /// Whether the plugin was taken out because it trapped too often.
    pub out: bool,
    /// Callers that have to wait because they made it trap.
    pub slowed: usize,
    /// Calls that misbehaved since the start.
    pub traps: u64,
    /// Budgets that were used up since the start.
    pub exhausted: Vec<Exhaustion>,
}

impl From<SlotStatus> for SlotLevel {
    fn from(slot: SlotStatus) -> SlotLevel {
        SlotLevel {
            name: slot.slot,
            draining: slot.draining,
            waiting: slot.waiting,
            out: slot.out_until_ms.is_some(),
            slowed: slot.slowed,
            traps: slot.traps,
            exhausted: slot.exhausted,
        }
    }
}
