//! The bounded exchange of one request.
//!
//! What bounds it: the caller's time-out covers connection, head and body together, and the body is counted after
//! decompression while it arrives, so that a small compressed answer cannot become a large one in memory. The size
//! that a `content-length` header claims is only used to give up earlier.

use std::error::Error;
use std::io;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use reqwest::redirect;

use crate::error::DendriteError;

/// Idle connections are closed after this; below the five seconds after which a Python axon (uvicorn) closes its
/// side, so that a request is not sent into a connection that is being closed.
const IDLE_CONNECTION: Duration = Duration::from_secs(3);

/// What came back, whatever its status.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) elapsed: Duration,
}

/// Makes the client that all requests of one dendrite share.
pub(crate) fn client() -> Result<reqwest::Client, DendriteError> {
    reqwest::Client::builder()
        .user_agent(concat!("soma-dendrite/", env!("CARGO_PKG_VERSION")))
        // An answer may not send a signed request on to another address.
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .tcp_nodelay(true)
        .pool_idle_timeout(IDLE_CONNECTION)
        .build()
        .map_err(|source| DendriteError::Client { source })
}

/// Sends `request` and reads its answer, within `timeout` and at most `limit` bytes of body.
pub(crate) async fn exchange(
    request: reqwest::RequestBuilder,
    at: &str,
    timeout: Duration,
    limit: usize,
) -> Result<Exchange, DendriteError> {
    match tokio::time::timeout(timeout, unbounded_exchange(request, at, limit)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(DendriteError::TimedOut { at: at.to_owned(), timeout }),
    }
}

async fn unbounded_exchange(
    request: reqwest::RequestBuilder,
    at: &str,
    limit: usize,
) -> Result<Exchange, DendriteError> {
    let started = Instant::now();
    let mut response = request.send().await.map_err(|source| before_the_head(source, at))?;
    let too_large = || DendriteError::TooLarge { at: at.to_owned(), limit };
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|source| in_the_body(source, at))? {
        if chunk.len() > limit - body.len() {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Exchange {
        status: response.status(),
        headers: std::mem::take(response.headers_mut()),
        body: body.freeze(),
        elapsed: started.elapsed(),
    })
}

fn before_the_head(source: reqwest::Error, at: &str) -> DendriteError {
    let at = at.to_owned();
    if source.is_connect() {
        return DendriteError::Unavailable { at, source };
    }
    match cause(&source) {
        Cause::NotHttp => DendriteError::NotHttp { at, source },
        Cause::Disconnected => DendriteError::Disconnected { at, source },
        Cause::Other => DendriteError::Exchange { at, source },
    }
}

fn in_the_body(source: reqwest::Error, at: &str) -> DendriteError {
    let at = at.to_owned();
    if source.is_body() || source.is_decode() {
        return DendriteError::Payload { at, source };
    }
    DendriteError::Exchange { at, source }
}

enum Cause {
    NotHttp,
    Disconnected,
    Other,
}

/// Looks through the causes of `error` for what hyper or the socket said.
fn cause(error: &reqwest::Error) -> Cause {
    let mut next = error.source();
    while let Some(inner) = next {
        if let Some(http) = inner.downcast_ref::<hyper::Error>() {
            if http.is_parse() {
                return Cause::NotHttp;
            }
            if http.is_incomplete_message() || http.is_closed() || http.is_canceled() {
                return Cause::Disconnected;
            }
        }
        if let Some(socket) = inner.downcast_ref::<io::Error>()
            && matches!(
                socket.kind(),
                io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe
            )
        {
            return Cause::Disconnected;
        }
        next = inner.source();
    }
    Cause::Other
}
