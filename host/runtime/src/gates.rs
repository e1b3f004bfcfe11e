//! How many requests may be in the gate hooks of all plugins at once.
//!
//! Gates have a bound of their own, apart from the queues of forwards: a crowd that waits for a slow forward
//! does not keep the next caller from being judged, and a slow gate holds no forward back.
//!
//! What bounds it: `PLACES_PER_CORE` requests for each core are in their gates, at most [`WAITING`] more wait,
//! and the next one is turned away before an instance is made for it.

use tokio::sync::{Semaphore, SemaphorePermit};

/// A gate that looks something up waits now and then; twice as many as forwards.
const PLACES_PER_CORE: usize = 4;
/// Requests that wait for the gates. At 100 us for each, what waits longest is there for some milliseconds.
pub const WAITING: usize = 256;

/// The bound of one host.
pub struct Gates {
    places: Semaphore,
    waiting: Semaphore,
}

impl Gates {
    /// For a machine with so many cores.
    pub fn new(cores: usize) -> Gates {
        Gates { places: Semaphore::new(PLACES_PER_CORE * cores), waiting: Semaphore::new(WAITING) }
    }

    /// Waits for a place, first come first served. None when too many wait already.
    pub async fn enter(&self) -> Option<SemaphorePermit<'_>> {
        if let Ok(place) = self.places.try_acquire() {
            return Some(place);
        }
        let _waiting = self.waiting.try_acquire().ok()?;
        self.places.acquire().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{FutureExt, future::join_all};

    #[tokio::test]
    async fn beyond_places_and_waiting_nobody_enters() {
        let gates = Gates::new(1);
        let mut inside = Vec::new();
        for _ in 0..PLACES_PER_CORE {
            inside.push(gates.enter().await.unwrap());
        }
        let mut crowd: Vec<_> = (0..WAITING).map(|_| Box::pin(gates.enter())).collect();
        assert!(crowd.iter_mut().all(|waiting| waiting.as_mut().now_or_never().is_none()));
        assert!(gates.enter().await.is_none());
        // One that gives up makes room for another one to wait.
        crowd.pop();
        crowd.push(Box::pin(gates.enter()));
        assert!(crowd.iter_mut().all(|waiting| waiting.as_mut().now_or_never().is_none()));
        inside.clear();
        let entered = join_all(crowd.into_iter().map(|waiting| async move { waiting.await.map(drop) })).await;
        assert!(entered.iter().all(Option::is_some));
    }
}
