//! What the host says about itself: metrics, one log line for each refused request, requests of late.
//!
//! The axon hands a record of every request that is over to [`Telemetry`]. Nothing here blocks: counting is atomic, the
//! rings and the log's counters are locked for a moment, lines go to a thread of their own.
//!
//! # Layout
//!
//! - [`registry`]: every metric, in one table, under one rule; [`family`]: series by label; [`metrics`]: the typed way
//!   to count; [`levels`]: what is read when somebody asks; [`process`]: the process itself
//! - [`lines`]: the log line of a request
//! - [`recent`]: the rings; [`report`]: what `soma explain` shows

pub mod family;
pub mod levels;
pub mod lines;
pub mod metrics;
pub mod process;
pub mod recent;
pub mod registry;
pub mod report;
#[cfg(test)]
mod samples;

use std::sync::Arc;
use std::time::Duration;

use soma_axon::record::{ConnectionEvent, Observer, Record};

use self::levels::Levels;
use self::lines::RequestLog;
use self::metrics::Metrics;
use self::process::ProcessUse;
use self::recent::Recent;
use crate::error::SomaError;
use crate::logging::LostLines;

/// How often [`Telemetry::tidy`] is due.
const TIDY: Duration = Duration::from_secs(1);

/// The axon's observer.
pub struct Telemetry {
    /// Counts.
    pub metrics: Metrics,
    /// Requests of late.
    pub recent: Recent,
    lines: RequestLog,
    lost: LostLines,
}

impl Telemetry {
    /// With rings of so many places.
    ///
    /// # Errors
    /// As [`Metrics::new`].
    pub fn new(recent: usize, lost: LostLines) -> Result<Telemetry, SomaError> {
        let (metrics, recent) = (Metrics::new()?, Recent::new(recent));
        Ok(Telemetry { metrics, recent, lines: RequestLog::default(), lost })
    }

    /// Everything in Prometheus' text format. `levels` is what the caller knows of the host's parts; the rest is filled
    /// in here.
    pub fn render(&self, levels: Levels) -> String {
        let (proven_records, unproven_records) = self.recent.len();
        let (lines_left_out, lines_lost) = (self.lines.left_out(), self.lost.count());
        self.metrics.show(&Levels { proven_records, unproven_records, lines_left_out, lines_lost, ..levels });
        match ProcessUse::read() {
            Ok(process) => self.metrics.show_process(&process),
            Err(error) => tracing::debug!(%error, "the process's own use is not known"),
        }
        self.metrics.render()
    }

    /// Sums up what was left out of the log, and keeps histograms small, for as long as the host runs.
    pub async fn tidy(self: Arc<Self>) {
        let mut due = tokio::time::interval(TIDY);
        loop {
            due.tick().await;
            self.lines.tidy();
            self.metrics.tidy();
        }
    }
}

impl Observer for Telemetry {
    fn finished(&self, record: Record) {
        self.metrics.finished(&record);
        self.lines.finished(&record);
        self.recent.keep(record);
    }

    fn connection(&self, event: ConnectionEvent) {
        self.metrics.connection(event);
    }
}
