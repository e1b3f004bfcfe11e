//! The task that follows the metagraph.

use std::sync::Arc;
use std::time::Duration;

use soma_axon::ChainView;
use soma_axon::admission::Roll;
use soma_chain::{MetagraphHandle, Snapshot, Standing};
use soma_protocol::ss58::PublicKey;

use super::graph::Graph;
use crate::notify::{About, ServiceManager};

/// What the task knows.
pub(super) struct Follower {
    handle: MetagraphHandle,
    view: ChainView,
    hotkey: PublicKey,
    max_age: Duration,
    manager: Arc<ServiceManager>,
    told: Told,
}

/// What the log was told last, so that it is told of changes and not of each read.
struct Told {
    standing: Standing,
    uid: Option<u16>,
}

impl Follower {
    pub(super) fn new(
        handle: MetagraphHandle,
        view: ChainView,
        hotkey: PublicKey,
        (max_age, manager): (Duration, Arc<ServiceManager>),
    ) -> Follower {
        let told = Told { standing: Standing::Fresh, uid: None };
        Follower { handle, view, hotkey, max_age, manager, told }
    }

    /// Puts each new metagraph in place, from this one on.
    pub(super) async fn run(mut self, first: Arc<Snapshot>) {
        self.told.uid = uid(&first, &self.hotkey);
        self.put(&first);
        let mut newest = first;
        loop {
            self.tell();
            self.handle.next_read().await;
            if self.handle.last().is_none() {
                // The chain was made anew, and its metagraph is not read yet: the old one says nothing of it.
                self.withdraw(&newest);
            }
            let Some(last) = self.handle.current() else { continue };
            if !Arc::ptr_eq(&last, &newest) {
                self.tell_registration(&last);
                self.put(&last);
                newest = last;
            }
        }
    }

    fn put(&self, snapshot: &Arc<Snapshot>) {
        let graph = Arc::new(Graph::new(Arc::clone(snapshot), &self.hotkey));
        let before = self.view.load();
        let good_for = self.max_age.saturating_sub(snapshot.age());
        self.view.store(Roll::new(graph, Some(good_for), before.as_deref()));
    }

    fn withdraw(&self, snapshot: &Arc<Snapshot>) {
        let graph = Arc::new(Graph::new(Arc::clone(snapshot), &self.hotkey));
        self.view.store(Roll::new(graph, Some(Duration::ZERO), self.view.load().as_deref()));
    }

    /// Says when the chain goes away and when it is back.
    fn tell(&mut self) {
        let standing = self.handle.standing();
        if standing == std::mem::replace(&mut self.told.standing, standing) {
            return;
        }
        let age = self.handle.age().unwrap_or_default();
        let age = humantime::format_duration(Duration::from_secs(age.as_secs()));
        let max_age = humantime::format_duration(self.max_age);
        let words = match standing {
            Standing::Fresh => "the chain is back: its metagraph is being read again",
            Standing::Outage => "the chain cannot be read: serving on with the last metagraph until it is too old",
            Standing::TooOld | Standing::Unread => {
                "the last metagraph is too old: every request is refused with 503 until the chain can be read again"
            }
        };
        match standing {
            Standing::Fresh => tracing::info!("{words}"),
            Standing::Outage => tracing::warn!(%age, %max_age, "{words}"),
            Standing::TooOld | Standing::Unread => tracing::error!(%age, %max_age, "{words}"),
        }
        self.manager.status(About::Chain, if standing == Standing::Fresh { "" } else { words });
    }

    /// Says when this neuron's own uid changes or is gone.
    fn tell_registration(&mut self, snapshot: &Snapshot) {
        let uid = uid(snapshot, &self.hotkey);
        let before = std::mem::replace(&mut self.told.uid, uid);
        match (before, uid) {
            (Some(_), None) => tracing::error!(
                netuid = self.handle.netuid(),
                "this neuron is no longer registered: validators do not find it until it is registered again"
            ),
            (None, Some(uid)) => tracing::info!(uid, "this neuron is registered"),
            (Some(before), Some(uid)) if before != uid => tracing::warn!(before, uid, "this neuron has another uid"),
            _ => {}
        }
    }
}

fn uid(snapshot: &Snapshot, hotkey: &PublicKey) -> Option<u16> {
    snapshot.metagraph().by_hotkey(hotkey).map(|neuron| neuron.uid)
}
