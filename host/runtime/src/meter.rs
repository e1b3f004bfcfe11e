//! The CPU clock of one call.
//!
//! Epochs tick by wall clock, and on a busy machine a tick says little about the guest. So the time comes from the clock of
//! the thread that polls the call: around each poll, and at each epoch tick in between.
//!
//! Reading that clock is a system call, and most polls take less time than a few of them. A poll that was over within
//! [`SHORT`] is charged what the wall clock says, which costs no system call and is not less than the CPU time. For a longer
//! one the thread's clock counts since it was last read, which was at most [`SHORT`] before the poll began: so it is read
//! once in [`SHORT`] at most. A call is not charged less than it took, nor more than the wall clock says, and at most
//! [`SHORT`] too much for each poll.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Up to here, in nanoseconds, a poll's wall time stands for its CPU time.
const SHORT: u64 = 100_000;
/// Stands for "no poll is going on".
const BETWEEN_POLLS: u64 = u64::MAX;

/// Counts the CPU time of a call against its limit. All times in nanoseconds.
///
/// Only the thread that polls the call writes; the atomics are there because the call may move between
/// threads from poll to poll.
#[derive(Debug)]
pub struct CpuMeter {
    spent: AtomicU64,
    /// When the poll that runs began, by the wall clock.
    slice_start: AtomicU64,
    /// What the thread's clock said then or shortly before.
    slice_cpu: AtomicU64,
    limit: AtomicU64,
}

impl Default for CpuMeter {
    fn default() -> Self {
        CpuMeter {
            spent: AtomicU64::new(0),
            slice_start: AtomicU64::new(BETWEEN_POLLS),
            slice_cpu: AtomicU64::new(0),
            limit: AtomicU64::new(0),
        }
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
            wall => Reading { wall, cpu: self.slice_cpu.load(Ordering::Relaxed) }.cpu_since(),
        };
        Duration::from_nanos(self.spent.load(Ordering::Relaxed) + slice)
    }

    /// Whether the limit is passed.
    pub fn is_exhausted(&self) -> bool {
        self.spent() > Duration::from_nanos(self.limit.load(Ordering::Relaxed))
    }

    fn enter(&self) {
        let began = Reading::begin();
        self.slice_cpu.store(began.cpu, Ordering::Relaxed);
        self.slice_start.store(began.wall, Ordering::Relaxed);
    }

    fn leave(&self) {
        let spent = u64::try_from(self.spent().as_nanos()).unwrap_or(u64::MAX);
        self.spent.store(spent, Ordering::Relaxed);
        self.slice_start.store(BETWEEN_POLLS, Ordering::Relaxed);
    }
}

/// What this thread's two clocks said, in nanoseconds.
#[derive(Clone, Copy)]
struct Reading {
    wall: u64,
    cpu: u64,
}

thread_local! {
    static LAST: Cell<Reading> = const { Cell::new(Reading { wall: 0, cpu: 0 }) };
}

impl Reading {
    /// The wall clock now, and the thread's clock as it was at most [`SHORT`] ago.
    fn begin() -> Reading {
        let wall = read(ClockId::Monotonic);
        if wall.saturating_sub(LAST.get().wall) > SHORT {
            LAST.set(Reading { wall, cpu: read(ClockId::ThreadCPUTime) });
        }
        Reading { wall, cpu: LAST.get().cpu }
    }

    /// CPU time of the poll that began then on this thread.
    fn cpu_since(&self) -> u64 {
        let wall = read(ClockId::Monotonic).saturating_sub(self.wall);
        if wall <= SHORT {
            return wall;
        }
        wall.min(read(ClockId::ThreadCPUTime).saturating_sub(self.cpu))
    }
}

fn read(clock: ClockId) -> u64 {
    let now = clock_gettime(clock);
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
    use std::time::Instant;

    use super::*;

    fn burn(time: Duration) {
        let start = read(ClockId::ThreadCPUTime);
        while Duration::from_nanos(read(ClockId::ThreadCPUTime) - start) < time {
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

    #[tokio::test]
    async fn many_short_polls_are_charged_all_that_they_take() {
        let meter = Arc::new(CpuMeter::default());
        meter.restart(Duration::from_secs(1));
        let begun = Instant::now();
        let call = async {
            for _ in 0..1000 {
                burn(Duration::from_micros(20));
                tokio::task::yield_now().await;
            }
        };
        Metered::new(meter.clone(), call).await;
        let charged = meter.charged();
        assert!(charged >= Duration::from_millis(20) && charged <= begun.elapsed(), "{charged:?}");
    }

    #[tokio::test]
    async fn what_another_call_reads_meanwhile_takes_nothing_away() {
        let [outer, inner] = [(); 2].map(|()| Arc::new(CpuMeter::default()));
        let call = async {
            burn(Duration::from_millis(5));
            Metered::new(inner.clone(), async { burn(Duration::from_millis(5)) }).await;
        };
        Metered::new(outer.clone(), call).await;
        assert!(outer.charged() >= Duration::from_millis(10), "{:?}", outer.charged());
        assert!(inner.charged() >= Duration::from_millis(5), "{:?}", inner.charged());
    }

    #[tokio::test]
    async fn a_poll_that_loses_its_core_is_not_charged_for_the_others() {
        let meter = Arc::new(CpuMeter::default());
        meter.restart(Duration::from_secs(1));
        let call = async {
            burn(Duration::from_millis(1));
            std::thread::sleep(Duration::from_millis(100));
        };
        Metered::new(meter.clone(), call).await;
        assert!(meter.charged() < Duration::from_millis(50), "{:?}", meter.charged());
    }
}
