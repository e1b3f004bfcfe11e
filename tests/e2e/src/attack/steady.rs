//! The good caller, who asks all the while.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::draft;
use super::exchange::Connection;
use crate::account::Account;
use crate::error::HarnessError;

/// Requests on one connection before the next is opened: a caller must get in as well as stay in.
const ON_ONE: usize = 5;

/// A caller in the background. It asks at a modest pace, in both dialects in turn, on connections that it renews.
#[derive(Debug)]
pub struct Steady {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    thread: Option<JoinHandle<Vec<String>>>,
}

impl Steady {
    /// Starts asking from this address, with so long a pause between two requests.
    pub fn start(caller: Account, from: Ipv4Addr, to: SocketAddr, pause: Duration) -> Steady {
        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let thread = {
            let (stop, answered) = (stop.clone(), answered.clone());
            thread::spawn(move || ask(caller, (from, to), pause, &stop, &answered))
        };
        Steady { stop, answered, thread: Some(thread) }
    }

    /// Requests that were answered 200 so far.
    pub fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    /// Stops, and says what went wrong: one line for each request that was not answered 200.
    pub fn stop(mut self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.take().map(JoinHandle::join);
        match thread {
            Some(Ok(failures)) => failures,
            _ => vec!["the caller's thread panicked".to_owned()],
        }
    }
}

impl Drop for Steady {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn ask(
    caller: Account,
    (from, to): (Ipv4Addr, SocketAddr),
    pause: Duration,
    stop: &AtomicBool,
    answered: &AtomicUsize,
) -> Vec<String> {
    let mut failures = Vec::new();
    let mut connection = None;
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        if number % ON_ONE == 0 {
            connection = None;
        }
        number += 1;
        match once(caller, (from, to), &mut connection, number) {
            Ok(()) => drop(answered.fetch_add(1, Ordering::Relaxed)),
            Err(failure) => {
                failures.push(format!("request {number}: {failure}"));
                connection = None;
            }
        }
        thread::sleep(pause);
    }
    failures
}

fn once(
    caller: Account,
    (from, to): (Ipv4Addr, SocketAddr),
    connection: &mut Option<Connection>,
    number: usize,
) -> Result<(), String> {
    let said = |error: HarnessError| error.to_string();
    let request = if number.is_multiple_of(2) { draft::synapse(caller, 12.0) } else { draft::btauth(caller) };
    let request = draft::bytes(&request.map_err(said)?);
    let open = match connection {
        Some(open) => open,
        None => connection.insert(Connection::open(from, to).map_err(said)?),
    };
    let reply = open.exchange(&request).map_err(said)?;
    if reply.closes {
        *connection = None;
    }
    match reply.status {
        200 => Ok(()),
        status => Err(format!("{status} {}", String::from_utf8_lossy(&reply.body))),
    }
}
