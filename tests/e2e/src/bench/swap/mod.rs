//! `bench swap`: a plugin that is replaced again and again while it serves.
//!
//! The load is open: requests are due at random times (Poisson) that do not wait for answers, in both dialects, and beside
//! them run streams of at most a second whose callers read slowly. So there is always an old version that still has work
//! to do. Requests are signed one by one shortly before they are due: the window of btauth is too short to sign a whole
//! part in advance. Parts with swaps and parts without follow each other.
//!
//! Every answer is looked at twice: `forward` writes the version of its code into the answer, `blacklist` writes that of
//! its code into the host's log, and both name the request. An answer whose two versions differ is mixed. One that has no
//! line in the log counts as mixed too, so that a line that was lost cannot hide anything.
//!
//! # Layout
//! - [`asking`]: the callers, which are the bench's program started once more; [`streaming`]: those who read slowly
//! - [`bed`]: the host, its admin socket and its log
//! - [`course`]: the parts, in turns
//! - [`report`]: the table and the targets

pub mod asking;
pub mod bed;
pub mod course;
pub mod report;
pub mod streaming;

pub use course::Course;
pub use report::Report;
