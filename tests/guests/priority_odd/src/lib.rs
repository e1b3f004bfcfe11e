//! Ranks by a number that its caller chooses, odd ones among them; spins for as long as it is told.

use soma_sdk::prelude::*;

/// What to do once it is this request's turn.
#[derive(Serialize, Deserialize)]
struct Odd {
    /// Milliseconds by the host's clock.
    spin_ms: f64,
}

fn forward(odd: Odd) -> Odd {
    let end = clock::now_ms() + odd.spin_ms;
    while clock::now_ms() < end {}
    odd
}

/// The rank is the value of the header `x-rank`.
fn priority(request: &Request) -> f64 {
    let rank = request.headers.iter().find(|(name, _)| name == "x-rank");
    rank.and_then(|(_, value)| value.parse().ok()).unwrap_or(0.0)
}

soma_sdk::plugin! {
    forward: { Odd => forward },
    priority: priority,
}
