//! `soma wallet`: new, regen, check, list, show.
//!
//! Secrets go to standard output once, when a key is new; they are never logged.

use std::path::Path;

use serde_json::json;
use soma_protocol::signature::Crypto;
use soma_protocol::ss58::PublicKey;
use soma_wallet::access::{Access, shield_process};
use soma_wallet::creation::{self, PublicRole, Role};
use soma_wallet::encryption::nacl;
use soma_wallet::keyfile::{Existing, Protection, Secret};
use soma_wallet::{Created, Password, Restored, WalletPath, WalletSummary, wallet as wallets};

use crate::cli::{CryptoFlag, KeyFlags, RegenFlags, WalletCommand, WalletFlags};
use crate::error::SomaError;
use crate::output::say;

/// Does one of them.
pub fn wallet(command: WalletCommand) -> miette::Result<()> {
    match command {
        WalletCommand::New { key, json } => new(&key, json),
        WalletCommand::Regen(flags) => regen(&flags),
        WalletCommand::Check { wallet, coldkey } => check(&wallet, coldkey),
        WalletCommand::List { path, json } => {
            let base = match path {
                Some(path) => path,
                None => wallets::default_base()?,
            };
            list(&base, json)
        }
        WalletCommand::Show { wallet, address: true, .. } => {
            say!("{}", address(&wallet.locate()?)?)?;
            Ok(())
        }
        WalletCommand::Show { wallet, json, .. } => {
            let one = wallets::show(&wallet.locate()?)?;
            if json {
                crate::output::json(&one)?;
            } else {
                print(&one)?;
            }
            Ok(())
        }
    }
}

fn new(flags: &KeyFlags, json: bool) -> miette::Result<()> {
    shield_process();
    let path = flags.wallet.locate()?;
    let key = sealing_key(flags)?;
    let created = creation::create(&path, role(flags, key.as_ref()), existing(flags))?;
    let shown = if json { print_created_json(&created) } else { print_created(&created).map_err(Into::into) };
    if shown.is_err() && created.hotkey_phrase.is_some() && created.coldkey_phrase.is_some() {
        // Nobody saw the coldkey's mnemonic, and no file holds it.
        creation::forget_coldkey_address(&path)?;
    }
    shown
}

fn regen(flags: &RegenFlags) -> miette::Result<()> {
    shield_process();
    let wallet = flags.key.wallet.locate()?;
    let named = flags.crypto.map(|crypto| match crypto {
        CryptoFlag::Sr25519 => Crypto::Sr25519,
        CryptoFlag::Ed25519 => Crypto::Ed25519,
    });
    let restored = match &flags.ss58 {
        Some(address) => {
            let bad = |problem: String| SomaError::Argument { what: "--ss58", problem, command: "wallet regen" };
            let key = PublicKey::from_ss58(address).map_err(|error| bad(error.to_string()))?;
            let role = if flags.key.coldkey { PublicRole::Coldkey } else { PublicRole::Hotkey };
            let crypto = named.unwrap_or(Crypto::Sr25519);
            creation::restore_address(&wallet, role, crypto, key, existing(&flags.key))?
        }
        None => {
            let (secret, said) = secret(flags)?;
            let crypto = named.or(said).unwrap_or(Crypto::Sr25519);
            let key = sealing_key(&flags.key)?;
            creation::restore(&wallet, role(&flags.key, key.as_ref()), crypto, &secret, existing(&flags.key))?
        }
    };
    print_restored(&restored, flags.json)
}

/// The secret and the scheme that it names.
fn secret(flags: &RegenFlags) -> miette::Result<(Secret, Option<Crypto>)> {
    let parsed = |text: &str| Secret::parse(text).map_err(|defect| defect.at(Path::new("the command line")));
    if let Some(file) = &flags.secret_file {
        return Ok(Secret::from_file(file)?);
    }
    let argument = if flags.mnemonic.is_empty() { flags.seed.clone() } else { Some(flags.mnemonic.join(" ")) };
    let Some(text) = argument else { return Ok(Secret::ask()?) };
    eprintln!("warning: the secret is in the shell's history now, and others could read it in the list of processes");
    Ok(parsed(&text)?)
}

fn check(flags: &WalletFlags, coldkey: bool) -> miette::Result<()> {
    shield_process();
    let (wallet, password) = (flags.locate()?, flags.password_file.as_deref());
    let access = if coldkey {
        Access::coldkey(&wallet.require_coldkey()?, password)
    } else {
        Access::hotkey(&wallet.require_hotkey()?, password)
    };
    let pair = access.open(|phase| tracing::debug!(?phase, "opening the key file"))?;
    say!("{}", pair.public_key().to_ss58())?;
    Ok(())
}

