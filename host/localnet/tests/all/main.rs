//! The development chain as a client sees it: through subxt, over a WebSocket.
//!
//! # Layout
//!
//! - `fixture`: a chain with a client; `shapes`: finney's metadata against ours
//! - `serving`, `registration`, `staking`, `weights`, `epoch`: what calls do and refuse
//! - `metagraph`: what the runtime answers about a subnet
//! - `node`: blocks and questions; `faults`: what goes wrong on demand

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation is how a test fails; clippy exempts only the test functions themselves"
)]

mod epoch;
mod faults;
mod fixture;
mod metagraph;
mod node;
mod registration;
mod serving;
mod shapes;
mod staking;
mod weights;
