//! The answer of a streaming function.

pub use crate::bindings::sdk::soma::neuron::response::WriteError;

use crate::Failure;
use crate::bindings::sdk::soma::neuron::response;

/// Where a streaming function writes its answer, piece by piece. It ends when the function returns.
#[derive(Debug)]
pub struct ResponseStream {
    target: Target,
}

#[derive(Debug)]
enum Target {
    Host(response::ResponseStream),
    /// In a unit test there is no host.
    #[cfg(not(target_arch = "wasm32"))]
    Recorded(crate::testing::Recording),
}

impl ResponseStream {
    /// Sends a piece (text or bytes) at once. Waits while the caller is slow. An empty piece sends nothing.
    ///
    /// # Errors
    /// `WriteError::Closed` when the caller is gone, `WriteError::Limit` when the answer is too large. The answer
    /// is over then: return, for example with `?`. The host ends a function that writes once more.
    pub fn write(&self, piece: impl AsRef<[u8]>) -> Result<(), WriteError> {
        match &self.target {
            Target::Host(stream) => stream.write(piece.as_ref()),
            #[cfg(not(target_arch = "wasm32"))]
            Target::Recorded(recording) => recording.write(piece.as_ref()),
        }
    }

    /// What `plugin!` makes of the host's handle.
    #[doc(hidden)]
    pub fn from_host(stream: response::ResponseStream) -> Self {
        Self { target: Target::Host(stream) }
    }

    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn recorded(recording: crate::testing::Recording) -> Self {
        Self { target: Target::Recorded(recording) }
    }
}

/// So that a streaming function can say `out.write(piece)?`. The host knows why the answer is over.
impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Closed => Failure::unavailable("the caller is gone"),
            WriteError::Limit => Failure::unavailable("the answer is too large"),
        }
    }
}
