//! How many connections are open, and which of them make room.
//!
//! What bounds it: so many in all, so many of one address, and some more in all for addresses from which somebody was
//! proven within the last hour. At a bound an idle connection is cut for the new one; if none is idle, the new one is
//! closed. Those that have not carried a proven request go first, then those of the address that has most of them,
//! then the one that has been idle for longest. Idle connections therefore keep nobody out, wherever they come from
//! and whoever asked over them. Of many only a sample is looked at, so that a new connection costs the same whether
//! there are a hundred others or ten thousand.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;

use super::block::Block;
use super::limits::Limits;
use super::link::Link;
use crate::record::Rejection;

/// Connections that are looked at to find one that is idle.
const SAMPLE: usize = 64;

/// All open connections.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    open: Mutex<Open>,
    next: AtomicU64,
}

#[derive(Debug, Default)]
struct Open {
    all: IndexMap<u64, Arc<Link>>,
    by_block: HashMap<Block, IndexMap<u64, Arc<Link>>>,
    /// Where the next sample begins.
    cursor: usize,
}

/// A connection's place; free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    connections: Arc<Connections>,
    /// What is known of the connection.
    pub link: Arc<Link>,
}

impl Connections {
    /// A place for a connection from this address. `proven` says whether somebody was proven from it of late.
    pub fn enter(
        self: &Arc<Connections>,
        block: Option<Block>,
        proven: bool,
        limits: &Limits,
    ) -> Result<Place, Rejection> {
        let mut open = self.lock();
        let open = &mut *open;
        let own = block.and_then(|block| open.by_block.get(&block));
        if own.is_some_and(|own| own.len() >= limits.connections_per_address) {
            let cut = own.and_then(|own| make_room(own, open.cursor, |_| own.len())).ok_or(Rejection::Address)?;
            open.forget(&cut);
        }
        let most = limits.connections + if proven { limits.connections_for_proven } else { 0 };
        if open.all.len() >= most {
            let cut = make_room(&open.all, open.cursor, |link| open.crowd(link)).ok_or(Rejection::Total)?;
            open.forget(&cut);
        }
        open.cursor = open.cursor.wrapping_add(SAMPLE);
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let link = Arc::new(Link::new(id, block));
        open.all.insert(id, link.clone());
        if let Some(block) = block {
            open.by_block.entry(block).or_default().insert(id, link.clone());
        }
        Ok(Place { connections: self.clone(), link })
    }

    /// Connections that are open.
    pub fn len(&self) -> usize {
        self.lock().all.len()
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // Both maps change within one call without a panic in between.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// How many connections there are of its address; none of a trusted proxy.
    fn crowd(&self, link: &Link) -> usize {
        link.block.and_then(|block| self.by_block.get(&block)).map_or(0, IndexMap::len)
    }

    fn forget(&mut self, link: &Link) {
        self.all.swap_remove(&link.id);
        let Some(block) = link.block else { return };
        if let Some(own) = self.by_block.get_mut(&block) {
            own.swap_remove(&link.id);
            if own.is_empty() {
                self.by_block.remove(&block);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.lock().forget(&self.link);
    }
}

/// Cuts the one of a sample that is missed least. `crowd` says how many connections its address has.
fn make_room(links: &IndexMap<u64, Arc<Link>>, cursor: usize, crowd: impl Fn(&Link) -> usize) -> Option<Arc<Link>> {
    let count = links.len();
    let places = (0..SAMPLE.min(count)).filter_map(|step| cursor.wrapping_add(step).checked_rem(count));
    let sample = places.filter_map(|place| links.get_index(place)).map(|(_, link)| link);
    let idle = sample.filter_map(|link| Some(((!link.is_proven(), crowd(link), link.expendable()?), link)));
    let (_, least) = idle.max_by_key(|(rank, _)| *rank)?;
    // It may have become busy just now; then the new connection is refused, which is rare and harmless.
    least.cut().then(|| least.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};

    fn block(number: u8) -> Option<Block> {
        Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, number)).into())
    }

    fn limits() -> Limits {
        Limits { connections: 6, connections_per_address: 3, connections_for_proven: 2, ..Limits::default() }
    }

