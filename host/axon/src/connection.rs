//! One connection: its socket, its clocks, and the requests that come over it.

use std::convert::Infallible;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::gate::{Block, Link, Place};
use crate::pipeline::Service;
use crate::proxy::header;
use crate::record::{ConnectionEvent, Cut, Rejection};
use crate::reply::Busy;

/// Headers of one request. A synapse with 60 required fields still fits.
const HEADERS: usize = 128;
/// Bytes of a request's head: btauth signatures of the coming schemes have 10,608 characters. When so many have come
/// the end has to be among them; what comes in one read beside them, at most as much again, is still looked at.
const HEAD_BYTES: usize = 64 << 10;

/// Takes a connection in, or closes it.
pub(crate) fn open(service: &Arc<Service>, stream: TcpStream, peer: SocketAddr, watcher: Watcher) {
    // Answers are written whole: waiting to fill a segment only delays them.
    let _ = stream.set_nodelay(true);
    let service = service.clone();
    if service.proxies.announces(peer.ip()) {
        tokio::spawn(announced(service, stream, peer, watcher));
        return;
    }
    // A trusted proxy stands for many addresses; each of its requests is counted for the one that it names.
    let block = (!service.proxies.trusts(peer.ip())).then(|| Block::from(peer.ip()));
    if let Some(place) = enter(&service, block) {
        tokio::spawn(serve(service, Socket::new(stream, Bytes::new(), &place), peer, place, watcher));
    }
}

/// A connection that begins with whose it is.
async fn announced(service: Arc<Service>, mut stream: TcpStream, peer: SocketAddr, watcher: Watcher) {
    // Not counted yet, but only the operator's own proxies come here, and not for long.
    let reading = tokio::time::timeout(service.gate.limits().head_time, header::read(&mut stream));
    let Some(announced) = reading.await.ok().flatten() else {
        service.observer.connection(ConnectionEvent::Rejected(Rejection::Proxy));
        return;
    };
    let block = announced.caller.map(|caller| Block::from(caller.ip()));
    if let Some(place) = enter(&service, block) {
        let socket = Socket::new(stream, announced.rest, &place);
        serve(service, socket, announced.caller.unwrap_or(peer), place, watcher).await;
    }
}

fn enter(service: &Service, block: Option<Block>) -> Option<Place> {
    let entered = service.gate.connect(block);
    service.observer.connection(match &entered {
        Ok(_) => ConnectionEvent::Opened,
        Err(rejection) => ConnectionEvent::Rejected(*rejection),
    });
    entered.ok()
}

async fn serve(service: Arc<Service>, socket: Socket, peer: SocketAddr, place: Place, watcher: Watcher) {
    let answering = (service.clone(), place.link.clone());
    let answer = service_fn(move |request: http::Request<Incoming>| {
        let (service, link) = answering.clone();
        async move {
            link.begin();
            let busy = Busy(link.clone());
            let mut response = service.answer(request, peer, &link).await;
            response.body_mut().occupy(busy);
            Ok::<_, Infallible>(response)
        }
    });
    // The times are the link's: hyper has one for a head and an idle connection together.
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_headers(HEADERS)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(socket), answer);
    let cut = tokio::select! {
        ended = watcher.watch(connection) => {
            if let Err(error) = ended {
                tracing::trace!(%peer, %error, "a connection ended badly");
            }
            None
        }
        cut = place.link.overdue(service.gate.limits()) => Some(cut),
    };
    end(&service, place, cut);
}

fn end(service: &Service, place: Place, cut: Option<Cut>) {
    drop(place);
    if let Some(cut) = cut {
        service.observer.connection(ConnectionEvent::Cut(cut));
    }
    service.observer.connection(ConnectionEvent::Closed);
}

/// A socket that tells its link what it does.
struct Socket {
    stream: TcpStream,
    /// Bytes that were read before.
    before: Bytes,
    link: Arc<Link>,
}

impl Socket {
    fn new(stream: TcpStream, before: Bytes, place: &Place) -> Socket {
        Socket { stream, before, link: place.link.clone() }
    }

    fn written<T>(&self, written: &Poll<T>) {
        match written {
            Poll::Ready(_) => self.link.written(),
            Poll::Pending => self.link.write_blocked(),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.before.is_empty() {
            let length = self.before.len().min(buffer.remaining());
            buffer.put_slice(&self.before.split_to(length));
            self.link.read();
            return Poll::Ready(Ok(()));
        }
        let filled = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > filled {
            self.link.read();
        }
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.written(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
