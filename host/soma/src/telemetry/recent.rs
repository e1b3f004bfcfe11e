//! Requests of late, for `soma explain`.
//!
//! Two rings: one of requests whose signature was good, one of all others. Junk can only wash out junk: whatever comes
//! without a good signature never takes a place in the first ring.
//!
//! What bounds it: each ring has so many places, and of each hotkey (or, unproven, each IPv4 address or IPv6 /64) only
//! a part of them; the oldest of the same goes first. A record takes about two kilobytes.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use soma_axon::record::Record;

/// Part of a ring that one hotkey or one address may have.
const SHARE: usize = 16;
/// Characters of a detail that are kept.
const DETAIL: usize = 1000;
/// Requests that are listed unless more are asked for.
const LISTED: usize = 20;

/// The two rings.
pub struct Recent {
    rings: Mutex<Rings>,
}

struct Rings {
    next: u64,
    proven: Ring<String>,
    unproven: Ring<IpAddr>,
}

/// The newest records, of each key only so many.
struct Ring<K> {
    most: usize,
    most_of_one: usize,
    records: BTreeMap<u64, (K, Arc<Record>)>,
    by_key: HashMap<K, VecDeque<u64>>,
}

/// Which requests to list.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Only with this code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Only of this route.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// Only in the name of this hotkey, proven or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hotkey: Option<String>,
    /// At most so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

impl Recent {
    /// Rings with so many places each; with none nothing is kept.
    pub fn new(most: usize) -> Recent {
        let most_of_one = most.div_ceil(SHARE);
        let rings = Rings { next: 0, proven: Ring::new(most, most_of_one), unproven: Ring::new(most, most_of_one) };
        Recent { rings: Mutex::new(rings) }
    }

    /// Keeps a request that is over.
    pub fn keep(&self, mut record: Record) {
        if let Some((end, _)) = record.detail.char_indices().nth(DETAIL) {
            record.detail.truncate(end);
        }
        let record = Arc::new(record);
        // What had to go is freed after the lock.
        let _gone = self.lock().keep(record);
    }

    /// The request with this id.
    pub fn find(&self, id: &str) -> Option<Arc<Record>> {
        self.newest_first().into_iter().find(|record| record.id == id)
    }

    /// Requests, the newest first.
    pub fn list(&self, filter: &Filter) -> Vec<Arc<Record>> {
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_ref().is_none_or(|wanted| Some(wanted.as_str()) == found)
        };
        let matching = self.newest_first().into_iter().filter(|record| {
            is(&filter.code, Some(record.code))
                && is(&filter.route, record.route.as_deref())
                && is(&filter.hotkey, record.hotkey.as_deref())
        });
        matching.take(filter.limit.unwrap_or(LISTED)).collect()
    }

    /// How many are kept: proven, unproven.
    pub fn len(&self) -> (usize, usize) {
        let rings = self.lock();
        (rings.proven.records.len(), rings.unproven.records.len())
    }

    fn newest_first(&self) -> Vec<Arc<Record>> {
        let rings = self.lock();
        let proven = rings.proven.records.iter().map(|(at, (_, record))| (*at, record.clone()));
        let unproven = rings.unproven.records.iter().map(|(at, (_, record))| (*at, record.clone()));
        let mut all: Vec<_> = proven.chain(unproven).collect();
        drop(rings);
        all.sort_unstable_by_key(|(at, _)| std::cmp::Reverse(*at));
        all.into_iter().map(|(_, record)| record).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Rings> {
        // The maps change within one call without a panic in between.
        self.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rings {
    fn keep(&mut self, record: Arc<Record>) -> Option<Arc<Record>> {
        let at = self.next;
        self.next += 1;
        match (record.proven, &record.hotkey) {
            (true, Some(hotkey)) => self.proven.keep(at, hotkey.clone(), record),
            _ => self.unproven.keep(at, network(record.ip), record),
        }
    }
}

impl<K: Clone + Eq + Hash> Ring<K> {
    fn new(most: usize, most_of_one: usize) -> Ring<K> {
        Ring { most, most_of_one, records: BTreeMap::new(), by_key: HashMap::new() }
    }

    /// Returns the record that had to go.
    fn keep(&mut self, at: u64, key: K, record: Arc<Record>) -> Option<Arc<Record>> {
        let own = self.by_key.get(&key).map_or(0, VecDeque::len);
        let gone = if own >= self.most_of_one.min(self.most) {
            self.forget_oldest_of(&key)
        } else if self.records.len() >= self.most {
            let key = self.records.first_key_value().map(|(_, (key, _))| key.clone());
            key.and_then(|key| self.forget_oldest_of(&key))
        } else {
            None
        };
        if self.most > 0 {
            self.by_key.entry(key.clone()).or_default().push_back(at);
            self.records.insert(at, (key, record));
        }
        gone
    }

    fn forget_oldest_of(&mut self, key: &K) -> Option<Arc<Record>> {
        let own = self.by_key.get_mut(key)?;
        let oldest = own.pop_front();
        if own.is_empty() {
            self.by_key.remove(key);
        }
        self.records.remove(&oldest?).map(|(_, record)| record)
    }
}

/// Whoever has one address of an IPv6 /64 has all of them.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX))),
        ip => ip,
    }
}

#[cfg(test)]
mod tests;
