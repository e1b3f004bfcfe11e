//! Keeps this neuron's address on the chain, while the host serves.
//!
//! After each read of the metagraph it compares the address that the chain tells callers with the operator's. One that is
//! missing is published: at the start, and again when the chain lost it (a neuron that was registered anew has none). One
//! that somebody else put there after it was ours is left alone and told: two hosts with one hotkey would otherwise take
//! the address from each other for ever.
//!
//! What bounds it: one extrinsic at a time, kept in the journal before it is sent, and none within the subnet's serving
//! rate limit. Requests are served whatever comes of it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use miette::Diagnostic;
use soma_chain::write::{Journal, Preflight, Proposal, ServeAxon, WriteError, WritePolicy, Writer};
use soma_chain::{MetagraphHandle, Request, Snapshot, Standing};
use soma_protocol::ss58::PublicKey;
use soma_wallet::Signer;

use crate::notify::{About, ServiceManager};

/// How long nothing is tried after a fault that waiting does not mend. Somebody may mend it meanwhile: an account that
/// cannot pay, a chain that was upgraded.
const PAUSE: Duration = Duration::from_secs(600);
/// Seconds between two blocks of the real chain.
const BLOCK_SECONDS: u64 = 12;

/// What the task needs.
pub struct Publisher {
    handle: MetagraphHandle,
    signer: Signer,
    journal: Journal,
    manager: Arc<ServiceManager>,
    /// What is to be published.
    address: SocketAddr,
    /// What an earlier run left in the journal was brought to its end.
    is_settled: bool,
    progress: Progress,
    /// The first block of the chain that all this is about. A development chain may be made anew meanwhile.
    genesis: Option<[u8; 32]>,
    /// It was about another chain before: the signer may have signed for that one, and then signs for no other.
    was_elsewhere: bool,
}

/// How far it is.
#[derive(Debug, Default)]
struct Progress {
    /// The block from which on the chain had our address, as far as is known.
    ours_since: Option<u64>,
    /// The block before which the chain takes no address.
    not_before_block: Option<u64>,
    /// Nothing is tried before this.
    not_before: Option<Instant>,
    /// The address of another host that was told of.
    told_of: Option<SocketAddr>,
    /// The chain had our address and has it no more.
    is_lost: bool,
}

/// What the chain says of this neuron at a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// It has no uid.
    Unregistered,
    /// It has one, and perhaps an address.
    Registered(Option<SocketAddr>),
}

/// What follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    /// Nothing is to be done.
    Stay,
    /// The chain has our address.
    Confirm,
    /// It has none, or an old one of ours.
    Publish,
    /// It has another one since, which is not ours to take away.
    Yield(SocketAddr),
}

impl Progress {
    /// What is to be done when the chain says this at a block.
    fn course(&self, block: u64, seen: Seen, address: SocketAddr) -> Course {
        // A node that is a little behind may not know yet what another one has told.
        if self.ours_since.is_some_and(|since| block < since) {
            return Course::Stay;
        }
        match seen {
            Seen::Unregistered => Course::Stay,
            Seen::Registered(Some(there)) if there == address => Course::Confirm,
            Seen::Registered(Some(there)) if self.ours_since.is_some() => Course::Yield(there),
            Seen::Registered(_) if self.waits(block) => Course::Stay,
            Seen::Registered(_) => Course::Publish,
        }
    }

    fn waits(&self, block: u64) -> bool {
        self.not_before_block.is_some_and(|due| block < due) || self.not_before.is_some_and(|due| Instant::now() < due)
    }

    /// The chain has none any more: it is ours to put there again, and it stays so until it is. Whether that is news.
    fn loses(&mut self) -> bool {
        self.ours_since.is_some() && !std::mem::replace(&mut self.is_lost, true)
    }

    /// The chain has our address from this block on.
    fn is_ours(&mut self, block: u64) {
        *self = Progress {
            ours_since: Some(self.ours_since.map_or(block, |since| since.max(block))),
            ..Progress::default()
        };
    }
}

