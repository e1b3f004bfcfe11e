//! The log: lines on standard error, for people or as JSON, and with a folder into files that are rotated.
//!
//! `soma run` writes its lines on a thread of their own, so that a full pipe or a slow disk holds no request up. What
//! the buffers have no room for is lost and counted. The other commands have no file: two programs must not rotate the
//! same one.

mod rotation;

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use self::rotation::RotatedFile;
use crate::cli::LoggingFlags;
use crate::error::SomaError;

/// The variable that sets a filter of its own, in tracing's syntax: `info,request=debug`.
const FILTER: &str = "SOMA_LOG";
/// Lines that wait for the thread that writes them: some megabytes.
const BUFFERED: usize = 16_384;

/// A log that was started. Dropping it writes what waits, for at most a second.
#[derive(Default)]
pub struct Logging {
    _guards: Vec<WorkerGuard>,
    lost: LostLines,
}

/// How many lines the buffers had no room for.
#[derive(Clone, Default)]
pub struct LostLines(Arc<[ErrorCounter]>);

impl LostLines {
    /// Since the start, over all outputs.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|counter| u64::try_from(counter.dropped_lines()).unwrap_or(u64::MAX)).sum()
    }
}

/// What the log is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A command that ends by itself.
    Command,
    /// The host.
    Host,
    /// The host while it is measured: lines are written as its lines are, and go nowhere.
    Measuring,
}

impl Logging {
    /// Starts logging. Called once.
    ///
    /// # Errors
    /// [`SomaError::LogFile`] when the folder cannot be used.
    pub fn start(flags: &LoggingFlags, purpose: Purpose) -> Result<Logging, SomaError> {
        let ansi = !flags.json && io::stderr().is_terminal();
        let registry = Registry::default().with(filter(flags, purpose));
        if purpose == Purpose::Command {
            registry.with(layer(flags, ansi, io::stderr)).init();
            return Ok(Logging::default());
        }
        let (console, guard) = match purpose {
            Purpose::Measuring => queued("log-console", io::sink()),
            Purpose::Host | Purpose::Command => queued("log-console", io::stderr()),
        };
        let (mut counters, mut guards) = (vec![console.error_counter()], vec![guard]);
        let file = match &flags.dir {
            Some(folder) => {
                let file = RotatedFile::open(folder, flags.max_size.as_u64(), flags.max_files);
                let file = file.map_err(|cause| SomaError::LogFile { path: folder.clone(), cause })?;
                let (file, guard) = queued("log-file", file);
                counters.push(file.error_counter());
                guards.push(guard);
                Some(layer(flags, false, file))
            }
            None => None,
        };
        registry.with(layer(flags, ansi, console)).with(file).init();
        Ok(Logging { _guards: guards, lost: LostLines(counters.into()) })
    }

    /// The counter of lines that were lost.
    pub fn lost(&self) -> LostLines {
        self.lost.clone()
    }
}

fn queued(thread: &str, writer: impl Write + Send + 'static) -> (NonBlocking, WorkerGuard) {
    NonBlockingBuilder::default().lossy(true).buffered_lines_limit(BUFFERED).thread_name(thread).finish(writer)
}

/// The WebSocket client tells whole URLs, and with them the keys of endpoints, to whoever listens closely.
const DIALLING: &str = "jsonrpsee-client=warn";

fn filter(flags: &LoggingFlags, purpose: Purpose) -> EnvFilter {
    let level = match (flags.trace, flags.debug) {
        (true, _) => "trace",
        (_, true) => "info,soma=debug,request=debug,plugin=debug,compile=debug",
        // A command says by itself what a person wants to know of the chain.
        _ if purpose == Purpose::Command => "info,chain=warn",
        _ => "info",
    };
    let filter = EnvFilter::try_from_env(FILTER).unwrap_or_else(|_| EnvFilter::new(level));
    match DIALLING.parse() {
        Ok(directive) => filter.add_directive(directive),
        Err(_) => filter,
    }
}

/// One output. Layers are made for the whole stack below them, so their type says which.
fn layer<S, W>(flags: &LoggingFlags, ansi: bool, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    if flags.json { layer.json().flatten_event(true).boxed() } else { layer.with_ansi(ansi).boxed() }
}
