//! A server that records what it is asked and answers with the same bytes each time.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Method and target.
    pub line: (String, String),
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// The running server.
pub struct Canned {
    address: std::net::SocketAddr,
    requests: Arc<Mutex<Vec<Recorded>>>,
    task: JoinHandle<()>,
}

#[derive(Clone, Copy, PartialEq)]
enum Afterwards {
    Close,
    Hang,
}

impl Canned {
    /// Answers each connection's first request with `answer`, then closes the connection.
    pub async fn start(answer: Vec<u8>) -> Self {
        Self::run(answer, Afterwards::Close).await
    }

    /// Writes `answer` and then says nothing more, with the connection open.
    pub async fn start_hanging(answer: Vec<u8>) -> Self {
        Self::run(answer, Afterwards::Hang).await
    }

    async fn run(answer: Vec<u8>, afterwards: Afterwards) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, answer.clone(), afterwards, Arc::clone(&record)));
            }
        });
        Self { address, requests, task }
    }

    pub fn address(&self) -> String {
        self.address.to_string()
    }

    pub fn requests(&self) -> Vec<Recorded> {
        self.requests.lock().unwrap().clone()
    }

    /// Stops listening.
    pub async fn close(self) {
        self.task.abort();
        // The listener is closed when the task's future is dropped.
        let _ = self.task.await;
    }
}

async fn serve(mut stream: TcpStream, answer: Vec<u8>, afterwards: Afterwards, record: Arc<Mutex<Vec<Recorded>>>) {
    let Some(request) = read_request(&mut stream).await else { return };
    record.lock().unwrap().push(request);
    // A client that has seen enough closes first.
    let _ = stream.write_all(&answer).await;
    if afterwards == Afterwards::Hang {
        std::future::pending::<()>().await;
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Recorded> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap().split(' ');
    let line = (first.next().unwrap().to_owned(), first.next().unwrap().to_owned());
    let mut headers = http::HeaderMap::new();
    for header in lines {
        let (name, value) = header.split_once(": ").unwrap();
        headers.append(name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap());
    }
    let length: usize = headers.get("content-length").map_or(0, |value| value.to_str().unwrap().parse().unwrap());
    let mut body = bytes[end + 4..].to_vec();
    while body.len() < length {
        stream.read_buf(&mut body).await.ok().filter(|count| *count > 0)?;
    }
    Some(Recorded { line, headers, body })
}

/// A JSON answer with `headers`, each ended by a line break.
pub fn json_answer(status: u16, headers: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
        .into_bytes()
}
