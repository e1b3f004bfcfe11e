//! Why the chain refuses an extrinsic, and what to do about it.
//!
//! A refusal comes from one of two layers, and the same mistake may come from either, depending on the runtime's version:
//! the pool of the node refuses before anything is in a block (JSON-RPC error 1010 and its neighbours), or the call fails in
//! its block. Both become a [`Fault`] with the name that subtensor gives it. Errors of the second kind are found by name
//! through the metadata, because their numbers change from release to release.
//!
//! # Layout
//! - [`pool`]: what the node's pool says; [`failure`]: what the runtime says in a block
//! - `table`: cause and remedy of each name

pub mod failure;
pub mod pool;
mod table;

use std::fmt;

use crate::words::shortened;

/// Why the chain refused something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Who refused it.
    pub layer: Layer,
    /// Its name as subtensor has it, such as `SettingWeightsTooFast`, or as Substrate has it, such as `Stale`.
    pub name: String,
    /// What happened.
    pub cause: String,
    /// What to do.
    pub remedy: String,
    /// Whether time alone mends it.
    pub retry: Retry,
}

/// Who refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// The node's pool: the extrinsic is in no block, and nothing was paid.
    Pool,
    /// The runtime: the extrinsic is in a block, its nonce is used and its fee is paid, and it had no effect.
    Dispatch,
}

/// Whether the same call may succeed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Waiting is enough.
    Later,
    /// Something has to be changed before.
    Mend,
}

impl Fault {
    /// The fault of a name; `said` is what the chain said of it, for a name that is not in our table. Both are the words
    /// of a node or of its metadata.
    fn named(layer: Layer, name: &str, said: &str) -> Self {
        match table::find(name) {
            Some(entry) => Self {
                layer,
                name: name.to_owned(),
                cause: entry.cause.to_owned(),
                remedy: entry.remedy.to_owned(),
                retry: entry.retry,
            },
            None => Self {
                layer,
                name: shortened(name),
                cause: if said.is_empty() { "the chain gives no reason".to_owned() } else { shortened(said) },
                remedy: "this version of soma does not know the error: look for its name in subtensor's documentation"
                    .to_owned(),
                retry: Retry::Mend,
            },
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::LONGEST;

    #[test]
    fn names_of_a_hostile_runtime_are_short_and_plain() {
        let words = format!("\u{1b}[31m{}", "x".repeat(10 << 20));
        let fault = Fault::named(Layer::Dispatch, &words, &words);
        assert_eq!((fault.name.len(), fault.cause.len()), (LONGEST, LONGEST));
        assert!(!fault.to_string().chars().any(char::is_control));
    }
}
