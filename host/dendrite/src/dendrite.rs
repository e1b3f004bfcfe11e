//! The handle, its nonces and its uuid.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use soma_wallet::Signer;
use uuid::Uuid;

use crate::error::DendriteError;
use crate::signing::RequestSigner;
use crate::transport;

/// The longest time-out a call may ask for. It is a guard against a slip of units, not a recommendation.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// The signed HTTP client of one hotkey.
///
/// Calls through one dendrite may run at the same time. They share its uuid, and their nonces rise strictly, but
/// they may arrive in another order: an axon that only takes rising nonces for a uuid may refuse the overtaken ones.
#[derive(Debug)]
pub struct Dendrite<S = Signer> {
    pub(crate) signer: S,
    pub(crate) uuid: Uuid,
    pub(crate) http: reqwest::Client,
    pub(crate) answer_limit: usize,
    last_nonce: AtomicU64,
}

impl<S: RequestSigner> Dendrite<S> {
    /// How much of an answer's body is taken by default, in bytes after decompression: 8 MiB.
    pub const DEFAULT_ANSWER_LIMIT: usize = 8 * 1024 * 1024;

    /// Makes a client that signs with `signer`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`DendriteError::Client`] when the HTTP client cannot be made.
    pub fn new(signer: S) -> Result<Self, DendriteError> {
        Ok(Self {
            signer,
            uuid: fresh_uuid(),
            http: transport::client()?,
            answer_limit: Self::DEFAULT_ANSWER_LIMIT,
            last_nonce: AtomicU64::new(0),
        })
    }

    /// Sets how much of an answer's body is taken, in bytes after decompression.
    #[must_use]
    pub fn with_answer_limit(mut self, bytes: usize) -> Self {
        self.answer_limit = bytes;
        self
    }

    /// The ss58 address that requests are signed with.
    pub fn hotkey(&self) -> &str {
        self.signer.hotkey()
    }

    /// The uuid (version 1, random node) that synapses of this dendrite carry.
    pub const fn uuid(&self) -> Uuid {
        self.uuid
    }

    /// The next nonce: unix nanoseconds, and more than every nonce before it even when the clock stands or steps back.
    pub(crate) fn next_nonce(&self) -> u64 {
        rising(&self.last_nonce, unix_nanoseconds())
    }
}

/// Moves `last` to `now` or one past itself, whichever is more, and returns it.
fn rising(last: &AtomicU64, now: u64) -> u64 {
    let step = |before: u64| now.max(before.saturating_add(1));
    // `fetch_update` only fails when the closure gives `None`, and both arms hold the value before the step.
    match last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |before| Some(step(before))) {
        Ok(before) | Err(before) => step(before),
    }
}

/// Unix nanoseconds; 0 for a clock before 1970, which every server refuses as stale.
fn unix_nanoseconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// A version 1 uuid as the Python SDK sends, but with a random node (RFC 9562 section 6.10) instead of the machine's
/// network address, which is nobody's business.
fn fresh_uuid() -> Uuid {
    let mut node = [0; 6];
    for (to, from) in node.iter_mut().zip(Uuid::new_v4().as_bytes()) {
        *to = *from;
    }
    if let Some(first) = node.first_mut() {
        // The multicast bit says that the node is not a network address.
        *first |= 1;
    }
    Uuid::now_v1(&node)
}

/// Refuses time-outs that cannot be meant.
pub(crate) fn check_timeout(timeout: Duration) -> Result<(), DendriteError> {
    if timeout.is_zero() || timeout > LONGEST_TIMEOUT {
        return Err(DendriteError::TimeoutRange { timeout });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonces_rise_when_the_clock_stands_or_steps_back() {
        let last = AtomicU64::new(0);
        let nonces: Vec<u64> = [50, 50, 40, 60, u64::MAX].map(|now| rising(&last, now)).into();
        assert_eq!(nonces, [50, 51, 52, 60, u64::MAX]);
    }

    #[test]
    fn the_uuid_is_of_version_one_and_names_no_machine() {
        let (one, other) = (fresh_uuid(), fresh_uuid());
        assert_eq!(one.get_version_num(), 1);
        assert_ne!(one, other);
        assert_eq!(one.get_node_id().unwrap()[0] & 1, 1);
    }

    #[test]
    fn time_outs_have_a_range() {
        assert!(check_timeout(Duration::from_millis(1)).is_ok());
        for odd in [Duration::ZERO, LONGEST_TIMEOUT + Duration::from_nanos(1)] {
            assert!(matches!(check_timeout(odd), Err(DendriteError::TimeoutRange { .. })));
        }
    }
}
