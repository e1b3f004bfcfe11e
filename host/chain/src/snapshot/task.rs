//! The task that keeps the metagraph up to date.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use subxt::utils::H256;

use super::{Shared, Snapshot};
use crate::at::At;
use crate::client::Client;
use crate::error::ChainError;
use crate::metagraph::Kept;
use crate::network::Network;
use crate::policy::{LagPolicy, Policy, backed_off};
use crate::shape;

/// Reads the metagraph again and again.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut failures = 0;
    let mut told = None;
    loop {
        let asked = shared.asked.load(Ordering::Acquire);
        let pause = match shared.read(&mut told).await {
            Ok(()) => {
                failures = 0;
                shared.fault.store(None);
                shared.bounds.refresh
            }
            Err(error) => {
                let pause = backed_off(shared.policy.pause, failures).min(shared.bounds.refresh);
                failures = failures.saturating_add(1);
                let age_s = shared.newest.load().as_ref().map(|last| last.age().as_secs());
                tracing::warn!(target: "chain", netuid = shared.netuid, %error, age_s, "cannot read the metagraph");
                shared.fault.store(Some(Arc::new(error)));
                pause
            }
        };
        shared.ended.send_modify(|ended| {
            ended.reads = ended.reads.saturating_add(1);
            ended.asked = asked;
        });
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shared.wake.notified() => {}
        }
    }
}

impl Shared {
    /// One read: connect if need be, go to the newest final block, read, put in place, keep.
    ///
    /// `told` is the spec version whose drift was reported.
    async fn read(&self, told: &mut Option<u32>) -> Result<(), ChainError> {
        let client = self.ready().await?;
        let at = client.at_finalized().await?;
        if *told != Some(at.spec_version()) {
            self.tell_drift(&at);
            *told = Some(at.spec_version());
        }
        if let Err(behind) = self.check_progress(&at).await {
            client.leave(behind.clone()).await;
            return Err(behind);
        }
        let metagraph = at.metagraph(self.netuid).await?;
        let kept = Kept { genesis: client.genesis(), taken: now(), metagraph };
        self.keep(kept.clone()).await;
        let newest = Snapshot::new(kept);
        tracing::debug!(
            target: "chain",
            netuid = self.netuid,
            block = newest.metagraph().block(),
            neurons = newest.metagraph().neurons().len(),
            "metagraph read"
        );
        self.newest.store(Some(Arc::new(newest)));
        Ok(())
    }

    /// A connection to a node that is with its chain. A local chain may have been made anew since the connection was made,
    /// which then belongs to the old one.
    async fn ready(&self) -> Result<Client, ChainError> {
        let client = self.connected().await?;
        match client.check_lag().await {
            Ok(()) => Ok(client),
            Err(ChainError::WrongChain { .. }) if self.endpoints.network() == Network::Local => {
                self.client.store(None);
                self.connected().await
            }
            Err(error) => Err(error),
        }
    }

    /// The connection, made now if there is none.
    async fn connected(&self) -> Result<Client, ChainError> {
        if let Some(client) = self.client.load_full() {
            return Ok(client.as_ref().clone());
        }
        let client = match self.pinned() {
            Some(genesis) => Client::connect_to(self.endpoints.clone(), self.policy, genesis).await?,
            None => Client::connect(self.endpoints.clone(), self.policy).await?,
        };
        if self.newest.load().as_ref().is_some_and(|last| last.kept.genesis != client.genesis()) {
            tracing::warn!(target: "chain", netuid = self.netuid, "the chain was made anew: its old metagraph is dropped");
            self.newest.store(None);
        }
        self.client.store(Some(Arc::new(client.clone())));
        Ok(client)
    }

    /// The chain that a URL served before. A local chain may be made anew under the same URL, a remote one not.
    fn pinned(&self) -> Option<H256> {
        match self.endpoints.network() {
            Network::Custom => self.newest.load().as_ref().map(|last| last.kept.genesis),
            Network::Finney | Network::Test | Network::Local => None,
        }
    }

    /// Reports once for each runtime what it has otherwise than the one that this client was made for.
    fn tell_drift(&self, at: &At) {
        let drift = shape::drift(at.metadata());
        for item in &drift {
            tracing::warn!(target: "chain", spec_version = at.spec_version(), %item, "this chain differs");
        }
        self.drift.store(Some(Arc::new(drift)));
    }

    /// Refuses a final block that is older than the one we have, or older than the network's bound.
    async fn check_progress(&self, at: &At) -> Result<(), ChainError> {
        let behind = |detail| {
            let endpoint =
                at.client().endpoint().map_or_else(|| "the endpoint".to_owned(), |endpoint| endpoint.to_string());
            Err(ChainError::NodeBehind { endpoint, detail })
        };
        let number = at.number();
        let last = self.newest.load().as_ref().map(|last| last.metagraph().block());
        if let Some(last) = last.filter(|last| *last > number) {
            return behind(format!("its newest final block is {number}, and block {last} was read before"));
        }
        // A URL may lead to finney as well: then a node that stands still must not count as fresh.
        let known = Network::of_genesis(at.client().genesis()).map(|network| Policy::of(network).lag);
        if let LagPolicy::Within(bound) = known.unwrap_or(self.policy.lag) {
            let age = now().saturating_sub(at.time().await?);
            if age > bound {
                return behind(format!("its newest final block {number} is {} s old", age.as_secs()));
            }
        }
        Ok(())
    }

    /// Writes to the disk; that it cannot be written is no reason not to use what was read.
    async fn keep(&self, kept: Kept) {
        let Some(disk) = self.disk.clone() else { return };
        let stored = tokio::task::spawn_blocking(move || disk.store(&kept)).await;
        if let Ok(Err(error)) = stored {
            tracing::warn!(target: "chain", %error, "the metagraph is not kept over a restart");
        }
    }
}

/// Since 1970, by this machine's clock.
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