/// The key that encrypts the new file, if it is to be encrypted.
fn sealing_key(flags: &KeyFlags) -> miette::Result<Option<nacl::Key>> {
    let question = match (flags.coldkey, flags.encrypt) {
        (true, _) => "New password for the coldkey: ",
        (false, true) => "New password for the hotkey: ",
        (false, false) => return Ok(None),
    };
    let password = Password::for_new_file(flags.wallet.password_file.as_deref(), question)?;
    let derived = nacl::Key::derive(&password);
    let failed = |error: soma_wallet::encryption::CipherError| SomaError::Argument {
        what: "--encrypt",
        problem: error.to_string(),
        command: "wallet",
    };
    Ok(Some(derived.map_err(failed)?))
}

fn role<'a>(flags: &KeyFlags, key: Option<&'a nacl::Key>) -> Role<'a> {
    match key {
        Some(key) if flags.coldkey => Role::Coldkey(key),
        Some(key) => Role::Hotkey(Protection::Sealed(key)),
        None => Role::Hotkey(Protection::Plain),
    }
}

fn existing(flags: &KeyFlags) -> Existing {
    if flags.overwrite { Existing::BackUp } else { Existing::Keep }
}

/// The hotkey's address; without its file the error that names those that there are.
fn address(wallet: &WalletPath) -> miette::Result<String> {
    let shown = wallets::show(wallet)?;
    let hotkey = shown.hotkeys.into_iter().find(|hotkey| hotkey.name == wallet.hotkey());
    match hotkey.and_then(|hotkey| hotkey.address) {
        Some(address) => Ok(address),
        None => Ok(wallet.require_hotkey()?.display().to_string()),
    }
}

fn list(base: &Path, json: bool) -> miette::Result<()> {
    let all = wallets::list(base)?;
    if json {
        crate::output::json(&all)?;
    } else if all.is_empty() {
        say!("no wallets in {}; make one: soma wallet new", base.display())?;
    } else {
        all.iter().try_for_each(print)?;
    }
    Ok(())
}

fn print(wallet: &WalletSummary) -> Result<(), SomaError> {
    say!("{}  coldkey {}", wallet.name, wallet.coldkey.as_deref().unwrap_or("-"))?;
    for hotkey in &wallet.hotkeys {
        let address = hotkey.address.as_deref().unwrap_or("-");
        let remark = hotkey.problem.clone().or_else(|| hotkey.encryption.map(|form| format!("encrypted, {form}")));
        match remark {
            None => say!("  {}  {address}", hotkey.name)?,
            Some(remark) => say!("  {}  {address}  ({remark})", hotkey.name)?,
        }
    }
    Ok(())
}

fn print_created(created: &Created) -> Result<(), SomaError> {
    print(&created.wallet)?;
    print_backups(&created.backups)?;
    say!("")?;
    say!("What follows is shown once. Write it down; whoever has a mnemonic has the key.")?;
    if let Some(phrase) = &created.hotkey_phrase {
        say!("  hotkey:  {}", phrase.reveal())?;
    }
    if let Some(phrase) = &created.coldkey_phrase {
        say!("  coldkey: {}", phrase.reveal())?;
        if created.hotkey_phrase.is_some() {
            say!("The coldkey's mnemonic is in no file: soma keeps only its address (coldkeypub.txt).")?;
        }
    }
    Ok(())
}

fn print_backups(backups: &[std::path::PathBuf]) -> Result<(), SomaError> {
    backups.iter().try_for_each(|backup| say!("replaced; the old file is {}", backup.display()))
}

fn print_created_json(created: &Created) -> miette::Result<()> {
    let all = json!({
        "wallet": created.wallet,
        "hotkey_mnemonic": created.hotkey_phrase.as_ref().map(|phrase| phrase.reveal()),
        "coldkey_mnemonic": created.coldkey_phrase.as_ref().map(|phrase| phrase.reveal()),
        "backups": created.backups,
    });
    crate::output::json(&all)?;
    Ok(())
}

fn print_restored(restored: &Restored, json: bool) -> miette::Result<()> {
    if json {
        let address = restored.key.to_ss58();
        let all = json!({ "wallet": restored.wallet, "address": address, "backups": restored.backups });
        crate::output::json(&all)?;
        return Ok(());
    }
    print(&restored.wallet)?;
    print_backups(&restored.backups)?;
    say!("made again: {}", restored.key.to_ss58())?;
    Ok(())
}
