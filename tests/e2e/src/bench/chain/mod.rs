//! `bench chain`: the development chain, and what a neuron holds of a chain.
//!
//! # Layout
//! - [`course`]: what is measured, in its order
//! - [`ready`]: from the start of `soma localnet` to its first answer
//! - [`finality`]: from a call to its final block
//! - [`graph`]: a metagraph of 1,024 neurons: decoded, held, looked up, and read from a chain
//! - [`python`]: the same chain through the Python SDK
//! - [`report`]: the table, the JSON and the targets

pub mod course;
pub mod finality;
pub mod graph;
pub mod python;
pub mod ready;
pub mod report;

pub use course::Course;
pub use report::Report;
