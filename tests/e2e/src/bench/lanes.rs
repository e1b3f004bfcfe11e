//! The load generator of the closed loop: one thread, many connections, none of them pipelined.
//!
//! Each connection sends its next request when its answer is there. One thread that waits for all of them uses less of
//! the machine than a thread for each, and what it uses is taken from the server: on two cores that shows.

use std::net::SocketAddr;
use std::time::{Duration, Instant};
use std::{fs, io};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::error::HarnessError;
use crate::flood::load::{Outcome, Plan};
use crate::flood::stock;

/// How long the last answers may take.
const LAST: Duration = Duration::from_secs(20);
/// Bytes that are read at once.
const CHUNK: usize = 64 << 10;
/// The header that says how long a body is.
const LENGTH: &[u8] = b"content-length:";

/// The load generator's program. Prints its [`Outcome`] as one line of JSON.
///
/// # Errors
/// [`HarnessError::Output`] when the plan is none or its file holds no requests, [`HarnessError::Io`] when the file
/// cannot be read.
pub fn main(plan: &str) -> Result<(), HarnessError> {
    let odd = |output: String| HarnessError::Output { what: "the plan of a load".to_owned(), output };
    let plan: Plan = serde_json::from_str(plan).map_err(|error| odd(error.to_string()))?;
    let path = &plan.requests;
    let packed = fs::read(path).map_err(HarnessError::io(format!("reading {}", path.display())))?;
    let requests = stock::unpack(&packed).filter(|requests| !requests.is_empty());
    let outcome = send(&plan, &requests.ok_or_else(|| odd(path.display().to_string()))?)?;
    println!("{}", serde_json::to_string(&outcome).map_err(|error| odd(error.to_string()))?);
    Ok(())
}

/// Sends what the plan says. Its `rate` and `then` are not looked at: the loop is closed, and each request is sent once.
///
/// # Errors
/// [`HarnessError::Io`] when a connection cannot be opened.
pub fn send(plan: &Plan, requests: &[Vec<u8>]) -> Result<Outcome, HarnessError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(HarnessError::io("starting a load generator"))?.block_on(run(plan, requests))
}

async fn run(plan: &Plan, requests: &[Vec<u8>]) -> Result<Outcome, HarnessError> {
    let count = plan.connections.max(1);
    let mut lanes = Vec::with_capacity(count);
    for number in 0..count {
        let socket = connect(plan).await.map_err(HarnessError::io(format!("connecting to {}", plan.to)))?;
        lanes.push((socket, requests.iter().skip(number).step_by(count)));
    }
    let started = Instant::now();
    let end = started + Duration::from_secs_f64(plan.seconds);
    let lanes = lanes.into_iter().map(|(socket, requests)| lane(socket, requests, end));
    let mut outcome = Outcome::default();
    for part in futures_util::future::join_all(lanes).await {
        part.statuses.into_iter().for_each(|(status, count)| *outcome.statuses.entry(status).or_default() += count);
        outcome.broken += part.broken;
        outcome.latencies.extend(part.latencies);
    }
    outcome.seconds = started.elapsed().as_secs_f64();
    outcome.latencies.sort_unstable();
    Ok(outcome)
}

/// One connection with its requests. It is not asked again when it breaks.
async fn lane<'a>(mut socket: TcpStream, requests: impl Iterator<Item = &'a Vec<u8>>, end: Instant) -> Outcome {
    let mut outcome = Outcome::default();
    let mut received = Vec::with_capacity(CHUNK);
    for request in requests {
        let sent = Instant::now();
        if sent >= end {
            break;
        }
        let exchange = tokio::time::timeout(LAST, exchange(&mut socket, request, &mut received)).await;
        match exchange {
            Ok(Ok(status)) => {
                *outcome.statuses.entry(status).or_default() += 1;
                outcome.latencies.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
            }
            Ok(Err(_)) | Err(_) => {
                outcome.broken += 1;
                break;
            }
        }
    }
    outcome
}

async fn exchange(socket: &mut TcpStream, request: &[u8], received: &mut Vec<u8>) -> io::Result<u16> {
    socket.write_all(request).await?;
    loop {
        if let Some((status, length)) = whole(received) {
            received.drain(..length);
            return Ok(status);
        }
        if socket.read_buf(received).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

async fn connect(plan: &Plan) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((plan.from, 0)))?;
    let stream = socket.connect(plan.to).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
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
    let length = end + std::str::from_utf8(length.trim_ascii()).ok()?.parse::<usize>().ok()?;
    (bytes.len() >= length).then_some((status, length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flood::load::Then;
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, TcpListener};
    use std::thread;

    #[test]
    fn an_answer_is_whole_with_its_body() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1";
        assert_eq!(whole(answer), Some((200, 41)));
        for length in 0..41 {
            assert_eq!(whole(&answer[..length]), None, "{length}");
        }
    }

    #[test]
    fn every_request_is_sent_once_and_answered() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let to: SocketAddr = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let lanes: Vec<_> = (0..2).map(|_| listener.accept().unwrap().0).collect();
            let serve = |mut stream: std::net::TcpStream| {
                let (mut byte, mut heard) = ([0], Vec::new());
                while matches!(stream.read(&mut byte), Ok(1)) {
                    heard.push(byte[0]);
                    // The answer comes in two pieces.
                    stream.write_all(b"HTTP/1.1 403 No\r\ncontent-le").unwrap();
                    thread::sleep(Duration::from_millis(2));
                    stream.write_all(b"ngth: 2\r\n\r\nno").unwrap();
                }
                heard
            };
            let lanes: Vec<_> = lanes.into_iter().map(|lane| thread::spawn(move || serve(lane))).collect();
            let mut heard = lanes.into_iter().flat_map(|lane| lane.join().unwrap()).collect::<Vec<u8>>();
            heard.sort_unstable();
            heard
        });
        let (from, requests) = (Ipv4Addr::LOCALHOST, std::path::PathBuf::new());
        let plan = Plan { to, from, connections: 2, seconds: 5.0, rate: None, requests, then: Then::Stop };
        let outcome = send(&plan, &[vec![b'a'], vec![b'b'], vec![b'c']]).unwrap();
        assert_eq!(server.join().unwrap(), b"abc");
        assert_eq!((outcome.statuses.get(&403), outcome.broken, outcome.latencies.len()), (Some(&3), 0, 3));
    }
}
