//! What the host knows of one open connection, in atomics that its task, its socket and the gate share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::block::Block;
use super::limits::Limits;
use crate::record::Cut;

/// In `since`: a request is being served.
const BUSY: u64 = 0;
/// In `since`: the host is cutting it.
const CUT: u64 = u64::MAX;
/// In the other clocks: not running.
const OFF: u64 = 0;

/// One open connection.
#[derive(Debug)]
pub(crate) struct Link {
    /// Its number: no two are the same.
    pub id: u64,
    /// Which address it counts for; a trusted proxy's counts for none.
    pub block: Option<Block>,
    opened: Instant,
    /// Since when it has had no request, in milliseconds from `opened`, plus one.
    since: AtomicU64,
    /// Since when the head that is being read has been read.
    head: AtomicU64,
    /// Since when the other side has taken nothing.
    blocked: AtomicU64,
    /// Whether it has had a request.
    used: AtomicBool,
    /// Whether it has carried a proven request.
    proven: AtomicBool,
    cut: Notify,
}

impl Link {
    pub fn new(id: u64, block: Option<Block>) -> Link {
        Link {
            id,
            block,
            opened: Instant::now(),
            since: AtomicU64::new(1),
            head: AtomicU64::new(OFF),
            blocked: AtomicU64::new(OFF),
            used: AtomicBool::new(false),
            proven: AtomicBool::new(false),
            cut: Notify::new(),
        }
    }

    /// Bytes came in.
    pub fn read(&self) {
        if !matches!(self.since.load(Ordering::Relaxed), BUSY | CUT) {
            let _ = self.head.compare_exchange(OFF, self.now(), Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// The other side takes nothing now.
    pub fn write_blocked(&self) {
        let _ = self.blocked.compare_exchange(OFF, self.now(), Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The other side took something.
    pub fn written(&self) {
        self.blocked.store(OFF, Ordering::Relaxed);
    }

    /// A head is complete.
    pub fn begin(&self) {
        self.used.store(true, Ordering::Relaxed);
        self.head.store(OFF, Ordering::Relaxed);
        // One that is being cut stays so: its task is about to end.
        let begin = |since| (since != CUT).then_some(BUSY);
        let _ = self.since.fetch_update(Ordering::Relaxed, Ordering::Relaxed, begin);
    }

    /// The answer was handed out.
    pub fn end(&self) {
        let now = self.now();
        let end = |since| (since == BUSY).then_some(now);
        let _ = self.since.fetch_update(Ordering::Relaxed, Ordering::Relaxed, end);
    }

    /// A request that came over it was proven.
    pub fn prove(&self) {
        self.proven.store(true, Ordering::Relaxed);
    }

    /// For how many milliseconds it has been idle, if it may be cut to make room for another.
    pub fn expendable(&self) -> Option<u64> {
        let since = self.since.load(Ordering::Relaxed);
        (!matches!(since, BUSY | CUT)).then(|| self.now().saturating_sub(since))
    }

    /// Whether it has carried a proven request.
    pub fn is_proven(&self) -> bool {
        self.proven.load(Ordering::Relaxed)
    }

    /// Cuts it if it is still idle.
    pub fn cut(&self) -> bool {
        let idle = |since| (!matches!(since, BUSY | CUT)).then_some(CUT);
        let cut = self.since.fetch_update(Ordering::Relaxed, Ordering::Relaxed, idle).is_ok();
        if cut {
            self.cut.notify_one();
        }
        cut
    }

    /// Ready when the connection has to be cut, with the reason.
    pub async fn overdue(&self, limits: &Limits) -> Cut {
        // Exact to a quarter of the time for a head, which is enough and needs no timer for each state.
        let tick = (limits.head_time / 4).clamp(Duration::from_millis(10), Duration::from_secs(5));
        loop {
            tokio::select! {
                () = self.cut.notified() => return Cut::MadeRoom,
                () = tokio::time::sleep(tick) => {}
            }
            if let Some(reason) = self.due(limits) {
                return reason;
            }
        }
    }

    fn due(&self, limits: &Limits) -> Option<Cut> {
        let longer = |since: u64, limit: Duration| u128::from(self.now().saturating_sub(since)) > limit.as_millis();
        let blocked = self.blocked.load(Ordering::Relaxed);
        if blocked != OFF && longer(blocked, limits.write_time) {
            return Some(Cut::WriteTime);
        }
        let since = self.since.load(Ordering::Relaxed);
        if matches!(since, BUSY | CUT) {
            return None;
        }
        let head = self.head.load(Ordering::Relaxed);
        let reason = if head != OFF {
            longer(head, limits.head_time).then_some(Cut::HeadTime)
        } else if self.used.load(Ordering::Relaxed) {
            longer(since, limits.idle_time).then_some(Cut::IdleTime)
        } else {
            longer(since, limits.head_time).then_some(Cut::HeadTime)
        };
        // A request that began in between wins.
        reason.filter(|_| self.since.compare_exchange(since, CUT, Ordering::Relaxed, Ordering::Relaxed).is_ok())
    }

    /// Milliseconds since it was opened, plus one: never [`OFF`].
    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX - 2).saturating_add(1).min(CUT - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        let ms = Duration::from_millis;
        Limits { head_time: ms(40), idle_time: ms(120), write_time: ms(40), ..Limits::default() }
    }

    #[tokio::test]
    async fn a_connection_without_a_head_and_one_with_half_a_head_are_overdue() {
        let silent = Link::new(1, None);
        assert_eq!(silent.overdue(&limits()).await, Cut::HeadTime);
        let slow = Link::new(2, None);
        slow.begin();
        slow.end();
        slow.read();
        let started = Instant::now();
        assert_eq!(slow.overdue(&limits()).await, Cut::HeadTime);
        assert!(started.elapsed() < Duration::from_millis(110), "not the time of an idle one");
    }

    #[tokio::test]
    async fn an_idle_one_is_overdue_later_and_a_busy_one_never() {
        let link = Link::new(1, None);
        link.begin();
        let waited = tokio::time::timeout(Duration::from_millis(200), link.overdue(&limits())).await;
        assert!(waited.is_err() && !link.cut() && link.expendable().is_none());
        link.end();
        let started = Instant::now();
        assert_eq!(link.overdue(&limits()).await, Cut::IdleTime);
        assert!(started.elapsed() >= Duration::from_millis(120));
    }

    #[tokio::test]
    async fn a_side_that_takes_nothing_is_cut_although_it_is_served() {
        let link = Link::new(1, None);
        link.begin();
        link.write_blocked();
        assert_eq!(link.overdue(&limits()).await, Cut::WriteTime);
    }

    #[tokio::test]
    async fn an_idle_one_makes_room_and_so_does_one_that_was_proven() {
        for proven in [false, true] {
            let link = Link::new(1, None);
            if proven {
                link.prove();
            }
            assert_eq!(link.is_proven(), proven);
            assert!(link.expendable().is_some() && link.cut() && !link.cut() && link.expendable().is_none());
            assert_eq!(link.overdue(&limits()).await, Cut::MadeRoom);
        }
    }
}
