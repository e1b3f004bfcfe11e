//! Development keys: `//Alice` and its like.
//!
//! The grammar is Substrate's: `[<mnemonic> | 0x<seed>] { //<hard> | /<soft> } [///<password>]`. Without a mnemonic the
//! well-known development mnemonic is used, so **everybody has these keys**: they are for tests and the local network.
//! A junction that is a decimal number is encoded as a number, every other one as text.

use blake2::Digest;
use blake2::digest::consts::U32;
use schnorrkel::derive::{ChainCode, Derivation};
use schnorrkel::{ExpansionMode, MiniSecretKey, SecretKey};
use zeroize::Zeroizing;

use crate::keypair::{KeyError, Keypair, Phrase};

/// The mnemonic behind `//Alice`; it is public knowledge.
const DEVELOPMENT_PHRASE: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";

enum Junction {
    Hard([u8; 32]),
    Soft([u8; 32]),
}

impl Keypair {
    /// The sr25519 key of a development URI.
    ///
    /// # Errors
    /// [`KeyError::Uri`] for a malformed text, [`KeyError::Mnemonic`] or [`KeyError::Seed`] for its secret.
    pub fn from_uri(uri: &str) -> Result<Self, KeyError> {
        let (uri, password) = uri.split_once("///").unwrap_or((uri, ""));
        let (secret, path) = uri.split_at(uri.find('/').unwrap_or(uri.len()));
        let seed = seed(secret.trim(), password)?;
        let mini = MiniSecretKey::from_bytes(seed.as_ref()).map_err(|_| KeyError::Seed(seed.len()))?;
        let mut key = mini.expand(ExpansionMode::Ed25519);
        for junction in junctions(path)? {
            key = derive(&key, junction);
        }
        Ok(Self::from_secret(key))
    }
}

fn seed(secret: &str, password: &str) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    if let Some(digits) = secret.strip_prefix("0x") {
        let mut seed = Zeroizing::new([0u8; 32]);
        hex::decode_to_slice(digits, seed.as_mut()).map_err(|_| KeyError::Seed(digits.len() / 2))?;
        return Ok(seed);
    }
    let phrase = if secret.is_empty() { DEVELOPMENT_PHRASE } else { secret };
    Phrase::parse(phrase)?.seed(password)
}

fn junctions(path: &str) -> Result<Vec<Junction>, KeyError> {
    let mut found = Vec::new();
    let mut rest = path;
    while let Some(after) = rest.strip_prefix('/') {
        let (hard, after) = after.strip_prefix('/').map_or((false, after), |after| (true, after));
        let (name, next) = after.split_at(after.find('/').unwrap_or(after.len()));
        if name.is_empty() {
            return Err(KeyError::Uri("a junction is empty"));
        }
        let code = chain_code(name);
        found.push(if hard { Junction::Hard(code) } else { Junction::Soft(code) });
        rest = next;
    }
    Ok(found)
}

/// The SCALE encoding of the junction, padded to 32 bytes, or its BLAKE2 hash when it is longer.
fn chain_code(name: &str) -> [u8; 32] {
    let encoded = name.parse::<u64>().map_or_else(|_| scale_text(name), |number| number.to_le_bytes().to_vec());
    let mut code = [0u8; 32];
    if encoded.len() > code.len() {
        return blake2::Blake2b::<U32>::digest(&encoded).into();
    }
    for (to, from) in code.iter_mut().zip(encoded) {
        *to = from;
    }
    code
}

/// SCALE: a compact length, then the bytes. The mode is in the two lowest bits of the length.
fn scale_text(text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let mut encoded = match length {
        0..64 => vec![(length << 2).to_le_bytes().first().copied().unwrap_or_default()],
        64..0x4000 => ((length << 2) | 1).to_le_bytes().into_iter().take(2).collect(),
        _ => ((length << 2) | 2).to_le_bytes().to_vec(),
    };
    encoded.extend_from_slice(text.as_bytes());
    encoded
}

fn derive(key: &SecretKey, junction: Junction) -> SecretKey {
    match junction {
        Junction::Soft(code) => key.derived_key_simple(ChainCode(code), b"").0,
        Junction::Hard(code) => {
            let (mini, _) = key.hard_derive_mini_secret_key(Some(ChainCode(code)), b"");
            mini.expand(ExpansionMode::Ed25519)
        }
    }
}
