//! Accepting connections, and stopping without dropping a request.
//!
//! HTTP/1.1 only: neither dialect's clients speak anything else. A connection has `HEAD_TIME` to send its
//! head, and every head is bounded in count and bytes.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use miette::Diagnostic;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::pipeline::Axon;

/// How long a connection may take to send the head of a request.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// Headers of one request. A synapse with 60 required fields still fits.
const HEADERS: usize = 128;
/// Bytes of a request's head: btauth signatures of the coming schemes have 10,608 characters.
const HEAD_BYTES: usize = 64 << 10;
/// How long requests may go on after the host was told to stop: the longest wall budget.
const LAST_REQUESTS: Duration = Duration::from_secs(60);
/// Pause after a failed accept, so that a host out of descriptors does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The port cannot be served.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ServeError {
    /// Another program has the port, or this user may not have it.
    #[error("cannot listen on {address}: {source}")]
    #[diagnostic(
        code(soma::axon::port),
        help(
            "another program may use the port, find it with `ss -ltnp`; choose another port with --axon.port or `port` under [axon]"
        )
    )]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A bound port.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

/// Who is at the other end of a connection.
#[derive(Clone, Copy)]
struct Peer(SocketAddr);

impl Server {
    /// Binds the port. Port 0 takes a free one.
    pub async fn bind(address: SocketAddr) -> Result<Server, ServeError> {
        let failed = |source| ServeError::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Server { listener, address })
    }

    /// The address that was bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is ready, then lets the requests that are in come to their end.
    pub async fn serve(self, axon: Arc<Axon>, stop: impl Future<Output = ()>) {
        let router = Router::new().fallback(handle).with_state(axon);
        let graceful = GracefulShutdown::new();
        tokio::pin!(stop);
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = &mut stop => break,
            };
            match accepted {
                Ok((stream, peer)) => serve_connection(stream, peer, &router, &graceful),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(self.listener);
        if tokio::time::timeout(LAST_REQUESTS, graceful.shutdown()).await.is_err() {
            tracing::warn!("stopping although requests are still being served");
        }
    }
}

fn serve_connection(stream: TcpStream, peer: SocketAddr, router: &Router, graceful: &GracefulShutdown) {
    // Answers are written whole: waiting to fill a segment only delays them.
    let _ = stream.set_nodelay(true);
    let service = router.clone().map_request(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        request.map(Body::new)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_headers(HEADERS)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::trace!(%peer, %error, "a connection ended badly");
        }
    });
}

async fn handle(State(axon): State<Arc<Axon>>, request: Request) -> Response {
    let peer = request.extensions().get::<Peer>().map_or(SocketAddr::from(([0, 0, 0, 0], 0)), |peer| peer.0);
    axon.answer(request, peer).await
}
