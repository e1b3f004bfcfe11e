//! What all requests of one class hold together before their signatures are verified.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How much of it there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShareLimits {
    /// Requests at the same time.
    pub requests: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
}

/// What one class of callers shares.
#[derive(Debug)]
pub(crate) struct Share {
    limits: ShareLimits,
    requests: AtomicU64,
    bytes: AtomicU64,
}

/// One request's part of it, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Hold {
    share: Arc<Share>,
    bytes: u64,
}

impl Share {
    pub fn new(limits: ShareLimits) -> Arc<Share> {
        Arc::new(Share { limits, requests: AtomicU64::new(0), bytes: AtomicU64::new(0) })
    }

    /// Room for one more request, if there is any.
    pub fn enter(self: &Arc<Share>) -> Option<Hold> {
        add(&self.requests, 1, self.limits.requests).then(|| Hold { share: self.clone(), bytes: 0 })
    }

    /// Requests and bytes that are held now.
    pub fn held(&self) -> (u64, u64) {
        (self.requests.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }
}

impl Hold {
    /// Whether there is room for so many more bytes. They are held from now on.
    pub fn grow(&mut self, bytes: u64) -> bool {
        let fits = add(&self.share.bytes, bytes, self.share.limits.bytes);
        if fits {
            self.bytes += bytes;
        }
        fits
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.share.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.share.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Adds if the sum stays within the limit. Only counters: nothing else is ordered by them.
fn add(counter: &AtomicU64, more: u64, limit: u64) -> bool {
    let sum = |used: u64| used.checked_add(more).filter(|sum| *sum <= limit);
    counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, sum).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_comes_back_and_the_limits_hold() {
        let share = Share::new(ShareLimits { requests: 2, bytes: 100 });
        let mut one = share.enter().unwrap();
        let mut other = share.enter().unwrap();
        assert!(share.enter().is_none());
        assert!(one.grow(60) && !other.grow(41) && other.grow(40));
        assert_eq!(share.held(), (2, 100));
        drop(one);
        assert_eq!(share.held(), (1, 40));
        assert!(share.enter().is_some());
        drop(other);
        assert_eq!(share.held(), (0, 0));
    }

    #[test]
    fn a_length_beyond_all_numbers_does_not_fit() {
        let share = Share::new(ShareLimits { requests: 1, bytes: u64::MAX });
        let mut hold = share.enter().unwrap();
        assert!(hold.grow(1) && !hold.grow(u64::MAX));
    }
}
