//! Where a signed extrinsic is: handed to a node, in a final block, or nowhere any more.

use subxt::utils::H256;

use super::entry::Entry;
use super::error::{Lapse, WriteError};
use super::journal::Held;
use super::receipt::Place;
use crate::at::At;
use crate::client::Client;
use crate::convert;
use crate::dispatch::Fault;
use crate::dispatch::pool::{self, Verdict};
use crate::error::ChainError;

/// JSON-RPC errors with which a server says that it did not even look at the question.
const NOT_LOOKED_AT: [i32; 4] = [-32700, -32600, -32601, -32602];

/// Over at most this many blocks the way goes back one by one to the last that matters.
const NEAR: u64 = 256;

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
    /// Not known: this newest final block of the node comes before those that it may be in.
    Early(u64),
}

/// Looks for one extrinsic in final blocks, each of which is read at most once, and only when the account's nonce has
/// moved or the extrinsic's time is over.
///
/// Nodes differ in what they have, and the connection may go to another one between two questions. So the blocks are not
/// asked for by their numbers: the way goes back from one final block over the hashes of parents, down to the block that
/// the extrinsic was signed after. What ends on the way (a connection, patience) goes on where it was.
pub(super) struct Trail<'a> {
    client: &'a Client,
    entry: &'a Entry,
    /// The newest final block when it was last looked at.
    seen: Option<H256>,
    /// The number of the newest final block that was seen.
    newest: u64,
    /// Whether the chain has the block that the extrinsic was signed after.
    rooted: bool,
    walk: Option<Walk>,
    found: Option<Place>,
}

/// A way back over final blocks.
#[derive(Clone, Copy)]
struct Walk {
    /// Why the extrinsic is in none, should it be in none; nothing when only the beginning of the way is in question.
    lapse: Option<Lapse>,
    /// The next block to be read.
    hash: H256,
    number: u64,
}

impl<'a> Trail<'a> {
    pub(super) fn new(client: &'a Client, entry: &'a Entry) -> Self {
        Self { client, entry, seen: None, newest: entry.birth, rooted: false, walk: None, found: None }
    }

    /// The number of the newest final block that was seen.
    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    /// Looks once. Nothing is lost when this is given up halfway.
    pub(super) async fn look(&mut self, page: &Held) -> Result<Fate, WriteError> {
        if let Some(place) = self.found {
            return Ok(Fate::Final(place));
        }
        if self.walk.is_none()
            && let Some(fate) = self.begin().await?
        {
            return Ok(fate);
        }
        self.go_back(page).await
    }

    /// Looks at the newest final block. Begins a walk, or says why there is none.
    async fn begin(&mut self) -> Result<Option<Fate>, WriteError> {
        let connection = self.client.connection();
        let head = self.head().await?;
        if self.seen == Some(head) {
            return Ok(Some(Fate::Open));
        }
        let at = self.client.at(head).await?;
        if at.number() < self.entry.birth {
            return Ok(Some(Fate::Early(at.number())));
        }
        self.newest = self.newest.max(at.number());
        if at.number() == self.entry.birth {
            let here = head == self.entry.checkpoint;
            return Ok(Some(if here { Fate::Open } else { Fate::Over(Lapse::Gone) }));
        }
        let lapse = self.lapse(&at).await?;
        if lapse.is_none() && self.is_rooted().await? {
            self.seen = Some(head);
            return Ok(Some(Fate::Open));
        }
        let (hash, number) = self.start(&at, connection).await?;
        self.walk = Some(Walk { lapse, hash, number });
        Ok(None)
    }

    async fn head(&self) -> Result<H256, ChainError> {
        let head = self.client.rpc().chain_get_finalized_head().await;
        head.map_err(|error| convert::rpc("chain_getFinalizedHead", error))
    }

    /// Why the extrinsic can be in no block after this final one. Versions only rise: a lower one is that of a block
    /// before the upgrade that it was signed after.
    async fn lapse(&self, at: &At) -> Result<Option<Lapse>, ChainError> {
        Ok(if at.nonce(&self.entry.account).await? > self.entry.nonce {
            Some(Lapse::Overtaken)
        } else if at.spec_version() > self.entry.spec_version {
            Some(Lapse::Upgraded)
        } else if at.number() >= self.entry.last_valid {
            Some(Lapse::TimeOver)
        } else {
            None
        })
    }

