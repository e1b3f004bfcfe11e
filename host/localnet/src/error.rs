//! What can go wrong with a development chain.

use std::net::SocketAddr;

use miette::Diagnostic;
use thiserror::Error;

use crate::change::Change;

/// Why a development chain does not do what was asked of it.
#[derive(Debug, Error, Diagnostic)]
pub enum LocalnetError {
    /// The address cannot be listened on.
    #[error("{address} cannot be listened on")]
    #[diagnostic(
        code(soma::localnet::listen),
        help("another program has this port: give another one with --port, or 0 for a free one")
    )]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the kernel said.
        source: std::io::Error,
    },
    /// A thread or its runtime could not be made.
    #[error("the chain's thread could not be started")]
    #[diagnostic(code(soma::localnet::thread), help("the machine is out of threads or descriptors; see ulimit -a"))]
    Thread(#[source] std::io::Error),
    /// A change makes no sense in this state.
    #[error("{change:?} cannot be made: {reason}")]
    #[diagnostic(code(soma::localnet::change), help("changes are made in their order; put what it needs before it"))]
    Change {
        /// Which.
        change: Change,
        /// Why not.
        reason: String,
    },
    /// The first state could not be built.
    #[error("the first block's state cannot be built: {0}")]
    #[diagnostic(
        code(soma::localnet::genesis),
        help("look at the accounts of the genesis: an amount of 0 or one account twice is refused")
    )]
    Genesis(String),
}
