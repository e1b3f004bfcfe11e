//! Sends calls: planned, signed, kept, handed in, and followed into a final block.

use std::time::Duration;

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest as _};
use soma_protocol::signature;
use soma_protocol::ss58::PublicKey;
use soma_wallet::signer::Terms;
use subxt::utils::H256;

use super::course::{self, Course, End, Past};
use super::desk::Desk;
use super::entry::Entry;
use super::error::{Lapse, WriteError};
use super::form::{self, Unsigned};
use super::journal::{Held, Journal, Page};
use super::plan::{Plan, Proposal};
use super::receipt::Receipt;
use super::request::{Request, Step};
use super::sign::{Sign, SignError};
use crate::at::{At, PALLET};
use crate::client::Client;

/// Blocks that an extrinsic is valid for: 13 minutes on finney, of which finality takes one.
pub(super) const PERIOD: u16 = 64;

/// Bounds for writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WritePolicy {
    /// Blocks after the newest final one in which an extrinsic may be: a power of two, 4 to 256. Default 64.
    pub period: u16,
    /// How long an extrinsic is waited for until it is final, by the wall clock. Default 3 minutes.
    pub patience: Duration,
    /// How long another process that writes for the same account is waited for. Default 10 s.
    pub lock: Duration,
}

impl Default for WritePolicy {
    fn default() -> Self {
        Self { period: PERIOD, patience: Duration::from_secs(180), lock: Duration::from_secs(10) }
    }
}

/// Writes to one chain. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Writer {
    client: Client,
    journal: Journal,
    policy: WritePolicy,
}

impl Writer {
    /// Writes over this connection, and keeps what it signs in this journal.
    #[must_use]
    pub fn new(client: Client, journal: Journal, policy: WritePolicy) -> Self {
        Self { client, journal, policy }
    }

    /// The connection.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Looks whether the chain would refuse a request of this account, and what it costs. It only reads: this is what
    /// `--dry-run` shows. The newest block is looked at, which is what a node's pool goes by.
    ///
    /// # Errors
    /// [`WriteError::Preflight`] for what the chain would refuse, [`WriteError::Weights`], [`WriteError::Drift`], or
    /// that the chain cannot be read.
    pub async fn plan(&self, account: &PublicKey, request: &Request) -> Result<Proposal, WriteError> {
        self.plan_at(&self.client.at_best().await?, account, request).await
    }

    /// The same at another block: what a request would have become there.
    ///
    /// # Errors
    /// As [`plan`](Self::plan).
    pub async fn plan_at(&self, at: &At, account: &PublicKey, request: &Request) -> Result<Proposal, WriteError> {
        match request.draft(at, account).await? {
            Step::Send(draft) => Ok(Proposal::Send(Box::new(Plan::new(at, account, draft).await?))),
            Step::Unneeded(reason) => Ok(Proposal::Unneeded(reason)),
        }
    }

    /// What the journal keeps for an account: signed by an earlier run that did not live to see what became of it.
    ///
    /// # Errors
    /// [`WriteError::Journal`] for a file that cannot be read.
    pub fn pending(&self, account: &PublicKey) -> Result<Option<Entry>, WriteError> {
        Ok(self.page(account).load()?)
    }

