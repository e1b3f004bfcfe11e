//! When a version has to go: pure functions over counts.
//!
//! They know no clock, no slot and no plugin, so that a candidate can be judged by the same rule, against the
//! incumbent over the same callers.

use std::time::Duration;

/// Callers that traps have to come from before they say something about the plugin and not about a caller. Two
/// could be one attacker and one who had bad luck.
pub const LEAST_CALLERS: usize = 3;

/// More than one call of so many has to trap: a plugin that answers four of five is worth more than none.
pub const ONE_OF: u64 = 5;

/// The first pause after a trap; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What was seen of one version within a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls that came to an end, good or bad.
    pub calls: u64,
    /// Those of them that trapped.
    pub traps: u64,
    /// Callers that the traps came from, each of them verified.
    pub callers: usize,
}

impl Tally {
    /// Whether the version should not serve.
    pub fn is_bad(&self) -> bool {
        self.callers >= LEAST_CALLERS && self.traps.saturating_mul(ONE_OF) > self.calls
    }
}

/// The pause after so many traps in a row, or failed probes: 1 s after the first, doubling up to 60 s.
pub fn pause(times: u32) -> Duration {
    let doubled = 1_u32.checked_shl(times.saturating_sub(1)).unwrap_or(u32::MAX);
    FIRST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_callers_and_more_than_a_fifth_are_needed() {
        let table = [
            (0, 0, 0, false),
            (3, 3, 3, true),
            (1, 1, 1, false),
            (100, 100, 2, false),
            (15, 3, 3, false),
            (14, 3, 3, true),
            (100, 20, 50, false),
            (100, 21, 50, true),
            (u64::MAX, u64::MAX, 3, false),
        ];
        for (calls, traps, callers, bad) in table {
            assert_eq!(Tally { calls, traps, callers }.is_bad(), bad, "{calls} {traps} {callers}");
        }
    }

    #[test]
    fn pauses_double_from_a_second_to_a_minute() {
        let seconds: Vec<u64> = [0, 1, 2, 3, 6, 7, 8, 33, u32::MAX].map(|times| pause(times).as_secs()).into();
        assert_eq!(seconds, [1, 1, 2, 4, 32, 60, 60, 60, 60]);
    }
}