    #[test]
    fn ten_thousand_idle_connections_keep_nobody_out() {
        let (connections, limits) = (Arc::new(Connections::default()), Limits::default());
        let mut places = Vec::new();
        for _ in 0..10_000 {
            places.push(connections.enter(block(1), false, &limits).unwrap());
        }
        assert_eq!(connections.len(), 256, "those that were cut left their places at once");
        let caller = connections.enter(block(1), false, &limits).unwrap();
        caller.link.begin();
        caller.link.prove();
        caller.link.end();
        for _ in 0..10_000 {
            places.push(connections.enter(block(1), false, &limits).unwrap());
        }
        assert!(connections.lock().all.contains_key(&caller.link.id), "a connection that was proven stays longer");
        drop(places);
        assert_eq!(connections.len(), 1);
    }

    /// Keeps a connection open over which somebody was proven.
    fn keep_alive(place: &Place) {
        place.link.begin();
        place.link.prove();
        place.link.end();
    }

    #[test]
    fn idle_connections_of_a_proven_caller_keep_nobody_out() {
        let (connections, limits) = (Arc::new(Connections::default()), limits());
        let mut places = Vec::new();
        for number in [1, 1, 1, 2, 2, 2, 3, 3] {
            let place = connections.enter(block(number), true, &limits).unwrap();
            keep_alive(&place);
            places.push(place);
        }
        let honest = connections.enter(block(4), false, &limits).unwrap();
        honest.link.begin();
        let own = connections.enter(block(3), true, &limits).unwrap();
        own.link.begin();
        for _ in 0..5 {
            let next = connections.enter(block(3), true, &limits).unwrap();
            keep_alive(&next);
            places.push(next);
        }
        let open = connections.lock();
        assert!(open.by_block.values().all(|own| own.len() <= 3), "the bound of an address counts for them too");
        assert!(open.all.contains_key(&honest.link.id) && open.all.contains_key(&own.link.id));
    }

    #[test]
    fn strangers_make_room_first_and_then_the_address_with_most() {
        let (connections, limits) = (Arc::new(Connections::default()), limits());
        let enter = |number| connections.enter(block(number), false, &limits).unwrap();
        let places: Vec<Place> = [1, 2, 2, 2, 3, 4].into_iter().map(enter).collect();
        places.iter().take(5).for_each(keep_alive);
        let mut open = Vec::new();
        for _ in 0..2 {
            let busy = enter(5);
            busy.link.begin();
            open.push(busy);
        }
        let table = connections.lock();
        let stay: Vec<u8> =
            [1, 2, 3, 4].into_iter().filter(|number| table.by_block.contains_key(&block(*number).unwrap())).collect();
        assert_eq!(stay, [1, 2, 3], "the stranger went first");
        assert_eq!(table.by_block.get(&block(2).unwrap()).unwrap().len(), 2, "then one of the three");
    }

    #[test]
    fn busy_connections_are_never_cut_and_the_next_one_is_refused() {
        let (connections, limits) = (Arc::new(Connections::default()), limits());
        let enter = |number| connections.enter(block(number), false, &limits);
        let busy: Vec<Place> = [1, 1, 1, 2, 2, 2].into_iter().map(|number| enter(number).unwrap()).collect();
        busy.iter().for_each(|place| place.link.begin());
        assert_eq!(enter(1).unwrap_err(), Rejection::Address);
        assert_eq!(enter(3).unwrap_err(), Rejection::Total);
        let proven = connections.enter(block(4), true, &limits).unwrap();
        proven.link.begin();
        let other = connections.enter(block(4), true, &limits).unwrap();
        other.link.begin();
        assert_eq!(connections.enter(block(5), true, &limits).unwrap_err(), Rejection::Total);
        drop(busy);
        assert!(enter(3).is_ok());
    }

    #[test]
    fn a_trusted_proxy_has_no_bound_of_its_own() {
        let (connections, limits) = (Arc::new(Connections::default()), limits());
        let places: Vec<_> = (0..5).map(|_| connections.enter(None, false, &limits).unwrap()).collect();
        places.iter().for_each(|place| place.link.begin());
        assert!(connections.enter(None, false, &limits).is_ok());
    }
}
