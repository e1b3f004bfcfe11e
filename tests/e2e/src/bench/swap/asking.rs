//! The callers: both dialects, at a rate, until their standard input ends.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{env, io, thread};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::streaming;
use crate::attack::Connection;
use crate::bench::callers::{Callers, Question};
use crate::bench::marked;
use crate::error::HarnessError;
use crate::process::{self, Process};
use crate::query::Dialect;

/// The word that makes the program the callers; their plan follows as JSON.
pub const WORD: &str = "ask";
/// Connections of each dialect.
const LANES: usize = 8;
/// Requests of each connection are numbered from here on, so that no two dendrites have the same uuid.
const FAR: usize = 1000;

/// What to ask.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// The server.
    pub to: SocketAddr,
    /// Requests a second, half of them in each dialect.
    pub rate: f64,
    /// Streams a second.
    pub streams: f64,
    /// Where to write what was answered.
    pub answers: PathBuf,
}

/// What came of it, beside the file of answers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Requests and streams that were answered whole, with 200.
    pub served: u64,
    /// Those that were not, by what happened instead.
    pub failed: BTreeMap<String, u64>,
    /// How many of the served were streams.
    pub streams: u64,
    /// Latencies of the requests in microseconds from when they were due, sorted.
    pub latencies: Vec<u32>,
    /// The answers: the request's id, and what `forward` or `streaming` said.
    #[serde(skip)]
    pub answers: Vec<(String, String)>,
}

impl Outcome {
    /// Everything that failed.
    pub fn failures(&self) -> u64 {
        self.failed.values().sum()
    }

    /// An answer, or what happened instead.
    pub fn count(&mut self, answer: Result<(String, String), String>) {
        match answer {
            Ok(answer) => {
                self.served += 1;
                self.answers.push(answer);
            }
            Err(what) => *self.failed.entry(what).or_default() += 1,
        }
    }

    fn and(mut self, other: Outcome) -> Outcome {
        self.served += other.served;
        self.streams += other.streams;
        for (what, count) in other.failed {
            *self.failed.entry(what).or_default() += count;
        }
        self.latencies.extend(other.latencies);
        self.answers.extend(other.answers);
        self
    }
}

/// Callers that run.
#[derive(Debug)]
pub struct Running {
    process: Process,
    answers: PathBuf,
}

impl Running {
    /// Starts them.
    ///
    /// # Errors
    /// [`HarnessError::Io`].
    pub fn start(plan: &Plan) -> Result<Running, HarnessError> {
        let program = env::current_exe().map_err(HarnessError::io("finding this program"))?;
        let mut command = Command::new(program);
        command.arg(WORD).arg(serde_json::to_string(plan).unwrap_or_default());
        let process = Process::start("the callers", &mut command)?;
        Ok(Running { process, answers: plan.answers.clone() })
    }

    /// Lets them come to their end.
    ///
    /// # Errors
    /// [`HarnessError::Ended`] when they failed, [`HarnessError::Output`] when they say something odd.
    pub fn finish(self) -> Result<Outcome, HarnessError> {
        let process::Finished { status, stdout, stderr } = self.process.finish()?;
        let what = "the callers".to_owned();
        if !status.success() {
            return Err(HarnessError::Ended { what, status: status.to_string(), output: stderr });
        }
        let mut outcome: Outcome =
            serde_json::from_str(&stdout).map_err(|_| HarnessError::Output { what, output: stdout })?;
        let path = self.answers.display();
        let text = fs::read_to_string(&self.answers).map_err(HarnessError::io(format!("reading {path}")))?;
        let pairs = text.lines().filter_map(|line| line.split_once(' '));
        outcome.answers = pairs.map(|(id, mark)| (id.to_owned(), mark.to_owned())).collect();
        Ok(outcome)
    }
}

/// The callers' program. Prints its [`Outcome`] as one line of JSON when standard input ends.
///
/// # Errors
/// [`HarnessError::Output`] when the plan is none, [`HarnessError::Io`] when a connection cannot be opened.
pub fn main(plan: &str) -> Result<(), HarnessError> {
    let odd = |output: String| HarnessError::Output { what: "the plan of the callers".to_owned(), output };
    let plan: Plan = serde_json::from_str(plan).map_err(|error| odd(error.to_string()))?;
    let stop = AtomicBool::new(false);
    let outcome = thread::scope(|scope| {
        scope.spawn(|| {
            let _ = io::stdin().read_to_end(&mut Vec::new());
            stop.store(true, Ordering::Relaxed);
        });
        ask(&plan, &stop)
    })?;
    let answers: String = outcome.answers.iter().map(|(id, mark)| format!("{id} {mark}\n")).collect();
    fs::write(&plan.answers, answers).map_err(HarnessError::io("writing what was answered"))?;
    println!("{}", serde_json::to_string(&outcome).map_err(|error| odd(error.to_string()))?);
    Ok(())
}

