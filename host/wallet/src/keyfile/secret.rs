//! What a key can be made from.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use soma_protocol::signature::Crypto;
use zeroize::Zeroizing;

use super::{Defect, Fields, unhex};
use crate::encryption::Form;
use crate::error::WalletError;
use crate::keypair::{KeyError, Keypair, Phrase};
use crate::terminal::Terminal;

/// Longest text of a secret, in bytes; a key file's JSON object is below 700.
const LONGEST_BYTES: usize = 16 * 1024;

/// A secret in the form in which its owner keeps it. Wiped when dropped.
#[derive(Clone)]
pub enum Secret {
    /// A mnemonic without password.
    Phrase(Phrase),
    /// A seed; 32 bytes are a valid one.
    Seed(Zeroizing<Vec<u8>>),
    /// What key files call `privateKey`: 64 bytes for sr25519, 32 for ed25519.
    PrivateKey(Zeroizing<Vec<u8>>),
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Phrase(_) => "Secret(phrase)",
            Self::Seed(_) => "Secret(seed)",
            Self::PrivateKey(_) => "Secret(private key)",
        })
    }
}

impl Secret {
    /// Reads what an owner types or keeps in a file: a mnemonic, `0x` and the 64 digits of a seed, `0x` and the 128
    /// digits of a private key, or the JSON object of a plain key file. Only the object may name a scheme.
    ///
    /// # Errors
    /// [`Defect`] says what is wrong without repeating any of it.
    pub fn parse(text: &str) -> Result<(Self, Option<Crypto>), Defect> {
        let text = text.trim();
        if text.starts_with('{') {
            let fields = Fields::parse(text)?;
            let missing = "it has none of secretPhrase, secretSeed and privateKey";
            let secret = fields.secret()?.ok_or_else(|| Defect::Malformed(missing.to_owned()))?;
            return Ok((secret, Some(fields.crypto()?)));
        }
        if text.starts_with("0x") {
            let bytes = unhex("the secret", text)?;
            return match bytes.len() {
                32 => Ok((Self::Seed(bytes), None)),
                64 => Ok((Self::PrivateKey(bytes), None)),
                other => Err(KeyError::Seed(other).into()),
            };
        }
        Ok((Self::Phrase(Phrase::parse(text)?), None))
    }

    /// Reads a secret from a file, or from standard input when the path is `-`.
    ///
    /// # Errors
    /// [`WalletError::Io`]; [`WalletError::BadKeyfile`] and others of [`Defect::at`], none of which repeats a part of
    /// the secret.
    pub fn from_file(path: &Path) -> Result<(Self, Option<Crypto>), WalletError> {
        let io = |cause| WalletError::Io { action: "read", path: path.to_owned(), cause };
        let input: Box<dyn Read> = match path.to_str() {
            Some("-") => Box::new(std::io::stdin().lock()),
            _ => Box::new(File::open(path).map_err(io)?),
        };
        // The whole capacity at once: a text that grows leaves unwiped copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST_BYTES + 2));
        let limit = u64::try_from(LONGEST_BYTES).unwrap_or(u64::MAX) + 1;
        input.take(limit).read_to_end(&mut bytes).map_err(io)?;
        if bytes.len() > LONGEST_BYTES {
            return Err(Defect::Malformed(format!("it is longer than {LONGEST_BYTES} bytes")).at(path));
        }
        if let Some(form) = Form::of(&bytes) {
            return Err(Defect::Encrypted(form).at(path));
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| Defect::Malformed("it is not text".to_owned()).at(path))?;
        Self::parse(text).map_err(|defect| defect.at(path))
    }

    /// Asks for a secret at the terminal.
    ///
    /// # Errors
    /// [`WalletError::NoTerminal`], [`WalletError::Cancelled`], [`WalletError::BadSecret`] when it is none.
    pub fn ask() -> Result<(Self, Option<Crypto>), WalletError> {
        let no_terminal = WalletError::NoTerminal {
            what: "the mnemonic, seed or private key",
            instead: "name a file that holds it with --secret-file FILE, or - for standard input",
        };
        let mut terminal = Terminal::open().ok_or(no_terminal)?;
        let text = terminal.ask("Mnemonic, seed or private key (not shown): ")?;
        Self::parse(&text).map_err(|defect| defect.at(Path::new("what was typed")))
    }

    /// The key pair.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn keypair(&self, crypto: Crypto) -> Result<Keypair, KeyError> {
        match self {
            Self::Phrase(phrase) => Keypair::from_phrase(crypto, phrase),
            Self::Seed(seed) => Keypair::from_seed(crypto, seed),
            Self::PrivateKey(private) => Keypair::from_private_key(crypto, private),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_form_of_one_key_is_the_same_key() {
        let file = include_str!("../../tests/vectors/v10/alice/hotkeys/default");
        let json: serde_json::Value = serde_json::from_str(file).unwrap();
        let text = |field: &str| json[field].as_str().unwrap().to_owned();
        for form in [file.to_owned(), text("secretPhrase"), text("secretSeed"), text("privateKey")] {
            let (secret, _) = Secret::parse(&format!(" {form}\n")).unwrap();
            let pair = secret.keypair(Crypto::Sr25519).unwrap();
            assert_eq!(pair.public_key().to_ss58(), text("ss58Address"), "{secret:?}");
            assert!(!format!("{secret:?}").contains(&form));
        }
    }

    #[test]
    fn a_file_names_its_scheme() {
        let file = include_str!("../../tests/vectors/v11/dave/hotkeys/ed");
        let (secret, crypto) = Secret::parse(file).unwrap();
        assert_eq!(crypto, Some(Crypto::Ed25519));
        let json: serde_json::Value = serde_json::from_str(file).unwrap();
        let pair = secret.keypair(Crypto::Ed25519).unwrap();
        assert_eq!(pair.public_key().to_ss58(), json["ss58Address"].as_str().unwrap());
    }

    proptest! {
        #[test]
        fn any_text_is_a_secret_or_an_error(text in "\\PC{0,80}", digits in "0x[0-9a-f]{60,130}") {
            for text in [text.clone(), digits, format!("{{{text}}}"), format!("{{\"secretSeed\":{text:?}}}")] {
                if let Ok((secret, crypto)) = Secret::parse(&text) {
                    let _ = secret.keypair(crypto.unwrap_or(Crypto::Sr25519));
                }
            }
        }
    }
}
