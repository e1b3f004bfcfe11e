//! What of the nonces outlives the host.
//!
//! No request waits for the disk. A host that stops cleanly writes all nonces that could still be used, and the next
//! one reads them. While it runs it writes one small file a second, the pulse: up to when it has accepted requests at
//! most. A pulse that is there at the start means that the last host did not stop cleanly. What it had accepted is not
//! known then, so every nonce is refused up to the later of now and the pulse, plus the furthest future that a nonce
//! may lie in: some seconds, after which all is as before.
//!
//! The pulse is not flushed to the disk each second: when the process is killed the system still has it. After a loss
//! of power it may be older, which matters only if the clock went back as well. The first pulse of a host and the
//! nonces of a clean stop are flushed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use miette::Diagnostic;
use soma_protocol::{btauth, synapse};
use thiserror::Error;

use super::file::{Pulse, Saved};
use super::{Bounds, ReplayMemory};

/// Name of the file that a clean stop leaves.
const NONCES: &str = "nonces";
/// Name of the file that is there while a host runs.
const PULSE: &str = "pulse";
/// How often the pulse is written.
const BEAT: Duration = Duration::from_secs(1);
/// How far ahead of the clock a pulse says that requests may have been accepted: until the next two could come.
const AHEAD: u64 = 2_000_000_000;

/// The state folder cannot be used.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ReplayError {
    /// A file cannot be read or written.
    #[error("cannot use {path}: {cause}")]
    #[diagnostic(
        code(soma::axon::nonces),
        help("the state folder must be writable for this user; without it requests could be replayed after a restart")
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}

/// How long nonces count: nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// A synapse's, from its nonce on.
    pub synapse: u64,
    /// A btauth request's, from its nonce on.
    pub btauth: u64,
    /// How far ahead of the clock a nonce of either may lie.
    pub future: u64,
}

impl Windows {
    /// Those of these rules.
    pub fn of(window: &synapse::Window, policy: &btauth::Policy) -> Windows {
        Windows {
            synapse: nanoseconds(window.base.saturating_add(window.timeout_cap)),
            btauth: nanoseconds(policy.max_age),
            future: nanoseconds(window.future.max(policy.skew)),
        }
    }

    fn longer_than(&self, other: &Windows) -> bool {
        self.synapse > other.synapse || self.btauth > other.btauth
    }
}

/// Keeps the two files.
#[derive(Debug)]
pub struct Keeper {
    folder: PathBuf,
    windows: Windows,
    /// Whether the pulse goes on. Held while a file is written: the last pulse never comes after the end.
    life: Mutex<Life>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Running,
    Ended,
}

impl Keeper {
    /// Reads what the last host left and says that this one runs. `now` is Unix time in nanoseconds; the folder is
    /// there and belongs to this host alone.
    ///
    /// # Errors
    /// [`ReplayError::File`]. A file that is damaged is no error: it counts as an unclean stop.
    pub fn open(
        folder: &Path,
        windows: Windows,
        bounds: Bounds,
        now: u64,
    ) -> Result<(Keeper, ReplayMemory), ReplayError> {
        let keeper = Keeper { folder: folder.to_owned(), windows, life: Mutex::new(Life::Running) };
        let memory = ReplayMemory::new(bounds);
        let (left, saved) = keeper.left()?;
        if let Some(saved) = &saved {
            memory.restore(saved);
        }
        if let Some(until) = left.closed_until(&windows, now) {
            let seconds = until.saturating_sub(now).div_ceil(1_000_000_000);
            tracing::warn!(seconds, "{}: nonces that may have been used are refused for some seconds", left.words());
            memory.close(until);
        }
        keeper.write(PULSE, &keeper.pulse(now), Flush::Yes)?;
        // Only now: until the pulse is there the nonces are what the next start needs.
        keeper.remove(NONCES)?;
        Ok((keeper, memory))
    }

    /// Until when a host that starts now on this folder would refuse nonces, as it cannot know which of them were used:
    /// Unix nanoseconds, none when the last one stopped cleanly. Nothing is changed. While a host runs on the folder it
    /// looks like one that did not stop cleanly.
    ///
    /// # Errors
    /// [`ReplayError::File`].
    pub fn foresee(folder: &Path, windows: Windows, now: u64) -> Result<Option<u64>, ReplayError> {
        let keeper = Keeper { folder: folder.to_owned(), windows, life: Mutex::new(Life::Ended) };
        let (left, _) = keeper.left()?;
        Ok(left.closed_until(&windows, now))
    }

    /// What the last host left, and the nonces in it.
    fn left(&self) -> Result<(Left, Option<Saved>), ReplayError> {
        let (pulse, nonces) = (self.read(PULSE)?, self.read(NONCES)?);
        let saved = nonces.as_deref().map(Saved::from_bytes);
        let left = match (&pulse, &saved) {
            (Some(pulse), _) => Left::Unclean(Pulse::from_bytes(pulse)),
            (None, Some(None)) => Left::Damaged,
            (None, Some(Some(saved))) if self.windows.longer_than(&saved.windows) => Left::ShorterWindows,
            (None, _) => Left::Clean,
        };
        Ok((left, saved.flatten()))
    }

