//! Whose account a command is about, from the public halves of a wallet; and the hotkey's
//! signer. No key is opened in this process here.

use soma_protocol::ss58::PublicKey;
use soma_wallet::keyfile::{self, Contents};
use soma_wallet::{Access, Signer, WalletPath, wallet as wallets};

use super::error::ChainCommandError;
use crate::cli::WalletFlags;
use crate::command::{signer, this_program};
use crate::error::SomaError;

/// An address that a flag names.
///
/// # Errors
/// [`SomaError::Argument`] with the flag's name.
pub fn named(what: &'static str, text: &str, command: &'static str) -> Result<PublicKey, SomaError> {
    PublicKey::from_ss58(text).map_err(|error| SomaError::Argument { what, problem: error.to_string(), command })
}

/// The hotkey of a wallet, by its own file or its public one.
///
/// # Errors
/// A wallet error that names the hotkeys that are there, or [`ChainCommandError::NoHotkey`] when its file tells no
/// address.
pub fn hotkey(wallet: &WalletPath) -> miette::Result<PublicKey> {
    // A hotkey whose secret is on another machine has only its public file here.
    if let Ok(contents) = keyfile::read(&wallet.hotkeypub_file()) {
        return Ok(public(&contents));
    }
    wallet.require_hotkey()?;
    let known = wallets::show(wallet)?.hotkeys.into_iter().find(|hotkey| hotkey.name == wallet.hotkey());
    let address = known.and_then(|hotkey| hotkey.address).and_then(|address| PublicKey::from_ss58(&address).ok());
    address.ok_or_else(|| ChainCommandError::NoHotkey { hotkey: wallet.hotkey().to_owned() }.into())
}

/// The coldkey of a wallet, by its public file.
///
/// # Errors
/// A wallet error without such a wallet; [`ChainCommandError::NoColdkey`] without the file.
pub fn coldkey(wallet: &WalletPath) -> miette::Result<PublicKey> {
    let summary = wallets::show(wallet)?;
    let address = summary.coldkey.and_then(|address| PublicKey::from_ss58(&address).ok());
    address.ok_or_else(|| ChainCommandError::NoColdkey { wallet: wallet.name().to_owned() }.into())
}

/// The hotkey in a process of its own.
///
/// # Errors
/// No such file, a password that is missing or wrong, or a process that cannot be started.
pub async fn signer(wallet: &WalletPath, flags: &WalletFlags) -> miette::Result<Signer> {
    let hotkey = Access::hotkey(&wallet.require_hotkey()?, flags.password_file.as_deref());
    Ok(Signer::start(&this_program(), &[signer::SUBCOMMAND], hotkey).await?)
}

fn public(contents: &Contents) -> PublicKey {
    match contents {
        Contents::Secret(pair) => pair.public_key(),
        Contents::Public(key, _) => *key,
    }
}
