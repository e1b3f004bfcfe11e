//! Why something was not written, or is not known to be.

use miette::Diagnostic;
use soma_protocol::ss58::PublicKey;
use subxt::utils::H256;
use thiserror::Error;

use super::form::DriftError;
use super::journal::JournalError;
use super::preflight::Preflight;
use super::receipt::Receipt;
use super::sign::SignError;
use crate::dispatch::{Fault, Retry};
use crate::error::ChainError;
use crate::weights::WeightsError;

/// A call that is not in a final block with success.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum WriteError {
    /// The chain did not answer, or cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Chain(#[from] ChainError),

    /// The chain would refuse it, so it was not sent.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Preflight(#[from] Preflight),

    /// The scores make no weights.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Weights(#[from] WeightsError),

    /// The runtime reads extrinsics otherwise than we write them.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Drift(#[from] DriftError),

    /// There is no signature.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Sign(#[from] SignError),

    /// What was signed cannot be kept, or what was kept cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Journal(#[from] JournalError),

    /// The key is not that of the account that the plan was made for.
    #[error("the plan is for {planned}, and the key is that of {given}")]
    #[diagnostic(code(soma::chain::other_signer), help("name the wallet and hotkey of the account that was looked at"))]
    OtherSigner {
        /// The plan's account.
        planned: PublicKey,
        /// The key's account.
        given: PublicKey,
    },

    /// The node's pool did not take it: it is in no block and nothing was paid.
    #[error("{call} was refused by the node: {fault}")]
    #[diagnostic(code(soma::chain::refused_by_pool), help("{}", fault.remedy))]
    Refused {
        /// The call's name.
        call: String,
        /// Why.
        fault: Box<Fault>,
    },

    /// It is in a block and had no effect. Its fee is paid.
    #[error("{} failed in block {}: {fault}", receipt.call, receipt.block)]
    #[diagnostic(code(soma::chain::failed), help("{}", fault.remedy))]
    Failed {
        /// Why.
        fault: Box<Fault>,
        /// Where it is and what was paid.
        receipt: Box<Receipt>,
    },

    /// It was sent, or may have been, and is in no final block yet. It is kept.
    #[error("it is not known yet what became of {call} ({hash:?}): {detail}")]
    #[diagnostic(
        code(soma::chain::unsettled),
        help(
            "run the same again: the same signed bytes are looked for and sent, never others before these can no longer be \
             in a block (after block {last_valid})"
        )
    )]
    Unsettled {
        /// The call's name.
        call: String,
        /// The extrinsic's hash.
        hash: H256,
        /// The last block that it may be in.
        last_valid: u64,
        /// What is known.
        detail: String,
    },

    /// It is in no block and can no longer be in one. Nothing happened, nothing was paid.
    #[error("{call} did not get into a block: {reason}")]
    #[diagnostic(code(soma::chain::lapsed), help("nothing was changed and nothing was paid: run it again"))]
    Lapsed {
        /// The call's name.
        call: String,
        /// Why it cannot be any more.
        reason: Lapse,
    },

    /// It is in a block, and the node no longer tells what came of it.
    #[error("{call} is in block {block}, and whether it succeeded cannot be read: {detail}")]
    #[diagnostic(
        code(soma::chain::unread),
        help(
            "look at what it should have changed (`soma chain metagraph`, `soma chain balance`) before it is sent again; an archive node still tells"
        )
    )]
    Unread {
        /// The call's name.
        call: String,
        /// The extrinsic's hash.
        hash: H256,
        /// The block's number.
        block: u64,
        /// Why it cannot be read.
        detail: String,
    },

    /// Its time is over, and no node tells the blocks that it may be in.
    #[error("what became of {call} ({hash:?}) cannot be found out: {detail}")]
    #[diagnostic(
        code(soma::chain::untraceable),
        help("use an archive node, or look the hash up in a block explorer and then delete {path}")
    )]
    Untraceable {
        /// The call's name.
        call: String,
        /// The extrinsic's hash.
        hash: H256,
        /// Which block could not be had.
        detail: String,
        /// The journal's file.
        path: String,
    },
}

/// Why an extrinsic can no longer be in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Lapse {
    /// The blocks that it was valid for are over.
    #[error("its time is over, and it is in none of the blocks of it")]
    TimeOver,
    /// Its nonce belongs to another extrinsic.
    #[error("another extrinsic of this account used its nonce; another program may use the same key")]
    Overtaken,
    /// It was signed for the runtime before an upgrade.
    #[error("the runtime was upgraded before it was in a block")]
    Upgraded,
    /// The final chain has another block where it was signed: a development chain that was made anew.
    #[error("the chain that it was signed for is gone, and another one with the same first block is in its place")]
    Gone,
}

impl WriteError {
    /// Whether running the same again later can help with nothing changed here.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Chain(error) => error.passes(),
            Self::Preflight(error) => error.passes(),
            Self::Journal(error) => error.passes(),
            Self::Refused { fault, .. } | Self::Failed { fault, .. } => fault.retry == Retry::Later,
            Self::Unsettled { .. } | Self::Lapsed { .. } => true,
            Self::Weights(_)
            | Self::Drift(_)
            | Self::Sign(_)
            | Self::OtherSigner { .. }
            | Self::Unread { .. }
            | Self::Untraceable { .. } => false,
        }
    }
}
