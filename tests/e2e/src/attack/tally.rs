//! What was answered, counted.

use std::collections::BTreeMap;
use std::fmt;

use super::exchange::Reply;
use crate::error::HarnessError;

/// Answers by status, and requests without one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    statuses: BTreeMap<u16, usize>,
    /// Requests without an answer: the connection was refused, cut or broken.
    pub unanswered: usize,
}

impl Tally {
    /// Counts one outcome.
    pub fn count(&mut self, outcome: &Result<Reply, HarnessError>) {
        match outcome {
            Ok(reply) => *self.statuses.entry(reply.status).or_default() += 1,
            Err(_) => self.unanswered += 1,
        }
    }

    /// Adds another.
    #[must_use]
    pub fn and(mut self, other: Tally) -> Tally {
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.unanswered += other.unanswered;
        self
    }

    /// Answers with this status.
    pub fn of(&self, status: u16) -> usize {
        self.statuses.get(&status).copied().unwrap_or_default()
    }

    /// Whether every answer has one of these statuses.
    pub fn only(&self, allowed: &[u16]) -> bool {
        self.statuses.keys().all(|status| allowed.contains(status))
    }

    /// All answers.
    pub fn answers(&self) -> usize {
        self.statuses.values().sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (status, count) in &self.statuses {
            write!(f, "{count} x {status}, ")?;
        }
        write!(f, "{} unanswered", self.unanswered)
    }
}
