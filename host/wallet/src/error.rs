//! Everything that can go wrong with wallets and key files.

use std::path::PathBuf;

use crate::keypair::KeyError;

/// An error of a wallet command. Texts name files and addresses, never a secret.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum WalletError {
    /// A wallet or hotkey name that could leave the wallet folder or hide in it.
    #[error("{name:?} is not a usable {kind} name: {reason}")]
    #[diagnostic(
        code(soma::wallet::bad_name),
        help("use a plain name such as `default`: no path separators, no leading dot, not empty")
    )]
    BadName {
        /// `wallet` or `hotkey`.
        kind: &'static str,
        /// The name as given.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The home folder is not known, so the default path is not either.
    #[error("the home folder is not known")]
    #[diagnostic(code(soma::wallet::no_home), help("set HOME, or give the folder with --wallet.path"))]
    NoHome,
    /// There is no such wallet.
    #[error("there is no wallet {name:?}: {path} does not exist", path = .path.display())]
    #[diagnostic(
        code(soma::wallet::missing_wallet),
        help(
            "make one with `soma wallet new --wallet.name {name}`, or point --wallet.path to the folder that holds it"
        )
    )]
    MissingWallet {
        /// The wallet's name.
        name: String,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The wallet has no such hotkey.
    #[error("wallet {wallet:?} has no hotkey {hotkey:?}: {path} does not exist", path = .path.display())]
    #[diagnostic(
        code(soma::wallet::missing_hotkey),
        help("{there}; make one with `soma wallet new --wallet.name {wallet} --wallet.hotkey {hotkey}`")
    )]
    MissingHotkey {
        /// The wallet's name.
        wallet: String,
        /// The hotkey's name.
        hotkey: String,
        /// Where it was looked for.
        path: PathBuf,
        /// The hotkeys that the wallet has, as a sentence.
        there: String,
    },
    /// A file with this name is already there; it was not touched.
    #[error("{path} exists and was not overwritten", path = .path.display())]
    #[diagnostic(
        code(soma::wallet::exists),
        help("choose another --wallet.name or --wallet.hotkey, or move the file away if you have its mnemonic")
    )]
    Exists {
        /// The file that is there.
        path: PathBuf,
    },
    /// The file is encrypted.
    #[error("{path} is encrypted ({form}); encrypted key files come in a later version", path = .path.display())]
    #[diagnostic(
        code(soma::wallet::encrypted),
        help("use a hotkey without a password for now: hotkeys are not encrypted unless you asked for it")
    )]
    Encrypted {
        /// The key file.
        path: PathBuf,
        /// How it is encrypted.
        form: &'static str,
    },
    /// The file is not a key file.
    #[error("{path} is not a key file: {reason}", path = .path.display())]
    #[diagnostic(
        code(soma::wallet::bad_keyfile),
        help("restore the file from a backup, or make the key again from its mnemonic")
    )]
    BadKeyfile {
        /// The key file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file's address belongs to another key than its secret.
    #[error("{path} says {claimed} but its secret is the key of {actual}", path = .path.display())]
    #[diagnostic(
        code(soma::wallet::address_mismatch),
        help("the file was put together from two keys; restore it from a backup")
    )]
    AddressMismatch {
        /// The key file.
        path: PathBuf,
        /// The address in the file.
        claimed: String,
        /// The address of the secret.
        actual: String,
    },
    /// The file holds a public key only.
    #[error("{path} holds an address and no secret", path = .path.display())]
    #[diagnostic(code(soma::wallet::no_secret), help("name the hotkey's own file, not the one that ends in pub.txt"))]
    NoSecret {
        /// The key file.
        path: PathBuf,
    },
    /// A secret in the file is no key.
    #[error("{path}: {source}", path = .path.display())]
    #[diagnostic(code(soma::wallet::bad_secret), help("restore the file from a backup"))]
    BadSecret {
        /// The key file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeyError,
    },
    /// A key could not be made.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Key(#[from] KeyError),
    /// A file or folder could not be read or written.
    #[error("cannot {action} {path}: {source}", path = .path.display())]
    #[diagnostic(code(soma::wallet::io), help("check that the path exists and that this user may {action} it"))]
    Io {
        /// `read`, `write`, `make` or `list`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
}
