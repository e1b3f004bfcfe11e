//! Connections and requests that are held open.

use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use super::draft;
use super::exchange::Connection;
use super::tally::Tally;
use crate::error::HarnessError;
use crate::wire::Request;

/// Pause between two bytes of who is slow.
const SLOW: Duration = Duration::from_millis(100);
/// How long is waited for one connection of many to be found closed.
const GLANCE: Duration = Duration::from_millis(1);
/// The receive buffer of who does not read, in bytes: the kernel's smallest is a little more.
const NARROW: usize = 2048;

/// Opens `count` connections spread over the addresses and sends nothing. One that is refused is left out.
pub fn idle(from: &[Ipv4Addr], to: SocketAddr, count: usize) -> Vec<Connection> {
    let sources = from.iter().cycle().take(count);
    sources.filter_map(|from| Connection::open(*from, to).ok()).collect()
}

/// Sends `bytes` one by one over each of `count` connections, until the server has closed them all or `limit` is over.
/// Returns how many it closed.
pub fn drip(from: &[Ipv4Addr], to: SocketAddr, count: usize, first: &[u8], bytes: &[u8], limit: Duration) -> usize {
    let started = Instant::now();
    let mut connections = idle(from, to, count);
    for connection in &mut connections {
        // One that is closed is found below.
        let _ = connection.send(first);
    }
    let mut drops = bytes.iter().cycle();
    while !connections.is_empty() && started.elapsed() < limit {
        let Some(drop) = drops.next() else { break };
        connections.retain_mut(|connection| connection.send(&[*drop]).is_ok() && !connection.is_closed_within(GLANCE));
        thread::sleep(SLOW);
    }
    count - connections.len()
}

/// Sends requests whose bodies of `length` bytes lack their last byte, from connections that stay open.
pub fn bodies(from: &[Ipv4Addr], to: SocketAddr, request: &Request, length: usize, count: usize) -> Vec<Connection> {
    let head = draft::head(request, Some(length));
    let body = vec![b' '; length.saturating_sub(1)];
    let mut connections = idle(from, to, count);
    for connection in &mut connections {
        if connection.send(&head).is_ok() {
            connection.push(&body, Duration::from_secs(1));
        }
    }
    connections
}

/// What held connections were answered in the end; closed ones count as unanswered.
pub fn answers(connections: &mut [Connection]) -> Tally {
    let mut tally = Tally::default();
    connections.iter_mut().for_each(|connection| tally.count(&connection.answer()));
    tally
}

/// Fills `count` connections with small requests whose answers are never read.
///
/// # Errors
/// [`HarnessError::Io`] when a connection cannot be opened.
pub fn unread(from: &[Ipv4Addr], to: SocketAddr, count: usize) -> Result<Vec<Connection>, HarnessError> {
    let requests = draft::nowhere().repeat(2000);
    let open = |from: &Ipv4Addr| {
        let mut connection = Connection::narrow(*from, to, NARROW)?;
        // Until the server takes no more of them, because its answers are not taken.
        let mut quiet = 0;
        let started = Instant::now();
        while quiet < 2 && started.elapsed() < Duration::from_secs(2) {
            let sent = connection.push(&requests, Duration::from_millis(100));
            quiet = if sent < requests.len() { quiet + 1 } else { 0 };
        }
        Ok(connection)
    };
    from.iter().cycle().take(count).map(open).collect()
}
