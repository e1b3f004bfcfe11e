//! The files in `tests/vectors`, and what `MANIFEST.json` says about them.

use std::path::{Path, PathBuf};

use serde_json::Value;
use soma_protocol::signature::Crypto;
use soma_wallet::keyfile::{Draft, Existing, Protection, Secret};
use soma_wallet::{Password, Phrase, WalletError};

pub const ALICE: &str = "5EHgWw2Af1pnoc7f1A8bfmM97W3DAYW8xr82RfhLL9oAabAe";
pub const ALICE_PHRASE: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";

pub fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(file)
}

pub fn json(file: &str) -> Value {
    serde_json::from_slice(&std::fs::read(path(file)).unwrap()).unwrap()
}

/// An address of the manifest: `text("alice", "hotkey_ss58")`.
pub fn text(wallet: &str, field: &str) -> String {
    let manifest = json("MANIFEST.json");
    manifest["keys"][wallet][field].as_str().unwrap_or_else(|| panic!("{wallet} {field}")).to_owned()
}

/// The password of every encrypted file.
pub fn password() -> Password {
    Password::new(json("MANIFEST.json")["password"].as_str().unwrap()).unwrap()
}

/// Writes a plain key file.
pub fn write_plain(path: &Path, crypto: Crypto, phrase: &Phrase) -> Result<Draft, WalletError> {
    let draft = Draft::new(crypto, &Secret::Phrase(phrase.clone()))?;
    draft.write(path, Protection::Plain, Existing::Keep)?;
    Ok(draft)
}
