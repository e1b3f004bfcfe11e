//! Where the time of one request went: a lap for each hook that was asked, and one for the queue.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use soma_manifest::Hook;

use crate::meter::CpuMeter;
use crate::version::Version;

/// CPU time of a forward that was given up, from which on it is its caller's doing.
const NOTICED: Duration = Duration::from_millis(100);

/// What a request does in the runtime, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The hook `blacklist`.
    Blacklist,
    /// The hook `verify`.
    Verify,
    /// The hook `priority`.
    Priority,
    /// Waiting for its turn.
    Queue,
    /// The hook `forward`, or `streaming`.
    Forward,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Stage; 5] = [Stage::Blacklist, Stage::Verify, Stage::Priority, Stage::Queue, Stage::Forward];

    /// Its name in logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Blacklist => "blacklist",
            Stage::Verify => "verify",
            Stage::Priority => "priority",
            Stage::Queue => "queue",
            Stage::Forward => "forward",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<Hook> for Stage {
    fn from(hook: Hook) -> Stage {
        match hook {
            Hook::Blacklist => Stage::Blacklist,
            Hook::Verify => Stage::Verify,
            Hook::Priority => Stage::Priority,
            Hook::Forward | Hook::Streaming => Stage::Forward,
        }
    }
}

/// One stage of one request, also when it ended badly.
#[derive(Clone, Debug)]
pub struct Lap {
    /// Which.
    pub stage: Stage,
    /// The operator's slot.
    pub slot: Arc<str>,
    /// The version that was asked.
    pub version: Arc<str>,
    /// From asking to the answer; making the instance counts in the first stage that it is made for.
    pub wall: Duration,
    /// CPU time of the guest, as its meter has it. None in the queue.
    pub cpu: Duration,
    /// Bytes of linear memory that the instance has had at most so far. 0 in the queue.
    pub memory: u64,
}

/// The laps of one request. Cloning gives another handle to the same ones.
#[derive(Clone, Debug, Default)]
pub struct Trace(Arc<Mutex<Vec<Lap>>>);

impl Trace {
    /// The laps that have ended, in the order in which they did.
    pub fn laps(&self) -> Vec<Lap> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same, and forgets them.
    pub fn take(&self) -> Vec<Lap> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the last thing that happened was a forward of this slot, which computed for a good part of its time. What
    /// waits for a core, or shares one with three others, does not: then the machine is busy, and nobody is to blame.
    pub(crate) fn ended_computing(&self, slot: &str) -> bool {
        let laps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        laps.last().is_some_and(|lap| {
            lap.stage == Stage::Forward && *lap.slot == *slot && lap.cpu >= NOTICED && lap.cpu * 3 >= lap.wall
        })
    }

    fn push(&self, lap: Lap) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(lap);
    }
}

/// Counts what one instance uses. The store has one handle, the lap that runs another.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    /// CPU time of the hook that runs.
    pub meter: Arc<CpuMeter>,
    /// Bytes of linear memory, over all memories. It never shrinks.
    pub memory: Arc<AtomicU64>,
}

impl Usage {
    /// Bytes of linear memory by now.
    pub fn memory(&self) -> u64 {
        self.memory.load(Ordering::Relaxed)
    }
}

/// A lap that runs. It is written down when it is dropped, so a call that was given up has one too.
pub struct Stopwatch {
    trace: Trace,
    /// None when it was written down.
    lap: Option<Lap>,
    started: Instant,
    usage: Option<Usage>,
}

impl Stopwatch {
    /// Starts a lap of a hook.
    pub fn start(trace: &Trace, version: &Version, hook: Hook, usage: &Usage) -> Stopwatch {
        Stopwatch::of(trace, version, hook.into(), Some(usage.clone()))
    }

    /// Starts waiting.
    pub fn waiting(trace: &Trace, version: &Version) -> Stopwatch {
        Stopwatch::of(trace, version, Stage::Queue, None)
    }

    fn of(trace: &Trace, version: &Version, stage: Stage, usage: Option<Usage>) -> Stopwatch {
        let (slot, version) = (version.slot().clone(), version.id().clone());
        let lap = Lap { stage, slot, version, wall: Duration::ZERO, cpu: Duration::ZERO, memory: 0 };
        Stopwatch { trace: trace.clone(), lap: Some(lap), started: Instant::now(), usage }
    }

    /// Counts on with the use of this instance, whose making took so much CPU time.
    pub fn follow(&mut self, usage: &Usage, making: Duration) {
        if let Some(lap) = &mut self.lap {
            lap.cpu += making;
        }
        self.usage = Some(usage.clone());
    }
}

impl Drop for Stopwatch {
    fn drop(&mut self) {
        let Some(mut lap) = self.lap.take() else { return };
        lap.wall = self.started.elapsed();
        if let Some(usage) = &self.usage {
            lap.cpu += usage.meter.charged();
            lap.memory = usage.memory();
        }
        self.trace.push(lap);
    }
}
