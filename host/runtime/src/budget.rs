//! What one call may use. Every budget is on by default; only the operator's file can raise one.

use std::time::Duration;

use bytesize::ByteSize;
use soma_manifest::BudgetRequest;

/// The limits of one plugin's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Linear memory of one instance, over all its memories.
    pub memory: ByteSize,
    /// CPU time of one gate hook (blacklist, priority), by the thread's clock.
    pub gate_cpu: Duration,
    /// CPU time of one forward, by the thread's clock.
    pub forward_cpu: Duration,
    /// Wall time of a whole request, when the request itself does not ask for less.
    pub wall: Duration,
    /// Bytes that an answer may have, and that one host call may move.
    pub output: ByteSize,
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
            // A forward that computes for longer belongs into a model server behind the plugin.
            forward_cpu: Duration::from_secs(10),
            // The Python SDK's dendrites wait 12 s by default; nobody waits longer than a minute.
            wall: Duration::from_secs(60),
            output: ByteSize::mib(4),
            log_line: 1024,
            log_call: 64 * 1024,
        }
    }
}

/// What the operator's file says about a slot's budget; none leaves the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BudgetGrant {
    /// Linear memory of one instance.
    pub memory: Option<ByteSize>,
}

/// A plugin asks for more than the operator gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoreThanGranted {
    /// What the manifest asks for.
    pub asked: ByteSize,
    /// What it would get.
    pub granted: ByteSize,
}

impl Budget {
    /// The budget of a plugin that asks for `request` in a slot with `grant`: never more than the operator
    /// (or, in his silence, the default) gives, and less when the plugin asks for less.
    pub fn decide(request: BudgetRequest, grant: BudgetGrant) -> Result<Budget, MoreThanGranted> {
        let defaults = Budget::default();
        let granted = grant.memory.unwrap_or(defaults.memory);
        let asked = request.memory.unwrap_or(granted);
        if asked > granted {
            return Err(MoreThanGranted { asked, granted });
        }
        Ok(Budget { memory: asked, ..defaults })
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
            let decided = Budget::decide(BudgetRequest { memory: asked }, BudgetGrant { memory: granted });
            let decided = decided.map(|budget| budget.memory).map_err(|refusal| refusal.granted);
            assert_eq!(decided, expected.map(ByteSize::mib).map_err(ByteSize::mib), "{asked:?} {granted:?}");
        }
    }
}
