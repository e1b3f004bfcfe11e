//! The one instance of a resident version.

use std::sync::Arc;
use std::time::{Duration, Instant};

use soma_manifest::Hook;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::Asker;
use super::live::Live;
use super::settled::Settled;
use crate::conduct::Behind;
use crate::error::CallError;
use crate::trace::{Trace, Usage};
use crate::version::Version;

/// Wait before the instance is made again after it was lost once; doubled with each further caller who loses it.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// So many callers are told apart: more would not make the wait longer.
const TOLD_APART: usize = 10;
/// Losses are forgotten when the instance held for so long.
const FORGIVEN: Duration = Duration::from_secs(60);

/// Where the instance is. Whoever wants it waits in line.
pub struct Seat {
    chair: Arc<Mutex<Chair>>,
    threads: Handle,
}

/// The instance, for the one that has it.
pub struct Chair {
    live: Option<Live>,
    /// The caller who has it, or had it last.
    holder: Arc<str>,
    wait: Backoff,
}

/// The chair, for as long as one request has it.
pub type Taken = OwnedMutexGuard<Chair>;

impl Seat {
    /// Empty. What is begun with its instance goes on on these threads.
    pub fn new(threads: Handle) -> Seat {
        Seat { chair: Arc::new(Mutex::new(Chair { live: None, holder: "".into(), wait: Backoff::default() })), threads }
    }

    /// Waits for the instance, and makes it when there is none: also to its end when the caller leaves meanwhile.
    ///
    /// # Errors
    /// What its making ends with; [`CallError::Starting`] while it is too early to make it again.
    pub async fn take(
        &self,
        version: &Arc<Version>,
        asker: Asker,
        hook: Hook,
        usage: Usage,
    ) -> Result<(Live, Taken), CallError> {
        let mut chair = self.chair.clone().lock_owned().await;
        chair.holder = asker.caller.clone();
        if let Some(live) = chair.live.take() {
            return Ok((live, chair));
        }
        let starting = |wait| CallError::Starting { slot: version.slot().to_string(), wait };
        let left = chair.wait.left(Instant::now());
        if !left.is_zero() {
            return Err(starting(left));
        }
        let behind = Behind::of(version.conduct(), &asker.caller, &Trace::default(), hook);
        let making = {
            let version = version.clone();
            async move {
                match Live::make_ready(&version, asker.request, hook, usage).await {
                    Ok(live) => chair.live = Some(live),
                    Err(error) => {
                        chair.wait.failed(Instant::now());
                        return Err(error);
                    }
                }
                Ok(chair)
            }
        };
        let mut chair =
            Settled::new(&self.threads, making, behind.judging(|made: &Result<_, _>| made.as_ref().err())).await?;
        Ok((chair.live.take().ok_or_else(|| starting(FIRST_WAIT))?, chair))
    }
}

impl Chair {
    /// The instance comes back.
    pub fn put(&mut self, live: Live) {
        self.live = Some(live);
    }

    /// The instance is lost: a call of it ended badly.
    pub fn lose(&mut self) {
        let holder = self.holder.clone();
        self.wait.lost_by(&holder, Instant::now());
    }
}

/// How long to wait before the next try.
#[derive(Default)]
struct Backoff {
    /// Callers who lost the instance. One caller's losses count once: who loses it again and again is slowed, and
    /// the others do not wait longer for it.
    by: Vec<Arc<str>>,
    /// Makings that failed, which is nobody's doing but the plugin's.
    failures: u32,
    until: Option<Instant>,
}

impl Backoff {
    fn left(&self, now: Instant) -> Duration {
        self.until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }

    fn lost_by(&mut self, caller: &Arc<str>, now: Instant) {
        self.forgive(now);
        if self.by.len() < TOLD_APART && !self.by.contains(caller) {
            self.by.push(caller.clone());
        }
        self.wait_from(now);
    }

    fn failed(&mut self, now: Instant) {
        self.forgive(now);
        self.failures = self.failures.saturating_add(1);
        self.wait_from(now);
    }

    fn forgive(&mut self, now: Instant) {
        if self.until.is_some_and(|until| now.saturating_duration_since(until) > FORGIVEN) {
            *self = Backoff::default();
        }
    }

    fn wait_from(&mut self, now: Instant) {
        let times = self.failures.saturating_add(u32::try_from(self.by.len()).unwrap_or(u32::MAX));
        let doubled = 1_u32.checked_shl(times.saturating_sub(1)).unwrap_or(u32::MAX);
        self.until = Some(now + FIRST_WAIT.saturating_mul(doubled).min(LONGEST_WAIT));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAITS: [u64; 11] = [100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000];

    #[test]
    fn each_further_caller_doubles_the_wait_up_to_its_longest_and_a_quiet_minute_forgives() {
        let mut wait = Backoff::default();
        let mut now = Instant::now();
        for (caller, expected) in WAITS.into_iter().enumerate() {
            wait.lost_by(&caller.to_string().into(), now);
            assert_eq!(wait.left(now), Duration::from_millis(expected));
            now = wait.until.unwrap();
        }
        assert_eq!(wait.left(now), Duration::ZERO);
        now += FORGIVEN + Duration::from_millis(1);
        wait.lost_by(&"0".into(), now);
        assert_eq!(wait.left(now), FIRST_WAIT);
    }

    #[test]
    fn one_caller_never_makes_the_others_wait_longer() {
        let (mut wait, mut now) = (Backoff::default(), Instant::now());
        for _ in 0..100 {
            wait.lost_by(&"attacker".into(), now);
            assert_eq!(wait.left(now), FIRST_WAIT);
            now += Duration::from_secs(1);
        }
        wait.lost_by(&"another".into(), now);
        assert_eq!(wait.left(now), 2 * FIRST_WAIT);
    }

    #[test]
    fn a_making_that_fails_doubles_the_wait_whoever_asked() {
        let (mut wait, mut now) = (Backoff::default(), Instant::now());
        for expected in WAITS {
            wait.failed(now);
            assert_eq!(wait.left(now), Duration::from_millis(expected));
            now = wait.until.unwrap();
        }
    }
}
