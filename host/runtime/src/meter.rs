//! The CPU clock of one call.
//!
//! Epochs tick by wall clock, and on a busy machine a tick says little about the guest. So the time is read
//! from the clock of the thread that polls the call: around each poll, and at each epoch tick in between.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Stands for "no poll is going on".
const BETWEEN_POLLS: u64 = u64::MAX;

/// Counts the CPU time of a call against its limit. All times in nanoseconds.
///
/// Only the thread that polls the call writes; the atomics are there because the call may move between
/// threads from poll to poll.
#[derive(Debug)]
pub struct CpuMeter {
    spent: AtomicU64,
    slice_start: AtomicU64,
    limit: AtomicU64,
}

impl Default for CpuMeter {
    fn default() -> Self {
        CpuMeter { spent: AtomicU64::new(0), slice_start: AtomicU64::new(BETWEEN_POLLS), limit: AtomicU64::new(0) }
    }
}

impl CpuMeter {
    /// Starts counting anew, with another limit: each hook has its own.
    pub fn restart(&self, limit: Duration) {
        self.spent.store(0, Ordering::Relaxed);
        self.slice_start.store(BETWEEN_POLLS, Ordering::Relaxed);
        self.limit.store(u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// CPU time of all polls since the last restart that have ended.
    pub fn charged(&self) -> Duration {
        Duration::from_nanos(self.spent.load(Ordering::Relaxed))
    }

    /// As [`charged`](CpuMeter::charged), and forgets it: somebody else accounts for it from now on.
    pub fn take(&self) -> Duration {
        Duration::from_nanos(self.spent.swap(0, Ordering::Relaxed))
    }

    /// CPU time since the last restart, the poll that runs included. Only right on the thread that polls.
    pub fn spent(&self) -> Duration {
        let slice = match self.slice_start.load(Ordering::Relaxed) {
            BETWEEN_POLLS => 0,
            start => thread_cpu().saturating_sub(start),
        };
        Duration::from_nanos(self.spent.load(Ordering::Relaxed) + slice)
    }

    /// Whether the limit is passed.
    pub fn is_exhausted(&self) -> bool {
        self.spent() > Duration::from_nanos(self.limit.load(Ordering::Relaxed))
    }

    fn enter(&self) {
        self.slice_start.store(thread_cpu(), Ordering::Relaxed);
    }

    fn leave(&self) {
        let spent = u64::try_from(self.spent().as_nanos()).unwrap_or(u64::MAX);
        self.spent.store(spent, Ordering::Relaxed);
        self.slice_start.store(BETWEEN_POLLS, Ordering::Relaxed);
    }
}

fn thread_cpu() -> u64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    seconds * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap_or(0)
}

/// A call whose polls are charged to a meter.
pub struct Metered<F> {
    meter: Arc<CpuMeter>,
    call: Pin<Box<F>>,
}

impl<F: Future> Metered<F> {
    /// Charges every poll of `call` to `meter`.
    pub fn new(meter: Arc<CpuMeter>, call: F) -> Self {
        Metered { meter, call: Box::pin(call) }
    }
}

impl<F: Future> Future for Metered<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.meter.enter();
        let polled = self.call.as_mut().poll(context);
        self.meter.leave();
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn burn(time: Duration) {
        let start = thread_cpu();
        while Duration::from_nanos(thread_cpu() - start) < time {
            std::hint::spin_loop();
        }
    }

    #[tokio::test]
    async fn what_the_thread_does_between_polls_is_not_counted() {
        let meter = Arc::new(CpuMeter::default());
        meter.restart(Duration::from_secs(1));
        burn(Duration::from_millis(10));
        Metered::new(meter.clone(), async { burn(Duration::from_millis(1)) }).await;
        burn(Duration::from_millis(10));
        assert!(meter.spent() < Duration::from_millis(10), "{:?}", meter.spent());
    }

    #[tokio::test]
    async fn counts_work_and_not_waiting() {
        let meter = Arc::new(CpuMeter::default());
        meter.restart(Duration::from_millis(25));
        let call = async {
            burn(Duration::from_millis(10));
            tokio::time::sleep(Duration::from_millis(100)).await;
            burn(Duration::from_millis(10));
        };
        Metered::new(meter.clone(), call).await;
        assert!(meter.spent() >= Duration::from_millis(20));
        assert!(!meter.is_exhausted(), "waiting was counted: {:?}", meter.spent());
        Metered::new(meter.clone(), async { burn(Duration::from_millis(10)) }).await;
        assert!(meter.is_exhausted());
    }
}
