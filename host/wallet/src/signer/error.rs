//! Errors of both ends of the signer's socket.

use std::path::PathBuf;
use std::time::Duration;

use super::frame::FrameError;

/// Why a signer did not start or did not sign.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum SignerError {
    /// The program could not be started.
    #[error("cannot start the signer {program}: {cause}", program = .program.display())]
    #[diagnostic(
        code(soma::signer::spawn),
        help("check that the program exists, is executable, and that the process limit is not reached")
    )]
    Spawn {
        /// The program.
        program: PathBuf,
        /// The system's answer.
        cause: std::io::Error,
    },
    /// The key file's path is not UTF-8 or cannot be made absolute.
    #[error("the key file's path cannot be sent to the signer: {path}", path = .path.display())]
    #[diagnostic(code(soma::signer::bad_path), help("use a wallet path that is valid UTF-8"))]
    BadPath {
        /// The path.
        path: PathBuf,
    },
    /// The signer could not load the key or confine itself, and ended.
    #[error("the signer cannot serve: {message}")]
    #[diagnostic(code(soma::signer::not_started), help("[{code}] {help}"))]
    NotStarted {
        /// The stable code of the signer's own error.
        code: String,
        /// Its text.
        message: String,
        /// What to do about it.
        help: String,
    },
    /// The signer process is not there any more.
    #[error("the signer process has ended ({status})")]
    #[diagnostic(
        code(soma::signer::gone),
        help("read its last log lines and restart soma; a lost signer is not started again by itself")
    )]
    Gone {
        /// How it ended, as far as it is known.
        status: String,
    },
    /// The signer did not answer in time.
    #[error("the signer did not answer within {} s", .limit.as_secs())]
    #[diagnostic(code(soma::signer::timed_out), help("the machine is overloaded, or the signer process is stopped"))]
    TimedOut {
        /// How long was waited.
        limit: Duration,
    },
    /// The signer refused an intent.
    #[error("the signer refused: {reason}")]
    #[diagnostic(code(soma::signer::refused), help("[{code}] mend the named field of the request"))]
    Refused {
        /// The stable code of the refusal.
        code: String,
        /// What is wrong with the intent.
        reason: String,
    },
    /// The other end does not speak the signer's protocol.
    #[error("the signer's socket carries something else: {0}")]
    #[diagnostic(
        code(soma::signer::protocol),
        help("both ends have to be of the same version of soma; run `soma signer` only through soma")
    )]
    Protocol(String),
    /// The signer was started by hand.
    #[error("standard input is not a socket")]
    #[diagnostic(
        code(soma::signer::not_a_socket),
        help("this command is started by `soma run` and `soma query`; there is no need to call it")
    )]
    NotASocket,
    /// Reading or writing the socket failed.
    #[error("the signer's socket failed: {0}")]
    #[diagnostic(code(soma::signer::socket), help("restart soma"))]
    Socket(std::io::Error),
}

impl From<std::io::Error> for SignerError {
    fn from(error: std::io::Error) -> Self {
        Self::Socket(error)
    }
}

impl From<FrameError> for SignerError {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Io(error) => Self::Socket(error),
            other => Self::Protocol(other.to_string()),
        }
    }
}
