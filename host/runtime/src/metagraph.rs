//! What plugins see of the subnet. The runtime knows no chain: whoever makes a [`Call`](crate::Call) gives it one block's
//! neurons along, or says why there are none.
//!
//! A request is [`Pinned`] to them once, when it comes in: all hooks of all plugins that it meets look at the same block,
//! and so should whoever fills in the request's [`Caller`](crate::Caller).

use std::sync::Arc;

pub use crate::bindings::metagraph::{Absence, Neuron, Subnet};

/// Most neurons that one call of the import hands over, as the contract says.
pub const PAGE: usize = 256;

/// The neurons of one subnet as of one block. What it answers never changes.
///
/// It is asked on the guests' threads, in the guest's CPU time, and so should need no lock and no system call. Numbers
/// are what the contract says: whole TAO or alpha, scores from 0 to 1, all of them finite.
pub trait Metagraph: Send + Sync {
    /// What is to be seen. Uids run from 0 to its `size`.
    fn subnet(&self) -> Subnet;

    /// The neuron with this uid; none when there is no such uid.
    fn by_uid(&self, uid: u16) -> Option<Neuron>;

    /// The neuron with this hotkey (ss58); none when nobody is registered with it, or it is no address at all.
    fn by_hotkey(&self, hotkey: &str) -> Option<Neuron>;
}

/// What one request sees: one block's neurons, or why there are none.
pub type Pinned = Result<Arc<dyn Metagraph>, Absence>;
