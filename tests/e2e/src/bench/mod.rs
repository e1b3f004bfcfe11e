//! The benches behind `cargo xtask bench axon | chain | swap | spread`: whole servers, measured from outside.
//!
//! Servers, load generator and bench are processes of their own. Requests are signed before the clock runs wherever the
//! protocol's window allows it. What is compared is measured in turns, round after round, and of the rounds' ratios the
//! median counts: a machine that is busy with something else for a while spoils a round and not the result. Nothing here
//! is a test, and a missed target is a line of the report and no failure.
//!
//! # Layout
//! - [`arguments`]: the command line that the benches share
//! - [`callers`]: key pairs, and requests of both dialects signed in advance
//! - [`lanes`]: the load generator of the closed loop, which is the bench's program started once more
//! - [`verdict`]: targets, and whether they were held
//! - [`place`]: a server under test, and what it has used
//! - [`axon`]: ours beside the Python servers
//! - [`chain`]: the development chain, and a metagraph in memory
//! - [`marked`]: versions of one plugin that say which they are
//! - [`swap`]: a plugin that is replaced while it serves
//! - [`spread`]: two hundred plugins instead of one

pub mod arguments;
pub mod axon;
pub mod callers;
pub mod chain;
pub mod lanes;
pub mod marked;
pub mod place;
pub mod spread;
pub mod swap;
pub mod verdict;

pub use arguments::Arguments;
pub use callers::Callers;
pub use verdict::Verdict;
