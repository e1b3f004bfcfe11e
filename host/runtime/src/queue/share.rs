//! What one caller may have of the streams of a version.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Named;
use std::sync::{Arc, Mutex, PoisonError};

/// How many requests of each caller run or wait; a caller may have at most so many.
///
/// Names are kept for as long as they have a share, so there are no more of them than requests.
pub struct Shares {
    most: usize,
    taken: Arc<Mutex<BTreeMap<String, usize>>>,
}

/// One request of a caller; dropping it makes room for another one.
pub struct Share {
    caller: String,
    taken: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Shares {
    /// At most `most` for each caller.
    pub fn new(most: usize) -> Shares {
        Shares { most, taken: Arc::default() }
    }

    /// One more for this caller; none when it has as many as it may.
    pub fn take(&self, caller: &str) -> Option<Share> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.get(caller).copied().unwrap_or(0);
        if count >= self.most {
            return None;
        }
        taken.insert(caller.to_owned(), count + 1);
        Some(Share { caller: caller.to_owned(), taken: self.taken.clone() })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Named::Occupied(mut named) = taken.entry(std::mem::take(&mut self.caller)) {
            *named.get_mut() -= 1;
            if *named.get() == 0 {
                named.remove();
            }
        }
    }
}
