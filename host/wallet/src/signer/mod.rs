//! The signer: a process that holds the hotkey and answers typed requests.
//!
//! The parent starts it with one end of a socket pair as its standard input ([`Signer::start`]). The first frame
//! names the key file and where its password may be; the signer opens the key, confines itself and answers with its
//! address and what confinement became active. The parent never holds the password of an encrypted key. After that every frame is an [`Intent`]: the signer checks each field, spells out the message
//! itself and signs it. Nothing that the parent sends is signed as it is, so a parent that was taken over can make
//! requests and the listed calls of [`extrinsic`] in the hotkey's name while it runs, but it can neither read the key nor
//! have it sign a chosen text, such as a transfer on subtensor.
//!
//! What bounds it: a frame is at most [`frame::LARGEST_BYTES`]; one intent is answered at a time; an answer takes at
//! most five seconds, or the caller gets an error. The signer ends when its socket closes, which also happens when
//! the parent dies. Once the key is open it is in a session of its own, so Ctrl-C in a terminal reaches the parent
//! alone; before that, when the owner may be typing a password, it ends both.

pub mod client;
pub mod error;
pub mod extrinsic;
pub mod frame;
pub mod intent;
pub mod process;

pub use client::Signer;
pub use error::SignerError;
pub use extrinsic::{HotkeyCall, Terms};
pub use intent::{Intent, IntentError};
pub use process::serve;
