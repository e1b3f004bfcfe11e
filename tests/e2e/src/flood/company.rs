//! What a proven caller notices of others' junk.

use std::net::Ipv4Addr;
use std::thread;
use std::time::{Duration, Instant};

use super::bed::Bed;
use super::cost::Costs;
use super::load::{Outcome, Plan, Running, Then};
use super::report::{Case, median};
use super::{Effort, stock};
use crate::attack::draft;
use crate::error::HarnessError;

/// Where the proven caller asks from.
const CALLER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);
/// Where the junk comes from.
const JUNK: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Connections of each load generator.
const CONNECTIONS: usize = 8;
/// The part of the capacity that the proven caller asks for.
const LOAD: f64 = 0.3;
/// Processor time a second that the junk is to take of the server: half a core.
const HALF: f64 = 0.5;
/// The p99 may grow so many times ...
const TIMES: f64 = 2.0;
/// ... or to so many milliseconds, whichever is more.
const MILLISECONDS: f64 = 3.0;
/// Resident memory may grow so many times over all rounds. Nonces that have to be remembered are not counted.
const MEMORY: f64 = 1.5;
/// Bytes of the server for a nonce that it remembers, and for the part of its tables that is not filled.
const NONCE: f64 = 120.0;
/// Requests of the capacity's measurement for each second: more than any machine answers.
const MOST: usize = 20_000;
/// How much earlier the junk begins, and how much later it ends.
const AROUND: Duration = Duration::from_millis(300);

/// What was measured, round by round.
#[derive(Clone, Debug, Default)]
pub struct Company {
    capacity: f64,
    idle: Vec<f64>,
    crowded: Vec<f64>,
    junk: Vec<f64>,
    /// MiB.
    memory: Vec<f64>,
    nonces: Vec<f64>,
}

impl Company {
    /// Measures in turns: the proven caller alone, and among junk.
    ///
    /// # Errors
    /// [`HarnessError`] when a request of the proven caller is not answered 200.
    pub fn measure(
        bed: &Bed,
        effort: Effort,
        costs: &Costs,
        mut progress: impl FnMut(&str),
    ) -> Result<Company, HarnessError> {
        progress("capacity");
        let mut company = Company { capacity: capacity(bed, effort)?, ..Company::default() };
        let rate = company.capacity * LOAD;
        let each = [median(&costs.nowhere), median(&costs.stranger), median(&costs.forged)];
        let mut junk_rate = HALF * 1e6 / (each.iter().sum::<f64>() / each.len() as f64);
        // Once unmeasured: the first part of a process is slower than the rest.
        alone(bed, effort, rate)?;
        company.weigh(bed)?;
        for round in 1..=effort.rounds {
            progress(&format!("company, round {round} of {}", effort.rounds));
            let (idle, used_idle) = alone(bed, effort, rate)?;
            let (crowded, used) = among_junk(bed, effort, rate, junk_rate)?;
            let junk = used - used_idle;
            company.idle.push(idle.latency(0.99));
            company.crowded.push(crowded.latency(0.99));
            company.junk.push(junk);
            company.weigh(bed)?;
            junk_rate *= (HALF / junk.max(0.05)).clamp(0.5, 2.0);
        }
        Ok(company)
    }

    /// Notes what the server holds.
    fn weigh(&mut self, bed: &Bed) -> Result<(), HarnessError> {
        self.nonces.push(bed.nonces()?);
        self.memory.push(mebibytes(bed.usage()?.resident as f64));
        Ok(())
    }

