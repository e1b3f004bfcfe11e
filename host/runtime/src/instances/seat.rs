//! The one instance of a resident version.

use std::sync::Arc;
use std::time::{Duration, Instant};

use soma_manifest::Hook;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::live::Live;
use super::settled::Settled;
use crate::error::CallError;
use crate::trace::Usage;
use crate::version::Version;

/// Wait before the instance is made again after it was lost once; doubled with each further loss.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
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
    wait: Backoff,
}

/// The chair, for as long as one request has it.
pub type Taken = OwnedMutexGuard<Chair>;

impl Seat {
    /// Empty. What is begun with its instance goes on on these threads.
    pub fn new(threads: Handle) -> Seat {
        Seat { chair: Arc::new(Mutex::new(Chair { live: None, wait: Backoff::default() })), threads }
    }

    /// Waits for the instance, and makes it when there is none: also to its end when the caller leaves meanwhile.
    ///
    /// # Errors
    /// What its making ends with; `Unavailable` while it is too early to make it again.
    pub async fn take(
        &self,
        version: &Arc<Version>,
        request: Arc<str>,
        hook: Hook,
        usage: Usage,
    ) -> Result<(Live, Taken), CallError> {
        let mut chair = self.chair.clone().lock_owned().await;
        if let Some(live) = chair.live.take() {
            return Ok((live, chair));
        }
        if chair.wait.until.is_some_and(|until| Instant::now() < until) {
            return Err(CallError::Unavailable("the plugin is starting again".to_owned()));
        }
        let version = version.clone();
        let making = async move {
            match Live::make_ready(&version, request, hook, usage).await {
                Ok(live) => chair.live = Some(live),
                Err(error) => {
                    chair.lose();
                    return Err(error);
                }
            }
            Ok(chair)
        };
        let mut chair = Settled::new(&self.threads, making).await?;
        let gone = || CallError::Unavailable("the plugin is starting again".to_owned());
        Ok((chair.live.take().ok_or_else(gone)?, chair))
    }
}

impl Chair {
    /// The instance comes back.
    pub fn put(&mut self, live: Live) {
        self.live = Some(live);
    }

    /// The instance is lost: a call of it ended badly.
    pub fn lose(&mut self) {
        self.wait.lengthen(Instant::now());
    }
}

/// How long to wait before the next try.
#[derive(Default)]
struct Backoff {
    losses: u32,
    until: Option<Instant>,
}

impl Backoff {
    fn lengthen(&mut self, now: Instant) {
        if self.until.is_none_or(|until| now.saturating_duration_since(until) > FORGIVEN) {
            self.losses = 0;
        }
        let wait = FIRST_WAIT.saturating_mul(1_u32.checked_shl(self.losses).unwrap_or(u32::MAX));
        self.until = Some(now + wait.min(LONGEST_WAIT));
        self.losses = self.losses.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_loss_doubles_the_wait_up_to_its_longest_and_a_quiet_minute_forgives() {
        let mut wait = Backoff::default();
        let mut now = Instant::now();
        for expected in [100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000] {
            wait.lengthen(now);
            assert_eq!(wait.until, Some(now + Duration::from_millis(expected)));
            now = wait.until.unwrap();
        }
        for _ in 0..100 {
            wait.lengthen(now);
        }
        assert_eq!(wait.until, Some(now + LONGEST_WAIT));
        now = wait.until.unwrap() + FORGIVEN + Duration::from_millis(1);
        wait.lengthen(now);
        assert_eq!(wait.until, Some(now + FIRST_WAIT));
    }
}
