//! Where a signed extrinsic is: handed to a node, in a final block, or nowhere any more.

use subxt::utils::H256;

use super::entry::Entry;
use super::error::{Lapse, WriteError};
use super::journal::Held;
use super::receipt::Place;
use crate::client::Client;
use crate::convert;
use crate::dispatch::Fault;
use crate::dispatch::pool::{self, Verdict};
use crate::error::ChainError;

/// JSON-RPC errors with which a server says that it did not even look at the question.
const NOT_LOOKED_AT: [i32; 4] = [-32700, -32600, -32601, -32602];

/// What a node says to an extrinsic that it is given.
pub(super) enum Handed {
    /// It waits for its block.
    Taken,
    /// Its nonce is used up, by itself or by another.
    Stale(Fault),
    /// It does not wait in this node's pool. If the node never had it, it never will be in a block.
    Refused(Fault),
    /// Whether it arrived is not known.
    Unknown(ChainError),
    /// There was no connection to send it over.
    Unsent(ChainError),
}

/// Gives an extrinsic to the connected node, once.
pub(super) async fn hand_in(client: &Client, entry: &Entry) -> Handed {
    let question = "author_submitExtrinsic";
    let error = match client.rpc().author_submit_extrinsic(entry.bytes()).await {
        Ok(_) => return Handed::Taken,
        Err(subxt_rpcs::Error::User(error)) => error,
        Err(other) => return lost(convert::rpc(question, other)),
    };
    // Codes of the pool are of its `author` methods; any other may come from something between, after the node took it.
    if !(1000..2000).contains(&error.code) && !NOT_LOOKED_AT.contains(&error.code) {
        return Handed::Unknown(convert::rpc(question, subxt_rpcs::Error::User(error)));
    }
    match pool::verdict(&error) {
        Verdict::Waits => Handed::Taken,
        Verdict::Stale(fault) => Handed::Stale(fault),
        Verdict::Unclear(fault) => Handed::Unknown(ChainError::Refused {
            question: question.to_owned(),
            code: error.code,
            message: fault.to_string(),
        }),
        Verdict::Full(fault) | Verdict::Refused(fault) => Handed::Refused(fault),
    }
}

/// A connection that could not be made carried nothing; one that ended may have.
fn lost(error: ChainError) -> Handed {
    match error {
        ChainError::EndpointDown { .. }
        | ChainError::AllEndpointsDown { .. }
        | ChainError::WrongChain { .. }
        | ChainError::NodeBehind { .. } => Handed::Unsent(error),
        error => Handed::Unknown(error),
    }
}

/// Where an extrinsic is, by what the final blocks say.
pub(super) enum Fate {
    /// In this block.
    Final(Place),
    /// In none, and it can be in none any more.
    Over(Lapse),
    /// In none yet.
    Open,
}

/// Looks for one extrinsic in final blocks, each of which is read at most once, and only when the account's nonce has
/// moved or the extrinsic's time is over.
pub(super) struct Trail<'a> {
    client: &'a Client,
    entry: &'a Entry,
    /// The next block to be read.
    next: u64,
    /// The newest final block when it was last looked at.
    seen: Option<H256>,
}

impl<'a> Trail<'a> {
    pub(super) fn new(client: &'a Client, entry: &'a Entry) -> Self {
        Self { client, entry, next: entry.birth.saturating_add(1), seen: None }
    }

    /// Looks once.
    pub(super) async fn look(&mut self, page: &Held) -> Result<Fate, WriteError> {
        let head = self.client.rpc().chain_get_finalized_head().await;
        let head = head.map_err(|error| convert::rpc("chain_getFinalizedHead", error))?;
        if self.seen == Some(head) {
            return Ok(Fate::Open);
        }
        let at = self.client.at(head).await?;
        let versions = (at.spec_version(), at.block().transaction_version());
        let lapse = if at.nonce(&self.entry.account).await? > self.entry.nonce {
            Some(Lapse::Overtaken)
        } else if versions != (self.entry.spec_version, self.entry.transaction_version) {
            Some(Lapse::Upgraded)
        } else if at.number() >= self.entry.last_valid {
            Some(Lapse::TimeOver)
        } else {
            None
        };
        let Some(lapse) = lapse else {
            self.seen = Some(head);
            return Ok(Fate::Open);
        };
        match self.find(at.number().min(self.entry.last_valid), page).await? {
            Some(place) => Ok(Fate::Final(place)),
            None => Ok(Fate::Over(lapse)),
        }
    }

    /// Reads the blocks up to one that is final.
    async fn find(&mut self, last: u64, page: &Held) -> Result<Option<Place>, WriteError> {
        let rpc = self.client.rpc();
        while self.next <= last {
            let number = self.next;
            let hash = rpc.chain_get_block_hash(Some(number.into())).await;
            let hash = hash.map_err(|error| convert::rpc("chain_getBlockHash", error))?;
            // The head was another node's, before the connection changed.
            let hash = hash.ok_or_else(|| ChainError::UnknownBlock { block: number.to_string() })?;
            let block = rpc.chain_get_block(Some(hash)).await.map_err(|error| convert::rpc("chain_getBlock", error))?;
            let Some(block) = block else { return Err(self.untraceable(number, page)) };
            let place = block.block.extrinsics.iter().position(|bytes| bytes.0 == self.entry.bytes);
            if let Some(index) = place {
                let index = u32::try_from(index).unwrap_or(u32::MAX);
                return Ok(Some(Place { block: number, hash, index }));
            }
            self.next = self.next.saturating_add(1);
        }
        Ok(None)
    }

    fn untraceable(&self, number: u64, page: &Held) -> WriteError {
        WriteError::Untraceable {
            call: self.entry.call.clone(),
            hash: self.entry.hash,
            detail: format!("the node no longer has block {number}"),
            path: page.path().display().to_string(),
        }
    }
}
