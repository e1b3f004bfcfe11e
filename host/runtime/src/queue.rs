//! The queue of one version's forwards (and another one of its streams).
//!
//! A request that may start at once does. Otherwise it stands in line and holds no instance. Who is served
//! next is the one with the highest rank plus age times slope; ties go to who came first. As all grow older
//! equally fast, that order never changes: it is `rank - slope * arrival`, known when a request comes.
//!
//! What bounds it: at most so many places run and so many wait. When the line is full the lowest is shed, be it
//! the one that comes or one that waits. A request whose deadline has passed is not started, and one whose
//! future is dropped leaves at once.
//!
//! What one caller may have of it: who runs `n` requests gets one more place while more than `n` are free. One caller
//! alone so runs in half of the places (as many as there are cores, by default, so no core is idle), two in three
//! quarters, and whoever has none finds one. Waiting is not capped, but when the line is full a caller with more than
//! one of [`PART`] of it makes room for one with less, at the same rank or a higher one. Of streams, which last for as
//! long as their callers like, a caller has at most its [`Shares`].

mod share;

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

pub use self::share::{Share, Shares};

/// Rank that a request gains for each second that it waits.
pub const SLOPE: f64 = 1.0;
/// Of so many requests in line a caller has one without question.
const PART: usize = 8;
/// A request with less time than this is not started: an instance alone takes about as long.
const LEAST_LEFT: Duration = Duration::from_millis(1);

/// Where somebody stands in line; the highest is next.
#[derive(Clone, Copy, Debug)]
struct Standing {
    worth: f64,
    arrival: Reverse<u64>,
}

impl Ord for Standing {
    fn cmp(&self, other: &Standing) -> Ordering {
        self.worth.total_cmp(&other.worth).then(self.arrival.cmp(&other.arrival))
    }
}

impl PartialOrd for Standing {
    fn partial_cmp(&self, other: &Standing) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Standing {
    fn eq(&self, other: &Standing) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Standing {}

/// Somebody who wants a place.
pub struct Asks<'a> {
    /// For whom; places are shared by callers.
    pub caller: &'a str,
    /// A rank that is no finite number counts as the lowest.
    pub rank: f64,
    /// When it is too late.
    pub deadline: Instant,
}

/// The line without clock and without waking anybody. `T` is how somebody in it is called.
struct Line<T> {
    free: usize,
    most: usize,
    slope: f64,
    opened: Instant,
    arrivals: u64,
    /// Those who run or wait, and nobody else.
    callers: BTreeMap<Arc<str>, Held>,
    waiting: BTreeMap<Standing, Waiter<T>>,
}

/// What one caller has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Held {
    running: usize,
    waiting: usize,
}

struct Waiter<T> {
    caller: Arc<str>,
    rank: f64,
    deadline: Instant,
    called: T,
}

/// What came of somebody who wants in.
enum Entry<T> {
    /// Takes a free place.
    Start(Arc<str>),
    /// Stands in line; `shed` has to go instead.
    Waits { standing: Standing, shed: Option<T> },
    /// Has to go.
    Full,
}

/// Whom a place that became free is for.
struct Released<T> {
    /// Those who get one, by caller.
    next: Vec<(Arc<str>, T)>,
    /// Those who cannot make it any more.
    late: Vec<T>,
}

impl<T> Line<T> {
    fn new(places: usize, most: usize, slope: f64, opened: Instant) -> Line<T> {
        let (callers, waiting) = (BTreeMap::new(), BTreeMap::new());
        Line { free: places, most, slope, opened, arrivals: 0, callers, waiting }
    }

    /// Nobody in line may start when this is called, nor after it.
    fn enter(&mut self, now: Instant, asks: &Asks<'_>, called: T) -> Entry<T> {
        let known = self.callers.get_key_value(asks.caller).map(|(name, held)| (name.clone(), *held));
        let (caller, held) = known.unwrap_or_else(|| (asks.caller.into(), Held::default()));
        if held.running < self.free {
            self.free -= 1;
            self.callers.entry(caller.clone()).or_default().running += 1;
            return Entry::Start(caller);
        }
        let rank = if asks.rank.is_finite() { asks.rank } else { f64::MIN };
        let age = self.slope * now.saturating_duration_since(self.opened).as_secs_f64();
        let standing = Standing { worth: rank - age, arrival: Reverse(self.arrivals) };
        let mut shed = None;
        if self.waiting.len() >= self.most {
            let Some(lowest) = self.gives_way(standing, rank, held) else { return Entry::Full };
            shed = self.leave(lowest);
        }
        self.arrivals += 1;
        self.callers.entry(caller.clone()).or_default().waiting += 1;
        self.waiting.insert(standing, Waiter { caller, rank, deadline: asks.deadline, called });
        Entry::Waits { standing, shed }
    }

