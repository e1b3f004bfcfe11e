//! Floods of whole requests.

use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::Duration;

use super::exchange::{Connection, Reply};
use super::tally::Tally;
use crate::error::HarnessError;

/// Addresses 127.0.`net`.1 and following.
///
/// `net` keeps the attackers of one attack apart from those of another, who would share their rates.
pub fn addresses(net: u8, count: u8) -> Vec<Ipv4Addr> {
    (1..=count).map(|host| Ipv4Addr::new(127, 0, net, host)).collect()
}

/// Sends `each` requests from every address, as fast as answers come, on connections that are kept while the server
/// keeps them. `request` gives the bytes for a number that counts up.
pub fn flood(from: &[Ipv4Addr], to: SocketAddr, each: usize, request: impl Fn(usize) -> Vec<u8> + Sync) -> Tally {
    paced(from, to, each, Duration::ZERO, request)
}

/// The same with a pause after each answer.
pub fn paced(
    from: &[Ipv4Addr],
    to: SocketAddr,
    each: usize,
    pause: Duration,
    request: impl Fn(usize) -> Vec<u8> + Sync,
) -> Tally {
    let request = &request;
    thread::scope(|scope| {
        let attackers: Vec<_> =
            from.iter().map(|from| scope.spawn(move || from_one(*from, to, each, pause, request))).collect();
        let tallies = attackers.into_iter().map(|attacker| attacker.join().unwrap_or_default());
        tallies.fold(Tally::default(), Tally::and)
    })
}

fn from_one(
    from: Ipv4Addr,
    to: SocketAddr,
    each: usize,
    pause: Duration,
    request: &(impl Fn(usize) -> Vec<u8> + Sync),
) -> Tally {
    let mut tally = Tally::default();
    let mut connection = None;
    for number in 0..each {
        let outcome = once(&mut connection, from, to, &request(number));
        if outcome.as_ref().map_or(true, |reply| reply.closes) {
            connection = None;
        }
        tally.count(&outcome);
        thread::sleep(pause);
    }
    tally
}

fn once(
    connection: &mut Option<Connection>,
    from: Ipv4Addr,
    to: SocketAddr,
    request: &[u8],
) -> Result<Reply, HarnessError> {
    let open = match connection {
        Some(open) => open,
        None => connection.insert(Connection::open(from, to)?),
    };
    open.exchange(request)
}

/// Sends each of these over a connection of its own, which the server may close before it has read everything.
pub fn bombs(from: Ipv4Addr, to: SocketAddr, bombs: &[Vec<u8>]) -> Tally {
    let mut tally = Tally::default();
    for bomb in bombs {
        let outcome = Connection::open(from, to).and_then(|mut connection| {
            connection.push(bomb, Duration::from_secs(5));
            connection.answer()
        });
        tally.count(&outcome);
    }
    tally
}

/// Opens and closes `each` connections from every address, some after a piece of a request. Returns how many came
/// about.
pub fn churn(from: &[Ipv4Addr], to: SocketAddr, each: usize) -> usize {
    const PIECES: [&[u8]; 4] = [b"", b"POST", b"POST /TextGeneration HTTP/1.1\r\nbt_header", b"\x16\x03\x01\x02\x00"];
    let churner = |from: Ipv4Addr| {
        let pieces = PIECES.into_iter().cycle().take(each);
        pieces.filter(|piece| Connection::open(from, to).and_then(|mut open| open.send(piece)).is_ok()).count()
    };
    thread::scope(|scope| {
        let churners: Vec<_> = from.iter().map(|from| scope.spawn(move || churner(*from))).collect();
        churners.into_iter().map(|churner| churner.join().unwrap_or_default()).sum()
    })
}
