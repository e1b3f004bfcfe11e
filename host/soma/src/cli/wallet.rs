//! Flags of `soma wallet`, and those that name a wallet everywhere.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use soma_wallet::{WalletError, WalletPath};

use super::examples;

/// Which hotkey.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Wallet")]
pub struct WalletFlags {
    /// Name of the wallet [default: default].
    #[arg(id = "wallet.name", long = "wallet.name", env = "BT_WALLET_NAME", value_name = "NAME")]
    pub name: Option<String>,
    /// Name of the hotkey in it [default: default].
    #[arg(id = "wallet.hotkey", long = "wallet.hotkey", env = "BT_WALLET_HOTKEY", value_name = "NAME")]
    pub hotkey: Option<String>,
    /// Folder of the wallets [default: ~/.bittensor/wallets].
    #[arg(id = "wallet.path", long = "wallet.path", env = "BT_WALLET_PATH", value_name = "FOLDER")]
    pub path: Option<PathBuf>,
    /// File that holds the password of an encrypted key. Without it: the Python SDK's BT_PW_... variable, systemd's
    /// credential soma-hotkey-password, the terminal.
    #[arg(
        id = "wallet.password_file",
        long = "wallet.password_file",
        env = "SOMA_WALLET_PASSWORD_FILE",
        value_name = "FILE"
    )]
    pub password_file: Option<PathBuf>,
}

impl WalletFlags {
    /// Where the wallet is, with the SDK's defaults for what no flag names.
    pub fn locate(&self) -> Result<WalletPath, WalletError> {
        let named = |name: &Option<String>| name.clone().unwrap_or_else(|| "default".to_owned());
        WalletPath::new(self.path.as_deref(), &named(&self.name), &named(&self.hotkey))
    }
}

/// The signature schemes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CryptoFlag {
    /// The scheme of almost all keys.
    Sr25519,
    /// For btauth only.
    Ed25519,
}

/// Which key of a wallet is written, and how.
#[derive(Clone, Debug, Args)]
pub struct KeyFlags {
    /// The coldkey instead of the hotkey. Its file is always encrypted.
    #[arg(long)]
    pub coldkey: bool,
    /// Encrypt the hotkey's file with a password.
    #[arg(long, conflicts_with = "coldkey")]
    pub encrypt: bool,
    /// Replace files that are there. The old ones stay beside as hidden backups.
    #[arg(long)]
    pub overwrite: bool,
    /// Which wallet and hotkey.
    #[command(flatten)]
    pub wallet: WalletFlags,
}

/// Flags of `soma wallet regen`.
#[derive(Clone, Debug, Args)]
pub struct RegenFlags {
    /// File with the mnemonic, the 0x-seed, the 0x-private key or the JSON of a key file; - is standard input. Without
    /// any of these flags the terminal asks.
    #[arg(long, visible_alias = "mnemonic-file", value_name = "FILE", group = "secret")]
    pub secret_file: Option<PathBuf>,
    /// The mnemonic itself. It stays in the shell's history: better use --secret-file or the question.
    #[arg(long, value_name = "WORDS", num_args = 1.., group = "secret")]
    pub mnemonic: Vec<String>,
    /// The seed itself, 0x and 64 digits. It stays in the shell's history.
    #[arg(long, value_name = "HEX", group = "secret")]
    pub seed: Option<String>,
    /// An address: write the public file only.
    #[arg(long, value_name = "ADDRESS", group = "secret", conflicts_with = "encrypt")]
    pub ss58: Option<String>,
    /// The signature scheme [default: the JSON's, else sr25519].
    #[arg(long, value_enum)]
    pub crypto: Option<CryptoFlag>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Which key.
    #[command(flatten)]
    pub key: KeyFlags,
}

/// Commands around wallets.
#[derive(Debug, Subcommand)]
pub enum WalletCommand {
    /// Make a hotkey, and the public half of a coldkey when the wallet has none. Mnemonics are shown once.
    #[command(after_help = examples::WALLET_NEW)]
    New {
        /// Print JSON, mnemonics included.
        #[arg(long)]
        json: bool,
        /// Which key.
        #[command(flatten)]
        key: KeyFlags,
    },
    /// Make a key's files again from its mnemonic, seed, private key or address.
    #[command(after_help = examples::WALLET_REGEN)]
    Regen(Box<RegenFlags>),
    /// Open a key with its password and print its address.
    #[command(after_help = examples::WALLET_CHECK)]
    Check {
        /// The coldkey instead of the hotkey.
        #[arg(long)]
        coldkey: bool,
        /// Which wallet and hotkey.
        #[command(flatten)]
        wallet: WalletFlags,
    },
    /// List all wallets.
    #[command(after_help = examples::WALLET_LIST)]
    List {
        /// Folder of the wallets [default: ~/.bittensor/wallets].
        #[arg(id = "wallet.path", long = "wallet.path", env = "BT_WALLET_PATH", value_name = "FOLDER")]
        path: Option<PathBuf>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show one wallet with its addresses.
    #[command(after_help = examples::WALLET_SHOW)]
    Show {
        /// Print the hotkey's address and nothing else.
        #[arg(long, conflicts_with = "json")]
        address: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
        /// Which wallet.
        #[command(flatten)]
        wallet: WalletFlags,
    },
}
