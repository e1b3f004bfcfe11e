//! A connection from a chosen address, and answers read one by one.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use crate::error::HarnessError;
use crate::process::LIMIT;

/// Bytes that are read at once.
const CHUNK: usize = 16 << 10;

/// A connection that is kept alive.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    /// Bytes that came after the last answer.
    rest: Vec<u8>,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Whether the server says that it closes the connection.
    pub closes: bool,
    /// The body; of an answer in chunks, the chunks as they came.
    pub body: Vec<u8>,
}

impl Connection {
    /// Connects from an address of the loopback network.
    ///
    /// # Errors
    /// [`HarnessError::Io`].
    pub fn open(from: Ipv4Addr, to: SocketAddr) -> Result<Connection, HarnessError> {
        let stream = connect(from, to, None)?;
        Ok(Connection { stream, rest: Vec::new() })
    }

    /// The same, with a receive buffer of so many bytes, which is soon full.
    ///
    /// # Errors
    /// [`HarnessError::Io`].
    pub fn narrow(from: Ipv4Addr, to: SocketAddr, buffer: usize) -> Result<Connection, HarnessError> {
        let stream = connect(from, to, Some(buffer))?;
        Ok(Connection { stream, rest: Vec::new() })
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// [`HarnessError::Io`].
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), HarnessError> {
        self.stream.write_all(bytes).map_err(HarnessError::io("writing a request"))
    }

    /// Sends as many of these bytes as the other side takes within `patience`.
    pub fn push(&mut self, bytes: &[u8], patience: Duration) -> usize {
        let _ = self.stream.set_write_timeout(Some(patience));
        let mut sent = 0;
        while let Some(more) = bytes.get(sent..).filter(|more| !more.is_empty()) {
            match self.stream.write(more) {
                Ok(0) | Err(_) => break,
                Ok(count) => sent += count,
            }
        }
        let _ = self.stream.set_write_timeout(Some(LIMIT));
        sent
    }

    /// Reads the next answer.
    ///
    /// # Errors
    /// [`HarnessError::Io`] when the connection breaks, [`HarnessError::Answer`] when it ends inside of an answer.
    pub fn answer(&mut self) -> Result<Reply, HarnessError> {
        let end = loop {
            match self.rest.windows(4).position(|window| window == b"\r\n\r\n") {
                Some(end) => break end + 4,
                None => self.more()?,
            }
        };
        let head: Vec<u8> = self.rest.drain(..end).collect();
        let head =
            Head::parse(&head).ok_or_else(|| HarnessError::Answer(String::from_utf8_lossy(&head).into_owned()))?;
        let body = match head.length {
            Some(length) => {
                while self.rest.len() < length {
                    self.more()?;
                }
                self.rest.drain(..length).collect()
            }
            None => self.chunks()?,
        };
        Ok(Reply { status: head.status, closes: head.closes, body })
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// As [`Connection::send`] and [`Connection::answer`].
    pub fn exchange(&mut self, request: &[u8]) -> Result<Reply, HarnessError> {
        self.send(request)?;
        self.answer()
    }

    /// Whether the server has closed it or does so within `patience`. What it sends before is thrown away.
    pub fn is_closed_within(&mut self, patience: Duration) -> bool {
        let _ = self.stream.set_read_timeout(Some(patience));
        let mut buffer = [0; CHUNK];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => {
                    return !matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut);
                }
            }
        }
    }

    fn more(&mut self) -> Result<(), HarnessError> {
        let mut buffer = [0; CHUNK];
        let count = self.stream.read(&mut buffer).map_err(HarnessError::io("reading an answer"))?;
        if count == 0 {
            return Err(HarnessError::Answer(format!("the end after {:?}", String::from_utf8_lossy(&self.rest))));
        }
        self.rest.extend_from_slice(buffer.get(..count).unwrap_or_default());
        Ok(())
    }

    /// Everything up to the last chunk.
    fn chunks(&mut self) -> Result<Vec<u8>, HarnessError> {
        const LAST: &[u8] = b"0\r\n\r\n";
        loop {
            let ends = |at: usize| at == 0 || self.rest.get(..at).is_some_and(|before| before.ends_with(b"\r\n"));
            let last = self.rest.windows(LAST.len()).enumerate().find(|(at, window)| *window == LAST && ends(*at));
            match last.map(|(at, _)| at) {
                Some(at) => return Ok(self.rest.drain(..at + LAST.len()).collect()),
                None => self.more()?,
            }
        }
    }
}

struct Head {
    status: u16,
    length: Option<usize>,
    closes: bool,
}

impl Head {
    fn parse(bytes: &[u8]) -> Option<Head> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut lines = text.split("\r\n");
        let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
        let mut head = Head { status, length: None, closes: false };
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                head.length = Some(value.parse().ok()?);
            } else if name.eq_ignore_ascii_case("connection") {
                head.closes = value.eq_ignore_ascii_case("close");
            }
        }
        Some(head)
    }
}

fn connect(from: Ipv4Addr, to: SocketAddr, buffer: Option<usize>) -> Result<TcpStream, HarnessError> {
    let open = || {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        if let Some(bytes) = buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        socket.bind(&SocketAddr::from((from, 0)).into())?;
        socket.connect_timeout(&to.into(), LIMIT)?;
        socket.set_tcp_nodelay(true)?;
        socket.set_read_timeout(Some(LIMIT))?;
        socket.set_write_timeout(Some(LIMIT))?;
        Ok(TcpStream::from(socket))
    };
    open().map_err(HarnessError::io(format!("connecting from {from} to {to}")))
}
