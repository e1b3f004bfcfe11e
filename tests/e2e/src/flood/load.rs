//! The load generator, which is this program started once more.
//!
//! Each connection has a thread that sends one request, reads the answer, and sends the next: nothing is pipelined.
//! Without a rate the next request follows at once. With one, requests have times that do not wait for answers
//! (a Poisson process), and a latency counts from the time at which its request was due: a server that stalls does not
//! hide it by slowing the generator.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use super::stock;
use crate::attack::Connection;
use crate::error::HarnessError;
use crate::process::{self, Process};

/// The word that makes the program a load generator; its plan follows as JSON.
pub const WORD: &str = "load";

/// What to send.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// The server.
    pub to: SocketAddr,
    /// The address to come from.
    pub from: Ipv4Addr,
    /// Connections, all kept alive.
    pub connections: usize,
    /// For how long.
    pub seconds: f64,
    /// Requests a second in all; none sends as fast as answers come.
    pub rate: Option<f64>,
    /// The file of requests.
    pub requests: PathBuf,
    /// What to do when all were sent.
    pub then: Then,
}

/// What follows the last request of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Then {
    /// They are sent again: junk is never used up.
    Again,
    /// The end: each is good once.
    Stop,
}

/// What came of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Requests whose connection broke.
    pub broken: u64,
    /// Seconds from the first request to the last answer.
    pub seconds: f64,
    /// Latencies in microseconds, sorted.
    pub latencies: Vec<u32>,
}

impl Outcome {
    /// All answers.
    pub fn answers(&self) -> u64 {
        self.statuses.values().sum()
    }

    /// Whether every request was answered with this status.
    pub fn is_all(&self, status: u16) -> bool {
        self.broken == 0 && self.statuses.keys().all(|seen| *seen == status) && self.answers() > 0
    }

    /// The latency in milliseconds that this part of the requests stayed below.
    pub fn latency(&self, part: f64) -> f64 {
        let place = (self.latencies.len() as f64 * part).ceil() as usize;
        let micros = self.latencies.get(place.saturating_sub(1)).copied().unwrap_or_default();
        f64::from(micros) / 1000.0
    }

    fn and(mut self, other: Outcome) -> Outcome {
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.broken += other.broken;
        self.latencies.extend(other.latencies);
        self
    }
}

/// A load generator that runs.
#[derive(Debug)]
pub struct Running(Process);

