//! Child processes with captured output and a limit.
//!
//! Every child is ended by its own id when its handle is dropped, whatever the test did before.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::HarnessError;

/// How long anything may take before it counts as hanging. Generous: the machine may be compiling beside the tests.
pub const LIMIT: Duration = Duration::from_secs(120);

/// How often a child is looked at while it is waited for.
const POLL: Duration = Duration::from_millis(20);

/// The largest output that is kept of one stream, in bytes: a child that prints without end must not fill memory.
const LARGEST_OUTPUT: usize = 4 * 1024 * 1024;

/// A running child.
#[derive(Debug)]
pub struct Process {
    what: String,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Stream,
    stderr: Stream,
}

/// What a child that ended left behind.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its exit status.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
}

impl Process {
    /// Starts `command`; `what` names it in errors.
    ///
    /// # Errors
    /// [`HarnessError::Io`] when it cannot be started.
    pub fn start(what: &str, command: &mut Command) -> Result<Self, HarnessError> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(HarnessError::io(format!("starting {what}")))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().map(Stream::follow).unwrap_or_default();
        let stderr = child.stderr.take().map(Stream::follow).unwrap_or_default();
        Ok(Self { what: what.to_owned(), child, stdin, stdout, stderr })
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it printed so far, both streams.
    pub fn output(&self) -> String {
        format!("{}{}", self.stdout.text(), self.stderr.text())
    }

    /// Waits until `ready` finds something in what was printed, on either stream.
    ///
    /// # Errors
    /// [`HarnessError::Ended`] when the process ends before, [`HarnessError::TooSlow`] after [`LIMIT`].
    pub fn wait_for<T>(&mut self, mut ready: impl FnMut(&str) -> Option<T>) -> Result<T, HarnessError> {
        let deadline = Instant::now() + LIMIT;
        loop {
            if let Some(found) = ready(&self.output()) {
                return Ok(found);
            }
            if let Some(status) = self.poll()? {
                // What it printed last may have come after the look above.
                self.stdout.finished(deadline);
                self.stderr.finished(deadline);
                return ready(&self.output()).ok_or_else(|| HarnessError::Ended {
                    what: self.what.clone(),
                    status: status.to_string(),
                    output: self.output(),
                });
            }
            if Instant::now() > deadline {
                return Err(self.too_slow("getting ready"));
            }
            thread::sleep(POLL);
        }
    }

    /// Waits until the process ends by itself; its stdin is closed first.
    ///
    /// # Errors
    /// [`HarnessError::TooSlow`] after [`LIMIT`]; the process is ended then.
    pub fn finish(mut self) -> Result<Finished, HarnessError> {
        self.stdin = None;
        let deadline = Instant::now() + LIMIT;
        loop {
            if let Some(status) = self.poll()? {
                self.stdout.finished(deadline);
                self.stderr.finished(deadline);
                return Ok(Finished { status, stdout: self.stdout.text(), stderr: self.stderr.text() });
            }
            if Instant::now() > deadline {
                return Err(self.too_slow("ending"));
            }
            thread::sleep(POLL);
        }
    }

    /// The exit status, `None` while the process runs.
    ///
    /// # Errors
    /// [`HarnessError::Io`] when the system does not tell.
    pub fn poll(&mut self) -> Result<Option<ExitStatus>, HarnessError> {
        self.child.try_wait().map_err(HarnessError::io(format!("waiting for {}", self.what)))
    }

    fn too_slow(&self, phase: &str) -> HarnessError {
        HarnessError::TooSlow { what: format!("{} ({phase})", self.what), limit: LIMIT, output: self.output() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // Both fail only when it is gone already.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Runs `command` to its end.
///
/// # Errors
/// As [`Process::start`] and [`Process::finish`]. A failing exit status is no error here.
pub fn run(what: &str, command: &mut Command) -> Result<Finished, HarnessError> {
    Process::start(what, command)?.finish()
}

/// What one stream of a child printed, collected by a thread of its own so that the child never blocks on it.
#[derive(Clone, Debug, Default)]
struct Stream {
    shared: Arc<(Mutex<Collected>, Condvar)>,
}

#[derive(Debug, Default)]
struct Collected {
    text: String,
    ended: bool,
}

impl Stream {
    fn follow(from: impl Read + Send + 'static) -> Self {
        let stream = Self::default();
        let writer = stream.clone();
        thread::spawn(move || writer.collect(from));
        stream
    }

    fn collect(&self, from: impl Read) {
        let mut reader = BufReader::new(from);
        let mut line = Vec::new();
        while matches!(reader.read_until(b'\n', &mut line), Ok(count) if count > 0) {
            let mut collected = self.lock();
            if collected.text.len() + line.len() <= LARGEST_OUTPUT {
                collected.text.push_str(&String::from_utf8_lossy(&line));
            }
            line.clear();
        }
        self.lock().ended = true;
        self.shared.1.notify_all();
    }

    fn text(&self) -> String {
        self.lock().text.clone()
    }

    /// Waits until the stream was read to its end. A grandchild may hold it open, so not for ever.
    fn finished(&self, deadline: Instant) {
        let mut collected = self.lock();
        while !collected.ended && Instant::now() < deadline {
            collected = match self.shared.1.wait_timeout(collected, POLL) {
                Ok((guard, _)) => guard,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, Collected> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn collects_both_streams_and_the_status() {
        let finished = run("a shell", &mut shell("echo out; echo err >&2; exit 3")).unwrap();
        assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("out\n", "err\n"));
        assert_eq!(finished.status.code(), Some(3));
    }

    #[test]
    fn says_what_a_process_printed_that_ended_before_it_was_ready() {
        let mut process = Process::start("a shell", &mut shell("echo broken >&2; exit 1")).unwrap();
        let ended = process.wait_for(|text| text.contains("READY").then_some(()));
        assert!(matches!(ended, Err(HarnessError::Ended { output, .. }) if output == "broken\n"));
    }

    #[test]
    fn ends_the_child_when_the_handle_goes() {
        let mut process = Process::start("a shell", &mut shell("echo here; exec sleep 1000")).unwrap();
        process.wait_for(|text| text.contains("here").then_some(())).unwrap();
        let status = format!("/proc/{}/status", process.id());
        assert!(std::fs::exists(&status).unwrap());
        drop(process);
        assert!(!std::fs::exists(&status).unwrap());
    }
}
