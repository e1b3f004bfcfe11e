//! Accepting connections, and stopping without dropping a request.
//!
//! HTTP/1.1 only: neither dialect's clients speak anything else.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use miette::Diagnostic;
use thiserror::Error;
use tokio::net::{TcpListener, TcpSocket};

use crate::connection;
use crate::familiar::Familiar;
use crate::gate::{Gate, Limits};
use crate::heavy::Heavy;
use crate::pipeline::{Axon, Service};
use crate::proxy::Proxies;
use crate::record::{LogObserver, Observer};

/// How long requests may go on after the host was told to stop: the usual wall budget.
const LAST_REQUESTS: Duration = Duration::from_secs(60);
/// Pause after a failed accept, so that a host out of descriptors does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Connections that wait for being accepted; the system may allow fewer.
const BACKLOG: u32 = 1024;

/// The port cannot be served.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ServeError {
    /// Another program has the port, or this user may not have it.
    #[error("cannot listen on {address}: {cause}")]
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
        cause: std::io::Error,
    },
}

/// A bound port.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    gate: Arc<Gate>,
    proxies: Proxies,
    observer: Arc<dyn Observer>,
}

/// A port that nobody else can take, and that refuses connections.
pub struct Reserved {
    socket: TcpSocket,
    address: SocketAddr,
}

impl Reserved {
    /// Takes the port. Port 0 takes a free one.
    ///
    /// # Errors
    /// [`ServeError::Bind`].
    pub fn take(address: SocketAddr) -> Result<Reserved, ServeError> {
        let failed = |cause| ServeError::Bind { address, cause };
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.map_err(failed)?;
        // A host that was stopped leaves connections behind that keep the port for a minute.
        socket.set_reuseaddr(true).map_err(failed)?;
        socket.bind(address).map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Reserved { socket, address })
    }

    /// Lets connections in, with the usual limits, no proxies and a [`LogObserver`].
    ///
    /// # Errors
    /// [`ServeError::Bind`].
    pub fn listen(self) -> Result<Server, ServeError> {
        let Reserved { socket, address } = self;
        let listener = socket.listen(BACKLOG).map_err(|cause| ServeError::Bind { address, cause })?;
        let gate = Arc::new(Gate::new(Limits::default()));
        Ok(Server { listener, address, gate, proxies: Proxies::default(), observer: Arc::new(LogObserver) })
    }
}

impl Server {
    /// Takes the port and lets connections in, see [`Reserved`].
    ///
    /// # Errors
    /// [`ServeError::Bind`].
    pub async fn bind(address: SocketAddr) -> Result<Server, ServeError> {
        Reserved::take(address)?.listen()
    }

    /// With these limits.
    #[must_use]
    pub fn limited_to(self, limits: Limits) -> Server {
        Server { gate: Arc::new(Gate::new(limits)), ..self }
    }

    /// Behind these proxies.
    #[must_use]
    pub fn behind(self, proxies: Proxies) -> Server {
        Server { proxies, ..self }
    }

    /// Tells this observer of requests and connections.
    #[must_use]
    pub fn observed_by(self, observer: Arc<dyn Observer>) -> Server {
        Server { observer, ..self }
    }

    /// The address that was bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The gate, for what is in use. Asked for after [`Server::limited_to`].
    pub fn gate(&self) -> Arc<Gate> {
        self.gate.clone()
    }

    /// Serves until `stop` is ready, then lets the requests that are in come to their end.
    pub async fn serve(self, axon: Arc<Axon>, stop: impl Future<Output = ()>) {
        let (gate, proxies, observer) = (self.gate, self.proxies, self.observer);
        let (heavy, familiar) = (Heavy::default(), Familiar::default());
        let service = Arc::new(Service { axon, gate, proxies, observer, heavy, familiar });
        let graceful = GracefulShutdown::new();
        tokio::pin!(stop);
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = &mut stop => break,
            };
            match accepted {
                Ok((stream, peer)) => connection::open(&service, stream, peer, graceful.watcher()),
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

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpStream};

    use super::*;

    #[tokio::test]
    async fn a_reserved_port_refuses_connections_until_it_listens() {
        let reserved = Reserved::take((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = reserved.address;
        let refused = TcpStream::connect(address).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        let server = reserved.listen().unwrap();
        assert_eq!(server.address(), address);
        TcpStream::connect(address).unwrap();
        assert!(matches!(Server::bind(address).await, Err(ServeError::Bind { .. })));
    }
}
