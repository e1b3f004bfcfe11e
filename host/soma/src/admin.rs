//! The owner's socket: HTTP over a Unix socket that only this user can open.
//!
//! `GET /slots` lists, `POST /slots/NAME/swap` with `{"plugin": "/path"}` swaps. Errors come as
//! `{"message", "code", "help"}`. `curl --unix-socket` works as well as `soma plugin`.

use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::{Path as UrlPath, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use miette::Diagnostic;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use soma_runtime::slots::{SlotStatus, Swapped};
use soma_runtime::{LoadError, Slots};
use tokio::net::{UnixListener, UnixStream};

use crate::error::SomaError;

/// Name of the socket in the state folder.
pub const SOCKET: &str = "admin.sock";

/// What a swap needs.
#[derive(Debug, Serialize, Deserialize)]
pub struct SwapOrder {
    /// Absolute path of the new plugin.
    pub plugin: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
struct Problem {
    message: String,
    code: String,
    help: String,
}

/// Binds the socket. One that nobody answers at is left over from a host that was killed, and is replaced.
pub async fn bind(path: &Path) -> Result<UnixListener, SomaError> {
    let failed = |source| SomaError::AdminSocket { path: path.to_owned(), source };
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

/// Serves until the host stops.
pub async fn serve(listener: UnixListener, slots: Arc<Slots>) {
    let router = Router::new().route("/slots", get(list)).route("/slots/{slot}/swap", post(swap)).with_state(slots);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "the admin socket is closed");
    }
}

async fn list(State(slots): State<Arc<Slots>>) -> Json<Vec<SlotStatus>> {
    Json(slots.list().await)
}

async fn swap(
    State(slots): State<Arc<Slots>>,
    UrlPath(slot): UrlPath<String>,
    Json(order): Json<SwapOrder>,
) -> Result<Json<Swapped>, Problem> {
    // A command that hangs up does not stop a swap halfway.
    let swapping = tokio::spawn(async move { slots.swap(&slot, order.plugin).await });
    match swapping.await {
        Ok(Ok(swapped)) => Ok(Json(swapped)),
        Ok(Err(error)) => Err(Problem::from(&error)),
        Err(error) => Err(Problem { message: error.to_string(), code: String::new(), help: String::new() }),
    }
}

impl From<&LoadError> for Problem {
    fn from(error: &LoadError) -> Problem {
        let text =
            |part: Option<Box<dyn std::fmt::Display + '_>>| part.map(|part| part.to_string()).unwrap_or_default();
        tracing::warn!(%error, "swap refused; the old version goes on serving");
        Problem { message: error.to_string(), code: text(error.code()), help: text(error.help()) }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (StatusCode::CONFLICT, Json(self)).into_response()
    }
}

/// Asks a running host.
pub async fn ask<T: DeserializeOwned>(
    socket: &Path,
    method: Method,
    path: &str,
    body: &impl Serialize,
) -> Result<T, SomaError> {
    let stream =
        UnixStream::connect(socket).await.map_err(|source| SomaError::NoHost { path: socket.to_owned(), source })?;
    let broken = |error: hyper::Error| SomaError::AdminAnswer(error.to_string());
    let odd = |error: serde_json::Error| SomaError::AdminAnswer(error.to_string());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    tokio::spawn(connection);
    let body = Full::new(Bytes::from(serde_json::to_vec(body).map_err(odd)?));
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(http::header::HOST, "soma")
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(body)
        .map_err(|error| SomaError::AdminAnswer(error.to_string()))?;
    let response = sender.send_request(request).await.map_err(broken)?;
    let status = response.status();
    let body = response.into_body().collect().await.map_err(broken)?.to_bytes();
    if status.is_success() {
        return serde_json::from_slice(&body).map_err(odd);
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
