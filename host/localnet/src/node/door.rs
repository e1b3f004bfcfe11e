//! The listening socket on the loopback address. Its connections can be closed from here, or held still.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use jsonrpsee::Methods;
use jsonrpsee::server::{Server, StopHandle, serve};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// The most bytes of an answer: the metagraph of a full subnet in hexadecimal digits, many times over.
const LONGEST_ANSWER: u32 = 64 << 20;

/// How long nothing is accepted after the system could not: it is out of descriptors, and would say so at once again.
const PAUSE: Duration = Duration::from_millis(50);

/// The connections that are open.
#[derive(Default)]
pub(crate) struct Door {
    connections: Mutex<Vec<Weak<Hold>>>,
    held: AtomicBool,
}

/// What one connection is told.
#[derive(Default)]
struct Hold {
    closed: AtomicBool,
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl Door {
    /// Closes every connection.
    pub(crate) fn drop_all(&self) {
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        for hold in connections.drain(..).filter_map(|hold| hold.upgrade()) {
            hold.closed.store(true, Ordering::Release);
            hold.reader.wake();
            hold.writer.wake();
        }
    }

    /// Keeps every connection open, now and later, with no byte moving.
    pub(crate) fn hold(&self) {
        self.held.store(true, Ordering::Release);
    }

    /// Ends that, by closing what was held.
    pub(crate) fn release(&self) {
        if self.held.swap(false, Ordering::AcqRel) {
            self.drop_all();
        }
    }

    fn enter(self: &Arc<Self>, stream: TcpStream) -> Socket {
        let hold = Arc::new(Hold::default());
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        connections.retain(|hold| hold.strong_count() > 0);
        connections.push(Arc::downgrade(&hold));
        Socket { stream, hold, door: Arc::clone(self) }
    }
}

/// Answers on a socket until the chain is stopped.
pub(crate) async fn answer(listener: TcpListener, door: Arc<Door>, methods: Methods, stop: StopHandle) {
    let config = jsonrpsee::server::ServerConfig::builder().max_response_body_size(LONGEST_ANSWER).build();
    let services = Server::builder().set_config(config).to_service_builder();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::debug!(%error, "no connection could be taken");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
            () = stop.clone().shutdown() => return door.drop_all(),
        };
        let _ = stream.set_nodelay(true);
        let service = services.clone().build(methods.clone(), stop.clone());
        let socket = door.enter(stream);
        tokio::spawn(async move {
            if let Err(error) = serve(socket, service).await {
                tracing::debug!(%error, "connection ended");
            }
        });
    }
}

/// A listening socket on the loopback address; a port of 0 is any free one.
pub(crate) fn listen(port: u16) -> Result<(std::net::TcpListener, SocketAddr), (SocketAddr, io::Error)> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let listen = || {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let bound = listener.local_addr()?;
        Ok((listener, bound))
    };
    listen().map_err(|error| (address, error))
}

/// A connection that can be closed or held from outside.
struct Socket {
    stream: TcpStream,
    hold: Arc<Hold>,
    door: Arc<Door>,
}

impl Socket {
    /// What comes of moving bytes now: nothing to say, or an error, or a wait.
    fn state(&self, context: &Context<'_>, waker: &AtomicWaker) -> Poll<io::Result<()>> {
        waker.register(context.waker());
        if self.hold.closed.load(Ordering::Acquire) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        match self.door.held.load(Ordering::Acquire) {
            true => Poll::Pending,
            false => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        std::task::ready!(self.state(context, &self.hold.reader))?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        std::task::ready!(self.state(context, &self.hold.writer))?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.state(context, &self.hold.writer))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
