//! What instances of a plugin cost, for commands that tell an author. Nothing here serves.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::engine::GuestEngine;
use crate::error::CallError;
use crate::instances::Asker;
use crate::serving::stopping;
use crate::session::Session;
use crate::trace::Trace;
use crate::version::Version;

/// Instances that were made and dropped one after another.
#[derive(Clone, Debug, Default)]
pub struct Made {
    /// Wall time of each, from asking for it until it was dropped.
    pub times: Vec<Duration>,
    /// Bytes of linear memory of one, before its first call.
    pub memory: u64,
}

/// Instances that wait for nothing. Dropping it ends them.
pub struct Idle {
    _sessions: Vec<Session>,
}

/// Makes instances on the guests' threads for `span`, at least one.
///
/// # Errors
/// When one cannot be made.
pub async fn instances(engine: &GuestEngine, version: &Arc<Version>, span: Duration) -> Result<Made, CallError> {
    let version = version.clone();
    let making = engine.spawn(async move {
        let begun = Instant::now();
        let mut made = Made::default();
        loop {
            let (trace, one) = (Trace::default(), Instant::now());
            drop(Session::start(&version, Asker::host("cost"), &trace, version.first_hook()).await?);
            made.times.push(one.elapsed());
            made.memory = trace.laps().iter().map(|lap| lap.memory).max().unwrap_or_default();
            if begun.elapsed() >= span {
                return Ok(made);
            }
            // The thread serves others too.
            tokio::task::yield_now().await;
        }
    });
    making.await.unwrap_or_else(|| Err(stopping()))
}

/// Makes `count` instances and keeps them.
///
/// # Errors
/// When one cannot be made.
pub async fn hold(engine: &GuestEngine, version: &Arc<Version>, count: usize) -> Result<Idle, CallError> {
    let version = version.clone();
    let making = engine.spawn(async move {
        let mut sessions = Vec::with_capacity(count);
        for _ in 0..count {
            let hook = version.first_hook();
            sessions.push(Session::start(&version, Asker::host("cost"), &Trace::default(), hook).await?);
        }
        Ok(Idle { _sessions: sessions })
    });
    making.await.unwrap_or_else(|| Err(stopping()))
}
