//! What a request may use before anybody knows whose it is, and what a proven one may use.
//!
//! Before the signature only counters by address and global ones move; the claimed hotkey is looked up and nothing
//! else, because anybody can write a validator's name on junk. Requests are counted by address. What strangers hold
//! together, requests and bytes of bodies, is bounded; so is what is held in the lane of those whose signature was
//! good from the same address within the last hour. The lane is found by address *and* claimed hotkey: junk in a
//! validator's name from elsewhere is a stranger's, and from the validator's own address it meets that address's
//! second rate. Of what a class holds together one address has an eighth, and one hotkey gets lanes from a few
//! addresses only, so that nobody who has one of either takes the place of all others.

mod block;
mod bucket;
mod connections;
mod limits;
mod link;
mod share;
mod table;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use soma_protocol::ss58::PublicKey;

pub use self::block::Block;
pub use self::bucket::Rate;
pub use self::limits::Limits;
pub use self::share::ShareLimits;

pub(crate) use self::connections::{Connections, Place};
pub(crate) use self::link::Link;

use self::bucket::Bucket;
use self::share::{Hold, Share};
use self::table::{Counted, Table};
use crate::record::{CallerClass, Rejection};
use crate::refusal::Refusal;

/// How long a proven pair of address and hotkey keeps its lane, in nanoseconds: one hour.
const LANE: u64 = 3_600_000_000_000;
/// Hotkeys of one address that keep a lane. The one that was proven longest ago gives way.
const LANES: usize = 32;
/// Addresses from which one hotkey gets a lane at once, and within each [`LANE`] after that.
const ADDRESSES: NonZeroU32 = match NonZeroU32::new(64) {
    Some(number) => number,
    None => NonZeroU32::MIN,
};
/// Wrong signatures of strangers that are verified in a second form: less than a hundredth of a core, and no more at once
/// after a pause than in a second, so that short floods are not dearer than long ones.
const SECOND_TRIES: Rate = Rate::new(100, 100);

/// Counts, and says no.
pub struct Gate {
    limits: Limits,
    started: Instant,
    addresses: Table<Block, Address>,
    hotkeys: Table<PublicKey, Hotkey>,
    /// New lanes of each hotkey. A table of its own, so that those who fill it take no rate from anybody.
    new_lanes: Table<PublicKey, Hotkey>,
    strangers: Arc<Share>,
    proven: Arc<Share>,
    connections: Arc<Connections>,
    second_tries: Mutex<Bucket>,
}

/// What is held at the moment; for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GateUse {
    /// Open connections.
    pub connections: usize,
    /// Strangers' requests whose signatures are not verified yet.
    pub stranger_requests: u64,
    /// Bytes of their bodies.
    pub stranger_bytes: u64,
    /// The same of callers with a lane.
    pub proven_requests: u64,
    /// Bytes of their bodies.
    pub proven_bytes: u64,
}

/// One address.
#[derive(Default)]
struct Address {
    strangers: Bucket,
    proven: Bucket,
    lanes: Vec<(PublicKey, u64)>,
}

/// One hotkey, after its signature was good.
#[derive(Default)]
struct Hotkey(Bucket);

/// A request that was let in and is not proven yet. What it holds comes back when it is dropped.
pub(crate) struct Visit {
    block: Block,
    /// What was known of the caller.
    pub class: CallerClass,
    hold: Hold,
}

impl Gate {
    /// A gate with nobody in it.
    pub fn new(limits: Limits) -> Gate {
        Gate {
            limits,
            started: Instant::now(),
            addresses: Table::new(limits.tracked),
            hotkeys: Table::new(limits.tracked),
            new_lanes: Table::new(limits.tracked),
            strangers: Share::new(limits.strangers),
            proven: Share::new(limits.proven),
            connections: Arc::default(),
            second_tries: Mutex::default(),
        }
    }

    /// Its numbers.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What is held at the moment.
    pub fn in_use(&self) -> GateUse {
        let (stranger_requests, stranger_bytes) = self.strangers.held();
        let (proven_requests, proven_bytes) = self.proven.held();
        let connections = self.connections.len();
        GateUse { connections, stranger_requests, stranger_bytes, proven_requests, proven_bytes }
    }

    /// Takes a connection in. `block` is none for a trusted proxy, which stands for many addresses.
    pub(crate) fn connect(&self, block: Option<Block>) -> Result<Place, Rejection> {
        let now = self.now();
        let proven = block.is_some_and(|block| {
            let lane = |address: &Address| address.lanes.iter().any(|(_, until)| *until > now);
            self.addresses.look(&block, lane).unwrap_or(false)
        });
        self.connections.enter(block, proven, &self.limits)
    }

