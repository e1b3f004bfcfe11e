//! An extrinsic that was signed, and its form on disk: a line with the SHA-256 of the next, and a line of JSON.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use soma_protocol::ss58::PublicKey;
use subxt::utils::H256;

/// An extrinsic that was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Entry {
    pub(super) version: u16,
    pub(super) call: String,
    pub(super) account: PublicKey,
    pub(super) genesis: H256,
    pub(super) hash: H256,
    pub(super) nonce: u64,
    pub(super) birth: u64,
    /// The hash of that block.
    pub(super) checkpoint: H256,
    pub(super) last_valid: u64,
    pub(super) spec_version: u32,
    pub(super) transaction_version: u32,
    #[serde(with = "hexadecimal")]
    pub(super) call_bytes: Vec<u8>,
    #[serde(with = "hexadecimal")]
    pub(super) bytes: Vec<u8>,
}

impl Entry {
    /// The form of the file.
    pub(super) const VERSION: u16 = 1;

    /// Pallet and call, such as `SubtensorModule.serve_axon`.
    #[must_use]
    pub fn call(&self) -> &str {
        &self.call
    }

    /// Who signed it.
    #[must_use]
    pub fn account(&self) -> &PublicKey {
        &self.account
    }

    /// Its hash.
    #[must_use]
    pub fn hash(&self) -> H256 {
        self.hash
    }

    /// Its number among the account's extrinsics.
    #[must_use]
    pub fn nonce(&self) -> u64 {
        self.nonce
    }

    /// The block that it was signed after; it can only be in later ones.
    #[must_use]
    pub fn birth(&self) -> u64 {
        self.birth
    }

    /// The last block that it can be in.
    #[must_use]
    pub fn last_valid(&self) -> u64 {
        self.last_valid
    }

    /// The call in it: the pallet's index, the call's, the arguments.
    #[must_use]
    pub fn call_bytes(&self) -> &[u8] {
        &self.call_bytes
    }

    /// The extrinsic as it is sent.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The content of a file.
pub(super) fn text(entry: &Entry) -> Result<String, serde_json::Error> {
    let json = serde_json::to_string(entry)?;
    Ok(format!("{}\n{json}\n", digest(&json)))
}

fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// Reads what [`text`] wrote, and nothing else.
pub(super) fn parse(bytes: &[u8]) -> Result<Entry, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let (sum, json) = text.split_once('\n').ok_or("it was cut short")?;
    let json = json.strip_suffix('\n').ok_or("it was cut short")?;
    if sum != digest(json) {
        return Err("it was changed".to_owned());
    }
    let entry: Entry = serde_json::from_str(json).map_err(|error| error.to_string())?;
    match entry.version {
        Entry::VERSION => Ok(entry),
        other => Err(format!("its form {other} is not known to this version of soma")),
    }
}

/// Bytes as hexadecimal digits.
mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        hex::decode(String::deserialize(from)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..200), json in ".{0,80}") {
            let _ = parse(&bytes);
            let _ = parse(format!("{}\n{json}\n", digest(&json)).as_bytes());
        }
    }
}
