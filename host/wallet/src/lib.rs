//! Keys, wallet files, and the signer process.
//!
//! A neuron's hotkey is the one thing that Soma must never hand to anybody. This crate reads and writes the wallet
//! files of the Python SDK, and it runs the **signer**: a small process of its own that loads the hotkey, gives up
//! files, sockets and everything else it does not need, and answers typed [`Intent`]s over a socket pair. The process
//! that runs plugins holds a [`Signer`] handle, and no key.
//!
//! What it never does: it never signs bytes that a caller made up (an intent is checked and spelled out inside the
//! signer), never writes a coldkey's secret to a file, never overwrites a key file, and never prints a secret in an
//! error or in `Debug` output.
//!
//! # Layout
//! - [`keypair`]: sr25519 and ed25519 keys ([`Keypair`]) and mnemonics ([`Phrase`])
//! - [`uri`]: development keys such as `//Alice`
//! - [`keyfile`]: one key file, read and written
//! - [`wallet`]: the folder layout: [`WalletPath`], [`wallet::list`], [`wallet::show`], [`wallet::create`]
//! - [`signer`]: [`Intent`], the process ([`signer::serve`]) and its client ([`Signer`])
//! - [`mod@error`]: wallet and key file errors ([`WalletError`]; [`SignerError`] is with the signer)

pub mod error;
pub mod keyfile;
pub mod keypair;
pub mod signer;
pub mod uri;
pub mod wallet;

pub use error::WalletError;
pub use keypair::{KeyError, Keypair, Phrase};
pub use signer::{Intent, Signer, SignerError};
pub use wallet::{Created, HotkeySummary, WalletPath, WalletSummary};
