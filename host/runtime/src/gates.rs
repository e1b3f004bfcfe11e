//! How many requests may be in the gate hooks (blacklist, verify, priority) of all plugins at once.
//!
//! Gates have a bound of their own, apart from the queues of forwards: a crowd that waits for a slow forward
//! does not keep the next caller from being judged, and a slow gate holds no forward back.
//!
//! What bounds it: each slot has one place of its own, which no other can take: however many slots are slow, the next
//! one's gates go on. Beside these all slots share `PLACES_PER_CORE` places for each core. One slot has at most half
//! as many as are shared, its own included. Who finds the slot's part taken waits in the slot's own line, at most
//! [`WAITING`] long, and holds no place of the others meanwhile; the next one is turned away before an instance is made
//! for it. Who is within the slot's part may have to wait for a shared place: such are no more than the parts.

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
    shared: Semaphore,
    /// By slot; those that no version needs any more are forgotten.
    slots: Mutex<BTreeMap<String, Weak<SlotGates>>>,
}

/// The bound of one slot within that of its host. All versions of the slot share it.
pub struct SlotGates {
    host: Arc<Gates>,
    /// Of the slot's part, which is not taken yet.
    places: Semaphore,
    /// The place that no other slot takes.
    own: Semaphore,
    waiting: Semaphore,
}

/// A place in the gate hooks of one slot.
pub struct GatePlace<'a> {
    slot: &'a SlotGates,
    /// The slot's own, or a shared one.
    _place: SemaphorePermit<'a>,
    _of_slot: SemaphorePermit<'a>,
}

impl Gates {
    /// For a machine with so many cores.
    pub fn new(cores: usize) -> Gates {
        let most = PLACES_PER_CORE * cores;
        Gates { most, shared: Semaphore::new(most), slots: Mutex::default() }
    }

    /// The bound of the slot with this name.
    pub fn slot(self: &Arc<Self>, name: &str) -> Arc<SlotGates> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = slots.get(name).and_then(Weak::upgrade) {
            return known;
        }
        slots.retain(|_, slot| slot.strong_count() > 0);
        let half = Semaphore::new((self.most / 2).max(1));
        let (own, waiting) = (Semaphore::new(1), Semaphore::new(WAITING));
        let slot = Arc::new(SlotGates { host: self.clone(), places: half, own, waiting });
        slots.insert(name.to_owned(), Arc::downgrade(&slot));
        slot
    }
}

impl SlotGates {
    /// A place that is free now.
    pub fn try_enter(&self) -> Option<GatePlace<'_>> {
        let of_slot = self.places.try_acquire().ok()?;
        let place = self.own.try_acquire().or_else(|_| self.host.shared.try_acquire()).ok()?;
        Some(GatePlace { slot: self, _place: place, _of_slot: of_slot })
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
        let place = tokio::select! {
            biased;
            own = self.own.acquire() => own,
            shared = self.host.shared.acquire() => shared,
        };
        Some(GatePlace { slot: self, _place: place.ok()?, _of_slot: of_slot })
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
    async fn however_many_slots_are_full_another_one_goes_on() {
        let gates = Arc::new(Gates::new(1));
        let slow: Vec<_> = (0..9).map(|number| gates.slot(&format!("slow-{number}"))).collect();
        let crowd: Vec<_> =
            slow.iter().flat_map(|slot| std::iter::from_fn(|| slot.try_enter()).take(HALF + 1)).collect();
        // Each has its own, and together they have what is shared.
        assert_eq!(crowd.len(), slow.len() + PLACES_PER_CORE);
        assert!(slow.iter().all(|slot| slot.try_enter().is_none()));
        let neighbour = gates.slot("neighbour");
        let own = neighbour.try_enter().unwrap();
        assert!(neighbour.try_enter().is_none());
        let mut second = Box::pin(neighbour.enter());
        assert!(second.as_mut().now_or_never().is_none());
        drop(own);
        assert!(second.as_mut().now_or_never().is_some(), "its own place is free again");
    }

    #[tokio::test]
    async fn one_slot_has_half_and_leaves_the_rest() {
        let gates = Arc::new(Gates::new(1));
        let [slow, neighbour] = ["slow", "neighbour"].map(|name| gates.slot(name));
        let crowd: Vec<_> = (0..HALF).map(|_| slow.try_enter().unwrap()).collect();
        let mut waiting = Box::pin(slow.enter());
        assert!(waiting.as_mut().now_or_never().is_none());
        assert_eq!(std::iter::from_fn(|| neighbour.try_enter()).take(HALF).count(), HALF);
        drop(crowd);
        assert!(waiting.as_mut().now_or_never().is_some());
    }

    #[tokio::test]
    async fn who_waits_takes_a_shared_place_as_soon_as_one_is_free() {
        let gates = Arc::new(Gates::new(1));
        let [a, b] = ["a", "b"].map(|name| gates.slot(name));
        let all: Vec<_> = (0..PLACES_PER_CORE).map(|_| gates.shared.try_acquire().unwrap()).collect();
        let (of_a, _of_b) = (a.try_enter().unwrap(), b.try_enter().unwrap());
        let mut waiting = Box::pin(a.enter());
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(all);
        let place = waiting.as_mut().now_or_never().flatten().unwrap();
        assert!(place.is_of(&a) && of_a.is_of(&a) && !place.is_of(&b));
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
