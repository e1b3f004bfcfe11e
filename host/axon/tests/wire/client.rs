//! HTTP/1.1 by hand, so that a test can send what no decent client would, and when it wants.

use std::net::{IpAddr, SocketAddr};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::fixture::GUARD;

/// A request as it goes over the wire. Host and content length are added on sending.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// In the order of sending.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// Sets a header, in place of one of that name.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Request {
        self = self.without(name);
        self.twice(name, value)
    }

    /// Adds a header, even if there is one of that name.
    pub fn twice(mut self, name: &str, value: impl Into<String>) -> Request {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Takes a header away.
    pub fn without(mut self, name: &str) -> Request {
        self.headers.retain(|(given, _)| given != name);
        self
    }

    /// Replaces the body, after it was signed.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Request {
        self.body = body.into();
        self
    }

    /// Replaces the method, after it was signed.
    pub fn method(mut self, method: &str) -> Request {
        method.clone_into(&mut self.method);
        self
    }

    /// Replaces the target, after it was signed.
    pub fn target(mut self, target: &str) -> Request {
        target.clone_into(&mut self.target);
        self
    }

    /// The head, up to and with its blank line. The framing headers are given.
    pub fn head(&self, framing: &str) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nhost: axon\r\n{framing}\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    /// The head of a request with a body of the usual kind.
    pub fn usual_head(&self) -> Vec<u8> {
        self.head(&format!("content-length: {}", self.body.len()))
    }
}

/// One connection. Every wait on it has an end.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Connection {
        Connection { stream: BufReader::new(TcpStream::connect(address).await.unwrap()) }
    }

    /// Connects from another address of this machine.
    pub async fn open_from(from: IpAddr, address: SocketAddr) -> Connection {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(from, 0)).unwrap();
        Connection { stream: BufReader::new(socket.connect(address).await.unwrap()) }
    }

    /// Sends raw bytes. The other end may have closed: then its answer counts, or that there is none.
    pub async fn send(&mut self, bytes: &[u8]) {
        let _ = timeout(GUARD, self.stream.write_all(bytes)).await.expect("the bytes are taken");
    }

    /// Sends a request and reads its answer.
    pub async fn ask(&mut self, request: &Request) -> Answer {
        self.send(&[request.usual_head(), request.body.clone()].concat()).await;
        self.answer().await.expect("there is an answer")
    }

    /// Sends a head and waits until the axon asks for the body: then it has been admitted.
    pub async fn announce(&mut self, request: &Request) {
        let framing = format!("content-length: {}\r\nexpect: 100-continue", request.body.len());
        self.send(&request.head(&framing)).await;
        let go_on = self.answer().await.expect("there is an answer");
        assert_eq!(go_on.status, 100, "{}", go_on.text());
    }

    /// Reads the next answer. None when the other end closes instead.
    pub async fn answer(&mut self) -> Option<Answer> {
        timeout(GUARD, self.read()).await.expect("the axon answers or closes")
    }

    /// Whether the other end closes without another byte.
    pub async fn is_closed(&mut self) -> bool {
        let mut byte = [0];
        match timeout(GUARD, self.stream.read(&mut byte)).await.expect("the axon closes") {
            Ok(read) => read == 0,
            Err(_) => true,
        }
    }

    async fn read(&mut self) -> Option<Answer> {
        let first = self.line().await?;
        let status = first.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).expect(&first).parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let line = self.line().await?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer { status, headers, body: Vec::new(), is_whole: true };
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.is_whole = self.chunks(&mut answer.body).await.is_some();
            return Some(answer);
        }
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        answer.body = vec![0; length];
        self.stream.read_exact(&mut answer.body).await.ok()?;
        Some(answer)
    }

    /// None when the other end breaks off before the last chunk.
    async fn chunks(&mut self, body: &mut Vec<u8>) -> Option<()> {
        loop {
            let length = usize::from_str_radix(&self.line().await?, 16).ok()?;
            let start = body.len();
            body.resize(start + length, 0);
            self.stream.read_exact(&mut body[start..]).await.ok()?;
            self.line().await?;
            if length == 0 {
                return Some(());
            }
        }
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.stream.read_line(&mut line).await {
            Ok(read) if read > 0 => Some(line.trim_end().to_owned()),
            _ => None,
        }
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether it came to its end; one in chunks may break off.
    pub is_whole: bool,
}

impl Answer {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The words of a refusal.
    pub fn message(&self) -> String {
        self.json()["message"].as_str().unwrap_or_default().to_owned()
    }
}
