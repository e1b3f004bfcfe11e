//! Rounds over all cases.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};

use tempfile::TempDir;

use super::contestants::{Contestant, all};
use crate::bench::place::Place;
use crate::bench::{Arguments, Callers, callers::Question};
use crate::error::HarnessError;
use crate::flood::cost::verify_micros;
use crate::flood::load::{Plan, Running, Then};
use crate::flood::stock;
use crate::query::Dialect;

/// Connections.
pub const CONCURRENCIES: [usize; 2] = [1, 64];
/// More requests than the last part had answers: the next may be faster.
const MORE: f64 = 1.5;
/// The fewest requests of a part.
const FEWEST: usize = 500;
/// Seconds of each part before the first round.
const WARM_UP: u64 = 1;

/// One server, asked in one way.
#[derive(Clone, Debug)]
pub struct Case {
    /// The server.
    pub contestant: Contestant,
    /// How it is asked.
    pub dialect: Dialect,
    /// Over how many connections.
    pub concurrency: usize,
    /// Each round's.
    pub samples: Vec<Sample>,
    /// Answers a second in the last part.
    last: Option<f64>,
}

impl Case {
    /// One that was not measured yet.
    pub fn new(contestant: Contestant, dialect: Dialect, concurrency: usize) -> Case {
        Case { contestant, dialect, concurrency, samples: Vec::new(), last: None }
    }
}

/// What one part showed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// Answers a second.
    pub rps: f64,
    /// Milliseconds that half of the answers took at most.
    pub p50: f64,
    /// Milliseconds that 99 of 100 answers took at most.
    pub p99: f64,
    /// The server's processor time for one request, in microseconds.
    pub cpu: f64,
    /// The server's resident memory after it, in MiB.
    pub resident: f64,
}

/// Everything that was measured.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// In the order of the report.
    pub cases: Vec<Case>,
    /// Microseconds of one sr25519 verification, each round's.
    pub verify: Vec<f64>,
    /// Servers that were left out, and why.
    pub left_out: Vec<(String, String)>,
}

impl Course {
    /// Starts the servers that were asked for and measures them in turns.
    ///
    /// # Errors
    /// [`HarnessError`] when a request is not answered 200.
    pub fn run(arguments: &Arguments, mut progress: impl FnMut(&str)) -> Result<Course, HarnessError> {
        let mut course = Course::default();
        let mut entries = Vec::new();
        for contestant in all().into_iter().filter(|contestant| arguments.has(&contestant.name())) {
            progress(&format!("starting {}", contestant.name()));
            match contestant.start() {
                Ok(place) => entries.push(Entry { place, cases: cases(contestant) }),
                Err(error) => course.left_out.push((contestant.name(), said(&error))),
            }
        }
        let folder = TempDir::new().map_err(HarnessError::io("creating a temporary folder"))?;
        let hand = Hand { callers: Callers::make(), questions: [Question::kibibyte()], folder };
        progress("warming up");
        // The first part of a process is slower than the rest. It also says how many requests the next one needs.
        entries.iter_mut().try_for_each(|entry| entry.measure(&hand, WARM_UP).map(drop))?;
        for round in 1..=arguments.rounds {
            progress(&format!("round {round} of {}", arguments.rounds));
            course.verify.push(verify_micros()?);
            for entry in &mut entries {
                let samples = entry.measure(&hand, arguments.seconds)?;
                entry.cases.iter_mut().zip(samples).for_each(|(case, sample)| case.samples.push(sample));
            }
        }
        course.cases = entries.into_iter().flat_map(|entry| entry.cases).collect();
        Ok(course)
    }
}

/// One server that runs, with the ways in which it is asked.
struct Entry {
    place: Place,
    cases: Vec<Case>,
}

fn cases(contestant: Contestant) -> Vec<Case> {
    let dialects = contestant.kind.dialects().iter();
    dialects.flat_map(|dialect| CONCURRENCIES.map(|concurrency| Case::new(contestant, *dialect, concurrency))).collect()
}

impl Entry {
    /// One part for each case.
    fn measure(&mut self, hand: &Hand, seconds: u64) -> Result<Vec<Sample>, HarnessError> {
        let mut samples = Vec::with_capacity(self.cases.len());
        for case in &mut self.cases {
            let sample = hand.measure(case, &self.place, seconds)?;
            case.last = Some(sample.rps);
            samples.push(sample);
        }
        Ok(samples)
    }
}

/// What asks.
struct Hand {
    callers: Callers,
    questions: [Question; 1],
    folder: TempDir,
}

impl Hand {
    fn measure(&self, case: &Case, place: &Place, seconds: u64) -> Result<Sample, HarnessError> {
        let rate = case.last.map_or(case.contestant.kind.most() as f64, |last| last * MORE);
        let count = FEWEST.max((rate * seconds as f64) as usize);
        let requests = self.callers.requests(case.dialect, &self.questions, count, case.concurrency)?;
        let path = self.folder.path().join("requests.stock");
        fs::write(&path, stock::pack(&requests)).map_err(HarnessError::io("writing requests"))?;
        let plan = Plan {
            to: SocketAddr::from((Ipv4Addr::LOCALHOST, place.port())),
            from: Ipv4Addr::LOCALHOST,
            connections: case.concurrency,
            seconds: seconds as f64,
            rate: None,
            requests: path,
            then: Then::Stop,
        };
        let before = place.processor_time()?;
        let outcome = Running::start(&plan)?.finish()?;
        let used = place.processor_time()?.saturating_sub(before);
        if !outcome.is_all(200) {
            let what = format!("{} (asked by {:?} x {})", case.contestant.name(), case.dialect, case.concurrency);
            let output = format!("{:?} and {} broken", outcome.statuses, outcome.broken);
            return Err(HarnessError::Output { what, output });
        }
        let answers = outcome.answers() as f64;
        Ok(Sample {
            rps: answers / outcome.seconds,
            p50: outcome.latency(0.5),
            p99: outcome.latency(0.99),
            cpu: used.as_secs_f64() * 1e6 / answers,
            resident: place.resident()?,
        })
    }
}

/// Why a server did not come up: what was printed last, or the error's first line.
fn said(error: &HarnessError) -> String {
    let text = error.to_string();
    let printed = match error {
        HarnessError::Ended { output, .. } => output.lines().rfind(|line| line.contains("rror")),
        _ => None,
    };
    printed.or_else(|| text.lines().next()).unwrap_or_default().to_owned()
}
