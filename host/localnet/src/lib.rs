//! A development chain: the public interface of subtensor at finney's spec version 393, behind Substrate's JSON-RPC on the
//! loopback address. Blocks come at once or in a steady beat, accounts have funds, and what can go wrong with a node can be
//! made to go wrong.
//!
//! Names, types, indexes and shapes are those of finney; a test holds them against its metadata. The rules behind them are
//! ours: what passes here shows that a client speaks correctly, not that the real chain would pay for it. The runtime is
//! compiled into the program; there is no WebAssembly, no network of nodes and no database.
//!
//! It never opens a socket beyond 127.0.0.1, never writes to disk, and never holds a key: development accounts are made of
//! texts that everybody knows.
//!
//! # Layout
//! - `localnet`: the chain as a whole
//! - `genesis`, `change`, `layer`: what it starts with, and what is set from outside
//! - `runtime`, `interface`, `metadata`, `extensions`: the runtime that clients see
//! - `pallet`, `types`: storages, calls, errors and events of `SubtensorModule`
//! - `rules`, `epoch`: what calls do, and what time does
//! - `views`: the answers of the runtime's interfaces
//! - `node`: blocks, pool, sockets, questions and faults

mod change;
mod epoch;
mod error;
mod extensions;
mod genesis;
mod interface;
mod layer;
mod localnet;
mod metadata;
mod node;
mod pallet;
mod rules;
mod runtime;
mod types;
mod views;

pub use change::{Account, Change, Switch};
pub use error::LocalnetError;
pub use genesis::{DEVELOPERS, Genesis, Member, Subnet, account};
pub use layer::{Layer, SPEC_VERSION};
pub use localnet::{BlockTime, Config, Localnet};
pub use node::fault::Fault;
pub use rules::TAO;
