//! What travels over the signer's socket: a length (u32, little endian), then that many bytes of JSON.

use std::io::{Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use soma_protocol::ss58::PublicKey;

use crate::access::{Access, Phase};

/// Longest JSON text of a frame in bytes. The longest intent is a call with 4,096 weights.
pub const LARGEST_BYTES: usize = 64 * 1024;

/// Bytes of the length in front of a frame.
pub const PREFIX_BYTES: usize = 4;

/// A frame that cannot be sent or understood.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The socket failed, or ended within a frame.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A frame of more than [`LARGEST_BYTES`].
    #[error("a frame of {0} bytes is over the limit")]
    TooLarge(usize),
    /// The text is no JSON of the expected form.
    #[error("a frame does not parse: {0}")]
    Malformed(serde_json::Error),
}

impl From<serde_json::Error> for FrameError {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed(error)
    }
}

/// What the parent sends. The first one is `Open`, all others are `Sign`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Open this key file, with a password from one of the places, and confine yourself.
    Open {
        /// The file and the places; absolute paths. No password is in it.
        access: Access,
    },
    /// Sign this intent.
    Sign {
        /// Any number; the answer repeats it.
        id: u64,
        /// An [`Intent`](super::Intent). It stays untyped here, so that an odd one is refused under its `id`.
        intent: serde_json::Value,
    },
}

/// What the signer answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Response {
    /// The key is loaded.
    Ready {
        /// The hotkey.
        hotkey: PublicKey,
        /// Its scheme, as it is named on the wire.
        crypto: String,
        /// The lines of the confinement report.
        confinement: Vec<String>,
    },
    /// The key takes a while longer. Any number of these may come before `Ready` or `Failed`.
    Busy {
        /// What takes the while.
        phase: Phase,
    },
    /// The key is not loaded; the signer ends.
    Failed {
        /// The error's stable code.
        code: String,
        /// Its text.
        message: String,
        /// What to do.
        help: String,
    },
    /// A signature.
    Signature {
        /// The request's number.
        id: u64,
        /// 64 bytes as lower-case hexadecimal digits.
        signature: String,
    },
    /// The intent was not signed.
    Refused {
        /// The request's number; `None` when the request itself could not be read.
        id: Option<u64>,
        /// The refusal's stable code.
        code: String,
        /// What is wrong.
        reason: String,
    },
}

/// A frame with its length in front.
///
/// # Errors
/// [`FrameError::TooLarge`], [`FrameError::Malformed`].
pub fn encode(message: &impl Serialize) -> Result<Vec<u8>, FrameError> {
    let mut frame = vec![0; PREFIX_BYTES];
    serde_json::to_writer(&mut frame, message)?;
    let length = frame.len().saturating_sub(PREFIX_BYTES);
    let prefix = check_length(length)?.to_le_bytes();
    for (to, from) in frame.iter_mut().zip(prefix) {
        *to = from;
    }
    Ok(frame)
}

fn check_length(length: usize) -> Result<u32, FrameError> {
    match u32::try_from(length) {
        Ok(short) if length <= LARGEST_BYTES => Ok(short),
        _ => Err(FrameError::TooLarge(length)),
    }
}

/// The number of bytes that follow a length prefix.
///
/// # Errors
/// [`FrameError::TooLarge`].
pub fn body_length(prefix: [u8; PREFIX_BYTES]) -> Result<usize, FrameError> {
    let length = usize::try_from(u32::from_le_bytes(prefix)).unwrap_or(usize::MAX);
    check_length(length).map(|_| length)
}

/// Reads the JSON text of a frame.
///
/// # Errors
/// [`FrameError::Malformed`].
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, FrameError> {
    Ok(serde_json::from_slice(body)?)
}

/// Reads the bytes of one frame; `None` when the other end closed the socket between two frames.
///
/// # Errors
/// [`FrameError::Io`] (also for an end within a frame), [`FrameError::TooLarge`].
pub fn read(from: &mut impl Read) -> Result<Option<Vec<u8>>, FrameError> {
    let mut prefix = [0; PREFIX_BYTES];
    let (first, rest) = prefix.split_at_mut(1);
    // The first byte alone tells a clean end from a torn frame.
    if let Err(error) = from.read_exact(first) {
        let clean = error.kind() == std::io::ErrorKind::UnexpectedEof;
        return if clean { Ok(None) } else { Err(error.into()) };
    }
    from.read_exact(rest)?;
    let mut body = vec![0; body_length(prefix)?];
    from.read_exact(&mut body)?;
    Ok(Some(body))
}

/// Writes one frame.
///
/// # Errors
/// [`FrameError`].
pub fn write(to: &mut impl Write, message: &impl Serialize) -> Result<(), FrameError> {
    to.write_all(&encode(message)?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    use proptest::prelude::*;

    #[test]
    fn a_closed_socket_is_an_end_and_a_torn_frame_an_error() {
        let frame = encode(&Request::Open { access: Access::from(Path::new("/key")) }).unwrap();
        assert!(read(&mut &frame[..0]).unwrap().is_none());
        for cut in 1..frame.len() {
            assert!(read(&mut &frame[..cut]).is_err(), "cut at {cut}");
        }
        assert_eq!(read(&mut &frame[..]).unwrap().unwrap(), frame[PREFIX_BYTES..]);
    }

    #[test]
    fn refuses_a_length_over_the_limit_before_reading_it() {
        let mut huge = &[0xff_u8; 8][..];
        assert!(matches!(read(&mut huge), Err(FrameError::TooLarge(_))));
        assert!(matches!(encode(&"x".repeat(LARGEST_BYTES)), Err(FrameError::TooLarge(_))));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_frame_an_end_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(Some(body)) = read(&mut bytes.as_slice()) {
                prop_assert!(body.len() + PREFIX_BYTES <= bytes.len());
                let _ = decode::<Request>(&body);
                let _ = decode::<Response>(&body);
            }
        }
    }
}
