//! One HTTP exchange over a plain socket, so that a test can send what no decent client would.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use crate::error::HarnessError;
use crate::process::LIMIT;

/// The largest answer that is read, in bytes.
const LARGEST_ANSWER: u64 = 64 * 1024 * 1024;

/// A request as it goes over the wire. `host`, `content-length` and `connection: close` are added on sending.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The request target.
    pub target: String,
    /// Header names and values in the order of sending; a name may come twice.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: &str, target: &str) -> Self {
        Self { method: method.to_owned(), target: target.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    /// Replaces every header of that name by one with `value`.
    #[must_use]
    pub fn with(self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        let mut request = self.without(name);
        request.headers.push((name.to_owned(), value.into()));
        request
    }

    /// Adds one more header of that name.
    #[must_use]
    pub fn twice(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Removes every header of that name.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(given, _)| !given.eq_ignore_ascii_case(name));
        self
    }

    /// Replaces the body. What was signed stays as it is.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Replaces the method. What was signed stays as it is.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        method.clone_into(&mut self.method);
        self
    }

    /// Replaces the target. What was signed stays as it is.
    #[must_use]
    pub fn target(mut self, target: &str) -> Self {
        target.clone_into(&mut self.target);
        self
    }

    /// Sends the request over a connection of its own and reads the answer.
    ///
    /// # Errors
    /// [`HarnessError::Io`] when the connection fails, [`HarnessError::Answer`] when the answer is not HTTP.
    pub fn send(&self, to: SocketAddr) -> Result<Answer, HarnessError> {
        let mut bytes =
            format!("{} {} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\n", self.method, self.target).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", self.body.len()).as_bytes());
        bytes.extend_from_slice(&self.body);
        let answer = send_bytes(to, &bytes)?;
        if self.method == "HEAD" { Answer::parse_head(&answer) } else { Answer::parse(&answer) }
    }

    /// The request as text, to be read by a person and sent again.
    pub fn describe(&self) -> String {
        let mut text = format!("{} {} HTTP/1.1\n", self.method, self.target);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value)));
        }
        format!("{text}\n{}", String::from_utf8_lossy(&self.body))
    }
}

/// Sends raw bytes over a connection of its own and returns everything that comes back until the other side closes.
///
/// # Errors
/// [`HarnessError::Io`] when the connection fails before anything came back.
pub fn send_bytes(to: SocketAddr, bytes: &[u8]) -> Result<Vec<u8>, HarnessError> {
    let failed = |doing: &str| HarnessError::io(format!("{doing} {to}"));
    let mut stream = TcpStream::connect_timeout(&to, LIMIT).map_err(failed("connecting to"))?;
    stream.set_read_timeout(Some(LIMIT)).map_err(failed("setting up"))?;
    stream.set_write_timeout(Some(LIMIT)).map_err(failed("setting up"))?;
    // A server may answer (413) and close before it has read everything: then writing fails and the answer counts.
    let written = stream.write_all(bytes);
    let mut answer = Vec::new();
    let read = stream.take(LARGEST_ANSWER).read_to_end(&mut answer);
    if answer.is_empty() {
        written.map_err(failed("writing to"))?;
        read.map_err(failed("reading from"))?;
    }
    Ok(answer)
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Header names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Reads everything that came over one connection.
    ///
    /// # Errors
    /// [`HarnessError::Answer`] when it is not one whole answer.
    pub fn parse(bytes: &[u8]) -> Result<Self, HarnessError> {
        let odd = || HarnessError::Answer(String::from_utf8_lossy(bytes).into_owned());
        let answer = Self::parse_head(bytes)?;
        let claimed = answer.header("content-length").map(str::parse::<usize>);
        match claimed {
            Some(Ok(length)) if answer.body.len() == length => Ok(answer),
            None if answer.header("transfer-encoding").is_none() => Ok(answer),
            _ => Err(odd()),
        }
    }

    /// The same for a request whose answer has no body whatever its head says.
    fn parse_head(bytes: &[u8]) -> Result<Self, HarnessError> {
        let odd = || HarnessError::Answer(String::from_utf8_lossy(bytes).into_owned());
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").ok_or_else(odd)?;
        let (head, rest) = bytes.split_at(end);
        let body = rest.get(4..).unwrap_or_default().to_vec();
        let head = String::from_utf8_lossy(head);
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.strip_prefix("HTTP/1.1 "))
            .and_then(|line| line.get(..3))
            .and_then(|code| code.parse().ok())
            .ok_or_else(odd)?;
        let headers = lines
            .map(|line| line.split_once(':').map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(odd)?;
        Ok(Self { status, headers, body })
    }

    /// The first header of that name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON, `null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// What the answer says went wrong: the `message` of its body, empty when there is none.
    pub fn message(&self) -> String {
        self.json().get("message").and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_status_headers_and_body() {
        let answer =
            Answer::parse(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 15\r\nA: b\r\n\r\n{\"message\":\"x\"}").unwrap();
        assert_eq!((answer.status, answer.header("a"), answer.message().as_str()), (403, Some("b"), "x"));
    }

    #[test]
    fn refuses_what_is_cut_off() {
        for bytes in
            [&b""[..], b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", b"SSH-2.0\r\n\r\n"]
        {
            assert!(Answer::parse(bytes).is_err());
        }
    }

    #[test]
    fn replaces_headers_without_regard_to_case() {
        let request = Request::new("GET", "/").with("A", "1").with("a", "2").twice("b", "3").twice("B", "4");
        let names: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "b", "B"]);
    }
}