    /// Lets a request in, or not. Nothing is counted for the claimed hotkey.
    pub(crate) fn arrive(&self, ip: IpAddr, claimed: Option<&PublicKey>) -> Result<Visit, Refusal> {
        let (now, block, rate) = (self.now(), Block::from(ip), self.limits.address);
        let (class, taken) = self.addresses.with(block, now, |address| {
            if claimed.is_some_and(|key| address.has_lane(key, now)) {
                (CallerClass::Proven, address.proven.take(rate, now))
            } else {
                (CallerClass::Stranger, address.strangers.take(rate, now))
            }
        });
        taken.map_err(|wait| Refusal::AddressRate { wait })?;
        let share = match class {
            CallerClass::Stranger => &self.strangers,
            CallerClass::Proven => &self.proven,
        };
        let hold = share.enter(block).ok_or(Refusal::Crowded)?;
        Ok(Visit { block, class, hold })
    }

    /// Whether a visitor's signature that was wrong may be verified in a second form. Those with a lane always may:
    /// their address has its rate. All others share one rate, so that a forged request costs one verification when
    /// there are many.
    pub(crate) fn has_second_try(&self, visit: &Visit) -> bool {
        // One number, changed in one step.
        let tries = || self.second_tries.lock().unwrap_or_else(PoisonError::into_inner);
        visit.class == CallerClass::Proven || tries().take(SECOND_TRIES, self.now()).is_ok()
    }

    /// The visitor's signature was good: it keeps a lane, and what it held as an unproven one is given back.
    pub(crate) fn prove(&self, visit: Visit, hotkey: &PublicKey) {
        let now = self.now();
        if visit.class == CallerClass::Proven || self.has_new_lane(visit.block, hotkey, now) {
            self.addresses.with_own(visit.block, now, |address| address.keep_lane(hotkey, now));
        }
    }

    /// Whether a hotkey that came as a stranger gets a lane. One key on many addresses would take everybody's.
    fn has_new_lane(&self, block: Block, hotkey: &PublicKey, now: u64) -> bool {
        // Of several first requests at once only one opens the lane.
        if self.addresses.look(&block, |address| address.has_lane(hotkey, now)).unwrap_or(false) {
            return true;
        }
        let mut taken = false;
        self.new_lanes.with_own(*hotkey, now, |lanes| {
            taken = lanes.0.take_every(LANE / u64::from(ADDRESSES.get()), ADDRESSES, now).is_ok();
        });
        taken
    }

    /// Counts a request of a hotkey whose signature was good.
    pub(crate) fn count(&self, hotkey: &PublicKey) -> Result<(), Refusal> {
        let (now, rate) = (self.now(), self.limits.hotkey);
        let taken = self.hotkeys.with(*hotkey, now, |hotkey| hotkey.0.take(rate, now));
        taken.map_err(|wait| Refusal::HotkeyRate { wait })
    }

    /// Nanoseconds of a clock that does not go back. It never says zero.
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX).saturating_add(1)
    }
}

impl Visit {
    /// Whether there is room for so many more bytes of its body.
    pub fn hold(&mut self, bytes: usize) -> bool {
        self.hold.grow(u64::try_from(bytes).unwrap_or(u64::MAX))
    }
}

impl Address {
    fn has_lane(&self, hotkey: &PublicKey, now: u64) -> bool {
        self.lanes.iter().any(|(key, until)| key == hotkey && *until > now)
    }

    fn keep_lane(&mut self, hotkey: &PublicKey, now: u64) {
        let until = now.saturating_add(LANE);
        if let Some(lane) = self.lanes.iter_mut().find(|(key, _)| key == hotkey) {
            lane.1 = until;
            return;
        }
        self.lanes.retain(|(_, until)| *until > now);
        if self.lanes.len() >= LANES {
            let oldest = self.lanes.iter().enumerate().min_by_key(|(_, (_, until))| *until);
            if let Some((oldest, _)) = oldest {
                self.lanes.swap_remove(oldest);
            }
        }
        self.lanes.push((*hotkey, until));
    }
}

impl Counted for Address {
    fn is_idle(&self, now: u64) -> bool {
        self.strangers.is_full(now) && self.proven.is_full(now) && self.kept_until(now).is_none()
    }

    fn kept_until(&self, now: u64) -> Option<u64> {
        self.lanes.iter().map(|(_, until)| *until).filter(|until| *until > now).max()
    }
}

impl Counted for Hotkey {
    fn is_idle(&self, now: u64) -> bool {
        self.0.is_full(now)
    }

    fn kept_until(&self, _now: u64) -> Option<u64> {
        None
    }
}

/// Seconds for a `Retry-After`: a whole number, at least one.
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0 || wait.is_zero())
}

#[cfg(test)]
mod tests;