impl Publisher {
    pub(super) fn new(
        handle: MetagraphHandle,
        signer: Signer,
        journal: Journal,
        (manager, address): (Arc<ServiceManager>, SocketAddr),
    ) -> Publisher {
        Publisher {
            handle,
            signer,
            journal,
            manager,
            address,
            is_settled: false,
            progress: Progress::default(),
            genesis: None,
            was_elsewhere: false,
        }
    }

    /// Goes on until the host stops.
    pub async fn run(mut self) {
        loop {
            self.look().await;
            self.handle.next_read().await;
        }
    }

    /// What was kept over a restart may be older than what the chain has by now: only what was just read counts.
    async fn look(&mut self) {
        let Some(snapshot) = self.handle.current().filter(|_| self.handle.standing() == Standing::Fresh) else {
            return;
        };
        let metagraph = snapshot.metagraph();
        if !self.knows_chain(&snapshot) {
            return;
        }
        self.settle().await;
        let seen = match metagraph.by_hotkey(&self.signer.public_key()) {
            Some(own) => Seen::Registered(own.axon.and_then(|axon| axon.address())),
            None => Seen::Unregistered,
        };
        match self.progress.course(metagraph.block(), seen, self.address) {
            Course::Stay => {}
            Course::Confirm => self.confirm(metagraph.block()),
            Course::Yield(there) => self.give_way(there),
            Course::Publish => {
                if self.progress.loses() {
                    tracing::warn!(address = %self.address, "the chain lost the address of this neuron: it is published again");
                }
                self.publish(metagraph.block()).await;
            }
        }
    }

    /// Begins anew on another chain: its blocks have other numbers, and nothing of the old one is on it. Not while the
    /// connection is to another one than the metagraph is of.
    fn knows_chain(&mut self, snapshot: &Snapshot) -> bool {
        let genesis = Some(snapshot.genesis().0);
        if self.handle.client().map(|client| client.genesis().0) != genesis {
            return false;
        }
        if self.genesis != genesis {
            self.was_elsewhere = self.genesis.is_some();
            (self.genesis, self.is_settled, self.progress) = (genesis, false, Progress::default());
        }
        true
    }

    /// Brings what an earlier run left to its end. The chain may have what it was about by now, so that nothing is sent.
    async fn settle(&mut self) {
        let Some(writer) = self.writer().filter(|_| !self.is_settled) else { return };
        match writer.resume(&self.signer.public_key()).await {
            Ok(None) => self.is_settled = true,
            Ok(Some(receipt)) => {
                tracing::info!(call = receipt.call, block = receipt.block, "what an earlier run sent is final");
                self.is_settled = true;
            }
            Err(error) => {
                // It is over, and says nothing about the address.
                self.is_settled = matches!(error, WriteError::Failed { .. });
                tracing::warn!(%error, "what an earlier run sent");
            }
        }
    }

    async fn publish(&mut self, block: u64) {
        let Some(writer) = self.writer() else { return };
        match published(&writer, &self.signer, self.handle.netuid(), self.address).await {
            Ok(landed) => self.confirm(landed.unwrap_or(block)),
            Err(error) => self.put_off(block, &error),
        }
    }

    fn writer(&self) -> Option<Writer> {
        let client = self.handle.client()?;
        Some(Writer::new(client, self.journal.clone(), WritePolicy::default()))
    }

    fn confirm(&mut self, block: u64) {
        let Progress { ours_since, told_of, is_lost, .. } = self.progress;
        if ours_since.is_none() || told_of.is_some() || is_lost {
            tracing::info!(address = %self.address, block, "the address is on the chain");
            self.manager.status(About::Address, &format!("the chain tells callers {}", self.address));
        }
        self.progress.is_ours(block);
    }

    fn give_way(&mut self, there: SocketAddr) {
        if self.progress.told_of.replace(there) == Some(there) {
            return;
        }
        tracing::warn!(
            %there,
            ours = %self.address,
            "somebody else has published another address for this hotkey, and callers go there now: is there a second host \
             with it? A restart of this one publishes its own again"
        );
        self.manager.status(About::Address, &format!("the chain tells callers {there} instead of {}", self.address));
    }

