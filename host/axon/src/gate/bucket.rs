//! A token bucket of eight bytes: the generic cell rate algorithm.
//!
//! It keeps the time at which the bucket would be full again. A request moves that time on by one interval, and
//! passes when the time is not further ahead than the burst allows. There is nothing to refill, and a bucket whose
//! time has passed is as good as new, so it can be forgotten.

use std::num::NonZeroU32;
use std::time::Duration;

/// So many a second over time, and so many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests a second.
    pub per_second: NonZeroU32,
    /// Requests at once after a pause.
    pub burst: NonZeroU32,
}

impl Rate {
    /// Zero counts as one.
    pub const fn new(per_second: u32, burst: u32) -> Rate {
        Rate { per_second: at_least_one(per_second), burst: at_least_one(burst) }
    }

    /// Nanoseconds between two requests at the steady rate.
    fn interval(self) -> u64 {
        1_000_000_000 / u64::from(self.per_second.get())
    }
}

const fn at_least_one(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

/// How much of a [`Rate`] one caller has used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bucket {
    /// When it is full again, in nanoseconds of the gate's clock.
    full_at: u64,
}

impl Bucket {
    /// Takes one request. `now` is in nanoseconds of a clock that does not go back.
    ///
    /// # Errors
    /// How long to wait until one would pass.
    pub fn take(&mut self, rate: Rate, now: u64) -> Result<(), Duration> {
        self.take_every(rate.interval(), rate.burst, now)
    }

    /// The same at one in `interval` nanoseconds, for rates below one a second.
    ///
    /// # Errors
    /// How long to wait until one would pass.
    pub fn take_every(&mut self, interval: u64, burst: NonZeroU32, now: u64) -> Result<(), Duration> {
        let ahead = interval.saturating_mul(u64::from(burst.get()) - 1);
        let full_at = self.full_at.max(now);
        let wait = (full_at - now).saturating_sub(ahead);
        if wait > 0 {
            return Err(Duration::from_nanos(wait));
        }
        self.full_at = full_at.saturating_add(interval);
        Ok(())
    }

    /// Whether it is as good as new.
    pub fn is_full(&self, now: u64) -> bool {
        self.full_at <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_burst_passes_at_once_and_then_the_rate() {
        let rate = Rate::new(10, 3);
        let mut bucket = Bucket::default();
        for _ in 0..3 {
            assert_eq!(bucket.take(rate, SECOND), Ok(()));
        }
        assert_eq!(bucket.take(rate, SECOND), Err(Duration::from_millis(100)));
        assert!(!bucket.is_full(SECOND));
        assert_eq!(bucket.take(rate, SECOND + 100_000_000), Ok(()));
        assert!(bucket.take(rate, SECOND + 150_000_000).is_err());
        assert!(bucket.is_full(2 * SECOND));
    }

    proptest! {
        /// Whatever the pattern, no more than the burst and the rate's share of the time pass.
        #[test]
        fn never_more_than_burst_and_rate(
            per_second in 1u32..2000,
            burst in 1u32..50,
            pauses in proptest::collection::vec(0u64..50_000_000, 1..400),
        ) {
            let rate = Rate::new(per_second, burst);
            let (mut bucket, mut now, mut passed) = (Bucket::default(), SECOND, 0u64);
            for pause in pauses {
                now += pause;
                passed += u64::from(bucket.take(rate, now).is_ok());
            }
            prop_assert!(passed <= u64::from(burst) + (now - SECOND) / rate.interval());
        }

        /// A caller who waits as long as it is told is served.
        #[test]
        fn the_wait_that_is_named_is_enough(per_second in 1u32..2000, burst in 1u32..50, tries in 1usize..200) {
            let rate = Rate::new(per_second, burst);
            let (mut bucket, mut now) = (Bucket::default(), SECOND);
            for _ in 0..tries {
                if let Err(wait) = bucket.take(rate, now) {
                    now += u64::try_from(wait.as_nanos()).unwrap();
                    prop_assert_eq!(bucket.take(rate, now), Ok(()));
                }
            }
        }
    }
}
