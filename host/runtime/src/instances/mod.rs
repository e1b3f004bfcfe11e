//! Where a request's instance comes from, and what becomes of it.

mod live;
mod policy;
mod seat;
mod settled;
mod shelf;

use std::sync::{Arc, Weak};
use std::time::Duration;

use soma_manifest::Hook;

pub use self::live::Live;
pub use self::policy::{InstancePolicy, InstanceSpec, SMALL, Size, WarmPolicy};
use self::seat::Seat;
pub use self::seat::Taken;
pub use self::settled::Settled;
pub use self::shelf::Room;
use self::shelf::{Filling, Shelf};
use crate::engine::GuestEngine;
use crate::error::CallError;
use crate::trace::Usage;
use crate::version::Version;

/// How often it is looked whether the guests' threads have time to make instances in advance.
const LOOK: Duration = Duration::from_millis(1);

/// The instances of one version.
pub struct Instances {
    policy: InstancePolicy,
    kept: Kept,
}

enum Kept {
    /// Ready-made ones.
    Fresh(Shelf),
    /// Those between two requests.
    Warm(Shelf, WarmPolicy),
    Resident(Seat),
}

/// Where an instance goes when its request is done with it.
pub enum Home {
    /// Nowhere.
    None,
    /// Back to those between two requests.
    Shelf,
    /// Back to its seat.
    Seat(Taken),
}

impl Instances {
    /// None are made yet.
    pub fn new(policy: InstancePolicy, engine: &GuestEngine) -> Instances {
        let shelf = |most| Shelf::new(most, engine.room().clone());
        let kept = match policy {
            InstancePolicy::Fresh { ready } => Kept::Fresh(shelf(ready)),
            InstancePolicy::Warm(bounds) => Kept::Warm(shelf(bounds.idle), bounds),
            InstancePolicy::Resident => Kept::Resident(Seat::new(engine.handle().clone())),
        };
        Instances { policy, kept }
    }

    /// How long they live.
    pub fn policy(&self) -> &InstancePolicy {
        &self.policy
    }

    /// Whether there is one for the life of the version.
    pub fn is_resident(&self) -> bool {
        self.policy == InstancePolicy::Resident
    }

    /// An instance for a request that asks `hook` first, assigned to it. A new one is counted in `usage`, an older one
    /// has its own.
    pub async fn take(
        version: &Arc<Version>,
        request: Arc<str>,
        hook: Hook,
        usage: Usage,
    ) -> Result<(Live, Home), CallError> {
        let (mut live, home) = match &version.instances().kept {
            Kept::Fresh(ready) => match ready.take() {
                Some(live) => {
                    version.instances().fill(version);
                    (live, Home::None)
                }
                None => (Live::make(version, request.clone(), hook, usage).await?, Home::None),
            },
            Kept::Warm(idle, bounds) => match std::iter::from_fn(|| idle.take()).find(|live| live.is_young(bounds)) {
                Some(live) => (live, Home::Shelf),
                None => (Live::make_ready(version, request.clone(), hook, usage).await?, Home::Shelf),
            },
            Kept::Resident(seat) => {
                let (live, taken) = seat.take(version, request.clone(), hook, usage).await?;
                (live, Home::Seat(taken))
            }
        };
        live.assign(request);
        Ok((live, home))
    }

    /// A request is done with its instance; none when a call of it did not end well.
    pub fn give_back(&self, live: Option<Live>, home: Home) {
        match (&self.kept, home, live) {
            (Kept::Warm(idle, bounds), Home::Shelf, Some(live)) if live.is_within(bounds) => idle.put(live),
            (_, Home::Seat(mut taken), Some(live)) => taken.put(live),
            (_, Home::Seat(mut taken), None) => taken.lose(),
            _ => {}
        }
    }

    /// The version serves no new requests: what waits for one is dropped.
    pub fn close(&self) {
        match &self.kept {
            Kept::Fresh(shelf) | Kept::Warm(shelf, _) => shelf.close(),
            Kept::Resident(_) => {}
        }
    }

    /// Instances that wait for a request.
    pub fn idle(&self) -> usize {
        match &self.kept {
            Kept::Fresh(shelf) | Kept::Warm(shelf, _) => shelf.len(),
            Kept::Resident(_) => 0,
        }
    }

    /// Has ready-made ones made, by the guests' own threads in the time that requests leave them.
    pub fn fill(&self, version: &Arc<Version>) {
        let Kept::Fresh(shelf) = &self.kept else { return };
        let Some(filling) = shelf.begin_filling() else { return };
        version.engine().handle().spawn(fill(Arc::downgrade(version), filling));
    }

    /// Drops warm ones that are too old, also when no request comes, for as long as the version is there.
    pub fn watch_age(&self, version: &Arc<Version>) {
        let Kept::Warm(_, bounds) = &self.kept else { return };
        let (look, watched) = ((bounds.age / 4).max(LOOK), Arc::downgrade(version));
        version.engine().handle().spawn(async move {
            loop {
                tokio::time::sleep(look).await;
                let Some(version) = watched.upgrade() else { return };
                if let Kept::Warm(idle, bounds) = &version.instances().kept {
                    idle.retain(|live| live.is_young(bounds));
                }
            }
        });
    }
}

/// Makes instances in advance until there are enough. It holds no version: one that nobody wants any more has to end.
async fn fill(version: Weak<Version>, _filling: Filling) {
    while let Some(version) = version.upgrade() {
        let Kept::Fresh(shelf) = &version.instances().kept else { return };
        if !shelf.wants_more() {
            return;
        }
        if version.engine().is_busy() {
            drop(version);
            tokio::time::sleep(LOOK).await;
            continue;
        }
        let hook = version.first_hook();
        match Live::make(&version, "ready-made".into(), hook, Usage::default()).await {
            Ok(live) => shelf.put(live),
            // The next request that needs an instance meets the same, and tells of it.
            Err(_) => return,
        }
        tokio::task::yield_now().await;
    }
}
