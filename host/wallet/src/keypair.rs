//! Key pairs and mnemonics.
//!
//! A mnemonic becomes a 32-byte mini secret as Substrate does it (PBKDF2 over the entropy, not over the words), and
//! that seed becomes an sr25519 or an ed25519 key. Secrets are wiped when they are dropped and never printed.

use std::fmt;

use bip39::Language;
use ed25519_dalek::Signer as _;
use schnorrkel::{ExpansionMode, MiniSecretKey, SecretKey};
use soma_protocol::signature::Crypto;
use soma_protocol::ss58::PublicKey;
use zeroize::Zeroizing;

/// The context under which Substrate chains sign with sr25519.
const SIGNING_CONTEXT: &[u8] = b"substrate";

/// Entropy of a fresh mnemonic in bytes: 16 bytes are 12 words, as the Python SDK makes them.
const ENTROPY_BYTES: usize = 16;

/// Why a secret is no key. None of the texts contains a part of the secret.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum KeyError {
    /// The words are no English BIP-39 mnemonic.
    #[error("the mnemonic is not valid: {0}")]
    #[diagnostic(
        code(soma::wallet::bad_mnemonic),
        help("check the spelling, the order and the number of the words (12, 15, 18, 21 or 24)")
    )]
    Mnemonic(String),
    /// The seed has another length than 32 bytes.
    #[error("the seed is not 32 bytes but {0}")]
    #[diagnostic(code(soma::wallet::bad_seed), help("give 64 hexadecimal digits after 0x"))]
    Seed(usize),
    /// The private key has the wrong length for its scheme, or is no scalar.
    #[error("the private key is not a valid {scheme} key of {expected} bytes")]
    #[diagnostic(
        code(soma::wallet::bad_private_key),
        help("restore the key file from a backup, or make the hotkey again from its mnemonic")
    )]
    PrivateKey {
        /// `sr25519` or `ed25519`.
        scheme: &'static str,
        /// Length that the scheme wants, in bytes.
        expected: usize,
    },
    /// The text is no development URI.
    #[error("not a key uri: {0}")]
    #[diagnostic(
        code(soma::wallet::bad_uri),
        help("write //Name, or a mnemonic or 0x-seed followed by //hard and /soft junctions")
    )]
    Uri(&'static str),
    /// The operating system gave no random bytes.
    #[error("the operating system gives no random numbers: {0}")]
    #[diagnostic(code(soma::wallet::no_randomness), help("a mnemonic cannot be made safely on this system"))]
    Randomness(String),
}

/// A mnemonic (12 to 24 English words). Wiped when dropped; `Debug` prints nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Phrase(Zeroizing<String>);

impl Phrase {
    /// Makes a fresh mnemonic of 12 words from the operating system's random numbers.
    ///
    /// # Errors
    /// [`KeyError::Randomness`] when the system has none.
    pub fn generate() -> Result<Self, KeyError> {
        let mut entropy = Zeroizing::new([0u8; ENTROPY_BYTES]);
        rand::TryRngCore::try_fill_bytes(&mut rand::rngs::OsRng, entropy.as_mut())
            .map_err(|error| KeyError::Randomness(error.to_string()))?;
        let mnemonic = bip39::Mnemonic::from_entropy_in(Language::English, entropy.as_ref())
            .map_err(|error| KeyError::Mnemonic(error.to_string()))?;
        Ok(Self(Zeroizing::new(mnemonic.to_string())))
    }

    /// Reads a mnemonic and checks its words and checksum. Runs of white space count as one space.
    ///
    /// # Errors
    /// [`KeyError::Mnemonic`] names the position of a bad word, never the word.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mnemonic = bip39::Mnemonic::parse_in(Language::English, text)
            .map_err(|error| KeyError::Mnemonic(error.to_string()))?;
        Ok(Self(Zeroizing::new(mnemonic.to_string())))
    }

    /// The words, separated by single spaces. Show them to the owner once and let go of them.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The 32-byte seed, with an optional password (empty for none).
    ///
    /// # Errors
    /// [`KeyError::Mnemonic`] for a mnemonic of unusual length.
    pub fn seed(&self, password: &str) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        let mnemonic = bip39::Mnemonic::parse_in_normalized(Language::English, &self.0)
            .map_err(|error| KeyError::Mnemonic(error.to_string()))?;
        let entropy = Zeroizing::new(mnemonic.to_entropy());
        let mini = substrate_bip39::mini_secret_from_entropy(&entropy, password)
            .map_err(|_| KeyError::Mnemonic("unusual length".to_owned()))?;
        Ok(Zeroizing::new(mini.to_bytes()))
    }
}

