//! The pause of an endpoint that failed.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::ChainError;
use crate::policy::backed_off;

/// How long one endpoint still rests, and why.
#[derive(Debug, Default)]
pub(super) struct Rest {
    failures: u32,
    until: Option<(Instant, ChainError)>,
}

impl Rest {
    /// Why the endpoint rests; nothing when it may be tried.
    pub(super) fn reason(&self, now: Instant) -> Option<ChainError> {
        self.until.as_ref().filter(|(until, _)| now < *until).map(|(_, reason)| reason.clone())
    }

    /// Starts a pause after a failure and gives its length.
    pub(super) fn begin(&mut self, now: Instant, pause: (Duration, Duration), reason: ChainError) -> Duration {
        let length = backed_off(pause, self.failures);
        self.failures = self.failures.saturating_add(1);
        self.until = Some((now + length, reason));
        length
    }

    /// Forgets all failures.
    pub(super) fn end(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_to_its_bound_and_ends() {
        let pause = (Duration::from_millis(100), Duration::from_millis(1000));
        let reason = ChainError::NoSubnet { netuid: 1 };
        let now = Instant::now();
        let mut rest = Rest::default();
        assert_eq!(rest.reason(now), None);
        for full in [100, 200, 400, 800, 1000, 1000] {
            let length = rest.begin(now, pause, reason.clone());
            let (least, most) = (Duration::from_millis(full / 2), Duration::from_millis(full));
            assert!(least <= length && length <= most, "{length:?} is not between {least:?} and {most:?}");
            assert_eq!(rest.reason(now), Some(reason.clone()));
            assert_eq!(rest.reason(now + length), None);
        }
        rest.end();
        assert!(rest.begin(now, pause, reason) <= Duration::from_millis(100));
    }

    #[test]
    fn many_failures_do_not_overflow() {
        let mut rest = Rest { failures: u32::MAX, until: None };
        let pause = (Duration::from_secs(u64::MAX / 4), Duration::from_secs(60));
        assert!(rest.begin(Instant::now(), pause, ChainError::NoSubnet { netuid: 1 }) <= Duration::from_secs(60));
    }
}
