//! How long the chain may keep us waiting.

use std::time::Duration;

use crate::network::Network;

/// Operator's bounds for talking to endpoints, in wall-clock time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// For one connection: name look-up, TCP, TLS, WebSocket and the first questions. Default 10 s.
    pub connect: Duration,
    /// For one question on an open connection. When it is used up the connection counts as half-open: it is closed, and
    /// reads are asked again on the next endpoint. Default 20 s: the metadata of finney is 300 kB and its metagraph 200 kB.
    pub request: Duration,
    /// How old the newest block of an endpoint may be before it counts as behind.
    pub lag: LagPolicy,
    /// The shortest and the longest pause before an endpoint that failed is tried again; between them it doubles with
    /// each failure, less up to a half by chance. Default 500 ms and 60 s.
    pub pause: (Duration, Duration),
}

/// When an endpoint counts as behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LagPolicy {
    /// When its newest block is older than this by our clock.
    Within(Duration),
    /// Never by the clock: a development chain makes blocks when it likes.
    Any,
}

impl Policy {
    /// The defaults for a network. On finney and test a newest block may be 3 minutes old (15 blocks): public nodes are
    /// often a few blocks behind, and clocks of miners are not exact.
    #[must_use]
    pub fn of(network: Network) -> Self {
        Self {
            connect: Duration::from_secs(10),
            request: Duration::from_secs(20),
            lag: match network.has_steady_blocks() {
                true => LagPolicy::Within(Duration::from_secs(180)),
                false => LagPolicy::Any,
            },
            pause: (Duration::from_millis(500), Duration::from_secs(60)),
        }
    }
}

/// Twice the pause for each failure, up to this many times; beyond it the longest pause is reached anyway.
const MOST_DOUBLINGS: u32 = 16;

/// The pause after a failure, when `failures` were before it: between a half and the whole of the shortest pause times two
/// for each failure before, so that many neurons do not come back to a node in the same instant.
pub(crate) fn backed_off((shortest, longest): (Duration, Duration), failures: u32) -> Duration {
    let full = shortest.saturating_mul(1 << failures.min(MOST_DOUBLINGS)).min(longest);
    full.mul_f64(rand::random_range(0.5..=1.0))
}