    /// Says why there is no address yet, and when it is tried again.
    fn put_off(&mut self, block: u64, error: &WriteError) {
        let address = self.address;
        if let WriteError::Preflight(Preflight::TooSoon { blocks, .. }) = error {
            self.progress.not_before_block = Some(block.saturating_add(*blocks));
            let minutes = blocks.saturating_mul(BLOCK_SECONDS).div_ceil(60);
            tracing::warn!(%address, blocks, "the chain does not take an address so soon after the last one: waiting");
            let words = format!("the chain takes the address {address} in {blocks} blocks (about {minutes} min)");
            return self.manager.status(About::Address, &words);
        }
        if error.passes() {
            tracing::warn!(%address, %error, "the address could not be published: it is tried again");
        } else {
            self.progress.not_before = Instant::now().checked_add(PAUSE);
            let help = match error {
                WriteError::Sign(_) if self.was_elsewhere => Some(
                    "the chain was made anew, and the signer signs for one chain alone: restart this host".to_owned(),
                ),
                other => other.help().map(|help| help.to_string()),
            };
            let help = help.unwrap_or_default();
            tracing::error!(%address, %error, help, "the address cannot be published, so callers do not find this neuron");
        }
        self.manager.status(About::Address, &format!("the address {address} is not on the chain: {error}"));
    }
}

/// Publishes it, and gives the block from which on the chain has it; none when it had it already.
async fn published(
    writer: &Writer,
    signer: &Signer,
    netuid: u16,
    address: SocketAddr,
) -> Result<Option<u64>, WriteError> {
    let account: PublicKey = signer.public_key();
    match writer.plan(&account, &Request::ServeAxon(ServeAxon::new(netuid, address))).await? {
        Proposal::Unneeded(_) => Ok(None),
        Proposal::Send(plan) => {
            let receipt = writer.send(&plan, signer).await?;
            tracing::info!(
                %address,
                block = receipt.block,
                extrinsic = ?receipt.hash,
                fee_rao = receipt.fee,
                "the address was published"
            );
            Ok(Some(receipt.block))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    const OURS: &str = "203.0.113.7:8091";
    const OTHER: &str = "203.0.113.8:8091";

    fn course(progress: &Progress, block: u64, there: Option<&str>) -> Course {
        progress.course(block, Seen::Registered(there.map(at)), at(OURS))
    }

    #[test]
    fn what_is_missing_or_old_is_published_and_what_is_there_is_not() {
        let fresh = Progress::default();
        assert_eq!(course(&fresh, 9, None), Course::Publish);
        assert_eq!(course(&fresh, 9, Some(OTHER)), Course::Publish);
        assert_eq!(course(&fresh, 9, Some(OURS)), Course::Confirm);
        assert_eq!(fresh.course(9, Seen::Unregistered, at(OURS)), Course::Stay);
    }

    #[test]
    fn what_the_chain_lost_is_published_again_and_what_another_host_put_there_stays() {
        let mut progress = Progress::default();
        progress.is_ours(10);
        assert_eq!(course(&progress, 11, None), Course::Publish);
        assert_eq!(course(&progress, 11, Some(OTHER)), Course::Yield(at(OTHER)));
        assert_eq!(course(&progress, 11, Some(OURS)), Course::Confirm);
        // It could not be published at once, and another host was first.
        assert!(progress.loses() && !progress.loses(), "told once");
        assert_eq!(course(&progress, 12, Some(OTHER)), Course::Yield(at(OTHER)));
        assert_eq!(course(&progress, 12, None), Course::Publish);
        for there in [None, Some(OTHER)] {
            assert_eq!(course(&progress, 9, there), Course::Stay, "read before ours was there");
        }
    }

    #[test]
    fn nothing_is_tried_before_its_time() {
        let waits = Progress { not_before_block: Some(50), ..Progress::default() };
        assert_eq!(course(&waits, 49, Some(OTHER)), Course::Stay);
        assert_eq!(course(&waits, 50, Some(OTHER)), Course::Publish);
        let rests = Progress { not_before: Instant::now().checked_add(PAUSE), ..Progress::default() };
        assert_eq!(course(&rests, 49, None), Course::Stay);
        assert_eq!(course(&rests, 49, Some(OURS)), Course::Confirm);
    }
}
