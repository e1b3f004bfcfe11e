//! What the client needs from a signer.

use std::future::Future;

use soma_protocol::signature::Crypto;
use soma_wallet::{Intent, Signer, SignerError};

/// Something that signs typed intents with one hotkey.
///
/// The real one is [`Signer`], the handle of the signer process. The trait exists so that a development tool can
/// sign with a published test key without starting a process.
pub trait RequestSigner: Send + Sync {
    /// The ss58 address (format 42) that the signatures belong to.
    fn hotkey(&self) -> &str;

    /// The scheme of the signatures. Synapses can only be signed with sr25519.
    fn crypto(&self) -> Crypto;

    /// Signs one intent.
    ///
    /// # Errors
    /// The intent was refused, or the signer is gone or too slow.
    fn sign(&self, intent: Intent) -> impl Future<Output = Result<[u8; 64], SignerError>> + Send;
}

impl RequestSigner for Signer {
    fn hotkey(&self) -> &str {
        Signer::hotkey(self)
    }

    fn crypto(&self) -> Crypto {
        Signer::crypto(self)
    }

    fn sign(&self, intent: Intent) -> impl Future<Output = Result<[u8; 64], SignerError>> + Send {
        Signer::sign(self, intent)
    }
}
