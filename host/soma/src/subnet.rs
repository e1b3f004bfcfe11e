//! The subnet that a running host is a neuron of: what admission and plugins see of it, what is published on it.
//!
//! One task follows the metagraph that `soma-chain` keeps. Each new block's becomes a roll for the axon and a graph for
//! the plugins, both of the same block, put in place with one pointer. While no endpoint answers the host serves on with
//! what it has, and says so; beyond the operator's bound (`chain.max_age`) the axon refuses with 503, by the clock and
//! without this task.
//!
//! # Layout
//!
//! - [`graph`]: the metagraph as plugins see it
//! - [`follow`]: the task, and what is said when the chain goes away and comes back
//! - [`publish`]: keeps the address on the chain
//! - [`level`]: the numbers for metrics

mod follow;
mod graph;
mod level;
mod publish;

use std::net::SocketAddr;
use std::sync::Arc;

use soma_axon::ChainView;
use soma_chain::write::Journal;
use soma_chain::{ChainError, MetagraphHandle, Policy, SnapshotPolicy, Standing};
use soma_wallet::Signer;
use tokio::task::AbortHandle;

pub use self::level::{ChainLevel, OwnLevel, View};
use self::publish::Publisher;
use crate::command::JOURNAL;
use crate::config::{ChainSettings, Settings};
use crate::error::SomaError;
use crate::notify::ServiceManager;

/// A running host's subnet. The task ends when this is dropped.
pub struct Subnet {
    handle: MetagraphHandle,
    view: ChainView,
    signer: Signer,
    journal: Journal,
    task: AbortHandle,
}

impl Subnet {
    /// Reads the metagraph for the first time and follows it from then on.
    ///
    /// # Errors
    /// [`SomaError::NotRegistered`] when the chain says so; [`SomaError::NoView`] when no endpoint answers and what was
    /// kept over the restart is too old; a [`ChainError`] that no restart mends, such as another chain or no such subnet.
    pub async fn join(
        settings: &Settings,
        chain: &ChainSettings,
        signer: Signer,
        manager: Arc<ServiceManager>,
    ) -> miette::Result<Subnet> {
        let (hotkey, journal) = (signer.public_key(), Journal::open(settings.state.join(JOURNAL))?);
        let endpoints = chain.endpoints.clone();
        let policy = Policy::of(endpoints.network());
        let bounds =
            SnapshotPolicy { refresh: chain.refresh, oldest: chain.max_age, folder: Some(settings.state.clone()) };
        let handle = MetagraphHandle::spawn(endpoints, policy, chain.netuid, bounds);
        let first = handle.first().await.map_err(|cause| no_view(chain, cause))?;
        // What was kept over a restart may be older than the registration.
        if first.metagraph().by_hotkey(&hotkey).is_none() && handle.standing() == Standing::Fresh {
            let (hotkey, network) = (hotkey.to_ss58(), settings.network.clone());
            return Err(SomaError::NotRegistered { hotkey, netuid: chain.netuid, network }.into());
        }
        let view = ChainView::new();
        let follower = follow::Follower::new(handle.clone(), view.clone(), hotkey, (chain.max_age, manager));
        let task = tokio::spawn(follower.run(Arc::clone(&first))).abort_handle();
        Ok(Subnet { handle, view, signer, journal, task })
    }

    /// What admission looks hotkeys up in.
    pub fn view(&self) -> ChainView {
        self.view.clone()
    }

    /// The chain's numbers at this moment.
    pub fn level(&self) -> ChainLevel {
        ChainLevel::of(&self.handle, &self.signer.public_key())
    }

    /// What keeps `address` on the chain. It is to run once the port is open: callers come as soon as they read it.
    pub fn publisher(&self, address: SocketAddr, manager: Arc<ServiceManager>) -> Publisher {
        Publisher::new(self.handle.clone(), self.signer.clone(), self.journal.clone(), (manager, address))
    }
}

impl Drop for Subnet {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What no try later mends keeps its own words.
fn no_view(chain: &ChainSettings, cause: ChainError) -> miette::Report {
    if !cause.passes() {
        return cause.into();
    }
    let max_age = humantime::format_duration(chain.max_age).to_string();
    SomaError::NoView { max_age, cause: cause.to_string() }.into()
}
