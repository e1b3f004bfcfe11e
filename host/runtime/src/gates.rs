//! How many requests may be in the gate hooks (blacklist, verify, priority) of all plugins at once.
//!
//! Gates have a bound of their own, apart from the queues of forwards: a crowd that waits for a slow forward
//! does not keep the next caller from being judged, and a slow gate holds no forward back.
//!
//! What bounds it: `PLACES_PER_CORE` requests for each core are in a gate hook, at most half of them in hooks of
//! the same slot. Who finds the slot's half taken waits in the slot's own line, at most [`WAITING`] long, and
//! holds no place of the others meanwhile; the next one is turned away before an instance is made for it. Who
//! has a place of the slot's half may have to wait for one of the host's: such are no more than the halves.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Semaphore, SemaphorePermit};

/// A gate that looks something up waits now and then; twice as many as forwards.
const PLACES_PER_CORE: usize = 4;
/// Requests that wait for the gates of one slot. At 100 us for each, what waits longest is there for some
/// milliseconds.
pub const WAITING: usize = 128;

/// The bound of one host.
pub struct Gates {
    most: usize,
    places: Semaphore,
    /// By slot; those that no version needs any more are forgotten.
    slots: Mutex<BTreeMap<String, Weak<SlotGates>>>,
}

/// The bound of one slot within that of its host. All versions of the slot share it.
pub struct SlotGates {
    host: Arc<Gates>,
    places: Semaphore,
    waiting: Semaphore,
}

/// A place in the gate hooks of one slot.
pub struct GatePlace<'a> {
    slot: &'a SlotGates,
    _of_host: SemaphorePermit<'a>,
    _of_slot: SemaphorePermit<'a>,
}

impl Gates {
    /// For a machine with so many cores.
    pub fn new(cores: usize) -> Gates {
        let most = PLACES_PER_CORE * cores;
        Gates { most, places: Semaphore::new(most), slots: Mutex::default() }
    }

    /// The bound of the slot with this name.
    pub fn slot(self: &Arc<Self>, name: &str) -> Arc<SlotGates> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = slots.get(name).and_then(Weak::upgrade) {
            return known;
        }
        slots.retain(|_, slot| slot.strong_count() > 0);
        let half = Semaphore::new((self.most / 2).max(1));
        let slot = Arc::new(SlotGates { host: self.clone(), places: half, waiting: Semaphore::new(WAITING) });
        slots.insert(name.to_owned(), Arc::downgrade(&slot));
        slot
    }
}

impl SlotGates {
    /// A place that is free now.
    pub fn try_enter(&self) -> Option<GatePlace<'_>> {
        let of_slot = self.places.try_acquire().ok()?;
        let of_host = self.host.places.try_acquire().ok()?;
        Some(GatePlace { slot: self, _of_host: of_host, _of_slot: of_slot })
    }

    /// Waits for a place, first come first served. None when too many wait already.
    pub async fn enter(&self) -> Option<GatePlace<'_>> {
        let of_slot = match self.places.try_acquire() {
            Ok(place) => place,
            Err(_) => {
                let _waiting = self.waiting.try_acquire().ok()?;
                self.places.acquire().await.ok()?
            }
        };
        let of_host = self.host.places.acquire().await.ok()?;
        Some(GatePlace { slot: self, _of_host: of_host, _of_slot: of_slot })
    }
}

impl GatePlace<'_> {
    /// Whether it is a place of this slot.
    pub fn is_of(&self, slot: &SlotGates) -> bool {
        std::ptr::eq(self.slot, slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{FutureExt, future::join_all};

    const HALF: usize = PLACES_PER_CORE / 2;

    #[tokio::test]
    async fn beyond_places_and_waiting_nobody_enters() {
        let slot = Arc::new(Gates::new(1)).slot("slow");
        let mut inside = Vec::new();
        for _ in 0..HALF {
            inside.push(slot.enter().await.unwrap());
        }
        assert!(slot.try_enter().is_none());
        let mut crowd: Vec<_> = (0..WAITING).map(|_| Box::pin(slot.enter())).collect();
        assert!(crowd.iter_mut().all(|waiting| waiting.as_mut().now_or_never().is_none()));
        assert!(slot.enter().await.is_none());
        // One that gives up makes room for another one to wait.
        crowd.pop();
        crowd.push(Box::pin(slot.enter()));
        assert!(crowd.iter_mut().all(|waiting| waiting.as_mut().now_or_never().is_none()));
        inside.clear();
        let entered = join_all(crowd.into_iter().map(|waiting| async move { waiting.await.map(drop) })).await;
        assert!(entered.iter().all(Option::is_some));
    }

    #[tokio::test]
    async fn a_full_slot_leaves_half_of_the_places_to_others_and_the_host_has_no_more() {
        let gates = Arc::new(Gates::new(1));
        let [slow, neighbour, third] = ["slow", "neighbour", "third"].map(|name| gates.slot(name));
        let crowd: Vec<_> = (0..HALF).map(|_| slow.try_enter().unwrap()).collect();
        let mut waiting = Box::pin(slow.enter());
        assert!(waiting.as_mut().now_or_never().is_none());
        let others: Vec<_> = (0..HALF).map(|_| neighbour.try_enter().unwrap()).collect();
        assert!(third.try_enter().is_none());
        let mut third_waits = Box::pin(third.enter());
        assert!(third_waits.as_mut().now_or_never().is_none());
        drop(others);
        assert!(third_waits.as_mut().now_or_never().is_some());
        drop(crowd);
        assert!(waiting.as_mut().now_or_never().is_some());
    }

    #[test]
    fn versions_of_a_slot_share_its_bound_and_a_slot_without_versions_is_forgotten() {
        let gates = Arc::new(Gates::new(1));
        let (old, new) = (gates.slot("mine"), gates.slot("mine"));
        assert!(Arc::ptr_eq(&old, &new));
        assert!(old.try_enter().unwrap().is_of(&new));
        drop((old, new));
        let other = gates.slot("other");
        assert_eq!(gates.slots.lock().unwrap().len(), 1);
        assert!(!other.try_enter().unwrap().is_of(&gates.slot("mine")));
    }
}
