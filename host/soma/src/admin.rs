//! The owner's socket: HTTP over a Unix socket that only this user can open.
//!
//! `GET /slots` lists, `POST /slots/NAME/swap` with `{"plugin": "/path"}` swaps, `GET /metrics` is Prometheus' text
//! format, `GET /requests` lists requests of late (`?code=`, `?route=`, `?hotkey=`, `?limit=`) and `GET /requests/ID`
//! explains one. Errors come as `{"message", "code", "help"}`. `curl --unix-socket` works as well as `soma plugin`.
//!
//! A port of 127.0.0.1 has `/metrics` and nothing else: every user of the machine can reach it.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::{Path as UrlPath, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use miette::Diagnostic;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use soma_axon::{Axon, Gate};
use soma_runtime::Slots;
use soma_runtime::slots::{Loss, SlotStatus, Swapped};
use tokio::net::{TcpListener, UnixListener, UnixStream};

use crate::error::SomaError;
use crate::subnet::Subnet;
use crate::telemetry::Telemetry;
use crate::telemetry::levels::{Held, Levels, SlotLevel};
use crate::telemetry::metrics::SwapResult;
use crate::telemetry::recent::Filter;
use crate::telemetry::report::RequestReport;

/// Name of the socket in the state folder.
pub const SOCKET: &str = "admin.sock";

/// The media type of Prometheus' text format.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What the socket can ask and tell.
#[derive(Clone)]
pub struct Host {
    /// The plugins.
    pub slots: Arc<Slots>,
    /// The server.
    pub axon: Arc<Axon>,
    /// What its callers hold.
    pub gate: Arc<Gate>,
    /// What is known of its requests.
    pub telemetry: Arc<Telemetry>,
    /// The subnet; none without a chain.
    pub subnet: Option<Arc<Subnet>>,
}

/// What a swap needs.
#[derive(Debug, Serialize, Deserialize)]
pub struct SwapOrder {
    /// Absolute path of the new plugin.
    pub plugin: PathBuf,
    /// Whether routes or gates may be lost with it.
    #[serde(default)]
    pub loss: Loss,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Problem {
    #[serde(skip)]
    status: StatusCode,
    message: String,
    code: String,
    help: String,
}

/// Binds the socket. One that nobody answers at is left over from a host that was killed, and is replaced.
pub async fn bind(path: &Path) -> Result<UnixListener, SomaError> {
    let failed = |cause| SomaError::AdminSocket { path: path.to_owned(), cause };
    if UnixStream::connect(path).await.is_ok() {
        return Err(failed(std::io::Error::from(std::io::ErrorKind::AddrInUse)));
    }
    if std::fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket()) {
        std::fs::remove_file(path).map_err(failed)?;
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    Ok(listener)
}

/// Binds the port for metrics, on 127.0.0.1.
pub async fn bind_metrics(port: u16) -> Result<TcpListener, SomaError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).await.map_err(|cause| SomaError::AdminPort { address, cause })
}

/// Serves the socket until the host stops.
pub async fn serve(listener: UnixListener, host: Host) {
    let router = Router::new()
        .route("/slots", get(list))
        .route("/slots/{slot}/swap", post(swap))
        .route("/metrics", get(metrics))
        .route("/requests", get(requests))
        .route("/requests/{id}", get(request))
        .with_state(host);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "the admin socket is closed");
    }
}

/// Serves the port for metrics until the host stops.
pub async fn serve_metrics(listener: TcpListener, host: Host) {
    let router = Router::new().route("/metrics", get(metrics)).with_state(host);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "the port for metrics is closed");
    }
}

async fn list(State(host): State<Host>) -> Json<Vec<SlotStatus>> {
    Json(host.slots.list().await)
}

async fn swap(
    State(host): State<Host>,
    UrlPath(slot): UrlPath<String>,
    Json(order): Json<SwapOrder>,
) -> Result<Json<Swapped>, Problem> {
    // A command that hangs up does not stop a swap halfway.
    let swapping = tokio::spawn(async move {
        let swapped = host.slots.replace(&slot, order.plugin, order.loss).await;
        let known = host.slots.list().await.into_iter().find(|status| status.slot == slot);
        let result = if swapped.is_ok() { SwapResult::Swapped } else { SwapResult::Refused };
        host.telemetry.metrics.swapped(known.as_ref().map(|status| status.slot.as_str()), result);
        swapped
    });
    match swapping.await {
        Ok(Ok(swapped)) => Ok(Json(swapped)),
        Ok(Err(error)) => {
            tracing::warn!(%error, "swap refused; the old version goes on serving");
            Err(Problem::new(StatusCode::CONFLICT, &error))
        }
        Err(error) => {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Err(Problem { status, message: error.to_string(), ..Problem::default() })
        }
    }
}