    /// Whether the node has the block that it was signed after. This goes by the number, so only a yes is taken for true.
    async fn is_rooted(&mut self) -> Result<bool, ChainError> {
        if !self.rooted {
            self.rooted = self.hash(self.entry.birth).await? == Some(self.entry.checkpoint);
        }
        Ok(self.rooted)
    }

    async fn hash(&self, number: u64) -> Result<Option<H256>, ChainError> {
        let hash = self.client.rpc().chain_get_block_hash(Some(number.into())).await;
        hash.map_err(|error| convert::rpc("chain_getBlockHash", error))
    }

    /// Where the way back begins: at the final block, or, when that is far behind all that matter, at the last of those. The
    /// number will do for it, if the same node has it deep under its final block.
    async fn start(&self, at: &At, connection: Option<u64>) -> Result<(H256, u64), ChainError> {
        let last = self.entry.last_valid;
        if at.number().saturating_sub(last) <= NEAR {
            return Ok((at.hash(), at.number()));
        }
        let hash = self.hash(last).await?;
        let same = connection.is_some() && connection == self.client.connection();
        let hash = hash.filter(|_| same).ok_or_else(|| ChainError::UnknownBlock { block: last.to_string() })?;
        Ok((hash, last))
    }

    /// Reads the blocks of the walk.
    async fn go_back(&mut self, page: &Held) -> Result<Fate, WriteError> {
        while let Some(walk) = self.walk.filter(|walk| walk.number > self.entry.birth) {
            let parent = match walk.number > self.entry.last_valid {
                true => self.parent(walk, page).await?,
                false => match self.read(walk, page).await? {
                    Step::Back(parent) => parent,
                    Step::Here(place) => {
                        self.found = Some(place);
                        return Ok(Fate::Final(place));
                    }
                },
            };
            self.walk = Some(Walk { hash: parent, number: walk.number.saturating_sub(1), ..walk });
        }
        let Some(walk) = self.walk.take() else { return Ok(Fate::Open) };
        if walk.hash != self.entry.checkpoint {
            return Ok(Fate::Over(Lapse::Gone));
        }
        self.rooted = true;
        Ok(walk.lapse.map_or(Fate::Open, Fate::Over))
    }

    async fn parent(&self, walk: Walk, page: &Held) -> Result<H256, WriteError> {
        let header = self.client.rpc().chain_get_header(Some(walk.hash)).await;
        match header.map_err(|error| convert::rpc("chain_getHeader", error))? {
            Some(header) => Ok(header.parent_hash),
            None => Err(self.missing(walk, page).await),
        }
    }

    async fn read(&self, walk: Walk, page: &Held) -> Result<Step, WriteError> {
        let block = self.client.rpc().chain_get_block(Some(walk.hash)).await;
        let block = block.map_err(|error| convert::rpc("chain_getBlock", error))?;
        let Some(block) = block.map(|details| details.block) else { return Err(self.missing(walk, page).await) };
        let Some(index) = block.extrinsics.iter().position(|bytes| bytes.0 == self.entry.bytes) else {
            return Ok(Step::Back(block.header.parent_hash));
        };
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        Ok(Step::Here(Place { block: walk.number, hash: walk.hash, index }))
    }

    /// Why the node has not got a block: it is not there yet, or has let go of it.
    async fn missing(&self, walk: Walk, page: &Held) -> WriteError {
        let newest = match self.head().await {
            Ok(head) => self.client.rpc().chain_get_header(Some(head)).await,
            Err(error) => return error.into(),
        };
        match newest {
            Ok(Some(header)) if header.number >= walk.number => WriteError::Untraceable {
                call: self.entry.call.clone(),
                hash: self.entry.hash,
                detail: format!("the node has not got block {} ({:?})", walk.number, walk.hash),
                path: page.path().display().to_string(),
            },
            Ok(_) => ChainError::UnknownBlock { block: format!("{:?}", walk.hash) }.into(),
            Err(error) => convert::rpc("chain_getHeader", error).into(),
        }
    }
}

/// What was read in one block.
enum Step {
    /// It is here.
    Here(Place),
    /// It is not; this is the block before.
    Back(H256),
}
