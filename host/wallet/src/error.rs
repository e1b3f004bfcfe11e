//! Everything that can go wrong with wallets and key files.

use std::path::{Path, PathBuf};

use crate::encryption::{CipherError, Form};
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
    /// The wallet has no coldkey file.
    #[error("wallet {wallet:?} has no coldkey file: {path} does not exist", path = .path.display())]
    #[diagnostic(
        code(soma::wallet::missing_coldkey),
        help("make the file again from its mnemonic: soma wallet regen --coldkey --wallet.name {wallet}")
    )]
    MissingColdkey {
        /// The wallet's name.
        wallet: String,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A file with this name is already there; it was not touched.
    #[error("{path} exists and was not overwritten", path = .path.display())]
    #[diagnostic(
        code(soma::wallet::exists),
        help("choose another --wallet.name or --wallet.hotkey, or replace it with --overwrite, which keeps a backup")
    )]
    Exists {
        /// The file that is there.
        path: PathBuf,
    },
    /// The file is encrypted, and only plain files were expected here.
    #[error("{path} is encrypted ({form})", path = .path.display())]
    #[diagnostic(code(soma::wallet::encrypted), help("open it with its password"))]
    Encrypted {
        /// The key file.
        path: PathBuf,
        /// How it is encrypted.
        form: &'static str,
    },
    /// The file is encrypted in a form that no SDK of today opens.
    #[error("{path} is encrypted in an old form ({form}) that is not supported", path = .path.display())]
    #[diagnostic(
        code(soma::wallet::old_encryption),
        help("make the key file again from its mnemonic: soma wallet regen --overwrite keeps this file as a backup")
    )]
    OldEncryption {
        /// The key file.
        path: PathBuf,
        /// How it is encrypted.
        form: &'static str,
    },
    /// The file is encrypted and no place holds its password.
    #[error("{path} is encrypted ({form}) and there is no password for it", path = .path.display())]
    #[diagnostic(
        code(soma::wallet::needs_password),
        help(
            "name a file that holds it with --wallet.password_file, set {variable} as the Python SDK does, give \
             systemd's LoadCredential=soma-hotkey-password (hotkeys), or start this at a terminal"
        )
    )]
    NeedsPassword {
        /// The key file.
        path: PathBuf,
        /// How it is encrypted.
        form: &'static str,
        /// The environment variable of this file.
        variable: String,
    },
    /// A password was found and it is not the file's.
    #[error("the password {from} does not open {path}", path = .path.display())]
    #[diagnostic(
        code(soma::wallet::wrong_password),
        help("check where the password comes from; a file that was changed after it was encrypted fails the same way")
    )]
    WrongPassword {
        /// The key file.
        path: PathBuf,
        /// Where the password was found.
        from: String,
    },
    /// An encrypted file has not the parts of its form.
    #[error("{path} is a damaged {form} file: {reason}", path = .path.display())]
    #[diagnostic(
        code(soma::wallet::damaged),
        help("restore the file from a backup, or make it again from its mnemonic: soma wallet regen --overwrite")
    )]
    Damaged {
        /// The key file.
        path: PathBuf,
        /// How it is encrypted.
        form: &'static str,
        /// What is missing.
        reason: &'static str,
    },
    /// A key file could not be encrypted or decrypted for a reason that is not in the file.
    #[error("cannot encrypt or decrypt {path}: {reason}", path = .path.display())]
    #[diagnostic(
        code(soma::wallet::cipher),
        help("an encrypted key file needs 512 MiB of memory for some seconds; raise the limit of this process")
    )]
    Cipher {
        /// The key file.
        path: PathBuf,
        /// What failed.
        reason: &'static str,
    },
    /// A password file cannot be used.
    #[error("the password file {path} cannot be used: {reason}", path = .path.display())]
    #[diagnostic(
        code(soma::wallet::password_file),
        help("the file has to hold the password alone, and this user has to be able to read it")
    )]
    PasswordFile {
        /// The password file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A variable with a password has not the SDKs' form.
    #[error("the variable {name} holds no password in the form of the Python SDK")]
    #[diagnostic(
        code(soma::wallet::password_variable),
        help("its value is base64 of the password XORed with the variable's name; the SDK's Keyfile sets it")
    )]
    PasswordVariable {
        /// The variable's name.
        name: String,
    },
    /// The password of a new file is too short.
    #[error("a password of {characters} characters is too short")]
    #[diagnostic(code(soma::wallet::short_password), help("choose one of at least 8 characters"))]
    ShortPassword {
        /// How many it has.
        characters: usize,
    },
    /// The two answers differ.
    #[error("the two passwords differ")]
    #[diagnostic(code(soma::wallet::passwords_differ), help("nothing was written; try again"))]
    PasswordsDiffer,
    /// A question was not answered.
    #[error("cancelled at the terminal")]
    #[diagnostic(code(soma::wallet::cancelled), help("nothing was changed; start again to be asked again"))]
    Cancelled,
    /// There is a question and nobody to ask.
    #[error("{what} is needed and there is no terminal to ask at")]
    #[diagnostic(code(soma::wallet::no_terminal), help("{instead}"))]
    NoTerminal {
        /// What is asked for.
        what: &'static str,
        /// What to do instead.
        instead: &'static str,
    },
    /// The terminal failed.
    #[error("the terminal failed: {cause}")]
    #[diagnostic(code(soma::wallet::terminal), help("use a file instead of the terminal"))]
    Terminal {
        /// The system's answer.
        cause: std::io::Error,
    },
    /// Passwords cannot be taken out of the environment.
    #[error("the passwords in the environment cannot be handed to the signer: {cause}")]
    #[diagnostic(
        code(soma::wallet::handover),
        help(
            "unset the BT_PW_... and BT_WALLET_PASSWORD variables and name a password file with --wallet.password_file"
        )
    )]
    Handover {
        /// The system's answer.
        cause: std::io::Error,
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
    #[error("{path}: {cause}", path = .path.display())]
    #[diagnostic(code(soma::wallet::bad_secret), help("restore the file from a backup"))]
    BadSecret {
        /// The key file.
        path: PathBuf,
        /// What is wrong with it.
        cause: KeyError,
    },
    /// A key could not be made.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Key(#[from] KeyError),
    /// A file or folder could not be read or written.
    #[error("cannot {action} {path}: {cause}", path = .path.display())]
    #[diagnostic(code(soma::wallet::io), help("check that the path exists and that this user may {action} it"))]
    Io {
        /// `read`, `write`, `make` or `list`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        cause: std::io::Error,
    },
}

impl WalletError {
    /// `from` says where the password was found.
    pub(crate) fn from_cipher(path: &Path, form: Form, error: CipherError, from: String) -> Self {
        let path = path.to_owned();
        match error {
            CipherError::WrongPassword => Self::WrongPassword { path, from },
            CipherError::Damaged(reason) => Self::Damaged { path, form: form.name(), reason },
            CipherError::Unsupported(form) => Self::OldEncryption { path, form: form.name() },
            CipherError::System(reason) => Self::Cipher { path, reason },
        }
    }
}
