//! `bench axon`: the same requests to the real Python axon, to FastAPI with the SDK's `http_auth`, to our axon with the
//! example's handler compiled natively, and to our axon with the sandboxed plugin.
//!
//! Every server runs in a process of its own with its shipped defaults, for as long as the bench does. The one exception
//! is ours: its rates by address and hotkey are out of the way, because what counts here is the work and not the saying
//! no (the Python servers have no rates). The same 1 KiB of JSON is asked; requests get fresh nonces and signatures before
//! each part, because each is good once and not for long.
//!
//! # Layout
//! - [`contestants`]: the servers, and how each is started
//! - [`course`]: rounds over all cases
//! - [`report`]: the table, ratios and targets

pub mod contestants;
pub mod course;
pub mod report;

pub use contestants::{Contestant, Kind};
pub use course::{Case, Course, Sample};
pub use report::Report;
