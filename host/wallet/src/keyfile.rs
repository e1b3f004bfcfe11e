//! One key file, as the Python SDK versions 10 and 11 write it.
//!
//! A plain file is one JSON object. What it says about its key is tried in the SDK's order: `secretPhrase`,
//! `secretSeed`, `privateKey`, and at last `ss58Address`, which is a public key only. `cryptoType` is 1 (sr25519,
//! also when absent) or 0 (ed25519). A bare `0x<seed>` text is accepted as well. An `ss58Address` that is not the
//! address of the secret is refused. Encrypted files are recognised and refused with their own error.
//!
//! New files get mode 0600 in folders of mode 0700. They are written beside their name and then renamed without
//! replacing, so a crash leaves no half key and an existing key is never lost.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags};
use serde::{Deserialize, Serialize};
use soma_protocol::signature::Crypto;
use soma_protocol::ss58::PublicKey;
use zeroize::Zeroizing;

use crate::error::WalletError;
use crate::keypair::{KeyError, Keypair, Phrase};

/// Longest key file that is read, in bytes. Real ones are below 700.
pub const LARGEST_BYTES: u64 = 64 * 1024;

/// The first bytes of the encrypted forms and what to call them.
const ENCRYPTED: [(&[u8], &str); 3] = [(b"$NACL", "NaCl"), (b"$ANSIBLE_VAULT", "Ansible vault"), (b"gAAAAA", "Fernet")];

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
    #[error("encrypted ({0})")]
    Encrypted(&'static str),
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
    fn at(self, path: &Path) -> WalletError {
        let path = path.to_owned();
        match self {
            Self::Encrypted(form) => WalletError::Encrypted { path, form },
            Self::Malformed(reason) => WalletError::BadKeyfile { path, reason },
            Self::Mismatch { claimed, actual } => WalletError::AddressMismatch { path, claimed, actual },
            Self::Key(source) => WalletError::BadSecret { path, source },
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    crypto_type: Option<u64>,
    secret_phrase: Option<Zeroizing<String>>,
    secret_seed: Option<Zeroizing<String>>,
    private_key: Option<Zeroizing<String>>,
    #[serde(rename = "ss58Address")]
    address: Option<String>,
}

/// The file form of a key that can sign, in the field order that we write.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SecretFile<'a> {
    #[serde(flatten)]
    public: PublicFile,
    private_key: &'a Zeroizing<String>,
    secret_phrase: &'a str,
    secret_seed: &'a Zeroizing<String>,
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

/// Reads the bytes of a key file.
///
/// # Errors
/// [`Defect`] says what is wrong without repeating any of it.
pub fn parse(bytes: &[u8]) -> Result<Contents, Defect> {
    if let Some((_, form)) = ENCRYPTED.into_iter().find(|(prefix, _)| bytes.starts_with(prefix)) {
        return Err(Defect::Encrypted(form));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Defect::Malformed("it is not text".to_owned()))?.trim();
    if text.starts_with("0x") {
        let pair = Keypair::from_seed(Crypto::Sr25519, &unhex("seed", text)?)?;
        return Ok(Contents::Secret(Box::new(pair)));
    }
    // The error's own text may quote a part of the input, and here that may be a secret: only the place is told.
    let fields: Fields = serde_json::from_str(text).map_err(|error| {
        Defect::Malformed(format!("no valid JSON key object (line {}, column {})", error.line(), error.column()))
    })?;
    let crypto = match fields.crypto_type {
        None | Some(1) => Crypto::Sr25519,
        Some(0) => Crypto::Ed25519,
        Some(other) => return Err(Defect::Malformed(format!("cryptoType {other} is neither 0 nor 1"))),
    };
    let claimed = fields.address.as_deref().map(address).transpose()?;
    let Some(pair) = fields.keypair(crypto)? else {
        let missing = "it has none of secretPhrase, secretSeed, privateKey and ss58Address";
        let key = claimed.ok_or_else(|| Defect::Malformed(missing.to_owned()))?;
        return Ok(Contents::Public(key, crypto));
    };
    let actual = pair.public_key();
    match claimed {
        Some(claimed) if claimed != actual => {
            Err(Defect::Mismatch { claimed: claimed.to_ss58(), actual: actual.to_ss58() })
        }
        _ => Ok(Contents::Secret(Box::new(pair))),
    }
}

impl Fields {
    fn keypair(&self, crypto: Crypto) -> Result<Option<Keypair>, Defect> {
        let pair = if let Some(phrase) = &self.secret_phrase {
            Keypair::from_phrase(crypto, &Phrase::parse(phrase)?)?
        } else if let Some(seed) = &self.secret_seed {
            Keypair::from_seed(crypto, &unhex("secretSeed", seed)?)?
        } else if let Some(private) = &self.private_key {
            Keypair::from_private_key(crypto, &unhex("privateKey", private)?)?
        } else {
            return Ok(None);
        };
        Ok(Some(pair))
    }
}

fn address(text: &str) -> Result<PublicKey, Defect> {
    PublicKey::from_ss58(text).map_err(|error| Defect::Malformed(format!("ss58Address: {error}")))
}

fn unhex(field: &str, text: &str) -> Result<Zeroizing<Vec<u8>>, Defect> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    hex::decode(digits).map(Zeroizing::new).map_err(|_| Defect::Malformed(format!("{field} is not hexadecimal")))
}

/// Reads a key file.
///
/// # Errors
/// [`WalletError`] with the path: unreadable, encrypted, malformed, or an address that is not the secret's.
pub fn read(path: &Path) -> Result<Contents, WalletError> {
    parse(&bytes(path)?).map_err(|defect| defect.at(path))
}

/// Reads a key file that has to hold a secret.
///
/// # Errors
/// As [`read`], and [`WalletError::NoSecret`].
pub fn read_secret(path: &Path) -> Result<Keypair, WalletError> {
    match read(path)? {
        Contents::Secret(pair) => Ok(*pair),
        Contents::Public(..) => Err(WalletError::NoSecret { path: path.to_owned() }),
    }
}

fn bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>, WalletError> {
    let io = |source| WalletError::Io { action: "read", path: path.to_owned(), source };
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

/// Writes the key of a mnemonic, as the Python SDK would. Missing folders are made.
///
/// # Errors
/// [`WalletError::Exists`] when the name is taken; [`WalletError::Io`]; [`WalletError::Key`].
pub fn write_secret(path: &Path, crypto: Crypto, phrase: &Phrase) -> Result<Keypair, WalletError> {
    let seed = phrase.seed("")?;
    let pair = Keypair::from_seed(crypto, seed.as_ref())?;
    let file = SecretFile {
        public: PublicFile::new(&pair.public_key(), crypto),
        private_key: &prefixed(&pair.private_key()),
        secret_phrase: phrase.reveal(),
        secret_seed: &prefixed(seed.as_ref()),
    };
    write_new(path, &file)?;
    Ok(pair)
}

/// Writes a public key file (`coldkeypub.txt`, `<hotkey>pub.txt`). Missing folders are made.
///
/// # Errors
/// [`WalletError::Exists`] when the name is taken; [`WalletError::Io`].
pub fn write_public(path: &Path, key: &PublicKey, crypto: Crypto) -> Result<(), WalletError> {
    write_new(path, &PublicFile::new(key, crypto))
}

fn prefixed(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(format!("0x{}", Zeroizing::new(hex::encode(bytes)).as_str()))
}

fn write_new(path: &Path, contents: &impl Serialize) -> Result<(), WalletError> {
    let io = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::AlreadyExists => WalletError::Exists { path: path.to_owned() },
        _ => WalletError::Io { action: "write", path: path.to_owned(), source },
    };
    // 4 KiB hold every key file, so the buffer does not grow and leave copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(4096));
    serde_json::to_writer(&mut *text, contents).map_err(|error| io(error.into()))?;
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|source| WalletError::Io {
            action: "make",
            path: folder.to_owned(),
            source,
        })?;
    }
    let beside = beside(path);
    let written = write_beside(&beside, &text).and_then(|()| rename_new(&beside, path));
    if written.is_err() {
        // The name is random, so whatever is there came from this call.
        let _ = std::fs::remove_file(&beside);
    }
    written.map_err(io)
}

/// A hidden name in the same folder, so that the rename stays on one file system.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{:016x}.tmp", rand::random::<u64>()))
}

fn write_beside(beside: &Path, text: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(beside)?;
    file.write_all(text)?;
    file.sync_all()
}

/// Gives the file its name unless that is taken. File systems without such a rename get a hard link, which refuses too.
fn rename_new(from: &Path, to: &Path) -> std::io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            std::fs::hard_link(from, to)?;
            std::fs::remove_file(from)
        }
        Err(errno) => Err(errno.into()),
    }
}
