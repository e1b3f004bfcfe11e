//! The harness of the end-to-end tests: it starts real `soma` processes and the real Python SDKs, all on loopback, and
//! lets them talk to each other.
//!
//! What it never does: reach the internet or a chain, leave a process behind, write outside temporary folders, or
//! wait without a limit. The limits ([`process::LIMIT`]) are guards against hanging and never what a test measures.
//!
//! The tests need the built binary, the built guests and two Python environments. `cargo xtask test` makes all of them
//! and names them in the environment; without it the harness looks where `cargo xtask` puts them.
//!
//! # Layout
//! - [`places`]: where the binary, the guests and the Pythons are
//! - [`account`]: the published development keys, and wallet folders that hold them
//! - [`process`]: child processes with captured output and a limit
//! - [`python`]: the scripts that drive the Python SDKs
//! - [`settings`]: the `soma.toml` of a test
//! - [`neuron`]: a running `soma run`
//! - [`query`]: `soma query` and the other one-shot commands
//! - [`rpc`]: one question of the JSON-RPC, and a running `soma localnet`
//! - [`signed`]: requests signed by hand, to be bent before they are sent
//! - [`wire`]: one HTTP exchange over a plain socket
//! - [`attack`]: hostile clients, from many addresses of the loopback network
//! - [`flood`]: what they cost, measured
//! - [`mod@bench`]: what whole servers cost: ours beside the Python ones, swaps, many plugins; the chain
//! - [`differential`]: our axon beside the real one, on generated requests
//! - [`error`]: what can go wrong in the harness itself

pub mod account;
pub mod attack;
pub mod bench;
pub mod differential;
pub mod error;
pub mod flood;
pub mod neuron;
pub mod places;
pub mod process;
pub mod python;
pub mod query;
pub mod rpc;
pub mod settings;
pub mod signed;
pub mod wire;

pub use account::Account;
pub use error::HarnessError;
pub use neuron::Neuron;
pub use settings::{Settings, Slot};
