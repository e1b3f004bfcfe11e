//! Where a wallet's files are, and what a wallet holds.
//!
//! The layout is the Python SDK's: `<path>/<name>/coldkeypub.txt`, `<path>/<name>/hotkeys/<hotkey>` and
//! `<path>/<name>/hotkeys/<hotkey>pub.txt`. The default path is `~/.bittensor/wallets`, both names default to
//! `default`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::encryption::Form;
use crate::error::WalletError;
use crate::keyfile::{self, Contents};

/// The name of the wallet and of the hotkey when none is given.
pub const DEFAULT_NAME: &str = "default";

/// Longest wallet or hotkey name in bytes; file systems take 255, and `pub.txt` is put behind it.
const LONGEST_NAME: usize = 200;

/// The files of one hotkey in one wallet. The names were checked: they cannot lead out of the wallet folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletPath {
    base: PathBuf,
    name: String,
    hotkey: String,
}

impl WalletPath {
    /// Names a wallet and hotkey below `base`, or below the default path. A leading `~/` of `base` is the home folder.
    /// Nothing is looked up on disk.
    ///
    /// # Errors
    /// [`WalletError::BadName`] for names with path separators, a leading dot, control characters or no text;
    /// [`WalletError::NoHome`] when the home folder is needed and not known.
    pub fn new(base: Option<&Path>, name: &str, hotkey: &str) -> Result<Self, WalletError> {
        check_name("wallet", name)?;
        check_name("hotkey", hotkey)?;
        if hotkey.ends_with("pub.txt") || hotkey.ends_with(".lock") {
            let reason = "the SDK uses names that end in pub.txt and .lock for other files";
            return Err(WalletError::BadName { kind: "hotkey", name: hotkey.to_owned(), reason });
        }
        let base = base.map_or_else(default_base, expand_home)?;
        Ok(Self { base, name: name.to_owned(), hotkey: hotkey.to_owned() })
    }

    /// The wallet's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The hotkey's name.
    #[must_use]
    pub fn hotkey(&self) -> &str {
        &self.hotkey
    }

    /// The wallet's folder.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.base.join(&self.name)
    }

    /// The coldkey's public file.
    #[must_use]
    pub fn coldkeypub_file(&self) -> PathBuf {
        self.folder().join("coldkeypub.txt")
    }

    /// The coldkey's secret file; it may not exist. `soma run` never opens it.
    #[must_use]
    pub fn coldkey_file(&self) -> PathBuf {
        self.folder().join("coldkey")
    }

    /// The hotkey's secret file; it may not exist.
    #[must_use]
    pub fn hotkey_file(&self) -> PathBuf {
        self.folder().join("hotkeys").join(&self.hotkey)
    }

    /// The hotkey's public file; wallets of older SDKs lack it.
    #[must_use]
    pub fn hotkeypub_file(&self) -> PathBuf {
        self.folder().join("hotkeys").join(format!("{}pub.txt", self.hotkey))
    }

    /// The hotkey's secret file, after a look that it is there. This is what [`Signer::start`](crate::Signer::start)
    /// wants.
    ///
    /// # Errors
    /// [`WalletError::MissingWallet`], or [`WalletError::MissingHotkey`] with the hotkeys that are there.
    pub fn require_hotkey(&self) -> Result<PathBuf, WalletError> {
        let path = self.hotkey_file();
        if path.is_file() {
            return Ok(path);
        }
        self.require_folder()?;
        let names = hotkey_names(&self.folder())?;
        let there = match names.as_slice() {
            [] => "it has no hotkeys".to_owned(),
            names => format!("it has {}", names.join(", ")),
        };
        let (wallet, hotkey) = (self.name.clone(), self.hotkey.clone());
        Err(WalletError::MissingHotkey { wallet, hotkey, path, there })
    }

    /// The coldkey's secret file, after a look that it is there.
    ///
    /// # Errors
    /// [`WalletError::MissingWallet`], [`WalletError::MissingColdkey`].
    pub fn require_coldkey(&self) -> Result<PathBuf, WalletError> {
        let path = self.coldkey_file();
        if path.is_file() {
            return Ok(path);
        }
        self.require_folder()?;
        Err(WalletError::MissingColdkey { wallet: self.name.clone(), path })
    }

    fn require_folder(&self) -> Result<(), WalletError> {
        let path = self.folder();
        if path.is_dir() {
            return Ok(());
        }
        Err(WalletError::MissingWallet { name: self.name.clone(), path })
    }
}

/// `~/.bittensor/wallets`.
///
/// # Errors
/// [`WalletError::NoHome`].
pub fn default_base() -> Result<PathBuf, WalletError> {
    Ok(home()?.join(".bittensor").join("wallets"))
}

fn home() -> Result<PathBuf, WalletError> {
    std::env::home_dir().filter(|home| !home.as_os_str().is_empty()).ok_or(WalletError::NoHome)
}

pub(crate) fn expand_home(path: &Path) -> Result<PathBuf, WalletError> {
    match path.strip_prefix("~") {
        Ok(rest) => Ok(home()?.join(rest)),
        Err(_) => Ok(path.to_owned()),
    }
}

