//! Verifying signatures. Nothing here can make one.

use std::sync::LazyLock;

use ed25519_dalek::VerifyingKey;
use schnorrkel::Signature as Sr25519Signature;
use schnorrkel::context::SigningContext;

use crate::ss58::PublicKey;

/// The signing context that Substrate gives every sr25519 signature. It is hashed once.
static SUBSTRATE: LazyLock<SigningContext> = LazyLock::new(|| SigningContext::new(b"substrate"));

/// A signature scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Crypto {
    /// Schnorr signatures over Ristretto, in the Substrate context: what hotkeys are by default.
    Sr25519,
    /// RFC 8032 signatures.
    Ed25519,
}

impl Crypto {
    /// The scheme's name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sr25519 => "sr25519",
            Self::Ed25519 => "ed25519",
        }
    }
}

/// Whether `signature` over `message` was made with the secret key of `key`.
///
/// Keys and signatures that do not decode are `false` like any other wrong signature, and so is a key of small order,
/// under which anybody can sign.
pub fn verify(crypto: Crypto, key: &PublicKey, message: &[u8], signature: &[u8; 64]) -> bool {
    match crypto {
        Crypto::Sr25519 => ReadyKey::new(*key).verify_sr25519(message, signature),
        Crypto::Ed25519 => verify_ed25519(key, message, signature),
    }
}

/// As [`verify`], and also accepts a signature over `<Bytes>` + message + `</Bytes>`, the form that browser wallets
/// sign. Only the version 10 path uses it, as the Python axon does.
pub fn verify_wrapped(crypto: Crypto, key: &PublicKey, message: &[u8], signature: &[u8; 64]) -> bool {
    if verify(crypto, key, message, signature) {
        return true;
    }
    let wrapped = [b"<Bytes>", message, b"</Bytes>"].concat();
    verify(crypto, key, &wrapped, signature)
}

/// A key whose sr25519 point was decoded once, for keys that verify often: decoding is a tenth of a verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadyKey {
    public: PublicKey,
    /// None when it is no sr25519 key: nothing verifies under it in that scheme.
    point: Option<schnorrkel::PublicKey>,
}

impl ReadyKey {
    /// Decodes a key. One that is none in sr25519 may still be one in ed25519.
    pub fn new(public: PublicKey) -> Self {
        // All zeros is the neutral element: a signature under it can be written down without a secret.
        let good = public.0 != [0; 32];
        let point = if good { schnorrkel::PublicKey::from_bytes(&public.0).ok() } else { None };
        Self { public, point }
    }

    /// The key as its bytes.
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// As [`verify`], under this key.
    pub fn verify(&self, crypto: Crypto, message: &[u8], signature: &[u8; 64]) -> bool {
        match crypto {
            Crypto::Sr25519 => self.verify_sr25519(message, signature),
            Crypto::Ed25519 => verify_ed25519(&self.public, message, signature),
        }
    }

    fn verify_sr25519(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let (Some(point), Ok(signature)) = (&self.point, Sr25519Signature::from_bytes(signature)) else {
            return false;
        };
        point.verify(SUBSTRATE.bytes(message), &signature).is_ok()
    }
}

fn verify_ed25519(key: &PublicKey, message: &[u8], signature: &[u8; 64]) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(&key.0) else {
        return false;
    };
    let signature = ed25519_dalek::Signature::from_bytes(signature);
    key.verify_strict(message, &signature).is_ok()
}
