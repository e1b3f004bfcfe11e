//! Where a request's instance comes from, and what becomes of it.
//!
//! # The default: one instance for one request
//!
//! A fresh instance has never seen another caller, so nothing that a plugin forgets to forget can reach one. It has to
//! be cheap, and what makes instances dear is system calls: mapping, protecting and releasing memory takes one lock of
//! the process, which all threads share. None is left in the steady state for an ordinary request, of up to some ten KiB (a
//! test counts them with strace):
//!
//! - The guest does not grow its memory for it. The SDK's allocator works in a static arena, and the stack is small; so
//!   the whole memory is some 192 KiB from the start.
//! - The pool keeps that memory mapped and writes the original contents over it ([`SMALL`] bytes are kept), and the same
//!   for tables; stacks stay as they are, because no guest can read what another one left on its stack.
//! - The pool has more slots than a host has plugins, so a plugin finds one that still holds its image.
//!
//! Measured with a small Rust guest that reads and writes JSON (`examples/instances.rs`, in medians, because the
//! machine had other work): a fresh call takes 2.7 times a warm one, and the same on two threads at once as on one.
//! Letting the kernel name the pages that were written (`pagemap_scan`) changed nothing in the median: for a memory
//! this small, asking costs as much as copying. It stays off, because it is one system call for each instance. Zeroing
//! the stacks made a fresh call an eighth dearer, for a system call each; it stays off too.
//!
//! Instances can be made in advance (`ready`), by the guests' own threads while no request waits for one. By default none
//! are: where calls follow one another at once the shelf is empty and nothing is gained, and where there are pauses a call
//! took twice as long. Waking the thread that makes the next one costs more than making one here, and what another core
//! has made lies in that core's caches. It may pay for a plugin whose start code computes.
//!
//! # The opt-in: instances that are kept
//!
//! A plugin with an interpreter in it is too large for that: its memory is megabytes, some of it has to be released and
//! faulted in again for each request, and its start takes several times what a call takes. Those are *warm* unless the
//! operator says otherwise: an instance goes back on the shelf of its version when its request is done with it. A
//! *resident* version has one instance for all requests, one at a time, for plugins that keep a cache.
//!
//! # What bounds it
//!
//! - An instance comes back only when its last call ended well. While a call runs the instance belongs to the call's
//!   future; a trap, a used-up budget and a dropped future all drop it, and there is no other way to keep it.
//! - A warm one ends by calls, age and memory, and with its version; shelves belong to one version of one slot.
//! - All idle instances together are at most half of the pool.
//! - A resident call brings its own bounds, because it goes on when its caller leaves. It is judged when it ends, and
//!   its caller gets no other one meanwhile. A lost instance is made again after a wait, which doubles with each further
//!   caller who loses one, and with each time that its making fails.
//!
//! # What follows
//!
//! What a request finds in the store is set when the instance is handed out: request id, the block that it sees, log allowance,
//! laps, the way out of a stream. What the plugin itself keeps in its memory is there for the next caller's call: `fresh` is the only
//! mode in which the host answers for that.

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
pub use self::settled::{Left, Settled};
pub use self::shelf::Room;
use self::shelf::{Filling, Shelf};
use crate::bindings::Absence;
use crate::engine::GuestEngine;
use crate::error::CallError;
use crate::metagraph::Pinned;
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

/// Who wants an instance. Cloning is cheap.
#[derive(Clone)]
pub struct Asker {
    /// Id of the request.
    pub request: Arc<str>,
    /// Its caller; empty for the host itself.
    pub caller: Arc<str>,
    /// What it sees of the subnet.
    pub metagraph: Pinned,
}

impl Asker {
    /// The host itself, for this purpose.
    pub fn host(purpose: &str) -> Asker {
        Asker { request: purpose.into(), caller: "".into(), metagraph: Err(Absence::NoRequest) }
    }
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
        asker: Asker,
        hook: Hook,
        usage: Usage,
    ) -> Result<(Live, Home), CallError> {
        let (request, metagraph) = (asker.request.clone(), asker.metagraph.clone());
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
                let (live, taken) = seat.take(version, asker, hook, usage).await?;
                (live, Home::Seat(taken))
            }
        };
        live.assign(request, metagraph);
        Ok((live, home))
    }

    /// A request is done with its instance; none when a call of it did not end well.
    pub fn give_back(&self, mut live: Option<Live>, home: Home) {
        if let Some(live) = &mut live {
            live.release();
        }
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
