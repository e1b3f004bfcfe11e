//! What all requests of one class hold together before their signatures are verified.
//!
//! What bounds it: so many requests and so many bytes of bodies in all, and of each an eighth for one address, so that
//! nobody fills it from a single one. A body that is larger than an eighth passes all the same if its address holds
//! nothing else and no more than half of all bytes are held: the other half stays with those who ask for little.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::block::Block;

/// One address has one part in so many.
const PARTS: u64 = 8;

/// How much of it there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShareLimits {
    /// Requests at the same time, an eighth of them for one address but at least one.
    pub requests: u64,
    /// Bytes of their bodies, an eighth of them for one address. A larger body passes if it is the only one of its
    /// address and no more than half of them are held.
    pub bytes: u64,
}

/// What one class of callers shares.
#[derive(Debug)]
pub(crate) struct Share {
    limits: ShareLimits,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    all: Amount,
    /// Only addresses that hold something, so no more than there are requests.
    by_block: HashMap<Block, Amount>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Amount {
    requests: u64,
    bytes: u64,
}

/// One request's part of it, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Hold {
    share: Arc<Share>,
    block: Block,
    bytes: u64,
}

impl Share {
    pub fn new(limits: ShareLimits) -> Arc<Share> {
        Arc::new(Share { limits, held: Mutex::default() })
    }

    /// Room for one more request of this address, if there is any.
    pub fn enter(self: &Arc<Share>, block: Block) -> Option<Hold> {
        let mut held = self.lock();
        if held.all.requests >= self.limits.requests {
            return None;
        }
        let own = held.by_block.entry(block).or_default();
        // A new entry has no requests, so nobody leaves an empty one here.
        if own.requests >= (self.limits.requests / PARTS).max(1) {
            return None;
        }
        own.requests += 1;
        held.all.requests += 1;
        Some(Hold { share: self.clone(), block, bytes: 0 })
    }

    /// Requests and bytes that are held now.
    pub fn held(&self) -> (u64, u64) {
        let all = self.lock().all;
        (all.requests, all.bytes)
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        // The sums change within one call without a panic in between.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hold {
    /// Whether there is room for so many more bytes. They are held from now on.
    pub fn grow(&mut self, bytes: u64) -> bool {
        let limit = self.share.limits.bytes;
        let mut held = self.share.lock();
        let Some(all) = held.all.bytes.checked_add(bytes).filter(|all| *all <= limit) else { return false };
        let Some(own) = held.by_block.get_mut(&self.block) else { return false };
        // Neither sum overflows: both are parts of the one above.
        let alone = own.bytes == self.bytes && all <= limit / 2;
        if own.bytes + bytes > limit / PARTS && !alone {
            return false;
        }
        own.bytes += bytes;
        held.all.bytes = all;
        self.bytes += bytes;
        true
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut held = self.share.lock();
        held.all.give_back(self.bytes);
        let Some(own) = held.by_block.get_mut(&self.block) else { return };
        own.give_back(self.bytes);
        if own.requests == 0 {
            held.by_block.remove(&self.block);
        }
    }
}

impl Amount {
    fn give_back(&mut self, bytes: u64) {
        self.requests = self.requests.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};

    fn block(number: u8) -> Block {
        IpAddr::V4(Ipv4Addr::new(192, 0, 2, number)).into()
    }

    #[test]
    fn what_is_held_comes_back_and_the_limits_hold() {
        let share = Share::new(ShareLimits { requests: 2, bytes: 200 });
        let mut one = share.enter(block(1)).unwrap();
        let mut other = share.enter(block(2)).unwrap();
        assert!(share.enter(block(3)).is_none());
        assert!(one.grow(60) && !other.grow(41) && other.grow(40));
        assert_eq!(share.held(), (2, 100));
        drop(one);
        assert_eq!(share.held(), (1, 40));
        assert!(share.enter(block(3)).is_some());
        drop(other);
        assert_eq!(share.held(), (0, 0));
        assert!(share.lock().by_block.is_empty(), "nothing is left of those who went");
    }

    #[test]
    fn one_address_has_an_eighth_of_the_requests_and_of_the_bytes() {
        let share = Share::new(ShareLimits { requests: 80, bytes: 800 });
        let mut hogs: Vec<Hold> = std::iter::from_fn(|| share.enter(block(1))).take(80).collect();
        assert_eq!(hogs.len(), 10);
        // 64 bytes each, as often as they fit.
        let grown = hogs.iter_mut().map(|hog| usize::from((0..64).all(|_| hog.grow(1)))).sum::<usize>();
        let (_, bytes) = share.held();
        assert_eq!((grown, bytes), (1, 100));
        let mut honest: Vec<Hold> = (2..6).map(|number| share.enter(block(number)).unwrap()).collect();
        assert!(honest.iter_mut().all(|hold| hold.grow(100)), "{:?}", share.held());
    }

    #[test]
    fn one_large_body_of_an_address_passes_while_half_is_free_and_nothing_beside_it() {
        let share = Share::new(ShareLimits { requests: 80, bytes: 800 });
        let mut large = share.enter(block(1)).unwrap();
        let mut second = share.enter(block(1)).unwrap();
        assert!(large.grow(300) && !second.grow(1), "its part is used");
        assert!(large.grow(100) && !large.grow(1), "half of all is used");
        let mut usual = share.enter(block(2)).unwrap();
        assert!(usual.grow(100) && !usual.grow(1));
    }

    #[test]
    fn a_length_beyond_all_numbers_does_not_fit() {
        let share = Share::new(ShareLimits { requests: 1, bytes: u64::MAX });
        let mut hold = share.enter(block(1)).unwrap();
        assert!(hold.grow(1) && !hold.grow(u64::MAX));
    }
}
