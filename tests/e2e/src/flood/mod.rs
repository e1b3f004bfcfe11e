//! What hostile callers cost, measured: the bench behind `cargo xtask bench flood`.
//!
//! Server, callers and bench are processes of their own. Requests are bytes that were made before the clock runs, so
//! that the load generator signs nothing while it is measured beside. What is compared is measured in turns, round
//! after round, and of the rounds' ratios the median counts: a machine that is busy with something else for a while
//! spoils a round and not the result.
//!
//! # Layout
//! - [`bed`]: the server under test
//! - [`stock`]: requests as bytes, made in advance
//! - [`load`]: the load generator, which is this program started once more
//! - [`cost`]: processor time of the server for one request of each kind
//! - [`company`]: what a proven caller notices of others' junk
//! - [`report`]: cases, targets, and how they are printed

pub mod bed;
pub mod company;
pub mod cost;
pub mod load;
pub mod report;
pub mod stock;

pub use bed::Bed;
pub use report::{Case, Report, Verdict};

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Rounds; of their ratios the median counts.
    pub rounds: usize,
    /// Seconds of each part of a round. Latencies are measured twice as long: a p99 is made by one request of a hundred.
    pub seconds: u64,
}

impl Effort {
    /// Seconds of a part in which latencies are measured.
    pub fn company_seconds(self) -> u64 {
        self.seconds.saturating_mul(2)
    }
}

impl Default for Effort {
    fn default() -> Self {
        Effort { rounds: 5, seconds: 3 }
    }
}
