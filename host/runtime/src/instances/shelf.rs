//! Instances that nobody uses at the moment: ready-made ones, and warm ones between two calls.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::live::Live;

/// Instances made in advance for a version, when the operator names no number. None: see the essay of the module.
pub const READY: usize = 0;

/// Room for idle instances of all versions together: whoever needs an instance of the pool must find one.
pub struct Room {
    left: AtomicUsize,
}

impl Room {
    /// For so many.
    pub fn new(most: usize) -> Room {
        Room { left: AtomicUsize::new(most) }
    }

    fn take(self: &Arc<Self>) -> Option<RoomFor> {
        let less = |left: usize| left.checked_sub(1);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).ok().map(|_| RoomFor(self.clone()))
    }
}

/// Room for one idle instance.
struct RoomFor(Arc<Room>);

impl Drop for RoomFor {
    fn drop(&mut self) {
        self.0.left.fetch_add(1, Ordering::Relaxed);
    }
}

/// The idle instances of one version, at most so many.
pub struct Shelf {
    most: usize,
    room: Arc<Room>,
    places: Mutex<Places>,
    /// Somebody makes new ones.
    filling: Arc<AtomicBool>,
}

#[derive(Default)]
struct Places {
    idle: Vec<(Live, RoomFor)>,
    /// The version serves no new requests.
    closed: bool,
}

impl Shelf {
    /// For `most` of a version's instances, within the host's `room`.
    pub fn new(most: usize, room: Arc<Room>) -> Shelf {
        Shelf { most, room, places: Mutex::default(), filling: Arc::default() }
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one that was used last: its memory is in the caches.
    pub fn take(&self) -> Option<Live> {
        self.places().idle.pop().map(|(live, _)| live)
    }

    /// Puts one there. It is dropped instead when there is no room, or nobody will want it any more.
    pub fn put(&self, live: Live) {
        let mut places = self.places();
        if places.closed || places.idle.len() >= self.most {
            // An instance is reset when it is dropped, which takes time: not under the lock.
            drop(places);
            return;
        }
        if let Some(room) = self.room.take() {
            places.idle.push((live, room));
        }
    }

    /// Drops those that are not to be kept.
    pub fn retain(&self, keep: impl Fn(&Live) -> bool) {
        let dropped: Vec<_> = self.places().idle.extract_if(.., |(live, _)| !keep(live)).collect();
        drop(dropped);
    }

    /// Drops all of them, and whatever comes later.
    pub fn close(&self) {
        let dropped = {
            let mut places = self.places();
            places.closed = true;
            std::mem::take(&mut places.idle)
        };
        drop(dropped);
    }

    /// How many are there.
    pub fn len(&self) -> usize {
        self.places().idle.len()
    }

    /// Whether more are wanted, and nobody is at it; then it is this caller's task until the result is dropped.
    pub fn begin_filling(&self) -> Option<Filling> {
        if !self.wants_more() || self.filling.swap(true, Ordering::AcqRel) {
            return None;
        }
        Some(Filling(self.filling.clone()))
    }

    /// Whether there is a place for one more.
    pub fn wants_more(&self) -> bool {
        let places = self.places();
        !places.closed && places.idle.len() < self.most
    }
}

/// The task to make new ones.
pub struct Filling(Arc<AtomicBool>);

impl Drop for Filling {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