impl fmt::Debug for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phrase(hidden)")
    }
}

/// A key pair that can sign. Wiped when dropped; `Debug` prints the address only.
#[derive(Clone)]
pub struct Keypair(Scheme);

#[derive(Clone)]
enum Scheme {
    Sr25519(schnorrkel::Keypair),
    Ed25519(ed25519_dalek::SigningKey),
}

impl Keypair {
    /// The key of a mnemonic without password.
    ///
    /// # Errors
    /// [`KeyError::Mnemonic`].
    pub fn from_phrase(crypto: Crypto, phrase: &Phrase) -> Result<Self, KeyError> {
        Self::from_seed(crypto, phrase.seed("")?.as_ref())
    }

    /// The key of a 32-byte seed (the key files' `secretSeed`).
    ///
    /// # Errors
    /// [`KeyError::Seed`] for another length.
    pub fn from_seed(crypto: Crypto, seed: &[u8]) -> Result<Self, KeyError> {
        match crypto {
            Crypto::Sr25519 => {
                let mini = MiniSecretKey::from_bytes(seed).map_err(|_| KeyError::Seed(seed.len()))?;
                Ok(Self(Scheme::Sr25519(mini.expand_to_keypair(ExpansionMode::Ed25519))))
            }
            Crypto::Ed25519 => {
                let seed: &[u8; 32] = seed.try_into().map_err(|_| KeyError::Seed(seed.len()))?;
                Ok(Self(Scheme::Ed25519(ed25519_dalek::SigningKey::from_bytes(seed))))
            }
        }
    }

    /// The key of a file's `privateKey`: 64 bytes for sr25519 (scalar and nonce seed, as schnorrkel writes them), the
    /// 32-byte seed for ed25519.
    ///
    /// # Errors
    /// [`KeyError::PrivateKey`].
    pub fn from_private_key(crypto: Crypto, bytes: &[u8]) -> Result<Self, KeyError> {
        match crypto {
            Crypto::Sr25519 => {
                let secret = SecretKey::from_bytes(bytes)
                    .map_err(|_| KeyError::PrivateKey { scheme: "sr25519", expected: 64 })?;
                Ok(Self::from_secret(secret))
            }
            Crypto::Ed25519 => {
                Self::from_seed(crypto, bytes).map_err(|_| KeyError::PrivateKey { scheme: "ed25519", expected: 32 })
            }
        }
    }

    pub(crate) fn from_secret(secret: SecretKey) -> Self {
        Self(Scheme::Sr25519(secret.to_keypair()))
    }

    /// The signature scheme.
    #[must_use]
    pub fn crypto(&self) -> Crypto {
        match self.0 {
            Scheme::Sr25519(_) => Crypto::Sr25519,
            Scheme::Ed25519(_) => Crypto::Ed25519,
        }
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        match &self.0 {
            Scheme::Sr25519(pair) => PublicKey(pair.public.to_bytes()),
            Scheme::Ed25519(key) => PublicKey(key.verifying_key().to_bytes()),
        }
    }

    /// Signs a message: sr25519 in the substrate context (randomised), or plain ed25519 (deterministic).
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        match &self.0 {
            Scheme::Sr25519(pair) => pair.sign_simple(SIGNING_CONTEXT, message).to_bytes(),
            Scheme::Ed25519(key) => key.sign(message).to_bytes(),
        }
    }

    /// The form that key files call `privateKey`.
    pub(crate) fn private_key(&self) -> Zeroizing<Vec<u8>> {
        match &self.0 {
            Scheme::Sr25519(pair) => Zeroizing::new(Zeroizing::new(pair.secret.to_bytes()).to_vec()),
            Scheme::Ed25519(key) => Zeroizing::new(key.as_bytes().to_vec()),
        }
    }
}

impl fmt::Debug for Keypair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keypair({})", self.public_key().to_ss58())
    }
}
