//! Key files before they are written: the SDKs' fields, plain or encrypted.

use std::path::{Path, PathBuf};

use serde::Serialize;
use soma_protocol::signature::Crypto;
use soma_protocol::ss58::PublicKey;
use zeroize::Zeroizing;

use super::place::{self, Existing};
use super::secret::Secret;
use crate::encryption::{Form, nacl};
use crate::error::WalletError;
use crate::keypair::Keypair;

/// Room for every key file, in bytes: a buffer that does not grow leaves no unwiped copies behind.
const ROOM_BYTES: usize = 4096;

/// Whether a new key file is encrypted.
#[derive(Clone, Copy, Debug)]
pub enum Protection<'a> {
    /// It is not: whoever reads the file has the key. The SDKs' default for hotkeys.
    Plain,
    /// Under this key, as `$NACL`.
    Sealed(&'a nacl::Key),
}

/// A key file that can be written.
#[derive(Debug)]
pub struct Draft {
    pair: Keypair,
    text: Zeroizing<Vec<u8>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SecretFile<'a> {
    #[serde(flatten)]
    public: PublicFile,
    private_key: &'a Zeroizing<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_phrase: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_seed: Option<&'a Zeroizing<String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PublicFile {
    account_id: String,
    public_key: String,
    crypto_type: u8,
    #[serde(rename = "ss58Address")]
    address: String,
}

impl PublicFile {
    fn new(key: &PublicKey, crypto: Crypto) -> Self {
        let digits = format!("0x{}", hex::encode(key.0));
        let crypto_type = match crypto {
            Crypto::Sr25519 => 1,
            Crypto::Ed25519 => 0,
        };
        Self { account_id: digits.clone(), public_key: digits, crypto_type, address: key.to_ss58() }
    }
}

impl Draft {
    /// The file of this secret, with every form of it that can be told from the one that is given.
    ///
    /// # Errors
    /// [`WalletError::Key`] when the secret is no key.
    pub fn new(crypto: Crypto, secret: &Secret) -> Result<Self, WalletError> {
        let pair = secret.keypair(crypto)?;
        let seed = match secret {
            Secret::Phrase(phrase) => Some(prefixed(phrase.seed("")?.as_ref())),
            Secret::Seed(seed) => Some(prefixed(seed)),
            Secret::PrivateKey(_) => None,
        };
        let phrase = match secret {
            Secret::Phrase(phrase) => Some(phrase.reveal()),
            Secret::Seed(_) | Secret::PrivateKey(_) => None,
        };
        let file = SecretFile {
            public: PublicFile::new(&pair.public_key(), crypto),
            private_key: &prefixed(&pair.private_key()),
            secret_phrase: phrase,
            secret_seed: seed.as_ref(),
        };
        let text = json(&file)?;
        Ok(Self { pair, text })
    }

    /// The key of the file.
    #[must_use]
    pub fn pair(&self) -> &Keypair {
        &self.pair
    }

    /// Writes the file with mode 0600. Missing folders are made. The answer is the backup of a file that was there.
    ///
    /// # Errors
    /// [`WalletError::Exists`] when the name is taken and may not be; [`WalletError::Io`]; [`WalletError::Cipher`].
    pub fn write(
        &self,
        path: &Path,
        protection: Protection<'_>,
        existing: Existing,
    ) -> Result<Option<PathBuf>, WalletError> {
        match protection {
            Protection::Plain => place::put(path, &self.text, existing),
            Protection::Sealed(key) => {
                let sealed = key
                    .seal(&self.text)
                    .map_err(|error| WalletError::from_cipher(path, Form::Nacl, error, String::new()))?;
                place::put(path, &sealed, existing)
            }
        }
    }
}

/// Writes a public key file (`coldkeypub.txt`, `<hotkey>pub.txt`). Missing folders are made. The answer is the backup
/// of a file that was there.
///
/// # Errors
/// [`WalletError::Exists`] when the name is taken and may not be; [`WalletError::Io`].
pub fn write_public(
    path: &Path,
    key: &PublicKey,
    crypto: Crypto,
    existing: Existing,
) -> Result<Option<PathBuf>, WalletError> {
    place::put(path, &json(&PublicFile::new(key, crypto))?, existing)
}

fn json(file: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, WalletError> {
    let mut text = Zeroizing::new(Vec::with_capacity(ROOM_BYTES));
    serde_json::to_writer(&mut *text, file).map_err(|error| WalletError::Io {
        action: "write",
        path: PathBuf::new(),
        cause: error.into(),
    })?;
    Ok(text)
}

fn prefixed(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(format!("0x{}", Zeroizing::new(hex::encode(bytes)).as_str()))
}