/// Asks until it is told to stop.
///
/// # Errors
/// [`HarnessError::Io`] when a connection cannot be opened.
pub fn ask(plan: &Plan, stop: &AtomicBool) -> Result<Outcome, HarnessError> {
    let callers = Callers::make();
    let question = Question { route: marked::ROUTE.to_owned(), body: json!({"prompt": "which"}), timeout: 2.0 };
    let lanes = (0..2 * LANES).map(|number| {
        let dialect = if number.is_multiple_of(2) { Dialect::Synapse } else { Dialect::Btauth };
        Ok((number, dialect, Connection::open(Ipv4Addr::LOCALHOST, plan.to)?))
    });
    let lanes: Vec<_> = lanes.collect::<Result<_, HarnessError>>()?;
    let mut outcome = thread::scope(|scope| {
        let streams = scope.spawn(|| streaming::ask(plan, &callers, stop));
        let asking: Vec<_> = lanes
            .into_iter()
            .map(|(number, dialect, connection)| {
                let lane = Lane { plan, callers: &callers, question: &question, number, dialect, connection };
                scope.spawn(move || lane.ask(stop))
            })
            .collect();
        let joined = asking.into_iter().map(|lane| lane.join().unwrap_or_default());
        joined.fold(Outcome::default(), Outcome::and).and(streams.join().unwrap_or_default())
    });
    outcome.latencies.sort_unstable();
    Ok(outcome)
}

/// One connection.
struct Lane<'a> {
    plan: &'a Plan,
    callers: &'a Callers,
    question: &'a Question,
    number: usize,
    dialect: Dialect,
    connection: Connection,
}

impl Lane<'_> {
    fn ask(mut self, stop: &AtomicBool) -> Outcome {
        let mut outcome = Outcome::default();
        let mut due = Due::new(self.plan.rate / (2 * LANES) as f64, self.number);
        loop {
            let at = due.next();
            // Signed in the pause before it is due, and so fresh.
            let request = self.callers.request(self.dialect, self.question, FAR + self.number);
            let Ok(request) = request else { break };
            thread::sleep(at.saturating_duration_since(Instant::now()));
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let answer = self.connection.exchange(&request);
            outcome.latencies.push(u32::try_from(at.elapsed().as_micros()).unwrap_or(u32::MAX));
            let closes = answer.as_ref().map_or(true, |reply| reply.closes);
            outcome.count(match answer {
                Ok(reply) if reply.status == 200 => marked(&reply.body).ok_or("an odd answer".to_owned()),
                Ok(reply) => Err(reply.status.to_string()),
                Err(_) => Err("a broken connection".to_owned()),
            });
            if closes {
                match Connection::open(Ipv4Addr::LOCALHOST, self.plan.to) {
                    Ok(opened) => self.connection = opened,
                    Err(_) => break,
                }
            }
        }
        outcome
    }
}

/// The id and the mark of an answer.
fn marked(body: &[u8]) -> Option<(String, String)> {
    let body: Value = serde_json::from_slice(body).ok()?;
    Some((body.get("id")?.as_str()?.to_owned(), body.get("mark")?.as_str()?.to_owned()))
}

/// Random times that do not wait for answers.
pub(super) struct Due {
    next: Instant,
    pause: f64,
    rng: StdRng,
}

impl Due {
    /// `rate` a second on average.
    pub(super) fn new(rate: f64, number: usize) -> Due {
        Due { next: Instant::now(), pause: 1.0 / rate.max(1e-3), rng: StdRng::seed_from_u64(number as u64) }
    }

    pub(super) fn next(&mut self) -> Instant {
        let gap = -self.pause * (1.0 - self.rng.random::<f64>()).ln();
        self.next += Duration::from_secs_f64(gap.min(3600.0));
        self.next
    }

    /// An even random number from 0 to 1.
    pub(super) fn even(&mut self) -> f64 {
        self.rng.random()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_its_request_and_its_version() {
        assert_eq!(marked(br#"{"id":"a","mark":"0000007"}"#), Some(("a".to_owned(), "0000007".to_owned())));
        for odd in [&b"{}"[..], br#"{"id":"a"}"#, b"no"] {
            assert_eq!(marked(odd), None);
        }
    }

    #[test]
    fn requests_are_due_at_the_rate_that_was_asked_for() {
        let mut due = Due::new(100.0, 1);
        let end = Instant::now() + Duration::from_secs(100);
        let count = std::iter::from_fn(|| Some(due.next())).take_while(|at| *at < end).count();
        assert!((9_000..11_000).contains(&count), "{count}");
    }
}
