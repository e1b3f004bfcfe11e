//! What becomes of a version that misbehaves, and of those who make it.
//!
//! A call misbehaves when it traps, or uses up CPU, memory, table, stack, host-call bytes or handles
//! ([`CallError::is_misbehaviour`]). That alone says little: a plugin has bugs, and a caller that knows one can send it
//! all day. So there are two answers.
//!
//! **The caller waits.** It gets its error, and then no plugin of the slot is asked for it for 1 s, doubling up to 60 s
//! with each further trap. Nobody else notices, unless the plugin is resident. Requests that were running meanwhile count
//! as the one that came first. The caller waits just the same when it takes the plugin's time and leaves: when a forward
//! was still computing at the end of the caller's own time-out, or when it hung up.
//!
//! **The version goes out**, when the `verdict` says so: traps from at least three verified callers, and in more than a
//! fifth of the calls of the last minute. One attacker can therefore never take a plugin out, and several only when they
//! are a good part of its callers, because each of them is slowed. Who waits in the queue, and who comes, is told to try
//! again later; one call in each step (1 s, doubling up to 60 s) is let through as a probe, and a good one puts the version
//! back.
//!
//! An operator can have traps counted and nothing else (`budget = { traps = "unlimited" }`).
//!
//! All of this belongs to a version: a swap starts with a clean slate, and what drains counts for nothing. Counters
//! belong to the slot and go on.
//!
//! What bounds it: see `callers` and `window`. A call costs one short lock at its begin and one at its end.
//!
//! # Layout
//!
//! - `verdict`: the rule and the pauses, pure; `window`: what it judges; `breaker`: in, out, probes
//! - `callers`: who has to wait
//! - `counts`: counters of a slot; `limit`: the budgets by name
//! - `visit`: one request at the versions that it asks; `behind`: resident calls that go on without their callers

mod behind;
mod breaker;
mod callers;
mod counts;
mod limit;
mod verdict;
mod visit;
mod window;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use self::breaker::{Admitted, Breaker, Change, rule};
use self::callers::{Callers, MOST_CALLERS, Strike};
use crate::budget::Traps;
use crate::error::CallError;

pub use self::behind::Behind;
pub use self::counts::{Counts, Exhaustion, Ledger};
pub use self::limit::Limit;
pub use self::verdict::{LEAST_CALLERS, ONE_OF, Tally, pause};
pub use self::visit::Visit;

/// The conduct of one version.
pub struct Conduct {
    slot: Arc<str>,
    version: Arc<str>,
    counts: Arc<Counts>,
    traps: Traps,
    record: Mutex<Record>,
    /// Tells those in the queue that the version went out, or that one of them has to wait.
    changed: Notify,
}

/// What is known of a version and its callers.
struct Record {
    callers: Callers,
    breaker: Breaker,
    /// Callers with calls that go on without them, and how many.
    behind: BTreeMap<Arc<str>, usize>,
}

/// Why a request does not get to a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turned {
    /// Its caller has to wait for so long.
    Slowed(Duration),
    /// The version is out, and for so long not even probed.
    Out(Duration),
}

impl Record {
    fn new(now: Instant) -> Record {
        Record { callers: Callers::new(MOST_CALLERS), breaker: Breaker::new(now), behind: BTreeMap::new() }
    }

    fn admit(&mut self, caller: &str, now: Instant) -> Result<Admitted, Turned> {
        self.is_welcome(caller, now)?;
        let is_struck = self.callers.is_struck(caller, now);
        self.breaker.admit(is_struck, now).map_err(Turned::Out)
    }

    /// Whether somebody who was admitted before may still begin.
    fn check(&self, admitted: Admitted, caller: &str, now: Instant) -> Result<(), Turned> {
        self.breaker.check(admitted, now).map_err(Turned::Out)?;
        self.is_welcome(caller, now)
    }

    fn is_welcome(&self, caller: &str, now: Instant) -> Result<(), Turned> {
        let behind = self.behind.contains_key(caller).then(|| pause(1));
        self.callers.wait(caller, now).max(behind).map_or(Ok(()), |wait| Err(Turned::Slowed(wait)))
    }

