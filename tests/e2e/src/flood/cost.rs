//! Processor time of the server for one request of each kind.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use soma_protocol::signature::{Crypto, verify};
use soma_protocol::ss58::PublicKey;

use super::bed::Bed;
use super::load::{Plan, Running, Then};
use super::report::Case;
use super::{Effort, stock};
use crate::account::ALICE;
use crate::attack::draft;
use crate::error::HarnessError;

/// Connections of the load generator: enough to keep the server busy.
const CONNECTIONS: usize = 8;
/// A stranger costs at most so many fixed 404s.
const STRANGER: f64 = 1.3;
/// A forged request costs at most so many times a fixed 404 and one verified signature.
const FORGED: f64 = 1.2;
/// How long signatures are verified in a round.
const VERIFYING: Duration = Duration::from_millis(500);

/// Microseconds of the server's processor time for one request, round by round.
#[derive(Clone, Debug, Default)]
pub struct Costs {
    /// A fixed 404: no header but `host`.
    pub nowhere: Vec<f64>,
    /// A stranger's headers and body, for a route that there is not.
    pub stranger_nowhere: Vec<f64>,
    /// A well-formed request of a hotkey that is not on the list.
    pub stranger: Vec<f64>,
    /// A synapse in the name of a hotkey on the list.
    pub forged: Vec<f64>,
    /// The same in btauth/1.
    pub forged_btauth: Vec<f64>,
    /// One sr25519 verification, in this process.
    pub verify: Vec<f64>,
}

impl Costs {
    /// Measures all of them in turns.
    ///
    /// # Errors
    /// [`HarnessError`] when something is answered that is not what is to be measured.
    pub fn measure(bed: &Bed, effort: Effort, mut progress: impl FnMut(&str)) -> Result<Costs, HarnessError> {
        let mut costs = Costs::default();
        for round in 1..=effort.rounds {
            progress(&format!("cost, round {round} of {}", effort.rounds));
            let part = |name, request, status| measure(bed, effort.seconds, name, request, status);
            costs.nowhere.push(part("nowhere", draft::nowhere(), 404)?);
            costs.stranger.push(part("stranger", stock::stranger()?, 403)?);
            costs.stranger_nowhere.push(part("stranger-nowhere", stock::stranger_nowhere()?, 404)?);
            costs.forged.push(part("forged", stock::forged()?, 401)?);
            costs.forged_btauth.push(part("forged-btauth", stock::forged_btauth()?, 401)?);
            costs.verify.push(verify_micros()?);
        }
        Ok(costs)
    }

    /// What is reported of them.
    pub fn cases(&self) -> Vec<Case> {
        let case = |name, rounds: &Vec<f64>| Case::of(name, "us", rounds.clone());
        let ratio = |name, above: &[f64], below: &[f64]| {
            Case::of(name, "", above.iter().zip(below).map(|(above, below)| above / below).collect())
        };
        let with_verify =
            |rounds: &[f64]| -> Vec<f64> { rounds.iter().zip(&self.verify).map(|(a, b)| a + b).collect() };
        let (floor, same_head) = (with_verify(&self.nowhere), with_verify(&self.stranger_nowhere));
        vec![
            case("fixed 404", &self.nowhere),
            case("404 with a stranger's headers", &self.stranger_nowhere),
            case("stranger", &self.stranger),
            case("forged synapse", &self.forged),
            case("forged btauth", &self.forged_btauth),
            case("one sr25519 verification", &self.verify),
            ratio("stranger / fixed 404", &self.stranger, &self.nowhere).at_most(STRANGER),
            ratio("stranger / 404 with a stranger's headers", &self.stranger, &self.stranger_nowhere),
            ratio("forged synapse / (404 + verification)", &self.forged, &floor).at_most(FORGED),
            ratio("forged synapse / (404, its headers + verif.)", &self.forged, &same_head),
            ratio("forged btauth / (404 + verification)", &self.forged_btauth, &floor).at_most(FORGED),
        ]
    }
}

fn measure(bed: &Bed, seconds: u64, name: &str, request: Vec<u8>, status: u16) -> Result<f64, HarnessError> {
    let requests: PathBuf = bed.write(&format!("{name}.stock"), &stock::pack(&[request]))?;
    let plan = Plan {
        to: bed.address(),
        from: Ipv4Addr::new(127, 0, 0, 2),
        connections: CONNECTIONS,
        seconds: seconds as f64,
        rate: None,
        requests,
        then: Then::Again,
    };
    let before = bed.processor_time()?;
    let outcome = Running::start(&plan)?.finish()?;
    let used = bed.processor_time()?.saturating_sub(before);
    if !outcome.is_all(status) {
        let output = format!("{:?} and {} broken", outcome.statuses, outcome.broken);
        return Err(HarnessError::Output { what: format!("the server, asked for {status} by {name},"), output });
    }
    Ok(used.as_secs_f64() * 1e6 / outcome.answers() as f64)
}

/// Microseconds of this thread's processor time for one verification of a signature that is wrong.
///
/// # Errors
/// [`HarnessError::Output`] when a forgery is good.
pub fn verify_micros() -> Result<f64, HarnessError> {
    let key = PublicKey(ALICE.keypair()?.public.to_bytes());
    let message = [b'm'; 200];
    let signature = ALICE.sign(b"another message")?;
    let (started, before, mut count) = (Instant::now(), thread_time(), 0u32);
    while started.elapsed() < VERIFYING {
        let good = verify(Crypto::Sr25519, &key, std::hint::black_box(&message), &signature);
        if good {
            return Err(HarnessError::Output {
                what: "a verification".to_owned(),
                output: "a forgery is good".to_owned(),
            });
        }
        count += 1;
    }
    Ok(thread_time().saturating_sub(before).as_secs_f64() * 1e6 / f64::from(count.max(1)))
}

fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let (seconds, nanos) = (u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0));
    Duration::new(seconds, nanos)
}