async fn metrics(State(host): State<Host>) -> Response {
    let levels = host.levels().await;
    ([(header::CONTENT_TYPE, TEXT_FORMAT)], host.telemetry.render(levels)).into_response()
}

async fn requests(State(host): State<Host>, Query(filter): Query<Filter>) -> Json<Vec<RequestReport>> {
    Json(host.telemetry.recent.list(&filter).iter().map(|record| RequestReport::from(&**record)).collect())
}

async fn request(State(host): State<Host>, UrlPath(id): UrlPath<String>) -> Result<Json<RequestReport>, Problem> {
    match host.telemetry.recent.find(&id) {
        Some(record) => Ok(Json(RequestReport::from(&*record))),
        None => Err(Problem::new(StatusCode::NOT_FOUND, &SomaError::UnknownRequest { id })),
    }
}

impl Host {
    async fn levels(&self) -> Levels {
        let held = self.gate.in_use();
        let closed = self.axon.closed_until().and_then(|until| until.duration_since(SystemTime::now()).ok());
        Levels {
            strangers: Held { requests: held.stranger_requests, bytes: held.stranger_bytes },
            lanes: Held { requests: held.proven_requests, bytes: held.proven_bytes },
            connections: held.connections,
            nonces: self.axon.replay.len(),
            replay_closed: closed.unwrap_or_default(),
            instances: self.slots.engine().engine().pooling_allocator_metrics().map(|pool| pool.component_instances()),
            slots: self.slots.list().await.into_iter().map(SlotLevel::from).collect(),
            chain: self.subnet.as_ref().map(|subnet| subnet.level()),
            ..Levels::default()
        }
    }
}

impl Problem {
    fn new(status: StatusCode, error: &(impl Diagnostic + ?Sized)) -> Problem {
        let text =
            |part: Option<Box<dyn std::fmt::Display + '_>>| part.map(|part| part.to_string()).unwrap_or_default();
        Problem { status, message: error.to_string(), code: text(error.code()), help: text(error.help()) }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}

/// Asks a running host for JSON.
pub async fn ask<T: DeserializeOwned>(
    socket: &Path,
    method: Method,
    path: &str,
    body: &impl Serialize,
) -> Result<T, SomaError> {
    let answer = fetch(socket, method, path, body).await?;
    serde_json::from_slice(&answer).map_err(|error| SomaError::AdminAnswer(error.to_string()))
}

/// Asks a running host for anything.
pub async fn fetch(socket: &Path, method: Method, path: &str, body: &impl Serialize) -> Result<Bytes, SomaError> {
    let stream =
        UnixStream::connect(socket).await.map_err(|cause| SomaError::NoHost { path: socket.to_owned(), cause })?;
    let broken = |error: hyper::Error| SomaError::AdminAnswer(error.to_string());
    let odd = |error: serde_json::Error| SomaError::AdminAnswer(error.to_string());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    tokio::spawn(connection);
    let body = Full::new(Bytes::from(serde_json::to_vec(body).map_err(odd)?));
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "soma")
        .header(header::CONTENT_TYPE, "application/json")
        .body(body)
        .map_err(|error| SomaError::AdminAnswer(error.to_string()))?;
    let response = sender.send_request(request).await.map_err(broken)?;
    let status = response.status();
    let body = response.into_body().collect().await.map_err(broken)?.to_bytes();
    if status.is_success() {
        return Ok(body);
    }
    match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) if problem.code.is_empty() => {
            Err(SomaError::AdminRefused { message: problem.message, help: problem.help })
        }
        Ok(problem) => {
            let help = format!("{} [{}]", problem.help, problem.code);
            Err(SomaError::AdminRefused { message: problem.message, help })
        }
        Err(_) => Err(SomaError::AdminAnswer(format!("{status}: {}", String::from_utf8_lossy(&body)))),
    }
}

#[cfg(test)]
mod tests;
