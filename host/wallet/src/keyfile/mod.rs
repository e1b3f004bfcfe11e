//! One key file, as the Python SDK versions 10 and 11 write it.
//!
//! A plain file is one JSON object. What it says about its key is tried in the SDK's order: `secretPhrase`,
//! `secretSeed`, `privateKey`, and at last `ss58Address`, which is a public key only. `cryptoType` is 1 (sr25519,
//! also when absent) or 0 (ed25519). A bare `0x<seed>` text is accepted as well. An `ss58Address` that is not the
//! address of the secret is refused. Encrypted files are told apart here and opened by [`Access`](crate::Access).
//!
//! # Layout
//! - this file: reading
//! - [`mod@secret`]: what a key can be made from ([`Secret`])
//! - [`draft`]: new files ([`Draft`], [`Protection`])
//! - [`place`]: how a file gets its place ([`Existing`])

pub mod draft;
pub mod place;
pub mod secret;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use soma_protocol::signature::Crypto;
use soma_protocol::ss58::PublicKey;
use zeroize::Zeroizing;

pub use self::draft::{Draft, Protection, write_public};
pub use self::place::Existing;
pub use self::secret::Secret;
use crate::encryption::{CipherError, Form};
use crate::error::WalletError;
use crate::keypair::{KeyError, Keypair, Phrase};

/// Longest key file that is read, in bytes. Real ones are below 700, Ansible vaults below 3000.
pub const LARGEST_BYTES: u64 = 64 * 1024;

/// What a key file holds.
#[derive(Debug)]
pub enum Contents {
    /// A key that can sign.
    Secret(Box<Keypair>),
    /// An address.
    Public(PublicKey, Crypto),
}

