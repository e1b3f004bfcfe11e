//! Work on large bodies, away from the threads that serve connections.
//!
//! Parsing a body, checking it against a schema and hashing it costs as much as a plugin's author and a caller can
//! make it cost together: both are bounded, but their product is not small. So bodies larger than [`INLINE`] are
//! worked on by threads of their own, and at most as many at once as the machine has cores.

use std::sync::Arc;

use soma_runtime::CallError;
use tokio::sync::Semaphore;

use crate::refusal::Refusal;

/// Bytes that are worked on at once: about the time that handing them to another thread would take.
const INLINE: usize = 16 << 10;

/// The places for large bodies.
#[derive(Debug)]
pub(crate) struct Heavy {
    places: Arc<Semaphore>,
}

impl Default for Heavy {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        Heavy { places: Arc::new(Semaphore::new(cores)) }
    }
}

impl Heavy {
    /// Does the work on a body of `bytes` bytes. A caller that hangs up meanwhile frees the place when it is done.
    pub async fn work<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        if bytes <= INLINE {
            return work();
        }
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
        let place = |bytes| heavy.work(bytes, || Ok(std::thread::current().id()));
        assert_eq!(place(INLINE).await.unwrap(), here);
        assert_ne!(place(INLINE + 1).await.unwrap(), here);
    }
}
