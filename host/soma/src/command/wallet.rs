//! `soma wallet`: new, list, show.

use miette::IntoDiagnostic;
use serde_json::json;
use soma_wallet::wallet::{Created, WalletSummary};
use soma_wallet::{WalletPath, wallet as wallets};

use crate::cli::{WalletCommand, WalletFlags};

/// Does one of them.
pub fn wallet(command: WalletCommand) -> miette::Result<()> {
    match command {
        WalletCommand::New { wallet, json } => {
            let created = wallets::create(&path(&wallet)?)?;
            if json { print_created_json(&created)? } else { print_created(&created) }
        }
        WalletCommand::List { path, json } => {
            let base = match path {
                Some(path) => path,
                None => wallets::default_base()?,
            };
            let all = wallets::list(&base)?;
            if json {
                println!("{}", serde_json::to_string_pretty(&all).into_diagnostic()?);
            } else if all.is_empty() {
                println!("no wallets in {}; make one: soma wallet new", base.display());
            } else {
                all.iter().for_each(print);
            }
        }
        WalletCommand::Show { wallet, address: true, .. } => println!("{}", address(&path(&wallet)?)?),
        WalletCommand::Show { wallet, json, .. } => {
            let one = wallets::show(&path(&wallet)?)?;
            if json {
                println!("{}", serde_json::to_string_pretty(&one).into_diagnostic()?);
            } else {
                print(&one);
            }
        }
    }
    Ok(())
}

fn path(flags: &WalletFlags) -> miette::Result<WalletPath> {
    let name = flags.name.as_deref().unwrap_or("default");
    let hotkey = flags.hotkey.as_deref().unwrap_or("default");
    Ok(WalletPath::new(flags.path.as_deref(), name, hotkey)?)
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

fn print(wallet: &WalletSummary) {
    println!("{}  coldkey {}", wallet.name, wallet.coldkey.as_deref().unwrap_or("-"));
    for hotkey in &wallet.hotkeys {
        let address = hotkey.address.as_deref().unwrap_or("-");
        match &hotkey.problem {
            None => println!("  {}  {address}", hotkey.name),
            Some(problem) => println!("  {}  {address}  ({problem})", hotkey.name),
        }
    }
}

fn print_created(created: &Created) {
    print(&created.wallet);
    println!();
    println!("The mnemonics below are shown once. Write them down; whoever has them has the keys.");
    println!("  hotkey:  {}", created.hotkey_phrase.reveal());
    if let Some(phrase) = &created.coldkey_phrase {
        println!("  coldkey: {}", phrase.reveal());
        println!("The coldkey's mnemonic is in no file: soma keeps only its address (coldkeypub.txt).");
    }
}

fn print_created_json(created: &Created) -> miette::Result<()> {
    let all = json!({
        "wallet": created.wallet,
        "hotkey_mnemonic": created.hotkey_phrase.reveal(),
        "coldkey_mnemonic": created.coldkey_phrase.as_ref().map(|phrase| phrase.reveal()),
    });
    println!("{}", serde_json::to_string_pretty(&all).into_diagnostic()?);
    Ok(())
}
