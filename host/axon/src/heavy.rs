//! Work on large bodies, away from the threads that serve connections.
//!
//! Parsing a body, checking it against a schema and hashing it costs as much as a plugin's author and a caller can
//! make it cost together: both are bounded, but their product is not small. So bodies larger than [`INLINE`] are
//! worked on by threads of their own, and at most as many at once as the machine has cores.
//!
//! What is parsed is far larger than the text: a value takes up to [`FACTOR`] times the bytes that it was written in. So
//! a large body is charged for what it becomes, from the signature to the reply, and all of them together may hold no
//! more than [`PARSED`].

use std::sync::Arc;
use std::time::Duration;

use soma_runtime::CallError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::refusal::Refusal;

/// Bytes that are worked on at once: about the time that handing them to another thread would take.
const INLINE: usize = 16 << 10;

/// Memory of a parsed body for each byte of its text. `{"":0}` takes about 40.
const FACTOR: usize = 40;
/// Memory of all large bodies together, in KiB: 1 GiB.
const PARSED: usize = 1 << 20;
/// Requests that wait for a place; more are turned away.
const WAITING: usize = 256;

/// The places for large bodies.
#[derive(Debug)]
pub(crate) struct Heavy {
    places: Arc<Semaphore>,
    waiting: Semaphore,
    memory: Arc<Semaphore>,
}

/// The memory of one large body, held until the request is over.
pub(crate) struct Charge(#[allow(dead_code, reason = "held for its drop")] Option<OwnedSemaphorePermit>);

impl Default for Heavy {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        Heavy {
            places: Arc::new(Semaphore::new(cores)),
            waiting: Semaphore::new(WAITING),
            memory: Arc::new(Semaphore::new(PARSED)),
        }
    }
}

impl Heavy {
    /// Charges a body of `bytes` bytes for what it becomes. Without room for it the host is busy.
    pub fn charge(&self, bytes: usize) -> Result<Charge, Refusal> {
        if bytes <= INLINE {
            return Ok(Charge(None));
        }
        let kib = (bytes.saturating_mul(FACTOR) >> 10).min(PARSED);
        let held = self.memory.clone().try_acquire_many_owned(u32::try_from(kib).unwrap_or(u32::MAX));
        held.map(|permit| Charge(Some(permit))).map_err(|_| Refusal::Crowded)
    }

    /// Does the work on a body of `bytes` bytes, within `limit`. A caller that hangs up meanwhile frees the place when
    /// it is done.
    pub async fn work<T: Send + 'static>(
        &self,
        bytes: usize,
        limit: Duration,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        if bytes <= INLINE {
            return work();
        }
        let _waiting = self.waiting.try_acquire().map_err(|_| Refusal::Crowded)?;
        let over = |_| Refusal::Call(CallError::WallBudget { limit });
        tokio::time::timeout(limit, self.elsewhere(work)).await.map_err(over)?
    }

    async fn elsewhere<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let stopping = || Refusal::Call(CallError::Unavailable("the host is stopping".to_owned()));
        let place = self.places.clone().acquire_owned().await.map_err(|_| stopping())?;
        let working = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        });
        working.await.map_err(|_| stopping())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn small_bodies_stay_and_large_ones_go() {
        let heavy = Heavy::default();
        let here = std::thread::current().id();
        let place = |bytes| heavy.work(bytes, Duration::from_secs(60), || Ok(std::thread::current().id()));
        assert_eq!(place(INLINE).await.unwrap(), here);
        assert_ne!(place(INLINE + 1).await.unwrap(), here);
    }

    #[tokio::test]
    async fn who_waits_for_too_long_is_told_so() {
        let heavy = Heavy::default();
        let all = u32::try_from(heavy.places.available_permits()).unwrap();
        let _busy = heavy.places.clone().acquire_many_owned(all).await.unwrap();
        let waited = heavy.work(INLINE + 1, Duration::from_millis(20), || Ok(())).await;
        assert!(matches!(waited, Err(Refusal::Call(CallError::WallBudget { .. }))));
    }

    #[test]
    fn bodies_together_hold_no_more_than_there_is() {
        let heavy = Heavy::default();
        let one = 1 << 20;
        let mut held: Vec<Charge> = (0..PARSED / (FACTOR << 10)).map(|_| heavy.charge(one).unwrap()).collect();
        assert!(matches!(heavy.charge(one), Err(Refusal::Crowded)));
        assert!(heavy.charge(INLINE).is_ok(), "small ones are not counted");
        held.pop();
        assert!(heavy.charge(one).is_ok());
    }
}
