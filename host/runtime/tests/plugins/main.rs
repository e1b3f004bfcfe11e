//! Real components in the real engine: what each guest of `tests/guests` may do to its host, and what its host does.
//!
//! # Layout
//!
//! - `fixture`: engines, slots, calls; `log`: what was logged meanwhile
//! - `cases`: one function for each guest; the list of guests is the guests' own
//! - `streams`: streamed answers; `order`: verify, priority and the queue; `traces`: where the time went
//! - `metagraph`: what plugins see of the subnet; `subnet`: the one that they see here; `stake`: the two plugins that look
//!   at stake
//! - `instances`: fresh, warm and resident ones, what one call leaves for the next; `cores`: a slot's share of them;
//!   `syscalls`: what a fresh one asks of the system; `native` (with the feature): plugins without a sandbox
//! - `budgets`: each of them used up; `budget_table`: the document about them; `conduct`: callers and plugins that misbehave;
//!   `greed`: callers who want all of a plugin
//! - `admission`, `limits`, `gates`, `routes`, `swap`, `artifacts`: what takes more than one guest

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation is how a test fails; clippy exempts only the test functions themselves"
)]

mod admission;
mod artifacts;
mod budget_table;
mod budgets;
mod cases;
mod conduct;
mod cores;
mod fixture;
mod gates;
mod greed;
mod instances;
mod limits;
mod log;
mod metagraph;
#[cfg(feature = "native")]
mod native;
mod order;
mod routes;
mod stake;
mod streams;
mod subnet;
mod swap;
mod syscalls;
mod traces;