    /// Waits until nobody else writes for an account, and keeps it so.
    ///
    /// # Errors
    /// [`WriteError::Journal`] when another process still writes for it after the policy's time.
    pub async fn hold(&self, account: &PublicKey) -> Result<Desk<'_>, WriteError> {
        let page = self.page(account).hold(self.policy.lock).await?;
        Ok(Desk::new(self, *account, page))
    }

    /// Brings what the journal keeps for an account to its end: finds it in a block, or sends the same bytes again.
    /// Nothing if there is none, or if it had no effect and cannot have one any more, which is logged.
    ///
    /// # Errors
    /// [`WriteError::Unsettled`] when it is not known yet, and what [`send`](Self::send) gives for one that was sent.
    pub async fn resume(&self, account: &PublicKey) -> Result<Option<Receipt>, WriteError> {
        let settled = self.hold(account).await?.settle().await?;
        Ok(settled.map(|(_, receipt)| receipt))
    }

    /// Signs a planned call, sends it, and waits until it is final. What an earlier run left is brought to its end first;
    /// if that was the same call and it succeeded, its receipt is given and nothing else is sent ([`Sent::Earlier`](super::Sent::Earlier)).
    ///
    /// # Errors
    /// [`WriteError`]. After [`WriteError::Unsettled`] the call may still be carried out; after every other it will not,
    /// apart from one that came from the journal.
    pub async fn send(&self, plan: &Plan, signer: &impl Sign) -> Result<Receipt, WriteError> {
        let (planned, given) = (*plan.account(), signer.account());
        if planned != given {
            return Err(WriteError::OtherSigner { planned, given });
        }
        self.hold(&planned).await?.send(plan, signer).await
    }

    /// The same from a page that is held.
    pub(super) async fn send_from(&self, page: &Held, plan: &Plan, signer: &impl Sign) -> Result<Receipt, WriteError> {
        match self.settle(page).await {
            Ok(Some((entry, receipt))) if entry.call_bytes == plan.call().bytes() => return Ok(receipt),
            Ok(_) => {}
            // Its nonce is used and it had no effect: nothing of it is under way.
            Err(WriteError::Failed { fault, receipt }) => {
                tracing::warn!(target: "chain", call = %receipt.call, block = receipt.block, %fault, "an earlier call failed");
            }
            Err(error) => return Err(error),
        }
        let mut left = signer.signatures();
        loop {
            left = left.saturating_sub(1);
            let entry = self.sign(plan, signer).await?;
            course::store(page, &entry).await?;
            match Course::new(&self.client, page, &entry, Past::Fresh, self.policy.patience).run().await? {
                End::Done(receipt) => return Ok(receipt),
                End::Nothing(reason) if left > 0 && reason != Lapse::TimeOver => {
                    tracing::warn!(target: "chain", call = %entry.call, %reason, "signing once more");
                }
                End::Nothing(reason) => return Err(WriteError::Lapsed { call: entry.call, reason }),
            }
        }
    }

    fn page(&self, account: &PublicKey) -> Page {
        self.journal.page(self.client.genesis(), *account)
    }

    /// Brings what is kept to its end.
    pub(super) async fn settle(&self, page: &Held) -> Result<Option<(Entry, Receipt)>, WriteError> {
        let Some(entry) = page.load()? else { return Ok(None) };
        tracing::info!(target: "chain", call = %entry.call, hash = ?entry.hash, "an earlier run left this under way");
        match Course::new(&self.client, page, &entry, Past::Seen, self.policy.patience).run().await? {
            End::Done(receipt) => Ok(Some((entry, receipt))),
            End::Nothing(reason) => {
                tracing::warn!(target: "chain", call = %entry.call, %reason, "it had no effect");
                Ok(None)
            }
        }
    }

    /// Signs a call for the blocks after the newest final one, if the runtime reads it as we write it. The runtime is that
    /// of the newest block, which pools go by: an upgrade takes a while until it is final.
    async fn sign(&self, plan: &Plan, signer: &impl Sign) -> Result<Entry, WriteError> {
        let (call, account) = (plan.call(), *plan.account());
        let (from, at) = (self.client.at_finalized().await?, self.client.at_best().await?);
        form::check(at.metadata(), at.spec_version(), call)?;
        let terms = Terms {
            nonce: self.client.next_nonce(account.0).await?,
            birth: from.number(),
            checkpoint: from.hash().0,
            period: self.policy.period,
            genesis: self.client.genesis().0,
            spec_version: at.spec_version(),
            transaction_version: at.block().transaction_version(),
        };
        let dynamic = form::dynamic(call);
        let unsigned = Unsigned::new(&at.block().transactions(), call, &dynamic, &terms)?;
        let signed = signer.sign(call, &terms).await?;
        if !signature::verify(signer.crypto(), &account, unsigned.payload(), &signed) {
            return Err(SignError::False { call: call.name(), account }.into());
        }
        let bytes = unsigned.signed(&account, signer.crypto(), signed)?;
        Ok(Entry {
            version: Entry::VERSION,
            call: format!("{PALLET}.{}", call.name()),
            account,
            genesis: self.client.genesis(),
            hash: H256(Blake2b::<U32>::digest(&bytes).into()),
            nonce: terms.nonce,
            birth: terms.birth,
            checkpoint: H256(terms.checkpoint),
            last_valid: terms.birth.saturating_add(u64::from(terms.period)).saturating_sub(1),
            spec_version: terms.spec_version,
            transaction_version: terms.transaction_version,
            call_bytes: call.bytes(),
            bytes,
        })
    }
}
