//! SS58 addresses: a public key with a network prefix and a checksum, in base 58.
//!
//! Bittensor uses prefix 42 ("generic substrate"). Other prefixes name the same key in another spelling, and a server
//! that compares addresses as text would take the two for different callers; so only prefix 42 is read here. (The
//! Python SDK accepts any prefix.)

use std::fmt;
use std::str::FromStr;

use blake2::{Blake2b512, Digest};
use miette::Diagnostic;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// The address prefix of Bittensor.
const PREFIX: u8 = 42;
/// Bytes of checksum behind the key.
const CHECKSUM: usize = 2;
/// Prefix, key, checksum.
const DECODED: usize = 1 + 32 + CHECKSUM;
/// 35 bytes are at most 48 digits of base 58. A longer text is not decoded, which takes quadratic time.
const LONGEST: usize = 64;

/// Why a text is not an address. The texts are those of the Python SDK where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error, Diagnostic)]
pub enum Ss58Error {
    /// A character outside the base 58 alphabet.
    #[error("Invalid SS58 address: Base 58 requirement is violated")]
    #[diagnostic(code(soma::protocol::ss58_base58), help("copy the address again; 0, O, I and l never occur in one"))]
    Base58,
    /// It decodes, but not to prefix, 32 bytes and checksum.
    #[error("Invalid SS58 address: Length is bad")]
    #[diagnostic(code(soma::protocol::ss58_length), help("copy the whole address; one has 47 or 48 characters"))]
    Length,
    /// An address of another network.
    #[error("Invalid SS58 address: Prefix {0} is not 42")]
    #[diagnostic(code(soma::protocol::ss58_prefix), help("use the key's Bittensor address, which starts with 5"))]
    Prefix(u8),
    /// The checksum belongs to another key.
    #[error("Invalid SS58 address: Invalid checksum")]
    #[diagnostic(code(soma::protocol::ss58_checksum), help("copy the address again; a character was changed"))]
    Checksum,
}

/// An sr25519 or ed25519 public key: the identity of a hotkey.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// Reads an address with prefix 42.
    ///
    /// # Errors
    /// [`Ss58Error`] if the text is not exactly such an address.
    pub fn from_ss58(text: &str) -> Result<Self, Ss58Error> {
        if text.len() > LONGEST {
            return Err(Ss58Error::Length);
        }
        let bytes = bs58::decode(text).into_vec().map_err(|_| Ss58Error::Base58)?;
        let bytes: [u8; DECODED] = bytes.try_into().map_err(|_| Ss58Error::Length)?;
        let [prefix, key @ .., check_0, check_1] = bytes;
        if prefix != PREFIX {
            return Err(Ss58Error::Prefix(prefix));
        }
        if checksum(&key) != [check_0, check_1] {
            return Err(Ss58Error::Checksum);
        }
        Ok(Self(key))
    }

    /// The address with prefix 42.
    pub fn to_ss58(&self) -> String {
        let mut bytes = Vec::with_capacity(DECODED);
        bytes.push(PREFIX);
        bytes.extend_from_slice(&self.0);
        bytes.extend_from_slice(&checksum(&self.0));
        bs58::encode(bytes).into_string()
    }
}

/// The first two bytes of BLAKE2b-512 over a fixed text, the prefix and the key.
fn checksum(key: &[u8; 32]) -> [u8; CHECKSUM] {
    let digest: [u8; 64] =
        Blake2b512::new().chain_update(b"SS58PRE").chain_update([PREFIX]).chain_update(key).finalize().into();
    let [first, second, ..] = digest;
    [first, second]
}

impl FromStr for PublicKey {
    type Err = Ss58Error;

    fn from_str(text: &str) -> Result<Self, Ss58Error> {
        Self::from_ss58(text)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_ss58())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_ss58())
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_ss58(&text).map_err(serde::de::Error::custom)
    }
}
