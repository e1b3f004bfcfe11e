//! What an earlier run left: finished, and held against what is wanted now.

use soma_chain::write::{Desk, Proposal, WriteError, Writer};
use soma_chain::{ChainError, Entry, Plan, Receipt, Request};

use super::error::ChainCommandError;
use super::patience;

/// What an earlier run sent, and what came of it.
pub struct Earlier {
    entry: Entry,
    /// Where it is.
    pub receipt: Receipt,
}

impl Earlier {
    /// Whether it was this very call.
    pub fn is_of(&self, plan: &Plan) -> bool {
        self.entry.call_bytes() == plan.call().bytes()
    }
}

/// Brings what the journal keeps to its end, and gives it if it had its effect. `seen` is what was there before the lock
/// was: if that is gone, another run has finished it, and nobody knows here whether it did what is wanted now.
///
/// # Errors
/// [`ChainCommandError::FinishedElsewhere`]; a [`WriteError`] while it is not known what became of it.
pub async fn finish(desk: &Desk<'_>, seen: Option<Entry>) -> miette::Result<Option<Earlier>> {
    let here = desk.pending()?;
    if let Some(seen) = seen.filter(|seen| here.as_ref().is_none_or(|here| here.hash() != seen.hash())) {
        return Err(ChainCommandError::FinishedElsewhere { call: seen.call().to_owned() }.into());
    }
    if here.is_none() {
        return Ok(None);
    }
    let what = "an earlier run was interrupted: looking what became of what it sent";
    match patience::watched(what, desk.settle()).await {
        Ok(Some((entry, receipt))) => {
            eprintln!("an earlier run's {} is final in block {}", receipt.call, receipt.block);
            Ok(Some(Earlier { entry, receipt }))
        }
        Ok(None) => Ok(None),
        // It is over and had no effect, and is no reason not to do what is wanted now.
        Err(failed @ WriteError::Failed { .. }) => {
            eprintln!("an earlier run's call is over: {failed}");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// What a request would have become in the block before a call; nothing where it would have been refused, or the node no
/// longer tells.
pub async fn plan_before(writer: &Writer, call: &Receipt, request: &Request) -> Option<Box<Plan>> {
    let planned = async {
        let number = call.block.saturating_sub(1);
        let hash = writer.client().rpc().chain_get_block_hash(Some(number.into())).await;
        let unknown = || ChainError::UnknownBlock { block: number.to_string() };
        let hash = hash.ok().flatten().ok_or_else(unknown)?;
        writer.plan_at(&writer.client().at(hash).await?, &call.account, request).await
    };
    match planned.await {
        Ok(Proposal::Send(plan)) => Some(plan),
        Ok(Proposal::Unneeded(_)) => None,
        Err(error) => {
            tracing::debug!(%error, "what would have been sent before the earlier call");
            None
        }
    }
}
