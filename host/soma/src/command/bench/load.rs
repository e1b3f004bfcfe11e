//! The thread that sends: some connections, each of which asks again when it was answered.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use miette::IntoDiagnostic;
use rustix::time::{ClockId, clock_gettime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Connections.
const LANES: usize = 32;
/// More answers a second than a machine's core gives.
pub const MOST: usize = 20_000;
/// How long one answer may take.
const LAST: Duration = Duration::from_secs(20);
/// The header that says how long a body is.
const LENGTH: &[u8] = b"content-length:";

/// Whether requests are sent once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Each is good once.
    Never,
    /// Junk is never used up.
    Always,
}

/// What to send.
pub struct Load {
    /// The server.
    pub address: SocketAddr,
    /// Dealt out to the connections in turn.
    pub requests: Vec<Vec<u8>>,
    /// For how long.
    pub length: Duration,
    /// Whether they are sent again.
    pub again: Again,
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
    let mut next = number;
    while Instant::now() < end {
        let at = if load.again == Again::Always { next % load.requests.len().max(1) } else { next };
        let Some(request) = load.requests.get(at) else { break };
        next += LANES;
        socket.write_all(request).await?;
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
