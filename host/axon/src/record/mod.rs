//! What is known of a request when it is over, and who is told.
//!
//! The pipeline fills a [`Record`] on the way and hands it to the [`Observer`] exactly once: when the answer is
//! ready, when the last byte of a stream was handed out, or when the caller hung up before.

mod recorder;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use soma_protocol::dialect::Dialect;
use soma_runtime::{Budget, Lap};

pub(crate) use self::recorder::Recorder;

/// The code of a request that was answered.
pub const ANSWERED: &str = "ok";
/// The code of a request whose caller hung up before its answer was complete.
pub const HUNG_UP: &str = "hung-up";

/// One part of a request's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Reading what the headers claim.
    Head,
    /// Rates, shares, admission, freshness and the look-up of the nonce.
    Gate,
    /// Reading the body.
    Body,
    /// Verifying the signature and keeping the nonce.
    Signature,
    /// Body hash and schema.
    Schema,
    /// The gates of the route, plugin code.
    Blacklist,
    /// The verify hooks, plugin code.
    Verify,
    /// The priority hook, plugin code.
    Priority,
    /// Waiting for a place among the plugin's running calls.
    Queue,
    /// Making the answer, plugin code.
    Forward,
    /// Putting the answer together; for a stream, handing out its chunks.
    Reply,
}

impl Stage {
    /// All of them, in the order of a request's way.
    pub const ALL: [Stage; 11] = [
        Stage::Head,
        Stage::Gate,
        Stage::Body,
        Stage::Signature,
        Stage::Schema,
        Stage::Blacklist,
        Stage::Verify,
        Stage::Priority,
        Stage::Queue,
        Stage::Forward,
        Stage::Reply,
    ];

    /// Its name in metrics and logs: lower case, one word.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Head => "head",
            Stage::Gate => "gate",
            Stage::Body => "body",
            Stage::Signature => "signature",
            Stage::Schema => "schema",
            Stage::Blacklist => "blacklist",
            Stage::Verify => "verify",
            Stage::Priority => "priority",
            Stage::Queue => "queue",
            Stage::Forward => "forward",
            Stage::Reply => "reply",
        }
    }
}

impl From<soma_runtime::Stage> for Stage {
    fn from(stage: soma_runtime::Stage) -> Stage {
        match stage {
            soma_runtime::Stage::Blacklist => Stage::Blacklist,
            soma_runtime::Stage::Verify => Stage::Verify,
            soma_runtime::Stage::Priority => Stage::Priority,
            soma_runtime::Stage::Queue => Stage::Queue,
            soma_runtime::Stage::Forward => Stage::Forward,
        }
    }
}

/// How long one stage took.
#[derive(Clone, Debug, PartialEq)]
pub struct StageLap {
    /// Which.
    pub stage: Stage,
    /// Time on the wall.
    pub wall: Duration,
    /// CPU time of the guest; zero for the host's own stages, which are not measured.
    pub cpu: Duration,
    /// Peak linear memory of the guest's instance in bytes; zero for the host's own stages.
    pub memory: u64,
    /// The slot whose plugin ran; none for the host's own stages.
    pub slot: Option<Arc<str>>,
    /// The version that ran; none for the host's own stages.
    pub version: Option<Arc<str>>,
}

impl From<Lap> for StageLap {
    fn from(lap: Lap) -> StageLap {
        let Lap { stage, slot, version, wall, cpu, memory } = lap;
        StageLap { stage: stage.into(), wall, cpu, memory, slot: Some(slot), version: Some(version) }
    }
}

/// What the host knew of a caller when the request came in, before any signature of this request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallerClass {
    /// Nothing was proven yet from this address in this name.
    Stranger,
    /// The claimed hotkey was proven from this address within the last hour.
    Proven,
}

/// One request that is over.
#[derive(Clone, Debug)]
pub struct Record {
    /// A UUID, the one in the answer's `x-request-id`.
    pub id: String,
    /// When its head was complete.
    pub received: SystemTime,
    /// The caller's address, behind trusted proxies.
    pub ip: IpAddr,
    /// None when the headers belong to both dialects.
    pub dialect: Option<Dialect>,
    /// The path as sent, cut to 200 characters. Anybody can write anything here: not for labels.
    pub path: String,
    /// The route's name, only when there is one of that name.
    pub route: Option<String>,
    /// The hotkey that the headers claim, cut to 200 characters. Believe it only when `proven`.
    pub hotkey: Option<String>,
    /// Whether the signature of this request was good.
    pub proven: bool,
    /// What was known of the caller before.
    pub class: CallerClass,
    /// HTTP status of the answer; 499 when nobody was there to see one.
    pub status: u16,
    /// [`ANSWERED`], [`HUNG_UP`], or the code of a [`Refusal`](crate::Refusal): one of a fixed set.
    pub code: &'static str,
    /// Why it was refused, in words for the operator; empty for an answer.
    pub detail: String,
    /// The version of the plugin that the route was bound to.
    pub version: Option<Arc<str>>,
    /// The budget of that version.
    pub budget: Option<Budget>,
    /// What the priority hook said.
    pub priority: Option<f64>,
    /// The stages, in order.
    pub stages: Vec<StageLap>,
    /// Bytes of the body as read.
    pub bytes_in: u64,
    /// Bytes of the answer's body as handed out.
    pub bytes_out: u64,
    /// From the complete head to the end.
    pub elapsed: Duration,
}

/// Something happened to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionEvent {
    /// It was taken in.
    Opened,
    /// One that was opened is over. Each `Opened` has its `Closed`.
    Closed,
    /// It was closed as soon as it came; it has no `Opened`.
    Rejected(Rejection),
    /// The host cut one that was opened; its `Closed` follows.
    Cut(Cut),
}

/// Why a connection was not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejection {
    /// Its address has as many as it may, and none of them is idle.
    Address,
    /// There are as many as there may be, and none of those looked at is idle.
    Total,
    /// A trusted proxy did not begin with a PROXY header.
    Proxy,
}

/// Why the host cut a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cut {
    /// It did not send a head in time.
    HeadTime,
    /// It was kept alive without a request for too long.
    IdleTime,
    /// It took nothing of its answer for too long.
    WriteTime,
    /// It was idle, and another one needed its place.
    MadeRoom,
}

/// Who is told. Called on the threads that serve: it must not block.
pub trait Observer: Send + Sync {
    /// A request is over. Called exactly once for each.
    fn finished(&self, record: Record);

    /// Something happened to a connection.
    fn connection(&self, event: ConnectionEvent) {
        let _ = event;
    }
}

/// Writes one line for each request: refused ones at `info`, answered ones at `debug`.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogObserver;

impl Observer for LogObserver {
    fn finished(&self, record: Record) {
        let Record { id, ip, status, code, path, priority, detail, .. } = &record;
        let hotkey = record.hotkey.as_deref().unwrap_or("-");
        let elapsed_ms = record.elapsed.as_secs_f64() * 1000.0;
        if *code == ANSWERED {
            let (route, version) = (record.route.as_deref(), record.version.as_deref());
            tracing::debug!(target: "request", id, %ip, status, route, version, hotkey, priority, elapsed_ms, "answered");
        } else {
            tracing::info!(target: "request", id, %ip, status, code, path, hotkey, elapsed_ms, "refused: {detail}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_have_names_of_one_word() {
        for stage in Stage::ALL {
            assert!(stage.name().bytes().all(|byte| byte.is_ascii_lowercase()), "{stage:?}");
        }
    }
}
