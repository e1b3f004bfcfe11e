//! What one call may use. Every budget is on by default; only the operator's file can raise one.

use std::num::NonZeroUsize;
use std::time::Duration;

use bytesize::ByteSize;
use soma_manifest::manifest::LONGEST_WALL;
use soma_manifest::{BudgetRequest, Seconds};

/// The limits of one plugin's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Linear memory of one instance, over all its memories.
    pub memory: ByteSize,
    /// CPU time of one gate hook (blacklist, verify, priority), by the thread's clock.
    pub gate_cpu: Duration,
    /// Wall time of one gate hook, within that of the request.
    pub gate_wall: Duration,
    /// CPU time of one forward or stream, by the thread's clock.
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
        }
    }
}

/// The machine's cores.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// What the operator's file says about a slot's budget; none leaves the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BudgetGrant {
    /// Linear memory of one instance.
    pub memory: Option<ByteSize>,
    /// Wall time of a whole request; more than [`LONGEST_WALL`] seconds counts as so much.
    pub wall: Option<Seconds>,
    /// Requests that run at once, forwards and streams each.
    pub in_flight: Option<NonZeroUsize>,
}

/// A plugin asks for more than the operator gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoreThanGranted {
    /// Of memory.
    Memory {
        /// What the manifest asks for.
        asked: ByteSize,
        /// What it would get.
        granted: ByteSize,
    },
    /// Of wall time.
    Wall {
        /// What the manifest asks for.
        asked: Seconds,
        /// What it would get.
        granted: Duration,
    },
}

impl Budget {
    /// Streams of one version that one caller's hotkey may have, running or in line: an eighth of those that run
    /// at once, and at least one. Eight hotkeys that read slowly are needed to hold all places.
    pub fn streams_of_one_caller(&self) -> usize {
        (self.streams / 8).max(1)
    }

    /// The budget of a plugin that asks for `request` in a slot with `grant`: never more than the operator
    /// (or, in his silence, the default) gives, and less when the plugin asks for less.
    pub fn decide(request: BudgetRequest, grant: BudgetGrant) -> Result<Budget, MoreThanGranted> {
        let defaults = Budget::default();
        let granted = grant.memory.unwrap_or(defaults.memory);
        let memory = request.memory.unwrap_or(granted);
        if memory > granted {
            return Err(MoreThanGranted::Memory { asked: memory, granted });
        }
        let longest = Duration::from_secs(LONGEST_WALL);
        let granted = grant.wall.map_or(defaults.wall, |wall| wall.duration().min(longest));
        let wall = match request.wall {
            Some(asked) if asked.duration() > granted => return Err(MoreThanGranted::Wall { asked, granted }),
            asked => asked.map_or(granted, Seconds::duration),
        };
        let in_flight = grant.in_flight.map_or(defaults.in_flight, NonZeroUsize::get);
        let streams = grant.in_flight.map_or(defaults.streams, NonZeroUsize::get);
        Ok(Budget { memory, wall, in_flight, streams, ..defaults })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_of_wish_and_grant_holds_and_the_default_needs_no_word() {
        let mib = |n: u64| Some(ByteSize::mib(n));
        let table = [
            (None, None, Ok(64)),
            (mib(32), None, Ok(32)),
            (mib(128), None, Err(64)),
            (mib(128), mib(256), Ok(128)),
            (None, mib(256), Ok(256)),
            (None, mib(16), Ok(16)),
            (mib(32), mib(16), Err(16)),
        ];
        for (asked, granted, expected) in table {
            let request = BudgetRequest { memory: asked, ..BudgetRequest::default() };
            let decided = Budget::decide(request, BudgetGrant { memory: granted, ..BudgetGrant::default() });
            let expected = expected.map(ByteSize::mib).map_err(|granted| {
                let (asked, granted) = (asked.unwrap(), ByteSize::mib(granted));
                MoreThanGranted::Memory { asked, granted }
            });
            assert_eq!(decided.map(|budget| budget.memory), expected, "{asked:?} {granted:?}");
        }
    }

    #[test]
    fn more_than_a_minute_needs_both_and_ten_minutes_are_the_most() {
        let table = [
            (None, None, Some(60)),
            (Some("10s"), None, Some(10)),
            (Some("600s"), None, None),
            (Some("600s"), Some("10min"), Some(600)),
            (None, Some("2min"), Some(120)),
            (None, Some("60min"), Some(600)),
            (Some("60s"), Some("30s"), None),
        ];
        for (asked, granted, expected) in table {
            let seconds = |text: Option<&str>| text.map(|text| text.parse().unwrap());
            let request = BudgetRequest { wall: seconds(asked), ..BudgetRequest::default() };
            let decided = Budget::decide(request, BudgetGrant { wall: seconds(granted), ..BudgetGrant::default() });
            let decided = decided.ok().map(|budget| budget.wall);
            assert_eq!(decided, expected.map(Duration::from_secs), "{asked:?} {granted:?}");
        }
    }
}