/// Why the bytes of a file are no usable key.
#[derive(Debug, thiserror::Error)]
pub enum Defect {
    /// One of the encrypted forms.
    #[error("encrypted ({})", .0.name())]
    Encrypted(Form),
    /// No JSON object of the expected shape, or a field of the wrong form.
    #[error("{0}")]
    Malformed(String),
    /// The address is that of another key.
    #[error("the address is that of another key")]
    Mismatch {
        /// The address in the file.
        claimed: String,
        /// The address of the secret.
        actual: String,
    },
    /// The secret is no key.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Defect {
    /// The same about the file at `path`.
    #[must_use]
    pub fn at(self, path: &Path) -> WalletError {
        let path = path.to_owned();
        match self {
            Self::Encrypted(Form::Fernet) => {
                WalletError::from_cipher(&path, Form::Fernet, CipherError::Unsupported(Form::Fernet), String::new())
            }
            Self::Encrypted(form) => WalletError::Encrypted { path, form: form.name() },
            Self::Malformed(reason) => WalletError::BadKeyfile { path, reason },
            Self::Mismatch { claimed, actual } => WalletError::AddressMismatch { path, claimed, actual },
            Self::Key(cause) => WalletError::BadSecret { path, cause },
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Fields {
    crypto_type: Option<u64>,
    secret_phrase: Option<Zeroizing<String>>,
    secret_seed: Option<Zeroizing<String>>,
    private_key: Option<Zeroizing<String>>,
    #[serde(rename = "ss58Address")]
    address: Option<String>,
    /// Browser wallets export a JSON object with this field; it looks like a key file and is none.
    encoded: Option<serde::de::IgnoredAny>,
}

/// Reads the bytes of a plain key file.
///
/// # Errors
/// [`Defect`] says what is wrong without repeating any of it.
pub fn parse(bytes: &[u8]) -> Result<Contents, Defect> {
    if let Some(form) = Form::of(bytes) {
        return Err(Defect::Encrypted(form));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Defect::Malformed("it is not text".to_owned()))?.trim();
    if text.starts_with("0x") {
        let pair = Keypair::from_seed(Crypto::Sr25519, &unhex("seed", text)?)?;
        return Ok(Contents::Secret(Box::new(pair)));
    }
    let fields = Fields::parse(text)?;
    let crypto = fields.crypto()?;
    let claimed = fields.address.as_deref().map(address).transpose()?;
    let Some(secret) = fields.secret()? else {
        let missing = "it has none of secretPhrase, secretSeed, privateKey and ss58Address";
        let key = claimed.ok_or_else(|| Defect::Malformed(missing.to_owned()))?;
        return Ok(Contents::Public(key, crypto));
    };
    let pair = secret.keypair(crypto)?;
    let actual = pair.public_key();
    match claimed {
        Some(claimed) if claimed != actual => {
            Err(Defect::Mismatch { claimed: claimed.to_ss58(), actual: actual.to_ss58() })
        }
        _ => Ok(Contents::Secret(Box::new(pair))),
    }
}

impl Fields {
    pub(crate) fn parse(text: &str) -> Result<Self, Defect> {
        // The error's own text may quote a part of the input, and here that may be a secret: only the place is told.
        serde_json::from_str(text).map_err(|error| {
            Defect::Malformed(format!("no valid JSON key object (line {}, column {})", error.line(), error.column()))
        })
    }

    pub(crate) fn crypto(&self) -> Result<Crypto, Defect> {
        match self.crypto_type {
            None | Some(1) => Ok(Crypto::Sr25519),
            Some(0) => Ok(Crypto::Ed25519),
            Some(other) => Err(Defect::Malformed(format!("cryptoType {other} is neither 0 nor 1"))),
        }
    }

    /// The first of the secrets, in the SDK's order.
    pub(crate) fn secret(&self) -> Result<Option<Secret>, Defect> {
        if self.encoded.is_some() {
            let export = "it is the export of a browser wallet, which is not supported; use the mnemonic";
            return Err(Defect::Malformed(export.to_owned()));
        }
        if let Some(phrase) = &self.secret_phrase {
            return Ok(Some(Secret::Phrase(Phrase::parse(phrase)?)));
        }
        if let Some(seed) = &self.secret_seed {
            return Ok(Some(Secret::Seed(unhex("secretSeed", seed)?)));
        }
        let private = self.private_key.as_ref().map(|private| unhex("privateKey", private)).transpose()?;
        Ok(private.map(Secret::PrivateKey))
    }
}

fn address(text: &str) -> Result<PublicKey, Defect> {
    PublicKey::from_ss58(text).map_err(|error| Defect::Malformed(format!("ss58Address: {error}")))
}

pub(crate) fn unhex(field: &str, text: &str) -> Result<Zeroizing<Vec<u8>>, Defect> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    hex::decode(digits).map(Zeroizing::new).map_err(|_| Defect::Malformed(format!("{field} is not hexadecimal")))
}

/// Reads a plain key file.
///
/// # Errors
/// [`WalletError`] with the path: unreadable, encrypted, malformed, or an address that is not the secret's.
pub fn read(path: &Path) -> Result<Contents, WalletError> {
    parse(&bytes(path)?).map_err(|defect| defect.at(path))
}

/// Reads a plain key file that has to hold a secret.
///
/// # Errors
/// As [`read`], and [`WalletError::NoSecret`].
pub fn read_secret(path: &Path) -> Result<Keypair, WalletError> {
    secret(path, read(path)?)
}

/// How the file at `path` is encrypted; `None` when it is plain, damaged beyond use or in a form without support.
#[must_use]
pub fn encryption(path: &Path) -> Option<Form> {
    let bytes = bytes(path).ok()?;
    Form::of(&bytes).filter(|form| form.inspect(&bytes).is_ok())
}

/// The key of what was read from `path`.
pub(crate) fn secret(path: &Path, contents: Contents) -> Result<Keypair, WalletError> {
    match contents {
        Contents::Secret(pair) => Ok(*pair),
        Contents::Public(..) => Err(WalletError::NoSecret { path: path.to_owned() }),
    }
}

pub(crate) fn bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>, WalletError> {
    let io = |cause| WalletError::Io { action: "read", path: path.to_owned(), cause };
    let metadata = std::fs::metadata(path).map_err(io)?;
    // Reading a FIFO or a device could block for ever.
    if !metadata.is_file() || metadata.len() > LARGEST_BYTES {
        let reason = format!("it is not a regular file of at most {LARGEST_BYTES} bytes");
        return Err(WalletError::BadKeyfile { path: path.to_owned(), reason });
    }
    // The whole capacity at once: a vector that grows leaves unwiped copies behind.
    let capacity = usize::try_from(metadata.len()).unwrap_or_default().saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    File::open(path).and_then(|file| file.take(metadata.len()).read_to_end(&mut bytes)).map_err(io)?;
    Ok(bytes)
}
