//! The metagraph that a neuron works with: always there, read without a lock, and honest about its age.
//!
//! A task of its own keeps the connection, reads the metagraph again after each pause, and puts the new one in place by
//! exchanging a pointer; whoever holds the old one keeps it for as long as it likes. What bounds it:
//!
//! - A failed read changes nothing but the age. A metagraph that is older than the operator's bound is no longer given
//!   out: callers see [`Standing::TooOld`] and refuse by themselves.
//! - It never goes back: a node whose newest final block is lower than ours is left for the next endpoint.
//! - Each new metagraph is written to the disk. At the start the one from the disk is used, if it is of the same chain
//!   and subnet and not too old, so that a neuron can start while all endpoints are down.

mod disk;
mod task;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use subxt::utils::H256;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::client::Client;
use crate::error::ChainError;
use crate::metagraph::{Kept, Metagraph};
use crate::network::Endpoints;
use crate::policy::Policy;
use crate::shape::Drift;
use disk::Disk;

/// Operator's bounds for the metagraph, in wall-clock time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotPolicy {
    /// The pause between two reads. Default 60 s (5 blocks): one read is 200 kB for 1,024 neurons.
    pub refresh: Duration,
    /// The age at which a metagraph is no longer used. Default 2 h: registrations and stake move slowly, and an outage of
    /// an endpoint should not stop a miner.
    pub oldest: Duration,
    /// Where it is kept over restarts; nothing keeps it in memory only.
    pub folder: Option<PathBuf>,
}

impl Default for SnapshotPolicy {
    fn default() -> Self {
        Self { refresh: Duration::from_secs(60), oldest: Duration::from_secs(2 * 60 * 60), folder: None }
    }
}

/// One metagraph with its age.
#[derive(Debug)]
pub struct Snapshot {
    kept: Kept,
    /// The monotonic clock when it came into this process, and the age that it had then.
    since: Instant,
    before: Duration,
}

impl Snapshot {
    pub(crate) fn new(kept: Kept) -> Self {
        Self { before: kept.age(), since: Instant::now(), kept }
    }

    /// The neurons, with the number of their block.
    #[must_use]
    pub fn metagraph(&self) -> &Metagraph {
        &self.kept.metagraph
    }

    /// The hash of the first block of the chain that it was read from.
    #[must_use]
    pub fn genesis(&self) -> H256 {
        self.kept.genesis
    }

    /// How long ago it was read from the chain. Between restarts this machine's clock is believed, within a run only the
    /// monotonic one.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.before.saturating_add(self.since.elapsed())
    }
}

/// How the newest metagraph stands, for metrics and health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The last read went well.
    Fresh,
    /// Reads fail; the last metagraph is used within the operator's bound.
    Outage,
    /// Reads fail and the last metagraph is older than the bound: it is not used.
    TooOld,
    /// There was none yet.
    Unread,
}

/// The metagraph of one subnet, kept up to date in the background. Cloning is cheap; the task ends with the last clone.
#[derive(Clone)]
pub struct MetagraphHandle {
    shared: Arc<Shared>,
    _task: Arc<Task>,
}

/// What the task and the handles share.
struct Shared {
    endpoints: Endpoints,
    policy: Policy,
    netuid: u16,
    bounds: SnapshotPolicy,
    disk: Option<Disk>,
    newest: ArcSwapOption<Snapshot>,
    client: ArcSwapOption<Client>,
    /// Why the last read failed; nothing after one that went well.
    fault: ArcSwapOption<ChainError>,
    drift: ArcSwapOption<Vec<Drift>>,
    /// How often somebody asked for a read now.
    asked: AtomicU64,
    ended: watch::Sender<Ended>,
    wake: Notify,
}

/// The reads that are over.
#[derive(Debug, Clone, Copy, Default)]
struct Ended {
    /// How many, well or not.
    reads: u64,
    /// What `asked` was when the last one of them began.
    asked: u64,
}

