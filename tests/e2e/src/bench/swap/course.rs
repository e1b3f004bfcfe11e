//! The parts, in turns.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use super::asking::{Plan, Running};
use super::bed::Bed;
use crate::attack::Connection;
use crate::bench::Arguments;
use crate::bench::callers::{Callers, Question};
use crate::bench::marked::{self, Marked};
use crate::error::HarnessError;
use crate::query::Dialect;

/// Versions that follow each other in a circle. All are compiled before the clock runs.
const VERSIONS: usize = 8;
/// Requests a second, and streams.
const RATE: f64 = 800.0;
const STREAMS: f64 = 4.0;
/// Shortest time from one swap to the next. Most of the time the host itself makes the next one wait: at most four old
/// versions drain.
const PAUSE: Duration = Duration::from_millis(50);
/// Load before the first part: longer than the host remembers this load's nonces, so that memory compares.
const WARM_UP: Duration = Duration::from_secs(15);
/// Swaps of a host that has nothing else to do, one after the other.
const ALONE: usize = 40;
/// How long the last streams may take.
const LAST: Duration = Duration::from_secs(30);

/// Everything that was measured.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// Milliseconds of the p99 without swaps, part by part.
    pub calm: Vec<f64>,
    /// The same with swaps.
    pub swapping: Vec<f64>,
    /// Milliseconds of each swap under load, the wait for an old version to end included.
    pub swap_times: Vec<f64>,
    /// Milliseconds from asking for a swap to the first answer of the new version, on a host that has nothing else to do.
    pub alone: Vec<f64>,
    /// Requests and streams that were served, over all parts.
    pub served: u64,
    /// How many of them were streams.
    pub streams: u64,
    /// Those that failed, by what happened, over all parts.
    pub failed: BTreeMap<String, u64>,
    /// Answers whose hooks ran in different versions, or whose gate left no line.
    pub mixed: u64,
    /// Different versions that answered.
    pub versions: usize,
    /// Resident MiB before the first swap under load, and after the last old version is gone.
    pub memory: (f64, f64),
}

impl Course {
    /// Measures. `count` of the arguments is the number of swaps in all.
    ///
    /// # Errors
    /// [`HarnessError`] when a swap is refused.
    pub fn run(arguments: &Arguments, mut progress: impl FnMut(&str)) -> Result<Course, HarnessError> {
        let folder = TempDir::new().map_err(HarnessError::io("creating a temporary folder"))?;
        let mut stage = Stage::set(&folder)?;
        progress("compiling every version");
        (0..VERSIONS).try_for_each(|_| stage.swap().map(drop))?;
        progress("swaps of an idle host");
        (0..ALONE).try_for_each(|_| stage.alone())?;
        progress("warming up");
        stage.calm(WARM_UP)?;
        for round in 1..=arguments.rounds {
            progress(&format!("round {round} of {}", arguments.rounds));
            let p99 = stage.calm(Duration::from_secs(arguments.seconds))?;
            stage.course.calm.push(p99);
            if round == 1 {
                stage.course.memory.0 = stage.bed.resident()?;
            }
            stage.swapping(arguments.count.div_ceil(arguments.rounds))?;
        }
        progress("after the last swap");
        stage.drained()?;
        // The same load as before the first, so that the same number of nonces is remembered.
        stage.calm(WARM_UP)?;
        stage.course.memory.1 = stage.bed.resident()?;
        stage.judged()
    }
}

/// The host, its versions, and what was learned so far.
struct Stage {
    bed: Bed,
    plugins: Vec<PathBuf>,
    /// The version that serves.
    at: usize,
    answers: Vec<(String, String)>,
    course: Course,
}

impl Stage {
    fn set(folder: &TempDir) -> Result<Stage, HarnessError> {
        let marked = Marked::open()?;
        let plugins = (0..VERSIONS).map(|number| marked.write(folder.path(), number)).collect::<Result<Vec<_>, _>>()?;
        let bed = Bed::start(&plugins.first().cloned().unwrap_or_default())?;
        Ok(Stage { bed, plugins, at: 0, answers: Vec::new(), course: Course::default() })
    }

    /// Puts the next version of the circle into the slot. Milliseconds.
    fn swap(&mut self) -> Result<f64, HarnessError> {
        self.at = (self.at + 1) % self.plugins.len().max(1);
        self.bed.swap(self.plugins.get(self.at).map_or(Path::new(""), PathBuf::as_path))
    }

    /// A swap of an idle host, up to the first answer of the new version.
    fn alone(&mut self) -> Result<(), HarnessError> {
        let question = Question { route: marked::ROUTE.to_owned(), body: json!({"prompt": "which"}), timeout: 2.0 };
        let request = Callers::make().request(Dialect::Synapse, &question, 0)?;
        let mut connection = Connection::open(Ipv4Addr::LOCALHOST, self.bed.address())?;
        let started = Instant::now();
        self.swap()?;
        let reply = connection.exchange(&request)?;
        let elapsed = started.elapsed();
        let mark = marked::text(self.at);
        if !reply.body.windows(mark.len()).any(|window| window == mark.as_bytes()) {
            let output = String::from_utf8_lossy(&reply.body).into_owned();
            return Err(HarnessError::Output { what: "the version after a swap".to_owned(), output });
        }
        self.course.alone.push(elapsed.as_secs_f64() * 1e3);
        Ok(())
    }

    fn start(&self) -> Result<Running, HarnessError> {
        let answers = self.bed.folder().join("answers");
        Running::start(&Plan { to: self.bed.address(), rate: RATE, streams: STREAMS, answers })
    }

    fn finish(&mut self, running: Running) -> Result<f64, HarnessError> {
        let outcome = running.finish()?;
        self.course.served += outcome.served;
        self.course.streams += outcome.streams;
        for (what, count) in outcome.failed {
            *self.course.failed.entry(what).or_default() += count;
        }
        self.answers.extend(outcome.answers);
        let place = (outcome.latencies.len() as f64 * 0.99).ceil() as usize;
        let micros = outcome.latencies.get(place.saturating_sub(1)).copied().unwrap_or_default();
        Ok(f64::from(micros) / 1e3)
    }

    /// The load alone. Its p99 in milliseconds.
    fn calm(&mut self, length: Duration) -> Result<f64, HarnessError> {
        let running = self.start()?;
        thread::sleep(length);
        self.finish(running)
    }

    /// The load, and so many swaps beside it.
    fn swapping(&mut self, count: usize) -> Result<(), HarnessError> {
        let running = self.start()?;
        for _ in 0..count {
            let started = Instant::now();
            let host = self.swap()?;
            self.course.swap_times.push(host);
            thread::sleep(PAUSE.saturating_sub(started.elapsed()));
        }
        let p99 = self.finish(running)?;
        self.course.swapping.push(p99);
        Ok(())
    }

    /// Waits until the last old version is gone.
    fn drained(&self) -> Result<(), HarnessError> {
        let end = Instant::now() + LAST;
        while self.bed.draining()? > 0 {
            if Instant::now() > end {
                return Err(HarnessError::TooSlow {
                    what: "the end of the old versions".to_owned(),
                    limit: LAST,
                    output: String::new(),
                });
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Holds the answers against what the gates said.
    fn judged(mut self) -> Result<Course, HarnessError> {
        let gates = self.bed.gates()?;
        let mixed = self.answers.iter().filter(|(id, mark)| gates.get(id) != Some(mark)).count();
        self.course.mixed = mixed as u64;
        self.course.versions = self.answers.iter().map(|(_, mark)| mark).collect::<BTreeSet<_>>().len();
        Ok(self.course)
    }
}
