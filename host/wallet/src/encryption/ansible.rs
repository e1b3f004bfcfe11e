//! `$ANSIBLE_VAULT;1.1;AES256`: what old SDKs wrote, and both of today still read.
//!
//! After the header line stand hexadecimal digits in lines of 80. They spell three more hexadecimal numbers, one a
//! line: salt, HMAC, encrypted text. PBKDF2-HMAC-SHA256 with 10,000 rounds gives 80 bytes: the AES-256 key, the key of
//! the HMAC-SHA256 over the encrypted text, and the first counter block. The text is padded as in PKCS #7.

use aes::Aes256;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::CipherError;
use crate::password::Password;

/// The first bytes of the file, of every version of the form.
pub const PREFIX: &[u8] = b"$ANSIBLE_VAULT";

/// The only header that the SDKs write and read.
const HEADER: &str = "$ANSIBLE_VAULT;1.1;AES256";

const ROUNDS: u32 = 10_000;
const KEY_BYTES: usize = 32;
const COUNTER_BYTES: usize = 16;
const BLOCK_BYTES: usize = 16;

/// The parts of a vault file. Nothing of it is secret.
#[derive(Debug)]
pub struct Vault {
    salt: Vec<u8>,
    mac: Vec<u8>,
    text: Vec<u8>,
}

/// What PBKDF2 gives, in its order.
struct Keys {
    cipher: Zeroizing<[u8; KEY_BYTES]>,
    mac: Zeroizing<[u8; KEY_BYTES]>,
    counter: Zeroizing<[u8; COUNTER_BYTES]>,
}

impl Vault {
    /// Takes a file apart.
    ///
    /// # Errors
    /// [`CipherError::Damaged`].
    pub fn parse(file: &[u8]) -> Result<Self, CipherError> {
        let text = std::str::from_utf8(file).map_err(|_| CipherError::Damaged("it is not text"))?;
        let (header, digits) = text.split_once('\n').ok_or(CipherError::Damaged("it is a header alone"))?;
        if header.trim_end() != HEADER {
            return Err(CipherError::Damaged("its header is not that of version 1.1 with AES256"));
        }
        let digits: String = digits.split_whitespace().collect();
        let not_hex = |_| CipherError::Damaged("it has other characters than hexadecimal digits");
        let inner = String::from_utf8(hex::decode(digits).map_err(not_hex)?)
            .map_err(|_| CipherError::Damaged("its inner part is not text"))?;
        let mut numbers = inner.split('\n').map(hex::decode);
        let (Some(salt), Some(mac), Some(text), None) =
            (numbers.next(), numbers.next(), numbers.next(), numbers.next())
        else {
            return Err(CipherError::Damaged("it has not three parts"));
        };
        let (salt, mac, text) = (salt.map_err(not_hex)?, mac.map_err(not_hex)?, text.map_err(not_hex)?);
        if text.is_empty() || text.len() % BLOCK_BYTES != 0 {
            return Err(CipherError::Damaged("its text is not whole blocks"));
        }
        Ok(Self { salt, mac, text })
    }

    /// Decrypts the text.
    ///
    /// # Errors
    /// [`CipherError::WrongPassword`] when the HMAC does not fit, [`CipherError::Damaged`] for a bad padding.
    pub fn open(&self, password: &Password) -> Result<Zeroizing<Vec<u8>>, CipherError> {
        let keys = Keys::derive(password, &self.salt)?;
        let mut mac = keys.hmac()?;
        mac.update(&self.text);
        mac.verify_slice(&self.mac).map_err(|_| CipherError::WrongPassword)?;
        let mut text = Zeroizing::new(self.text.clone());
        keys.apply(&mut text);
        let padding = usize::from(text.last().copied().unwrap_or_default());
        let kept = text.len().saturating_sub(padding);
        let padded = text.get(kept..).unwrap_or_default();
        if !(1..=BLOCK_BYTES).contains(&padding) || padded.iter().any(|byte| usize::from(*byte) != padding) {
            return Err(CipherError::Damaged("its padding is not right"));
        }
        text.truncate(kept);
        Ok(text)
    }
}

