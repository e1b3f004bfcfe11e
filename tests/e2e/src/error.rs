//! What can go wrong in the harness itself.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

/// A test could not be carried out. It is never the outcome that a test is about.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HarnessError {
    /// Something that `cargo xtask test` prepares is not there.
    #[error("{what} is not at {path}; run `cargo xtask test`, which prepares it", path = .path.display())]
    NotPrepared {
        /// What is missing.
        what: &'static str,
        /// Where it was looked for.
        path: PathBuf,
    },

    /// A file or socket operation failed.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// The cause.
        source: io::Error,
    },

    /// A process did not get ready or did not end in time.
    #[error("{what} took longer than {limit:?}; its output:\n{output}")]
    TooSlow {
        /// Which process, and what was waited for.
        what: String,
        /// How long was waited.
        limit: Duration,
        /// What it had printed.
        output: String,
    },

    /// A process ended before it was ready, or with a failure.
    #[error("{what} ended with {status}; its output:\n{output}")]
    Ended {
        /// Which process.
        what: String,
        /// Its exit status.
        status: String,
        /// What it had printed.
        output: String,
    },

    /// A process printed something that cannot be read.
    #[error("{what} printed something else than expected: {output}")]
    Output {
        /// Which process.
        what: String,
        /// What it printed.
        output: String,
    },

    /// What came over a socket is not one HTTP answer.
    #[error("not an HTTP answer: {0}")]
    Answer(String),
}

impl HarnessError {
    /// Wraps an I/O error with what was being done.
    pub fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }
}
