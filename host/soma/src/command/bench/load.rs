//! The thread that sends: some connections, each of which asks again when it was answered.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use miette::IntoDiagnostic;
use rustix::time::{ClockId, clock_gettime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::caller::Caller;

/// Connections.
pub const LANES: usize = 32;
/// How long a forged request is sent again before it is made anew: it would be refused as an old one.
const FRESH: Duration = Duration::from_secs(1);
/// How long one answer may take.
const LAST: Duration = Duration::from_secs(20);
/// A request for a route that there is not.
const NOWHERE: &[u8] = b"GET /-/nowhere HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
/// The header that says how long a body is.
const LENGTH: &[u8] = b"content-length:";

/// What is asked.
pub enum Ask {
    /// Good requests. Each is signed right before it is sent: nonces have a time, and are good once.
    Signed {
        /// Dealt out to the connections in turn. One hotkey alone may not have as many fresh nonces as a bench needs.
        callers: Vec<Arc<Caller>>,
        /// The route.
        route: String,
        /// The body.
        body: Vec<u8>,
    },
    /// Requests with a signature of something else.
    Forged {
        /// In whose name.
        caller: Arc<Caller>,
        /// The route.
        route: String,
    },
    /// A route that there is not.
    Nowhere,
}

/// What to send.
pub struct Load {
    /// The server.
    pub address: SocketAddr,
    /// What is asked.
    pub ask: Ask,
    /// For how long.
    pub length: Duration,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// By the clock.
    pub elapsed: Duration,
    /// Processor time of the process without the thread that sends.
    pub server: Duration,
}

impl Load {
    /// Sends, on a thread of its own.
    pub async fn run(self) -> miette::Result<Outcome> {
        tokio::task::spawn_blocking(move || self.send()).await.into_diagnostic()?.into_diagnostic()
    }

    fn send(self) -> std::io::Result<Outcome> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (process, own) = (clock(ClockId::ProcessCPUTime), clock(ClockId::ThreadCPUTime));
        let started = Instant::now();
        let end = started + self.length;
        let lanes = (0..LANES).map(|number| lane(&self, number, end));
        let statuses = runtime.block_on(join_all(lanes));
        let elapsed = started.elapsed();
        let own = clock(ClockId::ThreadCPUTime).saturating_sub(own);
        let server = clock(ClockId::ProcessCPUTime).saturating_sub(process).saturating_sub(own);
        let mut outcome = Outcome { elapsed, server, ..Outcome::default() };
        for lane in statuses {
            lane?.into_iter().for_each(|(status, count)| *outcome.statuses.entry(status).or_default() += count);
        }
        Ok(outcome)
    }
}

/// Processor time by a clock.
pub fn clock(which: ClockId) -> Duration {
    let time = clock_gettime(which);
    let (seconds, nanos) = (u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0));
    Duration::new(seconds, nanos)
}

/// One connection, and its answers by status.
async fn lane(load: &Load, number: usize, end: Instant) -> std::io::Result<BTreeMap<u16, u64>> {
    let mut socket = TcpStream::connect(load.address).await?;
    socket.set_nodelay(true)?;
    let mut statuses = BTreeMap::new();
    let mut received = Vec::new();
    let mut forged: Option<(Instant, Vec<u8>)> = None;
    while Instant::now() < end {
        match &load.ask {
            Ask::Signed { callers, route, body } => {
                let Some(caller) = callers.get(number % callers.len().max(1)) else { break };
                socket.write_all(&caller.request(route, body)).await?;
            }
            Ask::Forged { caller, route } => {
                forged = forged.filter(|(made, _)| made.elapsed() < FRESH);
                let (_, request) = forged.get_or_insert_with(|| (Instant::now(), caller.forged(route)));
                socket.write_all(request).await?;
            }
            Ask::Nowhere => socket.write_all(NOWHERE).await?,
        }
        let status = tokio::time::timeout(LAST, answer(&mut socket, &mut received)).await;
        *statuses.entry(status.unwrap_or(Err(std::io::ErrorKind::TimedOut.into()))?).or_default() += 1;
    }
    Ok(statuses)
}

async fn answer(socket: &mut TcpStream, received: &mut Vec<u8>) -> std::io::Result<u16> {
    loop {
        if let Some((status, length)) = whole(received) {
            received.drain(..length);
            return Ok(status);
        }
        if socket.read_buf(received).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Status and length of the answer at the beginning of these bytes; none while it is not whole.
fn whole(bytes: &[u8]) -> Option<(u16, usize)> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let status = std::str::from_utf8(bytes.get(9..12)?).ok()?.parse().ok()?;
    let mut lines = bytes.get(..end)?.split(|byte| *byte == b'\n');
    let length = lines.find_map(|line| {
        let (name, value) = line.split_at_checked(LENGTH.len())?;
        name.eq_ignore_ascii_case(LENGTH).then_some(value)
    })?;
    let length = end.checked_add(std::str::from_utf8(length.trim_ascii()).ok()?.parse::<usize>().ok()?)?;
    (bytes.len() >= length).then_some((status, length))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_answer_is_whole_with_its_body() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1";
        assert_eq!(whole(answer), Some((200, 41)));
        for length in 0..41 {
            assert_eq!(whole(&answer[..length]), None, "{length}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_answer_or_not(bytes in "HTTP/1.1 [0-9]{0,4}\r\n(content-length: ?[0-9]{0,25}\r\n)?\r?\n?.{0,5}") {
            if let Some((_, length)) = whole(bytes.as_bytes()) {
                prop_assert!(length <= bytes.len());
            }
        }
    }
}
