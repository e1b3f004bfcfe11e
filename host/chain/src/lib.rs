//! The client of subtensor: what a neuron reads from its chain and writes to it.
//!
//! It speaks to finney, the test network and a development chain with the same code, through subxt's dynamic interface:
//! the metadata comes from the chain, and our own types are decoded by the names of their fields. Amounts are RAO in a
//! `u64` everywhere (1 TAO, or one alpha, is 1,000,000,000 RAO).
//!
//! What it never does: it holds no key, it trusts no endpoint for the chain's identity (a known network's first block is
//! in the code), it waits for no answer without a bound, and it sends nothing twice.
//!
//! # Layout
//! - [`network`]: which chain, and its endpoints; [`policy`]: how long we wait
//! - [`client`]: [`Client`], the connection; `link` below it changes endpoints, `convert` gives subxt's errors their meaning
//! - [`at`]: [`At`], the state at one block; its reads are in [`account`], [`subnet`], [`hyperparameters`], [`epoch`] and
//!   [`metagraph`]
//! - [`metagraph`]: [`Metagraph`], all [`neuron`]s of a subnet at one block; [`snapshot`]: the one that a neuron works
//!   with, kept up to date in the background and on disk
//! - [`write`](mod@write): what is sent: planned, signed elsewhere, kept on disk, followed into a final block;
//!   [`weights`]: from scores to weights; [`dispatch`]: the chain's refusals by name
//! - [`shape`]: what differs on the connected chain from the one that this crate was made for
//! - [`amount`]: [`Tao`]; [`axon`]: [`Axon`], a published address
//! - [`error`](mod@error): [`ChainError`]; `words`: texts of nodes, made fit to be shown

pub mod account;
pub mod amount;
pub mod at;
pub mod axon;
pub mod client;
mod convert;
pub mod dispatch;
pub mod epoch;
pub mod error;
pub mod hyperparameters;
mod link;
pub mod metagraph;
pub mod network;
pub mod neuron;
pub mod policy;
#[cfg(test)]
mod recorded;
pub mod shape;
pub mod snapshot;
pub mod subnet;
pub mod weights;
mod words;
pub mod write;

pub use account::Balance;
pub use amount::{RAO, Tao};
pub use at::{At, PALLET};
pub use axon::Axon;
pub use client::Client;
pub use epoch::{Epoch, EpochSource};
pub use error::ChainError;
pub use hyperparameters::Hyperparameters;
pub use metagraph::Metagraph;
pub use network::{Endpoint, Endpoints, Network};
pub use neuron::Neuron;
pub use policy::{LagPolicy, Policy};
pub use snapshot::{MetagraphHandle, Snapshot, SnapshotPolicy, Standing};
pub use write::{
    Call, Coldkey, ColdkeyCall, Entry, Journal, Plan, Preflight, Proposal, Receipt, Request, Sent, Sign, WriteError,
    WritePolicy, Writer,
};
