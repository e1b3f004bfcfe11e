//! Keys, wallet files, and the signer process.
//!
//! A neuron's hotkey is the one thing that Soma must never hand to anybody. This crate reads and writes the wallet
//! files of the Python SDK, and it runs the **signer**: a small process of its own that loads the hotkey, gives up
//! files, sockets and everything else it does not need, and answers typed [`Intent`]s over a socket pair. The process
//! that runs plugins holds a [`Signer`] handle, and no key.
//!
//! What it never does: it never signs bytes that a caller made up (an intent is checked and spelled out inside the
//! signer), never writes a coldkey's secret to a file without encryption, never overwrites a key file without a backup,
//! and never prints a secret in an error or in `Debug` output.
//!
//! # Layout
//! - [`keypair`]: sr25519 and ed25519 keys ([`Keypair`]) and mnemonics ([`Phrase`])
//! - [`uri`]: development keys such as `//Alice`
//! - [`keyfile`]: one key file, read and written
//! - [`encryption`]: the encrypted forms of key files
//! - [`password`]: passwords and the environment variables that carry them; [`terminal`]: questions without echo
//! - [`handover`]: passwords out of the environment of a process that will run guests
//! - [`access`]: how a key file is opened: [`Access`] names the file and where its password may be
//! - [`wallet`]: the folder layout: [`WalletPath`], [`wallet::list`], [`wallet::show`]
//! - [`creation`]: keys that are made or made again: [`creation::create`], [`creation::restore`]
//! - [`signer`]: [`Intent`], the hotkey's calls ([`signer::extrinsic`]), the process ([`signer::serve`]) and its client ([`Signer`])
//! - [`mod@error`]: wallet and key file errors ([`WalletError`]; [`SignerError`] is with the signer)

pub mod access;
pub mod creation;
pub mod encryption;
pub mod error;
pub mod handover;
pub mod keyfile;
pub mod keypair;
pub mod password;
pub mod signer;
pub mod terminal;
pub mod uri;
pub mod wallet;

pub use access::Access;
pub use creation::{Created, Restored};
pub use error::WalletError;
pub use keypair::{KeyError, Keypair, Phrase};
pub use password::Password;
pub use signer::{Intent, Signer, SignerError};
pub use wallet::{HotkeySummary, WalletPath, WalletSummary};
