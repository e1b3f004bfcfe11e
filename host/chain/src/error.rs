//! What can go wrong between us and the chain.

use std::time::Duration;

use miette::Diagnostic;
use thiserror::Error;

/// A question to the chain was not answered, or the answer cannot be used.
///
/// Causes are kept as text: an error is also remembered for an endpoint while it rests, and told to all that ask for it.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum ChainError {
    /// Neither a network's name nor a URL of a WebSocket.
    #[error("`{given}` is neither a network nor an endpoint")]
    #[diagnostic(
        code(soma::chain::network),
        help(
            "write finney, test or local, or a URL that begins with wss:// or ws:// (--subtensor.network, --subtensor.chain_endpoint)"
        )
    )]
    Network {
        /// What was given.
        given: String,
    },

    /// No connection could be made.
    #[error("cannot connect to {endpoint}: {detail}")]
    #[diagnostic(
        code(soma::chain::endpoint_down),
        help("check the URL and this machine's network; name a second endpoint so that one may fail")
    )]
    EndpointDown {
        /// The endpoint, as it may be shown.
        endpoint: String,
        /// What the transport said.
        detail: String,
    },

    /// None of several endpoints can be used.
    #[error("no endpoint can be used: {detail}")]
    #[diagnostic(
        code(soma::chain::endpoints_down),
        help("check this machine's network first: all endpoints failed; they are tried again after a pause")
    )]
    AllEndpointsDown {
        /// One reason for each endpoint.
        detail: String,
    },

    /// An open connection gave no answer: a half-open socket, or a node that hangs.
    #[error("{endpoint} did not answer `{question}` within {} ms", .after.as_millis())]
    #[diagnostic(
        code(soma::chain::no_answer),
        help("the connection was closed and the next endpoint is used; if it stays, name another endpoint")
    )]
    NoAnswer {
        /// The endpoint, as it may be shown.
        endpoint: String,
        /// The JSON-RPC method.
        question: String,
        /// How long we waited.
        after: Duration,
    },

    /// The connection broke while a question was open.
    #[error("the connection to {endpoint} was lost during `{question}`: {detail}")]
    #[diagnostic(code(soma::chain::connection_lost), help("it is made again by itself; try again"))]
    ConnectionLost {
        /// The endpoint, as it may be shown.
        endpoint: String,
        /// The JSON-RPC method.
        question: String,
        /// What the transport said.
        detail: String,
    },

    /// The endpoint serves another chain than the one that was asked for.
    #[error("{endpoint} serves another chain: its first block is {found}, not {expected}")]
    #[diagnostic(
        code(soma::chain::wrong_chain),
        help(
            "the network and the endpoint do not belong together: correct --subtensor.network or --subtensor.chain_endpoint; a \
             development chain that was made anew is followed with --subtensor.network local"
        )
    )]
    WrongChain {
        /// The endpoint, as it may be shown.
        endpoint: String,
        /// The genesis hash of the network, in hex.
        expected: String,
        /// The genesis hash of the endpoint, in hex.
        found: String,
    },

    /// The node has not got the newest blocks.
    #[error("{endpoint} is behind: {detail}")]
    #[diagnostic(
        code(soma::chain::node_behind),
        help("wait until the node has caught up, use another endpoint, or check this machine's clock")
    )]
    NodeBehind {
        /// The endpoint, as it may be shown.
        endpoint: String,
        /// How it shows.
        detail: String,
    },

    /// The node has thrown the state of this block away.
    #[error("the node no longer has the state of block {block}")]
    #[diagnostic(
        code(soma::chain::state_pruned),
        help("ask for a newer block, or use an archive node; an ordinary node keeps the last 256 blocks")
    )]
    StatePruned {
        /// The block's hash, in hex.
        block: String,
    },

    /// The node does not know this block.
    #[error("the node does not know block {block}")]
    #[diagnostic(
        code(soma::chain::unknown_block),
        help("it is on a fork, or the endpoint has not got it yet: read again at the newest block")
    )]
    UnknownBlock {
        /// The block's hash, in hex.
        block: String,
    },

    /// The node answered with an error.
    #[error("`{question}` was refused: {message} ({code})")]
    #[diagnostic(
        code(soma::chain::refused),
        help("if the method is not known, the endpoint is no full node or a proxy hides it: use another endpoint")
    )]
    Refused {
        /// What was asked.
        question: String,
        /// The JSON-RPC error code.
        code: i32,
        /// The node's words.
        message: String,
    },

    /// The runtime's description cannot be read.
    #[error("cannot use the runtime of this chain: {detail}")]
    #[diagnostic(
        code(soma::chain::unknown_runtime),
        help(
            "this chain's runtime has a metadata format that this version of soma does not know: look for a newer soma"
        )
    )]
    UnknownRuntime {
        /// What could not be read.
        detail: String,
    },

    /// The runtime has no such call, storage or runtime API.
    #[error("the runtime (spec version {spec}) has no {what}")]
    #[diagnostic(
        code(soma::chain::missing),
        help(
            "this chain is older or newer than what soma was made for: `soma chain` and `soma doctor` list what differs"
        )
    )]
    Missing {
        /// For instance `storage SubtensorModule.Uids`.
        what: String,
        /// The runtime's spec version.
        spec: u32,
    },

    /// An answer is not what the metadata or we expect.
    #[error("cannot read {what}: {detail}")]
    #[diagnostic(
        code(soma::chain::undecodable),
        help(
            "the runtime changed the type of this item: look for a newer soma, and see the drift that it reports at start"
        )
    )]
    Undecodable {
        /// What was read.
        what: String,
        /// Where decoding ended.
        detail: String,
    },

    /// There is no such subnet.
    #[error("subnet {netuid} does not exist on this chain")]
    #[diagnostic(code(soma::chain::no_subnet), help("correct --netuid, or --subtensor.network"))]
    NoSubnet {
        /// The subnet's number.
        netuid: u16,
    },

    /// A snapshot on disk cannot be written or read.
    #[error("cannot {action} the metagraph at {path}: {detail}")]
    #[diagnostic(
        code(soma::chain::snapshot),
        help("check the folder's owner and free space; a damaged file may be deleted, it is only a copy of the chain")
    )]
    Snapshot {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: String,
        /// What is wrong.
        detail: String,
    },
}

impl ChainError {
    /// Whether asking again later can help with nothing changed here: an endpoint that is down, slow or behind.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::EndpointDown { .. }
            | Self::AllEndpointsDown { .. }
            | Self::NoAnswer { .. }
            | Self::ConnectionLost { .. }
            | Self::NodeBehind { .. }
            | Self::UnknownBlock { .. } => true,
            Self::Network { .. }
            | Self::WrongChain { .. }
            | Self::StatePruned { .. }
            | Self::Refused { .. }
            | Self::UnknownRuntime { .. }
            | Self::Missing { .. }
            | Self::Undecodable { .. }
            | Self::NoSubnet { .. }
            | Self::Snapshot { .. } => false,
        }
    }
}