fn check_name(kind: &'static str, name: &str) -> Result<(), WalletError> {
    let reason = if name.is_empty() {
        "it is empty"
    } else if name.starts_with('.') {
        "it starts with a dot"
    } else if name.contains(['/', '\\']) {
        "it contains a path separator"
    } else if name.chars().any(char::is_control) {
        "it contains a control character"
    } else if name.len() > LONGEST_NAME {
        "it is longer than 200 bytes"
    } else {
        return Ok(());
    };
    Err(WalletError::BadName { kind, name: name.to_owned(), reason })
}

/// One wallet as `soma wallet list` and `show` print it. Addresses only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WalletSummary {
    /// The wallet's name.
    pub name: String,
    /// The wallet's folder.
    pub path: PathBuf,
    /// The coldkey's address, when `coldkeypub.txt` is there and readable.
    pub coldkey: Option<String>,
    /// The hotkeys in the order of their names.
    pub hotkeys: Vec<HotkeySummary>,
}

/// One hotkey of a wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HotkeySummary {
    /// The hotkey's name.
    pub name: String,
    /// Its address, when it could be read.
    pub address: Option<String>,
    /// The signature scheme, `sr25519` or `ed25519`, when it could be read.
    pub crypto: Option<&'static str>,
    /// How the hotkey's own file is encrypted: `NaCl` or `Ansible vault`; `None` for a plain file.
    pub encryption: Option<&'static str>,
    /// Why the hotkey's own file cannot be used (damaged, an old form), in words.
    pub problem: Option<String>,
}

/// All wallets below `base`, in the order of their names. A folder that does not exist holds none.
///
/// # Errors
/// [`WalletError::Io`] when a folder cannot be listed. A damaged key file is a `problem` of its hotkey.
pub fn list(base: &Path) -> Result<Vec<WalletSummary>, WalletError> {
    let base = expand_home(base)?;
    if !base.exists() {
        return Ok(Vec::new());
    }
    let mut names = entries(&base)?;
    names.retain(|name| check_name("wallet", name).is_ok() && base.join(name).is_dir());
    names.into_iter().map(|name| summary(&base.join(&name), name)).collect()
}

/// One wallet with all its hotkeys.
///
/// # Errors
/// [`WalletError::MissingWallet`]; [`WalletError::Io`] when its folder cannot be listed.
pub fn show(wallet: &WalletPath) -> Result<WalletSummary, WalletError> {
    wallet.require_folder()?;
    summary(&wallet.folder(), wallet.name.clone())
}

fn summary(folder: &Path, name: String) -> Result<WalletSummary, WalletError> {
    let coldkey = keyfile::read(&folder.join("coldkeypub.txt")).ok();
    let coldkey = coldkey.map(|contents| identity(&contents).0);
    let hotkeys = hotkey_names(folder)?.into_iter().map(|name| hotkey_summary(folder, name)).collect();
    Ok(WalletSummary { name, path: folder.to_owned(), coldkey, hotkeys })
}

fn hotkey_summary(folder: &Path, name: String) -> HotkeySummary {
    let hotkeys = folder.join("hotkeys");
    match keyfile::read(&hotkeys.join(&name)) {
        Ok(contents) => {
            let (address, crypto) = identity(&contents);
            let problem = match contents {
                Contents::Secret(_) => None,
                Contents::Public(..) => Some("the file holds an address and no secret".to_owned()),
            };
            HotkeySummary { name, address: Some(address), crypto: Some(crypto), encryption: None, problem }
        }
        Err(error) => {
            let public = keyfile::read(&hotkeys.join(format!("{name}pub.txt"))).ok();
            let (address, crypto) = public.as_ref().map(identity).unzip();
            let encryption = keyfile::encryption(&hotkeys.join(&name)).map(Form::name);
            // A file that its password opens is as good as a plain one.
            let problem = if encryption.is_some() { None } else { Some(error.to_string()) };
            HotkeySummary { name, address, crypto, encryption, problem }
        }
    }
}

fn identity(contents: &Contents) -> (String, &'static str) {
    match contents {
        Contents::Secret(pair) => (pair.public_key().to_ss58(), pair.crypto().name()),
        Contents::Public(key, crypto) => (key.to_ss58(), crypto.name()),
    }
}

/// The hotkeys' names. As in the SDK, lock and public files are not hotkeys.
fn hotkey_names(folder: &Path) -> Result<Vec<String>, WalletError> {
    let hotkeys = folder.join("hotkeys");
    if !hotkeys.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = entries(&hotkeys)?;
    names.retain(|name| {
        let other = name.starts_with('.') || name.ends_with(".lock") || name.ends_with("pub.txt");
        !other && hotkeys.join(name).is_file()
    });
    Ok(names)
}

/// The names in a folder, sorted. A name that is not UTF-8 cannot be asked for, so it is left out.
fn entries(folder: &Path) -> Result<Vec<String>, WalletError> {
    let io = |cause| WalletError::Io { action: "list", path: folder.to_owned(), cause };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        if let Ok(name) = entry.map_err(io)?.file_name().into_string() {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}
