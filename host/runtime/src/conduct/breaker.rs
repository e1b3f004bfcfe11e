//! Whether a version serves: in, or out with a probe now and then.

use std::time::{Duration, Instant};

use super::verdict::{LEAST_CALLERS, ONE_OF, pause};
use super::window::Window;

/// Takes a version out and puts it back.
pub struct Breaker {
    window: Window,
    outage: Option<Outage>,
    /// Names probes, so that a late one of an earlier outage is not taken for this one's.
    probes: u64,
}

struct Outage {
    /// No probe before.
    until: Instant,
    /// Failed probes, and the outage itself.
    times: u32,
    probe: Option<Probe>,
}

struct Probe {
    number: u64,
    started: Instant,
}

/// What a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// Call.
    Call,
    /// Call, and decide with it whether the version is back.
    Probe(u64),
}

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The version is out, for the first time or again, and is not probed for so long.
    Out(Duration),
    /// The version serves again.
    Back,
}

impl Breaker {
    /// The version serves, and nothing was seen of it.
    pub fn new(now: Instant) -> Breaker {
        Breaker { window: Window::open(now), outage: None, probes: 0 }
    }

    /// Whether a call may begin. While the version is out, one call in each step may: a probe. A caller that made it
    /// trap before gets to be the probe only when nobody else wanted to for one more step.
    ///
    /// # Errors
    /// While the version is out: how long until the next probe.
    pub fn admit(&mut self, is_struck: bool, now: Instant) -> Result<Admitted, Duration> {
        let Some(outage) = &mut self.outage else { return Ok(Admitted::Call) };
        let step = pause(outage.times);
        let mut due = if is_struck { outage.until + step } else { outage.until };
        if let Some(probe) = &outage.probe {
            // A probe that takes its time does not keep the version out.
            due = due.max(probe.started + step);
        }
        let wait = due.saturating_duration_since(now);
        if !wait.is_zero() {
            return Err(wait);
        }
        self.probes += 1;
        outage.probe = Some(Probe { number: self.probes, started: now });
        Ok(Admitted::Probe(self.probes))
    }

    /// Whether somebody who was admitted before may still begin.
    ///
    /// # Errors
    /// When the version went out meanwhile: how long until the next probe.
    pub fn check(&self, admitted: Admitted, now: Instant) -> Result<(), Duration> {
        match (&self.outage, admitted) {
            (Some(outage), Admitted::Call) => Err(outage.until.saturating_duration_since(now)),
            _ => Ok(()),
        }
    }

    /// A call came to a good end.
    pub fn good(&mut self, admitted: Admitted, now: Instant) -> Option<Change> {
        if self.is_probe(admitted) {
            *self = Breaker { probes: self.probes, ..Breaker::new(now) };
            return Some(Change::Back);
        }
        // What was running when the version went out says nothing about its state now.
        if self.outage.is_none() {
            self.window.good(now);
        }
        None
    }

    /// A call trapped.
    pub fn trap(&mut self, admitted: Admitted, caller: &str, now: Instant) -> Option<Change> {
        let is_probe = self.is_probe(admitted);
        match &mut self.outage {
            Some(outage) if is_probe => {
                let times = outage.times.saturating_add(1);
                *outage = Outage { until: now + pause(times), times, probe: None };
                Some(Change::Out(pause(times)))
            }
            Some(_) => None,
            None => {
                self.window.trap(caller, now);
                self.window.tally(now).is_bad().then(|| {
                    self.outage = Some(Outage { until: now + pause(1), times: 1, probe: None });
                    Change::Out(pause(1))
                })
            }
        }
    }

    /// A call ended without saying anything about the version: its caller left, or the host had no time for it.
    pub fn abandon(&mut self, admitted: Admitted) {
        if self.is_probe(admitted)
            && let Some(outage) = &mut self.outage
        {
            outage.probe = None;
        }
    }

    /// How long until the next probe; none when the version serves.
    pub fn out(&self, now: Instant) -> Option<Duration> {
        Some(self.outage.as_ref()?.until.saturating_duration_since(now))
    }

    fn is_probe(&self, admitted: Admitted) -> bool {
        let running = self.outage.as_ref().and_then(|outage| outage.probe.as_ref());
        running.is_some_and(|probe| admitted == Admitted::Probe(probe.number))
    }
}

/// The rule in words, for the log.
pub fn rule() -> String {
    format!("traps from at least {LEAST_CALLERS} callers, in more than one of {ONE_OF} calls of the last minute")
}

#[cfg(test)]
mod tests;
