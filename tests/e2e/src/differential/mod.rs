//! Our axon beside the real one of bittensor 10.5.0: the same requests to both, and every difference between the
//! answers is a row of `docs/differences.md` or a fault.
//!
//! The requests come from a seed: the same seed makes the same requests, apart from the time in their nonces. Most
//! are good ones that were changed once or twice, before or after they were signed.
//!
//! # Layout
//! - [`observation`]: what of an answer is compared
//! - [`draft`]: one request before it is sent, with everything that a change may touch
//! - `mutation`: the changes, and what each may make of the two answers; `header`, `proof` and `content` hold them
//! - [`plan`]: from a seed to requests
//! - [`verdict`]: which row explains a difference
//! - [`rows`]: the rows of the document
//! - [`report`]: the counts
//! - [`run`]: both servers, and the requests between them

mod content;
pub mod draft;
mod header;
mod mutation;
pub mod observation;
pub mod plan;
mod proof;
pub mod report;
pub mod rows;
pub mod run;
pub mod verdict;

pub use mutation::Mutation;
pub use observation::{Aspect, Observation};
pub use plan::Plan;
pub use report::Report;
pub use run::Pair;