    /// Who makes room in a full line for one of this standing and rank, whose caller has so much of it already.
    fn gives_way(&self, standing: Standing, rank: f64, held: Held) -> Option<Standing> {
        let lowest = self.waiting.first_key_value().map(|(lowest, _)| *lowest)?;
        if lowest < standing {
            return Some(lowest);
        }
        let part = (self.most / PART).max(1);
        if held.waiting >= part {
            return None;
        }
        let crowds = |of: &Waiter<T>| self.callers.get(&of.caller).is_some_and(|held| held.waiting > part);
        self.waiting.iter().find(|(_, of)| of.rank <= rank && crowds(of)).map(|(standing, _)| *standing)
    }

    /// Somebody in line goes away.
    fn leave(&mut self, standing: Standing) -> Option<T> {
        let gone = self.waiting.remove(&standing)?;
        self.change(&gone.caller, |held| held.waiting = held.waiting.saturating_sub(1));
        Some(gone.called)
    }

    /// A place of this caller is free: for the next in line that can still make it and may have it, or for whoever
    /// comes.
    fn release(&mut self, now: Instant, caller: &str) -> Released<T> {
        self.free += 1;
        self.change(caller, |held| held.running = held.running.saturating_sub(1));
        let mut released = Released { next: Vec::new(), late: Vec::new() };
        while self.free > 0
            && let Some((standing, waiter)) = self.waiting.iter().rev().find(|(_, waiter)| self.may_start(waiter))
        {
            let (standing, caller) = (*standing, waiter.caller.clone());
            let is_late = waiter.deadline.saturating_duration_since(now) < LEAST_LEFT;
            let Some(called) = self.leave(standing) else { return released };
            if is_late {
                released.late.push(called);
                continue;
            }
            self.free -= 1;
            self.callers.entry(caller.clone()).or_default().running += 1;
            released.next.push((caller, called));
        }
        released
    }

    fn may_start(&self, waiter: &Waiter<T>) -> bool {
        self.callers.get(&waiter.caller).is_none_or(|held| held.running < self.free)
    }

    fn change(&mut self, caller: &str, change: impl FnOnce(&mut Held)) {
        let Some(held) = self.callers.get_mut(caller) else { return };
        change(held);
        if *held == Held::default() {
            self.callers.remove(caller);
        }
    }
}

/// Why somebody in line does not get a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// Others were worth more.
    Shed,
    /// The deadline passed.
    Late,
}

type Called = oneshot::Sender<Result<Place, Turned>>;

/// The queue. Cloning gives another handle to the same one.
#[derive(Clone)]
pub struct Queue(Arc<Mutex<Line<Called>>>);

/// A place to run in, of this caller; dropping it calls the next one.
pub struct Place(Option<(Queue, Arc<str>)>);

/// A place in line; dropping it leaves the line.
pub struct Waiting {
    queue: Queue,
    standing: Standing,
    call: oneshot::Receiver<Result<Place, Turned>>,
}

/// What came of entering.
pub enum Entered {
    /// May start now.
    Started(Place),
    /// Stands in line.
    Waiting(Waiting),
    /// Is turned away.
    Full,
}

impl Queue {
    /// With so many places to run in and to wait in.
    pub fn new(running: usize, waiting: usize) -> Queue {
        Queue(Arc::new(Mutex::new(Line::new(running, waiting, SLOPE, Instant::now()))))
    }

    /// Starts at once, or stands in line.
    pub fn enter(&self, asks: &Asks<'_>) -> Entered {
        let (called, call) = oneshot::channel();
        let entry = self.line().enter(Instant::now(), asks, called);
        match entry {
            Entry::Start(caller) => Entered::Started(self.place(caller)),
            Entry::Full => Entered::Full,
            Entry::Waits { standing, shed } => {
                if let Some(shed) = shed {
                    // It may just have left.
                    let _ = shed.send(Err(Turned::Shed));
                }
                Entered::Waiting(Waiting { queue: self.clone(), standing, call })
            }
        }
    }

    /// How many stand in line.
    pub fn waiting(&self) -> usize {
        self.line().waiting.len()
    }

    fn line(&self) -> MutexGuard<'_, Line<Called>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, caller: Arc<str>) -> Place {
        Place(Some((self.clone(), caller)))
    }

    fn release(&self, caller: Arc<str>) {
        let mut over = vec![caller];
        while let Some(caller) = over.pop() {
            let Released { next, late } = self.line().release(Instant::now(), &caller);
            for called in late {
                let _ = called.send(Err(Turned::Late));
            }
            for (caller, called) in next {
                if let Err(Ok(mut place)) = called.send(Ok(self.place(caller.clone()))) {
                    // It has just left: its place goes to the one behind it.
                    place.0 = None;
                    over.push(caller);
                }
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((queue, caller)) = self.0.take() {
            queue.release(caller);
        }
    }
}

impl Waiting {
    /// Waits until it is called.
    pub async fn place(mut self) -> Result<Place, Turned> {
        (&mut self.call).await.unwrap_or(Err(Turned::Shed))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // How it would have been called is dropped after the lock.
        let _gone = self.queue.line().leave(self.standing);
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