    /// Writes the pulse each second and forgets what has expired, until the memory is gone or [`Keeper::close`] was
    /// called.
    pub async fn beat(self: Arc<Self>, memory: impl Fn() -> Option<Arc<ReplayMemory>>, clock: fn() -> u64) {
        let mut ticks = tokio::time::interval(BEAT);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            ticks.tick().await;
            let Some(memory) = memory() else { return };
            let keeper = self.clone();
            let written = tokio::task::spawn_blocking(move || {
                let now = clock();
                memory.forget_expired(now);
                match *keeper.life() {
                    Life::Running => keeper.write(PULSE, &keeper.pulse(now), Flush::No).map(|()| Life::Running),
                    Life::Ended => Ok(Life::Ended),
                }
            });
            let failed = match written.await {
                Ok(Ok(Life::Running)) => None,
                Ok(Ok(Life::Ended)) | Err(_) => return,
                Ok(Err(error)) => Some(error),
            };
            if let Some(error) = failed.as_ref().filter(|_| !failing) {
                tracing::error!(%error, "the pulse is not written; after an unclean stop requests could be replayed");
            }
            failing = failed.is_some();
        }
    }

    /// Ends the memory and writes what could still be used. Nothing is kept after that.
    ///
    /// # Errors
    /// [`ReplayError::File`]; the next start then counts as one after an unclean stop.
    pub fn close(&self, memory: &ReplayMemory, now: u64) -> Result<(), ReplayError> {
        let mut life = self.life();
        *life = Life::Ended;
        let saved = memory.seal(self.windows, now);
        self.write(NONCES, &saved.to_bytes(), Flush::Yes)?;
        self.remove(PULSE)
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pulse(&self, now: u64) -> Vec<u8> {
        Pulse { until: now.saturating_add(AHEAD), future: self.windows.future }.to_bytes()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, ReplayError> {
        let path = self.path(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(ReplayError::File { path, cause }),
        }
    }

    /// Beside it and renamed: whoever reads sees the old file or the new one.
    fn write(&self, name: &str, bytes: &[u8], flush: Flush) -> Result<(), ReplayError> {
        let (path, beside) = (self.path(name), self.path(&format!("{name}.new")));
        let write = || {
            let options = File::options().write(true).create(true).truncate(true).mode(0o600).clone();
            let mut file = options.open(&beside)?;
            file.write_all(bytes)?;
            if flush == Flush::Yes {
                file.sync_all()?;
            }
            fs::rename(&beside, &path)?;
            if flush == Flush::Yes { File::open(&self.folder)?.sync_all() } else { Ok(()) }
        };
        write().map_err(|cause| ReplayError::File { path: path.clone(), cause })
    }

    fn remove(&self, name: &str) -> Result<(), ReplayError> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(ReplayError::File { path, cause }),
            _ => Ok(()),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flush {
    Yes,
    No,
}

/// What the last host left behind.
enum Left {
    /// All that is needed, or nothing because there was none.
    Clean,
    /// It did not stop cleanly.
    Unclean(Option<Pulse>),
    /// The nonces cannot be read.
    Damaged,
    /// It remembered for less long than this one accepts.
    ShorterWindows,
}

impl Left {
    fn closed_until(&self, windows: &Windows, now: u64) -> Option<u64> {
        let (from, future) = match self {
            Left::Clean => return None,
            Left::Unclean(Some(pulse)) => (pulse.until.max(now), pulse.future.max(windows.future)),
            Left::Unclean(None) | Left::Damaged | Left::ShorterWindows => (now, windows.future),
        };
        Some(from.saturating_add(future))
    }

    fn words(&self) -> &'static str {
        match self {
            Left::Clean => "the last host stopped cleanly",
            Left::Unclean(_) => "the last host did not stop cleanly",
            Left::Damaged => "the nonces of the last host cannot be read",
            Left::ShorterWindows => "the last host remembered nonces for less long than they count now",
        }
    }
}

impl ReplayMemory {
    fn restore(&self, saved: &Saved) {
        let mut state = self.lock();
        // More than the bounds, if the operator has lowered them: a live nonce is not forgotten.
        saved.nonces.iter().for_each(|nonce| state.insert(*nonce));
        state.forgotten = saved.forgotten;
        state.closed = saved.closed;
    }

    fn seal(&self, windows: Windows, now: u64) -> Saved {
        let mut state = self.lock();
        state.forget(now, usize::MAX);
        state.sealed = true;
        Saved { windows, forgotten: state.forgotten, closed: state.closed, nonces: state.nonces() }
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
