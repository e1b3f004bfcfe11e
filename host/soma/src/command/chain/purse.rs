//! The coldkey: opened after the owner agreed, when nobody else writes for it, for one signature, and forgotten with it.

use soma_protocol::ss58::PublicKey;
use soma_wallet::access::{Access, Phase, shield_process};
use soma_wallet::{Keypair, WalletPath};

use super::error::ChainCommandError;
use crate::cli::WalletFlags;

/// Opens the coldkey's file, which has to be that of `expected`: the account whose balance was shown.
///
/// # Errors
/// A wallet error (no such file, a wrong password), or [`ChainCommandError::OtherColdkey`].
pub async fn open(wallet: &WalletPath, flags: &WalletFlags, expected: &PublicKey) -> miette::Result<Keypair> {
    shield_process();
    let access = Access::coldkey(&wallet.require_coldkey()?, flags.password_file.as_deref());
    // The derivation takes seconds, and the connection has to be kept alive meanwhile.
    let opened = tokio::task::spawn_blocking(move || access.open(announce)).await;
    let pair = opened.map_err(|error| ChainCommandError::NotOpened(error.to_string()))??;
    if pair.public_key() == *expected {
        return Ok(pair);
    }
    let (file, public) = (pair.public_key().to_ss58(), expected.to_ss58());
    Err(ChainCommandError::OtherColdkey { file, public }.into())
}

fn announce(phase: Phase) {
    if phase == Phase::Deriving {
        eprintln!("opening the coldkey: some seconds");
    }
}
