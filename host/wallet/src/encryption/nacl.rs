//! `$NACL`: what both SDKs write today.
//!
//! The file is the prefix, a nonce of 24 bytes, the Poly1305 tag of 16 bytes and the text under XSalsa20. The key is
//! Argon2i version 1.3 of the password with a salt that is the same for everybody, 8 passes over 512 MiB in one lane
//! (libsodium's "sensitive" limits). One key therefore opens all files of one password.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use crypto_secretbox::aead::AeadInPlace;
use crypto_secretbox::{KeyInit, Nonce, Tag, XSalsa20Poly1305};
use zeroize::{Zeroize, Zeroizing};

use super::CipherError;
use crate::password::Password;

/// The first bytes of the file.
pub const PREFIX: &[u8] = b"$NACL";

/// The SDKs' fixed salt; it is in their published sources.
const SALT: [u8; 16] = [0x13, 0x71, 0x83, 0xdf, 0xf1, 0x5a, 0x09, 0xbc, 0x9c, 0x90, 0xb5, 0x51, 0x87, 0x39, 0xe9, 0xb1];

/// Memory of the derivation in KiB: 512 MiB.
const MEMORY_KIB: u32 = 512 * 1024;

/// Passes over that memory.
const PASSES: u32 = 8;

const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// The key of one password.
pub struct Key(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(hidden)")
    }
}

/// A file taken apart.
pub(super) struct Parts<'a> {
    nonce: &'a [u8; NONCE_BYTES],
    tag: &'a [u8; TAG_BYTES],
    text: &'a [u8],
}

pub(super) fn parts(file: &[u8]) -> Result<Parts<'_>, CipherError> {
    let split = file.strip_prefix(PREFIX).and_then(|rest| {
        let (nonce, rest) = rest.split_first_chunk()?;
        let (tag, text) = rest.split_first_chunk()?;
        Some(Parts { nonce, tag, text })
    });
    split.filter(|parts| !parts.text.is_empty()).ok_or(CipherError::Damaged("it ends too early"))
}

impl Key {
    /// Derives the key: seconds of work and 512 MiB, which are wiped and given back.
    ///
    /// # Errors
    /// [`CipherError::System`] when the memory cannot be had.
    pub fn derive(password: &Password) -> Result<Self, CipherError> {
        let no_memory = CipherError::System("there are no 512 MiB of memory to derive the key with");
        let failed = |_| CipherError::System("the key cannot be derived from this password");
        let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).map_err(failed)?;
        let mut memory: Vec<Block> = Vec::new();
        memory.try_reserve_exact(params.block_count()).map_err(|_| no_memory)?;
        memory.resize(params.block_count(), Block::default());
        let mut key = Zeroizing::new([0; 32]);
        let derived = Argon2::new(Algorithm::Argon2i, Version::V0x13, params).hash_password_into_with_memory(
            password.as_bytes(),
            &SALT,
            key.as_mut(),
            &mut memory,
        );
        memory.iter_mut().for_each(Zeroize::zeroize);
        derived.map_err(failed)?;
        Ok(Self(key))
    }

    /// Decrypts a file.
    ///
    /// # Errors
    /// [`CipherError::Damaged`] for a file that is too short, [`CipherError::WrongPassword`] when the tag does not fit.
    pub fn open(&self, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, CipherError> {
        let Parts { nonce, tag, text } = parts(file)?;
        let mut text = Zeroizing::new(text.to_vec());
        self.cipher()
            .decrypt_in_place_detached(Nonce::from_slice(nonce), b"", &mut text, Tag::from_slice(tag))
            .map_err(|_| CipherError::WrongPassword)?;
        Ok(text)
    }

    /// Encrypts the text of a key file under a fresh nonce.
    ///
    /// # Errors
    /// [`CipherError::System`] when the system has no random numbers.
    pub fn seal(&self, text: &[u8]) -> Result<Vec<u8>, CipherError> {
        let failed = CipherError::System("the key file cannot be encrypted");
        let mut nonce = [0; NONCE_BYTES];
        rand::TryRngCore::try_fill_bytes(&mut rand::rngs::OsRng, &mut nonce).map_err(|_| failed)?;
        let mut sealed = Zeroizing::new(text.to_vec());
        let tag =
            self.cipher().encrypt_in_place_detached(Nonce::from_slice(&nonce), b"", &mut sealed).map_err(|_| failed)?;
        Ok([PREFIX, &nonce, tag.as_slice(), &sealed].concat())
    }

    fn cipher(&self) -> XSalsa20Poly1305 {
        XSalsa20Poly1305::new(crypto_secretbox::Key::from_slice(self.0.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(byte: u8) -> Key {
        Key(Zeroizing::new([byte; 32]))
    }

    #[test]
    fn the_key_is_the_one_that_libsodium_derives() {
        let manifest = include_str!("../../tests/vectors/MANIFEST.json");
        let manifest: serde_json::Value = serde_json::from_str(manifest).unwrap();
        let expected = manifest["nacl_argon2i_key_for_correct_horse_hex"].as_str().unwrap();
        let password = Password::new(manifest["password"].as_str().unwrap()).unwrap();
        let key = Key::derive(&password).unwrap();
        assert_eq!(hex::encode(key.0.as_ref()), expected);
        for file in [
            &include_bytes!("../../tests/vectors/v10/carol/coldkey")[..],
            include_bytes!("../../tests/vectors/v10/carol/hotkeys/enc"),
            include_bytes!("../../tests/vectors/v11/carol/coldkey"),
            include_bytes!("../../tests/vectors/v11/carol/hotkeys/enc"),
        ] {
            assert!(key.open(file).unwrap().starts_with(b"{"));
        }
    }

    #[test]
    fn each_file_has_a_nonce_of_its_own() {
        assert_ne!(key(1).seal(b"text").unwrap(), key(1).seal(b"text").unwrap());
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_with_its_key_alone(text in prop::collection::vec(any::<u8>(), 1..300)) {
            let sealed = key(1).seal(&text).unwrap();
            let opened = key(1).open(&sealed).unwrap();
            prop_assert_eq!(opened.as_slice(), &text);
            prop_assert_eq!(key(2).open(&sealed).unwrap_err(), CipherError::WrongPassword);
        }

        #[test]
        fn a_changed_or_shortened_file_does_not_open(place in 5_usize..100, bit in 0_u8..8, cut in 0_usize..100) {
            let sealed = key(1).seal(&[b'x'; 100]).unwrap();
            let mut changed = sealed.clone();
            changed[place] ^= 1 << bit;
            prop_assert_eq!(key(1).open(&changed).unwrap_err(), CipherError::WrongPassword);
            prop_assert!(key(1).open(&sealed[..cut]).is_err());
        }

        #[test]
        fn any_bytes_are_a_text_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = key(1).open(&bytes);
            let _ = key(1).open(&[PREFIX, &bytes].concat());
        }
    }
}