    fn trapped(&mut self, admitted: Admitted, caller: &str, now: Instant) -> (Strike, Option<Change>) {
        let strike = self.callers.strike(caller, now);
        let change = match (strike, admitted) {
            // No news of the version, apart from what it says of a probe.
            (Strike::Known, Admitted::Call) => None,
            _ => self.breaker.trap(admitted, caller, now),
        };
        (strike, change)
    }
}

impl Conduct {
    /// Of a version that has just come.
    pub fn new(slot: Arc<str>, version: Arc<str>, counts: Arc<Counts>, traps: Traps) -> Conduct {
        let record = Mutex::new(Record::new(Instant::now()));
        Conduct { slot, version, counts, traps, record, changed: Notify::new() }
    }

    /// The counters of its slot.
    pub fn counts(&self) -> &Arc<Counts> {
        &self.counts
    }

    /// How long until the next probe, when the version is out.
    pub fn out(&self) -> Option<Duration> {
        self.record().breaker.out(Instant::now())
    }

    /// Callers that have to wait because they made it trap.
    pub fn slowed(&self) -> usize {
        self.record().callers.waiting(Instant::now())
    }

    fn admit(&self, caller: &str) -> Result<Admitted, CallError> {
        let admitted = self.record().admit(caller, Instant::now());
        admitted.map_err(|turned| self.turn(turned))
    }

    fn check(&self, admitted: Admitted, caller: &str) -> Result<(), CallError> {
        let checked = self.record().check(admitted, caller, Instant::now());
        checked.map_err(|turned| self.turn(turned))
    }

    fn turn(&self, turned: Turned) -> CallError {
        let slot = self.slot.to_string();
        match turned {
            Turned::Slowed(wait) => CallError::Slowed { slot, wait },
            Turned::Out(wait) => CallError::Out { slot, wait },
        }
    }

    /// Returns when the version goes out (for a probe it never does), or when the caller has to wait, with the error of
    /// those who stand in line.
    async fn turned_away(&self, admitted: Admitted, caller: &str) -> CallError {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            // Before the look, or a change between the two is missed.
            changed.as_mut().enable();
            if let Err(turned) = self.check(admitted, caller) {
                return turned;
            }
            changed.await;
        }
    }

    fn good(&self, admitted: Admitted) {
        let change = self.record().breaker.good(admitted, Instant::now());
        self.say(change);
    }

    fn trapped(&self, admitted: Admitted, caller: &str) {
        self.counts.trapped();
        if self.traps == Traps::Unlimited {
            return;
        }
        let (strike, change) = self.record().trapped(admitted, caller, Instant::now());
        self.say_strike(strike, caller, "a caller made the plugin trap and has to wait");
        self.say(change);
    }

    /// A call of this caller computed until its time was over, or until the caller hung up. That says nothing of the
    /// version.
    fn overran(&self, caller: &str) {
        if self.traps == Traps::Unlimited {
            return;
        }
        let strike = self.record().callers.strike(caller, Instant::now());
        self.say_strike(strike, caller, "a caller left a plugin that was computing for it and has to wait");
    }

    fn say_strike(&self, strike: Strike, caller: &str, what: &str) {
        let Strike::Counted(wait) = strike else { return };
        let (slot, version) = (&*self.slot, &*self.version);
        tracing::debug!(slot, version, caller, ?wait, "{what}");
        self.changed.notify_waiters();
    }

    fn abandon(&self, admitted: Admitted) {
        if admitted != Admitted::Call {
            self.record().breaker.abandon(admitted);
        }
    }

    /// One line for each change.
    fn say(&self, change: Option<Change>) {
        let (slot, version) = (&*self.slot, &*self.version);
        match change {
            None => {}
            Some(Change::Out(wait)) => {
                tracing::error!(slot, version, next_probe = ?wait, "the plugin is out: {}", rule());
                self.changed.notify_waiters();
            }
            Some(Change::Back) => tracing::info!(slot, version, "the plugin is back"),
        }
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
