//! The axon over a real socket, with real plugins: what callers of both dialects get, and what nobody gets.
//!
//! # Layout
//!
//! - `fixture`: a whole axon on a free port; `client`: one that can also misbehave; `signed`: signed requests
//! - `log`: what was logged meanwhile
//! - `synapse`, `btauth`: the statuses of each dialect; `success`: answers
//! - `admission`: who the chain lets in
//! - `proof`: nothing before the signature, once only, and the caller is who signed
//! - `conduct`: those who make plugins trap
//! - `connection`: swaps, stops and connections
//! - `stream`: answers in pieces; `record`: what the observer is told
//! - `gate`: rates, shares and lanes; `slow`: those who take or give too slowly; `proxy`: who the caller is behind one
//! - `restart`: nonces after clean and unclean stops

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation is how a test fails; clippy exempts only the test functions themselves"
)]

mod admission;
mod btauth;
mod client;
mod conduct;
mod connection;
mod fixture;
mod gate;
mod log;
mod proof;
mod proxy;
mod record;
mod restart;
mod signed;
mod slow;
mod stream;
mod success;
mod synapse;
