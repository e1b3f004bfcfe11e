//! A change to a good request, and what it may make of the two answers.

use super::draft::Draft;
use super::{content, header, proof};

/// Both statuses after a change, Python's first, and the row that says why they or their answers differ. An empty row:
/// the answers have to be the same.
pub type Outcome = (u16, u16, &'static str);

/// A change.
#[derive(Clone, Copy)]
pub struct Mutation {
    /// Its name in reports.
    pub name: &'static str,
    /// Makes it. The number is for a choice inside of it.
    pub apply: fn(&mut Draft, u64),
    /// What it may lead to, besides an answer that is the same from both.
    pub outcomes: &'static [Outcome],
}

/// A change in the shortest form.
pub(super) const fn change(name: &'static str, outcomes: &'static [Outcome], apply: fn(&mut Draft, u64)) -> Mutation {
    Mutation { name, apply, outcomes }
}

impl Mutation {
    /// All of them.
    pub fn all() -> Vec<Self> {
        [header::CHANGES, proof::CHANGES, content::CHANGES].concat()
    }
}

impl std::fmt::Debug for Mutation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}
