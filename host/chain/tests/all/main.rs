//! The client against a development chain, over a WebSocket: reads, writes, and everything that may go wrong.
//!
//! # Layout
//!
//! - `fixture`: a chain with a client and keys; `gate`: an endpoint that can be shut; `proxy`: one that says something else
//! - `snapshot`: the metagraph through outages; `reads`, `serving`, `weighing`, `spending`: what is read and written
//! - `refusals`: the chain's own refusals by name; `form`: our bytes against subxt's
//! - `outages`: endpoints and nodes that fail; `course`: what happens to an extrinsic on its way;
//!   `nodes`: the same, with nodes that differ
//! - `journal`: processes that die; `signer`: the signer process; `vectors`: weights of the Python SDK

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation is how a test fails; clippy exempts only the test functions themselves"
)]

mod course;
mod fixture;
mod form;
mod gate;
mod journal;
mod nodes;
mod outages;
mod proxy;
mod reads;
mod refusals;
mod serving;
mod signer;
mod snapshot;
mod spending;
mod vectors;
mod weighing;