    /// What is reported of it.
    pub fn cases(&self) -> Vec<Case> {
        let pairs = || self.crowded.iter().zip(&self.idle);
        let ratios: Vec<f64> = pairs().map(|(crowded, idle)| crowded / idle.max(0.001)).collect();
        let used: Vec<f64> = pairs().map(|(crowded, idle)| crowded / (TIMES * idle).max(MILLISECONDS)).collect();
        // What nonces took is not given back to the system when they are forgotten, so the most so far counts.
        let most = self.nonces.iter().scan(0.0, |most: &mut f64, nonces| {
            *most = most.max(*nonces);
            Some(*most)
        });
        let rest: Vec<f64> = self.memory.iter().zip(most).map(|(mib, most)| mib - mebibytes(most * NONCE)).collect();
        let growth =
            |mib: &[f64]| mib.last().copied().unwrap_or_default() / mib.first().copied().unwrap_or(1.0).max(1.0);
        vec![
            Case::of("capacity, proven synapses", "1/s", vec![self.capacity]),
            Case::of("p99 of a proven caller, idle", "ms", self.idle.clone()),
            Case::of("p99 of a proven caller, among junk", "ms", self.crowded.clone()),
            Case::of("p99 among junk / idle", "", ratios),
            Case::of("p99 among junk / (2 x idle, at least 3 ms)", "", used).at_most(1.0),
            Case::of("cores that the junk took of the server", "", self.junk.clone()),
            Case::of("resident memory", "MiB", self.memory.clone()),
            Case::of("nonces remembered", "", self.nonces.clone()),
            Case::of("resident memory without nonces", "MiB", rest.clone()),
            Case::of("resident memory, last / first", "", vec![growth(&self.memory)]),
            Case::of("the same without nonces", "", vec![growth(&rest)]).at_most(MEMORY),
        ]
    }
}

fn mebibytes(bytes: f64) -> f64 {
    bytes / f64::from(1 << 20)
}

fn caller(bed: &Bed, name: &str, count: usize, seconds: f64, rate: Option<f64>) -> Result<Plan, HarnessError> {
    let requests = bed.write(&format!("{name}.stock"), &stock::pack(&bed.callers.requests(count)?))?;
    Ok(Plan { to: bed.address(), from: CALLER, connections: CONNECTIONS, seconds, rate, requests, then: Then::Stop })
}

/// Answers a second when the next request follows at once.
fn capacity(bed: &Bed, effort: Effort) -> Result<f64, HarnessError> {
    let seconds = effort.seconds.min(3) as f64;
    let plan = caller(bed, "capacity", MOST * effort.seconds.min(3) as usize, seconds, None)?;
    let outcome = Running::start(&plan)?.finish()?;
    all_served(&outcome)?;
    Ok(outcome.answers() as f64 / outcome.seconds)
}

/// The proven caller's outcome, and the cores that the server used.
fn alone(bed: &Bed, effort: Effort, rate: f64) -> Result<(Outcome, f64), HarnessError> {
    let seconds = effort.company_seconds() as f64;
    let plan = caller(bed, "caller", (rate * seconds * 1.5) as usize + 100, seconds, Some(rate))?;
    let (before, started) = (bed.processor_time()?, Instant::now());
    let outcome = Running::start(&plan)?.finish()?;
    let used = bed.processor_time()?.saturating_sub(before);
    all_served(&outcome)?;
    Ok((outcome, used.as_secs_f64() / started.elapsed().as_secs_f64()))
}

fn among_junk(bed: &Bed, effort: Effort, rate: f64, junk_rate: f64) -> Result<(Outcome, f64), HarnessError> {
    let junk = [draft::nowhere(), stock::stranger()?, stock::forged()?];
    let requests = bed.write("junk.stock", &stock::pack(&junk))?;
    let seconds = effort.company_seconds() as f64 + 2.0 * AROUND.as_secs_f64() + 0.5;
    let (to, rate_of_junk) = (bed.address(), Some(junk_rate));
    let plan =
        Plan { to, from: JUNK, connections: CONNECTIONS, seconds, rate: rate_of_junk, requests, then: Then::Again };
    let running = Running::start(&plan)?;
    thread::sleep(AROUND);
    let measured = alone(bed, effort, rate);
    let junk = running.finish()?;
    if junk.statuses.contains_key(&200) {
        let output = format!("{:?}", junk.statuses);
        return Err(HarnessError::Output { what: "the server, asked by junk,".to_owned(), output });
    }
    measured
}

fn all_served(outcome: &Outcome) -> Result<(), HarnessError> {
    if outcome.is_all(200) {
        return Ok(());
    }
    let output = format!("{:?} and {} broken", outcome.statuses, outcome.broken);
    Err(HarnessError::Output { what: "the server, asked by a proven caller,".to_owned(), output })
}
