//! Callers of streams who read slowly, for at most a second.
//!
//! A stream lasts for as long as its caller reads: the host lets the plugin write only as fast as that. A caller here
//! reads the beginning, waits, and then reads the rest; the answer is larger than everything that could hold it meanwhile.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use socket2::{Domain, Protocol, Socket, Type};

use super::asking::{Due, Outcome, Plan};
use crate::bench::Callers;
use crate::bench::callers::Question;
use crate::bench::marked;
use crate::query::Dialect;

/// Connections that ask, one stream after the other.
const LANES: usize = 6;
/// Pieces of 64 KiB: more than the sockets' buffers hold.
const PIECES: u32 = 128;
/// Bytes of a caller's receive buffer.
const NARROW: usize = 16 << 10;
/// Shortest and longest wait in the middle of a stream, in seconds.
const WAIT: (f64, f64) = (0.1, 0.85);
/// Longest time for anything else.
const LIMIT: Duration = Duration::from_secs(20);
/// Streams are numbered from here on, so that no two dendrites have the same uuid.
const FAR: usize = 2000;

/// Asks until it is told to stop.
pub(super) fn ask(plan: &Plan, callers: &Callers, stop: &AtomicBool) -> Outcome {
    let outcomes = thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES).map(|number| scope.spawn(move || lane(plan, callers, stop, number))).collect();
        lanes.into_iter().map(|lane| lane.join().unwrap_or_default()).collect::<Vec<_>>()
    });
    let mut all = Outcome::default();
    for outcome in outcomes {
        all.streams += outcome.served;
        all.served += outcome.served;
        outcome.failed.into_iter().for_each(|(what, count)| *all.failed.entry(what).or_default() += count);
        all.answers.extend(outcome.answers);
    }
    all
}

fn lane(plan: &Plan, callers: &Callers, stop: &AtomicBool, number: usize) -> Outcome {
    let mut outcome = Outcome::default();
    let mut due = Due::new(plan.streams / LANES as f64, FAR + number);
    let dialect = if number.is_multiple_of(2) { Dialect::Synapse } else { Dialect::Btauth };
    let body = json!({"pieces": PIECES});
    let question = Question { route: marked::STREAM.to_owned(), body, timeout: 5.0 };
    loop {
        let at = due.next();
        while Instant::now() < at && !stop.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(20));
        }
        let Ok(request) = callers.request(dialect, &question, FAR + number) else { break };
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let (shortest, longest) = WAIT;
        let wait = Duration::from_secs_f64(shortest + (longest - shortest) * due.even());
        let read = read_slowly(plan.to, &request, wait);
        outcome.count(read.map_err(|error| format!("a stream: {error}")).and_then(|answer| marked(&answer)));
    }
    outcome
}

/// Everything that comes back until the last chunk.
fn read_slowly(to: SocketAddr, request: &[u8], wait: Duration) -> io::Result<Vec<u8>> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_recv_buffer_size(NARROW)?;
    socket.connect(&to.into())?;
    let mut stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(LIMIT))?;
    stream.write_all(request)?;
    let mut answer = vec![0; NARROW];
    let count = stream.read(&mut answer)?;
    answer.truncate(count);
    thread::sleep(wait);
    let mut buffer = vec![0; 64 << 10];
    while !answer.ends_with(b"\r\n0\r\n\r\n") {
        match stream.read(&mut buffer)? {
            0 => break,
            count => answer.extend_from_slice(buffer.get(..count).unwrap_or_default()),
        }
    }
    Ok(answer)
}

/// The id and the one mark of a whole stream.
fn marked(answer: &[u8]) -> Result<(String, String), String> {
    let text = String::from_utf8_lossy(answer);
    if !text.starts_with("HTTP/1.1 200 ") {
        return Err(format!("a stream: {}", text.get(9..12).unwrap_or("nothing")));
    }
    if !text.contains("end\n") || !text.ends_with("\r\n0\r\n\r\n") {
        return Err("a stream that was cut off".to_owned());
    }
    let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
    let (id, mark) = (value("id "), value("mark "));
    // Chunks may end inside of a line, so not every line is one.
    let other = text.lines().filter_map(|line| line.strip_prefix("mark ")).find(|seen| !mark.starts_with(seen.trim()));
    match other {
        Some(other) => Ok((id, format!("{mark} and {other}"))),
        None => Ok((id, mark)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(body: &str, end: &str) -> Result<(String, String), String> {
        marked(format!("HTTP/1.1 200 OK\r\na: b\r\n\r\n5\r\n{body}{end}").as_bytes())
    }

    #[test]
    fn a_stream_has_one_version_from_its_beginning_to_its_end() {
        let (end, one) = ("end\n\r\n0\r\n\r\n", "id x\nmark 0000001\n");
        assert_eq!(stream(&format!("{one}mark 0000001\n"), end), Ok(("x".into(), "0000001".into())));
        let mixed = stream(&format!("{one}mark 0000002\n"), end).unwrap().1;
        assert_eq!(mixed, "0000001 and 0000002");
        assert!(stream(one, "").is_err() && stream(one, "\r\n0\r\n\r\n").is_err());
        assert_eq!(marked(b"HTTP/1.1 503 No\r\n\r\n").unwrap_err(), "a stream: 503");
    }
}
