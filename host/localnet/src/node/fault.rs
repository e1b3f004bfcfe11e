//! What is made to go wrong.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// Something that goes wrong on demand. The lasting ones end with [`crate::Localnet::clear`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Closes every connection, now.
    DropSockets,
    /// Takes the next transaction and closes its connection without an answer.
    DropAnswer,
    /// Refuses the next transactions from the pool: error 1010 with `Custom error: N`.
    RefusePool {
        /// N, 0 to 255.
        custom: u8,
        /// How many transactions.
        times: u32,
    },
    /// Gives an account's nonce one too low the next times.
    StaleNonce {
        /// How many times.
        times: u32,
    },
    /// Lasting: connections work, questions get no answer.
    Stall,
    /// Lasting: connections stay open, and no byte moves in or out of them. They are closed when it ends.
    HalfOpen,
    /// Lasting: says that it is still catching up.
    Behind,
    /// Lasting: makes no more blocks; transactions wait.
    Freeze,
    /// The chain has an upgrade: the next higher spec version, and the pallet's errors have the next higher index.
    Upgrade,
    /// Lasting: the metadata has no such call.
    WithoutCall {
        /// The call's name, such as `set_mechanism_weights`.
        name: String,
    },
    /// Lasting: the metadata has no such storage.
    WithoutStorage {
        /// The storage's name, such as `Axons`.
        name: String,
    },
    /// Lasting: the runtime has no such method, neither in its metadata nor when it is asked.
    WithoutApi {
        /// The interface's and the method's name, such as `SubnetInfoRuntimeApi_get_metagraph`.
        name: String,
    },
    /// Forgets every state but the newest.
    Prune,
}

/// The faults that are in force.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Force>);

#[derive(Debug, Default, Clone)]
struct Force {
    drop_answer: bool,
    refusals: u32,
    custom: u8,
    stale: u32,
    stalled: bool,
    behind: bool,
    frozen: bool,
}

impl Faults {
    /// Puts a fault into force; what the state or the sockets have to do is done elsewhere.
    pub(crate) fn add(&self, fault: &Fault) {
        self.with(|force| match fault {
            Fault::DropAnswer => force.drop_answer = true,
            Fault::RefusePool { custom, times } => {
                force.custom = *custom;
                force.refusals = *times;
            }
            Fault::StaleNonce { times } => force.stale = *times,
            Fault::Stall => force.stalled = true,
            Fault::Behind => force.behind = true,
            Fault::Freeze => force.frozen = true,
            _ => {}
        });
    }

    pub(crate) fn clear(&self) {
        self.with(|force| *force = Force::default());
    }

    pub(crate) fn takes_answer(&self) -> bool {
        self.with(|force| std::mem::take(&mut force.drop_answer))
    }

    /// The number with which the next transaction is refused.
    pub(crate) fn refusal(&self) -> Option<u8> {
        self.with(|force| {
            force.refusals = force.refusals.checked_sub(1)?;
            Some(force.custom)
        })
    }

    pub(crate) fn staleness(&self) -> bool {
        self.with(|force| match force.stale.checked_sub(1) {
            Some(left) => {
                force.stale = left;
                true
            }
            None => false,
        })
    }

    pub(crate) fn stalled(&self) -> bool {
        self.with(|force| force.stalled)
    }

    pub(crate) fn behind(&self) -> bool {
        self.with(|force| force.behind)
    }

    pub(crate) fn frozen(&self) -> bool {
        self.with(|force| force.frozen)
    }

    fn with<R>(&self, change: impl FnOnce(&mut Force) -> R) -> R {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
