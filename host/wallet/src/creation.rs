//! Keys that are made, or made again from what their owner kept.
//!
//! A coldkey's secret is written encrypted or not at all. Every name is looked at before the first file is written,
//! so a refusal leaves nothing half done, and what is replaced stays as a backup.

use std::path::PathBuf;

use soma_protocol::signature::Crypto;
use soma_protocol::ss58::PublicKey;

use crate::encryption::nacl;
use crate::error::WalletError;
use crate::keyfile::{self, Contents, Draft, Existing, Protection, Secret};
use crate::keypair::{Keypair, Phrase};
use crate::wallet::{self, WalletPath, WalletSummary};

/// Which of a wallet's keys, and how its file is protected. There is no plain coldkey.
#[derive(Clone, Copy, Debug)]
pub enum Role<'a> {
    /// The hotkey.
    Hotkey(Protection<'a>),
    /// The coldkey, under this key.
    Coldkey(&'a nacl::Key),
}

/// Which of a wallet's addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicRole {
    /// `hotkeys/<hotkey>pub.txt`.
    Hotkey,
    /// `coldkeypub.txt`.
    Coldkey,
}

/// What [`create`] made. Show the mnemonics once.
#[derive(Debug)]
pub struct Created {
    /// The wallet after the call.
    pub wallet: WalletSummary,
    /// The new hotkey's mnemonic; the hotkey's file holds it too. `None` when a coldkey was asked for.
    pub hotkey_phrase: Option<Phrase>,
    /// The new coldkey's mnemonic; unless a coldkey was asked for, no file holds it. `None` when the wallet had one.
    pub coldkey_phrase: Option<Phrase>,
    /// Where the replaced files are now.
    pub backups: Vec<PathBuf>,
}

/// What [`restore`] and [`restore_address`] made.
#[derive(Debug)]
pub struct Restored {
    /// The wallet after the call.
    pub wallet: WalletSummary,
    /// The key.
    pub key: PublicKey,
    /// Where the replaced files are now.
    pub backups: Vec<PathBuf>,
}

impl PublicRole {
    fn file(self, wallet: &WalletPath) -> PathBuf {
        match self {
            Self::Hotkey => wallet.hotkeypub_file(),
            Self::Coldkey => wallet.coldkeypub_file(),
        }
    }
}

impl<'a> Role<'a> {
    fn public(self) -> PublicRole {
        match self {
            Self::Hotkey(_) => PublicRole::Hotkey,
            Self::Coldkey(_) => PublicRole::Coldkey,
        }
    }

    fn file(self, wallet: &WalletPath) -> PathBuf {
        match self {
            Self::Hotkey(_) => wallet.hotkey_file(),
            Self::Coldkey(_) => wallet.coldkey_file(),
        }
    }

    fn protection(self) -> Protection<'a> {
        match self {
            Self::Hotkey(protection) => protection,
            Self::Coldkey(key) => Protection::Sealed(key),
        }
    }
}

/// Makes a key with a fresh mnemonic. With a hotkey comes a coldkey when the wallet has none; of that one only the
/// address is written, its secret is in the returned mnemonic and in no file.
///
/// # Errors
/// [`WalletError::Exists`] when a name is taken and may not be; nothing is changed then. [`WalletError::Io`];
/// [`WalletError::Key`] when the system has no random numbers.
pub fn create(path: &WalletPath, role: Role<'_>, existing: Existing) -> Result<Created, WalletError> {
    let phrase = Phrase::generate()?;
    let (_, backups) = write(path, role, Crypto::Sr25519, &Secret::Phrase(phrase.clone()), existing)?;
    let (hotkey_phrase, coldkey_phrase) = match role {
        // Last, so that an error above cannot leave an address behind whose mnemonic nobody saw.
        Role::Hotkey(_) => (Some(phrase), create_coldkey_address(path)?),
        Role::Coldkey(_) => (None, Some(phrase)),
    };
    Ok(Created { wallet: wallet::show(path)?, hotkey_phrase, coldkey_phrase, backups })
}

/// A wallet with a `coldkey` file but no public file gets none: the public file of another key would be worse.
fn create_coldkey_address(path: &WalletPath) -> Result<Option<Phrase>, WalletError> {
    if path.coldkeypub_file().exists() || path.coldkey_file().exists() {
        return Ok(None);
    }
    let phrase = Phrase::generate()?;
    let coldkey = Keypair::from_phrase(Crypto::Sr25519, &phrase)?;
    keyfile::write_public(&path.coldkeypub_file(), &coldkey.public_key(), Crypto::Sr25519, Existing::Keep)?;
    Ok(Some(phrase))
}

/// Takes back the coldkey address that [`create`] has just written, when its mnemonic could not be shown.
///
/// # Errors
/// [`WalletError::Io`].
pub fn forget_coldkey_address(path: &WalletPath) -> Result<(), WalletError> {
    let file = path.coldkeypub_file();
    std::fs::remove_file(&file).map_err(|cause| WalletError::Io { action: "remove", path: file, cause })
}

/// Makes a key's files again from its secret.
///
/// # Errors
/// [`WalletError::Exists`] when a name is taken and may not be, also by the address of another key; nothing is changed
/// then. [`WalletError::Io`]; [`WalletError::Key`] when the secret is no key.
pub fn restore(
    path: &WalletPath,
    role: Role<'_>,
    crypto: Crypto,
    secret: &Secret,
    existing: Existing,
) -> Result<Restored, WalletError> {
    let (key, backups) = write(path, role, crypto, secret, existing)?;
    Ok(Restored { wallet: wallet::show(path)?, key, backups })
}

/// Writes the file of an address, without any secret.
///
/// # Errors
/// [`WalletError::Exists`] when another address is there and may not be replaced; [`WalletError::Io`].
pub fn restore_address(
    path: &WalletPath,
    role: PublicRole,
    crypto: Crypto,
    key: PublicKey,
    existing: Existing,
) -> Result<Restored, WalletError> {
    let backups = match public_state(path, role, key, crypto) {
        Public::Same => Vec::new(),
        Public::Missing | Public::Other => {
            Vec::from_iter(keyfile::write_public(&role.file(path), &key, crypto, existing)?)
        }
    };
    Ok(Restored { wallet: wallet::show(path)?, key, backups })
}

fn write(
    path: &WalletPath,
    role: Role<'_>,
    crypto: Crypto,
    secret: &Secret,
    existing: Existing,
) -> Result<(PublicKey, Vec<PathBuf>), WalletError> {
    let draft = Draft::new(crypto, secret)?;
    let key = draft.pair().public_key();
    let (file, public_file) = (role.file(path), role.public().file(path));
    let public = public_state(path, role.public(), key, crypto);
    if existing == Existing::Keep {
        if file.exists() {
            return Err(WalletError::Exists { path: file });
        }
        if public == Public::Other {
            return Err(WalletError::Exists { path: public_file });
        }
    }
    let mut backups = Vec::from_iter(draft.write(&file, role.protection(), existing)?);
    if public != Public::Same {
        backups.extend(keyfile::write_public(&public_file, &key, crypto, existing)?);
    }
    Ok((key, backups))
}

/// What is in a public file, compared with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Public {
    Missing,
    Same,
    /// Another key, or no key at all.
    Other,
}

fn public_state(path: &WalletPath, role: PublicRole, key: PublicKey, crypto: Crypto) -> Public {
    let file = role.file(path);
    if !file.exists() {
        return Public::Missing;
    }
    match keyfile::read(&file) {
        Ok(Contents::Public(there, scheme)) if there == key && scheme == crypto => Public::Same,
        _ => Public::Other,
    }
}
