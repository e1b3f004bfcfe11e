//! Why a process could not be confined.

use crate::Measure;

/// A measure that had to be active and is not.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ConfineError {
    /// The policy was [`Required`](crate::Policy::Required) and this measure could not be made active.
    #[error("confinement measure {measure} is required and not available: {reason}")]
    #[diagnostic(
        code(soma::confine::unavailable),
        help("use a kernel and container that allow it, or set the confinement to best-effort and accept the gap")
    )]
    Unavailable {
        /// The measure that failed.
        measure: Measure,
        /// What the kernel answered.
        reason: String,
    },
}