/// Ends the task when it is dropped.
struct Task(AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl MetagraphHandle {
    /// Starts to keep the metagraph of a subnet; gives at once what is on the disk. It must be called in a tokio runtime.
    #[must_use]
    pub fn spawn(endpoints: Endpoints, policy: Policy, netuid: u16, bounds: SnapshotPolicy) -> Self {
        let disk = bounds.folder.as_ref().map(|folder| Disk::new(folder, &endpoints, netuid));
        let kept = disk.as_ref().and_then(Disk::load).map(|kept| Arc::new(Snapshot::new(kept)));
        let shared = Arc::new(Shared {
            endpoints,
            policy,
            netuid,
            bounds,
            disk,
            newest: ArcSwapOption::new(kept),
            client: ArcSwapOption::empty(),
            fault: ArcSwapOption::empty(),
            drift: ArcSwapOption::empty(),
            asked: AtomicU64::new(0),
            ended: watch::Sender::new(Ended::default()),
            wake: Notify::new(),
        });
        let task = tokio::spawn(task::run(Arc::clone(&shared)));
        Self { shared, _task: Arc::new(Task(task.abort_handle())) }
    }

    /// The newest metagraph that may be used: nothing when there is none, or it is older than the operator's bound. Takes
    /// no lock; hold the pointer for one request, so that the whole request sees one block.
    #[must_use]
    pub fn current(&self) -> Option<Arc<Snapshot>> {
        self.last().filter(|snapshot| snapshot.age() <= self.shared.bounds.oldest)
    }

    /// The newest metagraph, whatever its age.
    #[must_use]
    pub fn last(&self) -> Option<Arc<Snapshot>> {
        self.shared.newest.load_full()
    }

    /// The age of the newest metagraph.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        self.shared.newest.load().as_ref().map(|snapshot| snapshot.age())
    }

    /// How the newest metagraph stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match self.age() {
            None => Standing::Unread,
            Some(age) if age > self.shared.bounds.oldest => Standing::TooOld,
            // The first read of a metagraph from the disk is not over yet.
            Some(_) if self.shared.ended.borrow().reads == 0 || self.fault().is_some() => Standing::Outage,
            Some(_) => Standing::Fresh,
        }
    }

    /// Why the last read failed; nothing after one that went well.
    #[must_use]
    pub fn fault(&self) -> Option<Arc<ChainError>> {
        self.shared.fault.load_full()
    }

    /// What differs on the connected chain from the one that this client was made for. Empty before the first read.
    #[must_use]
    pub fn drift(&self) -> Arc<Vec<Drift>> {
        self.shared.drift.load_full().unwrap_or_default()
    }

    /// The connection, for other reads and for writes; nothing before the first one was made.
    #[must_use]
    pub fn client(&self) -> Option<Client> {
        self.shared.client.load().as_deref().cloned()
    }

    /// The subnet.
    #[must_use]
    pub fn netuid(&self) -> u16 {
        self.shared.netuid
    }

    /// Waits for the end of the first read, which takes at most the policy's time-outs, and gives what may be used then:
    /// the new metagraph, or the one from the disk when the endpoints are down.
    ///
    /// # Errors
    /// Why the read failed, when there is none to use, or when waiting mends nothing (another chain, no such subnet).
    pub async fn first(&self) -> Result<Arc<Snapshot>, ChainError> {
        self.ended(|ended| ended.reads > 0).await;
        match (self.fault(), self.current()) {
            (Some(fault), _) if !fault.passes() => Err(fault.as_ref().clone()),
            (_, Some(snapshot)) => Ok(snapshot),
            (Some(fault), None) => Err(fault.as_ref().clone()),
            (None, None) => Err(ChainError::NoSubnet { netuid: self.netuid() }),
        }
    }

    /// Reads the metagraph now, and waits for the end of that read.
    ///
    /// # Errors
    /// Why the read failed; the old metagraph stays.
    pub async fn refresh(&self) -> Result<Arc<Snapshot>, ChainError> {
        // A read that is under way already may have begun before the caller's cause to ask.
        let ticket = self.shared.asked.fetch_add(1, Ordering::AcqRel).saturating_add(1);
        self.shared.wake.notify_one();
        self.ended(|ended| ended.asked >= ticket).await;
        match self.fault() {
            Some(fault) => Err(fault.as_ref().clone()),
            None => self.current().ok_or(ChainError::NoSubnet { netuid: self.netuid() }),
        }
    }

    /// Waits for the end of the next read, whether it goes well or not.
    pub async fn next_read(&self) {
        let before = self.shared.ended.borrow().reads;
        self.ended(|ended| ended.reads > before).await;
    }

    async fn ended(&self, enough: impl Fn(&Ended) -> bool) {
        let mut ended = self.shared.ended.subscribe();
        // The sender lives as long as `self`.
        let _ = ended.wait_for(enough).await;
    }
}

impl std::fmt::Debug for MetagraphHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let block = self.last().map(|snapshot| snapshot.metagraph().block());
        f.debug_struct("MetagraphHandle").field("netuid", &self.netuid()).field("block", &block).finish()
    }
}