impl Running {
    /// Starts one.
    ///
    /// # Errors
    /// [`HarnessError::Io`].
    pub fn start(plan: &Plan) -> Result<Running, HarnessError> {
        let program = env::current_exe().map_err(HarnessError::io("finding this program"))?;
        let plan = serde_json::to_string(plan).unwrap_or_default();
        let mut command = Command::new(program);
        command.arg(WORD).arg(plan).stdin(Stdio::null());
        Process::start("a load generator", &mut command).map(Running)
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// [`HarnessError::Ended`] when it failed, [`HarnessError::Output`] when it says something odd.
    pub fn finish(self) -> Result<Outcome, HarnessError> {
        let process::Finished { status, stdout, stderr } = self.0.finish()?;
        let what = "a load generator".to_owned();
        if !status.success() {
            return Err(HarnessError::Ended { what, status: status.to_string(), output: stderr });
        }
        serde_json::from_str(&stdout).map_err(|_| HarnessError::Output { what, output: stdout })
    }
}

/// The load generator itself. Prints its [`Outcome`] as one line of JSON.
///
/// # Errors
/// [`HarnessError::Output`] when the plan is none, [`HarnessError::Io`] when its file cannot be read.
pub fn main(plan: &str) -> Result<(), HarnessError> {
    let odd = |output: String| HarnessError::Output { what: "the plan of a load".to_owned(), output };
    let plan: Plan = serde_json::from_str(plan).map_err(|error| odd(error.to_string()))?;
    let requests = read(&plan.requests)?;
    let outcome = send(&plan, &requests)?;
    println!("{}", serde_json::to_string(&outcome).map_err(|error| odd(error.to_string()))?);
    Ok(())
}

fn read(path: &Path) -> Result<Vec<Vec<u8>>, HarnessError> {
    let packed = fs::read(path).map_err(HarnessError::io(format!("reading {}", path.display())))?;
    let odd = || HarnessError::Output { what: "a file of requests".to_owned(), output: path.display().to_string() };
    stock::unpack(&packed).filter(|requests| !requests.is_empty()).ok_or_else(odd)
}

/// Sends what the plan says.
///
/// # Errors
/// [`HarnessError::Io`] when a connection cannot be opened.
pub fn send(plan: &Plan, requests: &[Vec<u8>]) -> Result<Outcome, HarnessError> {
    let open = |_| Connection::open(plan.from, plan.to);
    let connections: Vec<_> = (0..plan.connections).map(open).collect::<Result<_, _>>()?;
    let started = Instant::now();
    let mut outcome = thread::scope(|scope| {
        let lanes: Vec<_> = connections
            .into_iter()
            .enumerate()
            .map(|(number, connection)| scope.spawn(move || lane(plan, requests, connection, number, started)))
            .collect();
        let outcomes = lanes.into_iter().map(|lane| lane.join().unwrap_or_default());
        outcomes.fold(Outcome::default(), Outcome::and)
    });
    outcome.seconds = started.elapsed().as_secs_f64();
    outcome.latencies.sort_unstable();
    Ok(outcome)
}

/// One connection.
fn lane(plan: &Plan, requests: &[Vec<u8>], mut connection: Connection, number: usize, started: Instant) -> Outcome {
    let mut outcome = Outcome::default();
    let mut due = Due::new(plan, number, started);
    let own = requests.iter().skip(number % requests.len().max(1)).step_by(plan.connections.max(1));
    let mut left: Box<dyn Iterator<Item = &Vec<u8>>> = match plan.then {
        Then::Stop => Box::new(own),
        Then::Again => Box::new(requests.iter().cycle().skip(number % requests.len().max(1))),
    };
    let end = started + Duration::from_secs_f64(plan.seconds);
    while let Some(at) = due.next().filter(|at| *at < end) {
        let Some(request) = left.next() else { break };
        thread::sleep(at.saturating_duration_since(Instant::now()));
        match connection.exchange(request) {
            Ok(reply) => {
                *outcome.statuses.entry(reply.status).or_default() += 1;
                outcome.latencies.push(u32::try_from(at.elapsed().as_micros()).unwrap_or(u32::MAX));
                if !reply.closes {
                    continue;
                }
            }
            Err(_) => outcome.broken += 1,
        }
        match Connection::open(plan.from, plan.to) {
            Ok(opened) => connection = opened,
            Err(_) => break,
        }
    }
    outcome
}

/// When the requests of one connection are due.
struct Due {
    /// Seconds between two on average; none for at once.
    pause: Option<f64>,
    next: Instant,
    rng: StdRng,
}

impl Due {
    fn new(plan: &Plan, number: usize, started: Instant) -> Due {
        let pause = plan.rate.map(|rate| plan.connections as f64 / rate);
        Due { pause, next: started, rng: StdRng::seed_from_u64(number as u64) }
    }

    fn next(&mut self) -> Option<Instant> {
        let Some(pause) = self.pause else { return Some(Instant::now()) };
        let even: f64 = self.rng.random();
        let gap = -pause * (1.0 - even).ln();
        self.next = self.next.checked_add(Duration::try_from_secs_f64(gap).ok()?)?;
        Some(self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_is_read_off_the_sorted_list() {
        let outcome = Outcome { latencies: (1..=1000).map(|n| n * 1000).collect(), ..Outcome::default() };
        assert_eq!((outcome.latency(0.5), outcome.latency(0.99), outcome.latency(1.0)), (500.0, 990.0, 1000.0));
        assert_eq!(Outcome::default().latency(0.99), 0.0);
    }

    #[test]
    fn requests_are_due_at_the_rate_that_was_asked_for() {
        let plan = Plan {
            to: SocketAddr::from((Ipv4Addr::LOCALHOST, 1)),
            from: Ipv4Addr::LOCALHOST,
            connections: 4,
            seconds: 1.0,
            rate: Some(400.0),
            requests: PathBuf::new(),
            then: Then::Again,
        };
        let started = Instant::now();
        let mut due = Due::new(&plan, 0, started);
        let count = std::iter::from_fn(|| due.next()).take_while(|at| *at < started + Duration::from_secs(100)).count();
        assert!((9_000..11_000).contains(&count), "{count}");
    }
}
