//! Who signs: the signer process for the hotkey, a key that a command opened for the coldkey.

use std::future::Future;
use std::sync::{Mutex, PoisonError};

use miette::Diagnostic;
use soma_protocol::signature::Crypto;
use soma_protocol::ss58::PublicKey;
use soma_wallet::signer::{IntentError, Terms};
use soma_wallet::{Intent, Keypair, Signer, SignerError};
use thiserror::Error;

use super::call::Call;

/// A key that signs calls of its own kind. What is signed is never given as bytes: the key's side spells it out.
pub trait Sign: Sync {
    /// Whose key it is.
    fn account(&self) -> PublicKey;

    /// Its scheme.
    fn crypto(&self) -> Crypto;

    /// How often one call may be signed: a second time only when the first is certain to be in no block.
    fn signatures(&self) -> u32 {
        2
    }

    /// The signature of a call, for the place and time that the terms name.
    fn sign(&self, call: &Call, terms: &Terms) -> impl Future<Output = Result<[u8; 64], SignError>> + Send;
}

/// Why there is no signature. Nothing was sent.
#[derive(Debug, Error, Diagnostic)]
pub enum SignError {
    /// The call is for a key of the other kind.
    #[error("a {key} does not sign {call}")]
    #[diagnostic(
        code(soma::chain::wrong_key),
        help("registering and staking are signed by the coldkey, all else by the hotkey")
    )]
    WrongKey {
        /// `hotkey` or `coldkey`.
        key: &'static str,
        /// The call's name.
        call: &'static str,
    },

    /// The signer process did not sign.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Signer(#[from] SignerError),

    /// The call or its terms are over their bounds.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Intent(#[from] IntentError),

    /// The coldkey signed already, and is gone since.
    #[error("the coldkey was opened for one signature over one call, and has given it")]
    #[diagnostic(code(soma::chain::coldkey_spent), help("run it again: the password is asked for again"))]
    Spent,

    /// The signature is not one of this key over this call.
    #[error("the signature over {call} is not that of {account}")]
    #[diagnostic(
        code(soma::chain::false_signature),
        help("signer and soma are not of the same version, or the key is damaged; nothing was sent")
    )]
    False {
        /// The call's name.
        call: &'static str,
        /// Whose signature it should be.
        account: PublicKey,
    },
}

impl Sign for Signer {
    fn account(&self) -> PublicKey {
        self.public_key()
    }

    fn crypto(&self) -> Crypto {
        self.crypto()
    }

    async fn sign(&self, call: &Call, terms: &Terms) -> Result<[u8; 64], SignError> {
        match call {
            Call::Hotkey(call) => {
                let intent = Intent::Extrinsic { call: call.clone(), terms: terms.clone() };
                Ok(self.sign(intent).await?)
            }
            Call::Coldkey(call) => Err(SignError::WrongKey { key: "hotkey", call: call.name() }),
        }
    }
}

/// A coldkey that a command of its owner opened; it signs in this process, and only what a coldkey is for. It is forgotten
/// with its first signature: until a call is final there are minutes in which nothing needs it.
#[derive(Debug)]
pub struct Coldkey {
    account: PublicKey,
    crypto: Crypto,
    pair: Mutex<Option<Keypair>>,
}

impl Coldkey {
    /// Takes the opened key.
    #[must_use]
    pub fn new(pair: Keypair) -> Self {
        Self { account: pair.public_key(), crypto: pair.crypto(), pair: Mutex::new(Some(pair)) }
    }

    /// The key, for the only time.
    fn take(&self) -> Result<Keypair, SignError> {
        self.pair.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or(SignError::Spent)
    }
}

impl Sign for Coldkey {
    fn account(&self) -> PublicKey {
        self.account
    }

    fn crypto(&self) -> Crypto {
        self.crypto
    }

    /// When it is in no block, its owner is asked again by another run.
    fn signatures(&self) -> u32 {
        1
    }

    async fn sign(&self, call: &Call, terms: &Terms) -> Result<[u8; 64], SignError> {
        match call {
            Call::Coldkey(call) => {
                let payload = terms.payload(&call.bytes())?;
                Ok(self.take()?.sign(&payload))
            }
            Call::Hotkey(call) => Err(SignError::WrongKey { key: "coldkey", call: call.name() }),
        }
    }
}
