//! The queue of one version's forwards (and another one of its streams).
//!
//! A request that may start at once does. Otherwise it stands in line and holds no instance. Who is served
//! next is the one with the highest rank plus age times slope; ties go to who came first. As all grow older
//! equally fast, that order never changes: it is `rank - slope * arrival`, known when a request comes.
//!
//! What bounds it: at most so many places run and so many wait. When the line is full the lowest is shed, be it
//! the one that comes or one that waits. A request whose deadline has passed is not started, and one whose
//! future is dropped leaves at once. What one caller may have of it is [`Shares`].

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Named;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// Rank that a request gains for each second that it waits.
pub const SLOPE: f64 = 1.0;
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

/// The line without clock and without waking anybody. `T` is how somebody in it is called.
struct Line<T> {
    free: usize,
    most: usize,
    slope: f64,
    opened: Instant,
    arrivals: u64,
    waiting: BTreeMap<Standing, (Instant, T)>,
}

/// What came of somebody who wants in.
enum Entry<T> {
    /// Takes a free place.
    Start,
    /// Stands in line; `shed` has to go instead.
    Waits { standing: Standing, shed: Option<T> },
    /// Is the lowest of a full line.
    Full,
}

impl<T> Line<T> {
    fn new(places: usize, most: usize, slope: f64, opened: Instant) -> Line<T> {
        Line { free: places, most, slope, opened, arrivals: 0, waiting: BTreeMap::new() }
    }

    fn enter(&mut self, now: Instant, rank: f64, deadline: Instant, called: T) -> Entry<T> {
        if self.free > 0 {
            self.free -= 1;
            return Entry::Start;
        }
        let rank = if rank.is_finite() { rank } else { f64::MIN };
        let age = self.slope * now.saturating_duration_since(self.opened).as_secs_f64();
        let standing = Standing { worth: rank - age, arrival: Reverse(self.arrivals) };
        let mut shed = None;
        if self.waiting.len() >= self.most {
            match self.waiting.first_entry() {
                Some(lowest) if *lowest.key() < standing => shed = Some(lowest.remove().1),
                _ => return Entry::Full,
            }
        }
        self.arrivals += 1;
        self.waiting.insert(standing, (deadline, called));
        Entry::Waits { standing, shed }
    }

    /// Somebody in line goes away.
    fn leave(&mut self, standing: Standing) {
        self.waiting.remove(&standing);
    }

    /// A place is free: for the next in line that can still make it, or for whoever comes. Returns that next
    /// one, and those who are too late.
    fn release(&mut self, now: Instant) -> (Option<T>, Vec<T>) {
        let mut late = Vec::new();
        while let Some((_, (deadline, called))) = self.waiting.pop_last() {
            if deadline.saturating_duration_since(now) >= LEAST_LEFT {
                return (Some(called), late);
            }
            late.push(called);
        }
        self.free += 1;
        (None, late)
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

/// A place to run in; dropping it calls the next one.
pub struct Place(Option<Queue>);

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

    /// Starts at once, or stands in line. A rank that is no finite number counts as the lowest.
    pub fn enter(&self, rank: f64, deadline: Instant) -> Entered {
        let (caller, call) = oneshot::channel();
        let entry = self.line().enter(Instant::now(), rank, deadline, caller);
        match entry {
            Entry::Start => Entered::Started(Place(Some(self.clone()))),
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

    fn release(&self) {
        loop {
            let (next, late) = self.line().release(Instant::now());
            for called in late {
                let _ = called.send(Err(Turned::Late));
            }
            let Some(next) = next else { return };
            match next.send(Ok(Place(Some(self.clone())))) {
                // It has just left: its place goes to the one behind it.
                Err(Ok(mut place)) => place.0 = None,
                _ => return,
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(queue) = self.0.take() {
            queue.release();
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
        self.queue.line().leave(self.standing);
    }
}

/// How many requests of each caller run or wait; a caller may have at most so many.
///
/// Names are kept for as long as they have a share, so there are no more of them than requests.
pub struct Shares {
    most: usize,
    taken: Arc<Mutex<BTreeMap<String, usize>>>,
}

/// One request of a caller; dropping it makes room for another one.
pub struct Share {
    caller: String,
    taken: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Shares {
    /// At most `most` for each caller.
    pub fn new(most: usize) -> Shares {
        Shares { most, taken: Arc::default() }
    }

    /// One more for this caller; none when it has as many as it may.
    pub fn take(&self, caller: &str) -> Option<Share> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.get(caller).copied().unwrap_or(0);
        if count >= self.most {
            return None;
        }
        taken.insert(caller.to_owned(), count + 1);
        Some(Share { caller: caller.to_owned(), taken: self.taken.clone() })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Named::Occupied(mut named) = taken.entry(std::mem::take(&mut self.caller)) {
            *named.get_mut() -= 1;
            if *named.get() == 0 {
                named.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests;