impl Keys {
    fn derive(password: &Password, salt: &[u8]) -> Result<Self, CipherError> {
        let mut bytes = Zeroizing::new([0; 2 * KEY_BYTES + COUNTER_BYTES]);
        pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), salt, ROUNDS, bytes.as_mut());
        let parts = bytes.split_first_chunk().and_then(|(cipher, rest)| {
            let (mac, rest) = rest.split_first_chunk()?;
            Some((cipher, mac, rest.first_chunk()?))
        });
        let (cipher, mac, counter) = parts.ok_or(CipherError::System("the keys have not their length"))?;
        let (cipher, mac, counter) = (Zeroizing::new(*cipher), Zeroizing::new(*mac), Zeroizing::new(*counter));
        Ok(Self { cipher, mac, counter })
    }

    fn hmac(&self) -> Result<Hmac<Sha256>, CipherError> {
        Hmac::new_from_slice(self.mac.as_ref()).map_err(|_| CipherError::System("the key of the HMAC is not usable"))
    }

    fn apply(&self, text: &mut [u8]) {
        let key = aes::cipher::Key::<Aes256>::from_slice(self.cipher.as_ref());
        let counter = aes::cipher::Iv::<Ctr128BE<Aes256>>::from_slice(self.counter.as_ref());
        Ctr128BE::<Aes256>::new(key, counter).apply_keystream(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FILE: &[u8] = include_bytes!("../../tests/vectors/legacy_ansible_hotkey");

    fn password(text: &str) -> Password {
        Password::new(text).unwrap()
    }

    /// A vault as the old SDK made them, to have more than the one vector.
    fn seal(text: &[u8], password: &Password, salt: &[u8]) -> Vec<u8> {
        let keys = Keys::derive(password, salt).unwrap();
        let padding = BLOCK_BYTES - text.len() % BLOCK_BYTES;
        let mut text = [text, &vec![u8::try_from(padding).unwrap(); padding]].concat();
        keys.apply(&mut text);
        let mut mac = keys.hmac().unwrap();
        mac.update(&text);
        let mac = mac.finalize().into_bytes();
        let inner = format!("{}\n{}\n{}", hex::encode(salt), hex::encode(mac), hex::encode(text));
        let lines: Vec<String> =
            hex::encode(inner).as_bytes().chunks(80).map(|l| String::from_utf8_lossy(l).into()).collect();
        format!("{HEADER}\n{}\n", lines.join("\n")).into_bytes()
    }

    #[test]
    fn opens_the_file_of_the_old_sdk_with_its_password_alone() {
        let vault = Vault::parse(FILE).unwrap();
        let text = vault.open(&password("correct horse")).unwrap();
        let plain: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let expected = include_str!("../../tests/vectors/v10/alice/hotkeys/default");
        assert_eq!(plain, serde_json::from_str::<serde_json::Value>(expected).unwrap());
        assert_eq!(vault.open(&password("wrong horse")).unwrap_err(), CipherError::WrongPassword);
    }

    #[test]
    fn damage_that_can_be_seen_is_no_wrong_password() {
        for file in [
            &FILE[..HEADER.len()],
            &FILE[..FILE.len() / 2],
            b"$ANSIBLE_VAULT;1.2;AES256;x\n00",
            b"$ANSIBLE_VAULT;1.1;AES256\nzz",
            b"$ANSIBLE_VAULT;1.1;AES256\n",
            b"$ANSIBLE_VAULT\xff\n",
        ] {
            assert!(matches!(Vault::parse(file), Err(CipherError::Damaged(_))), "{file:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn a_vault_of_any_text_opens(text in prop::collection::vec(any::<u8>(), 0..100), salt in any::<[u8; 32]>()) {
            let file = seal(&text, &password("p"), &salt);
            let opened = Vault::parse(&file).unwrap().open(&password("p")).unwrap();
            prop_assert_eq!(opened.as_slice(), &text);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_vault_or_an_error(inner in "[0-9a-f\n]{0,200}", raw in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Vault::parse(&raw);
            let _ = Vault::parse(format!("{HEADER}\n{inner}").as_bytes());
            let _ = Vault::parse(format!("{HEADER}\n{}", hex::encode(inner)).as_bytes());
        }
    }
}
