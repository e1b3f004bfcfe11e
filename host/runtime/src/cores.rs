//! How many of the guests' threads one slot may have at once.
//!
//! A guest that computes keeps its thread until the next epoch. When every thread runs guests of one slot, nobody
//! else's guest gets one before that, and with more of its calls in line than threads, not after it either. So a slot
//! takes at most all threads but one (the only one, when there is only one).
//!
//! A place is held for one poll of a call: one that waits for its caller, or yields at an epoch, holds none. When none is
//! free the poll stands in line, first come first served, and the next place that is given back goes to it: whoever comes
//! later cannot get in between. What is counted as CPU time starts behind the line.
//!
//! But hooks of one request that follow one another at once share one place ([`stay()`], [`release`]): standing in line for
//! each of them would have the request change its thread with its neighbour's at every hook.

mod stay;

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

pub use self::stay::{release, stay};
use crate::meter::{CpuMeter, Metered};

/// The shares of one host's slots.
pub struct CoreShares {
    /// Places of each.
    each: usize,
    /// By slot; those that no version needs any more are forgotten.
    slots: Mutex<BTreeMap<String, Weak<CoreShare>>>,
}

/// What one slot may have of the guests' threads. All versions of the slot share it.
pub struct CoreShare(Mutex<Line>);

struct Line {
    free: usize,
    tickets: u64,
    /// Polls that wait, and how they are called. Empty while a place is free.
    parked: VecDeque<(u64, Waker)>,
    /// Tickets that were called and hold a place.
    called: Vec<u64>,
}

impl CoreShares {
    /// For a host with so many threads for guests.
    pub fn new(threads: usize) -> CoreShares {
        CoreShares { each: threads.saturating_sub(1).max(1), slots: Mutex::default() }
    }

    /// The share of the slot with this name.
    pub fn slot(&self, name: &str) -> Arc<CoreShare> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = slots.get(name).and_then(Weak::upgrade) {
            return known;
        }
        slots.retain(|_, slot| slot.strong_count() > 0);
        let share = Arc::new(CoreShare::new(self.each));
        slots.insert(name.to_owned(), Arc::downgrade(&share));
        share
    }
}

impl CoreShare {
    fn new(places: usize) -> CoreShare {
        CoreShare(Mutex::new(Line { free: places, tickets: 0, parked: VecDeque::new(), called: Vec::new() }))
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place, or a ticket for one.
    fn enter(self: &Arc<Self>, ticket: &mut Option<u64>, waker: &Waker) -> Option<CorePlace> {
        let mut line = self.line();
        match *ticket {
            None if line.free > 0 => line.free -= 1,
            None => {
                let new = line.tickets;
                line.tickets += 1;
                line.parked.push_back((new, waker.clone()));
                *ticket = Some(new);
                return None;
            }
            Some(held) if line.was_called(held) => *ticket = None,
            Some(held) => {
                // The task may have moved.
                if let Some((_, known)) = line.parked.iter_mut().find(|(parked, _)| *parked == held) {
                    known.clone_from(waker);
                }
                return None;
            }
        }
        Some(CorePlace(self.clone()))
    }

    fn give_back(&self) {
        let next = {
            let mut line = self.line();
            match line.parked.pop_front() {
                Some((ticket, waker)) => {
                    line.called.push(ticket);
                    Some(waker)
                }
                None => {
                    line.free += 1;
                    None
                }
            }
        };
        if let Some(waker) = next {
            waker.wake();
        }
    }

    /// Whoever has this ticket goes away.
    fn leave(&self, ticket: u64) {
        let called = {
            let mut line = self.line();
            line.parked.retain(|(parked, _)| *parked != ticket);
            line.was_called(ticket)
        };
        if called {
            self.give_back();
        }
    }
}

impl Line {
    /// Takes the ticket out of those that were called.
    fn was_called(&mut self, ticket: u64) -> bool {
        let at = self.called.iter().position(|called| *called == ticket);
        at.map(|at| self.called.swap_remove(at)).is_some()
    }
}

/// A place for one poll.
struct CorePlace(Arc<CoreShare>);

impl Drop for CorePlace {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

/// A guest's call: each poll takes a place of its slot's share, and is charged to the call's meter.
pub struct OnCore<F> {
    share: Arc<CoreShare>,
    ticket: Option<u64>,
    call: Metered<F>,
}

impl<F: Future> OnCore<F> {
    /// Runs `call` within `share`, charged to `meter`.
    pub fn new(share: Arc<CoreShare>, meter: Arc<CpuMeter>, call: F) -> OnCore<F> {
        OnCore { share, ticket: None, call: Metered::new(meter, call) }
    }
}

impl<F: Future> Future for OnCore<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let OnCore { share, ticket, call } = &mut *self;
        let kept = if ticket.is_none() { stay::kept(share) } else { None };
        let Some(place) = kept.or_else(|| share.enter(ticket, context.waker())) else { return Poll::Pending };
        let polled = Pin::new(call).poll(context);
        if polled.is_ready() {
            stay::keep(place);
        }
        polled
    }
}

impl<F> Drop for OnCore<F> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.share.leave(ticket);
        }
    }
}

#[cfg(test)]
mod tests;
