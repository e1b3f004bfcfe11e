//! `bench spread`: two hundred different plugins, and requests spread over all of them, beside one plugin that gets all.
//!
//! The plugins are builds of one guest that differ in a number, so they are two hundred digests with compiled code, memory
//! images and routes of their own that do the same work. Each server is a process of its own; both get the same requests in
//! turns.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use super::callers::Question;
use super::marked::Marked;
use super::place::{Place, unlimited};
use super::verdict::{Bound, ratios};
use super::{Arguments, Callers, Verdict};
use crate::bench::arguments::Form;
use crate::error::HarnessError;
use crate::flood::load::{Plan, Running, Then};
use crate::flood::report::median;
use crate::flood::stock;
use crate::query::Dialect;
use crate::{Neuron, Slot};

/// Connections.
const LANES: usize = 8;
/// The cost of a request may be so many times that of one plugin.
const TIMES: f64 = 1.1;
/// More answers a second than there are.
const MOST: u64 = 20_000;
/// More requests than the last part had answers.
const MORE: f64 = 1.5;

/// One server with its measurements.
#[derive(Debug)]
struct Side {
    place: Place,
    questions: Vec<Question>,
    rate: f64,
    cpu: Vec<f64>,
    rps: Vec<f64>,
    /// MiB before the first request, and after the last.
    resident: (f64, f64),
}

/// What was measured.
#[derive(Clone, Debug, Default)]
pub struct Spread {
    plugins: usize,
    /// One plugin's, many plugins'.
    sides: [Numbers; 2],
}

#[derive(Clone, Debug, Default)]
struct Numbers {
    cpu: Vec<f64>,
    rps: Vec<f64>,
    resident: (f64, f64),
}

impl Spread {
    /// Measures. `count` of the arguments is the number of plugins.
    ///
    /// # Errors
    /// [`HarnessError`] when a request is not answered 200.
    pub fn run(arguments: &Arguments, mut progress: impl FnMut(&str)) -> Result<Spread, HarnessError> {
        let folder = TempDir::new().map_err(HarnessError::io("creating a temporary folder"))?;
        let marked = Marked::open()?;
        progress("one plugin");
        let one = Side::start(&marked, folder.path(), 1)?;
        progress(&format!("{} plugins; each is compiled", arguments.count));
        let many = Side::start(&marked, folder.path(), arguments.count)?;
        let callers = Callers::make();
        let mut sides = [one, many];
        for round in 0..=arguments.rounds {
            progress(&format!("round {round} of {}", arguments.rounds));
            for side in &mut sides {
                let (cpu, rps) = side.measure(&callers, folder.path(), arguments.seconds)?;
                side.rate = rps;
                // The first is unmeasured: every plugin is called for the first time.
                if round > 0 {
                    side.cpu.push(cpu);
                    side.rps.push(rps);
                }
            }
        }
        for side in &mut sides {
            side.resident.1 = side.place.resident()?;
        }
        let numbers = sides.map(|side| Numbers { cpu: side.cpu, rps: side.rps, resident: side.resident });
        Ok(Spread { plugins: arguments.count, sides: numbers })
    }

    fn verdict(&self) -> Verdict {
        let [one, many] = &self.sides;
        let name = format!("CPU of a request, {} plugins / one", self.plugins);
        Verdict::of(name, "", Bound::AtMost(TIMES), ratios(&many.cpu, &one.cpu))
    }

    /// As the arguments want it.
    pub fn text(&self, arguments: &Arguments) -> String {
        let sides = [1, self.plugins].into_iter().zip(&self.sides);
        match arguments.form {
            Form::Json => {
                let cases = sides.map(|(plugins, side)| {
                    json!({
                        "bench": "spread",
                        "case": format!("{plugins} plugins"),
                        "plugins": plugins,
                        "rps": median(&side.rps),
                        "cpu_us_per_request": median(&side.cpu),
                        "rss_mb_loaded": side.resident.0,
                        "rss_mb": side.resident.1,
                    })
                });
                cases.chain([self.verdict().json("spread")]).map(|line| format!("{line}\n")).collect()
            }
            Form::Table => {
                let head = format!(
                    "{:>8} {:>9} {:>10} {:>19} {:>18}\n",
                    "plugins", "rps", "CPU us", "RSS MiB when loaded", "RSS MiB at the end"
                );
                let rows = sides.map(|(plugins, side)| {
                    let (rps, cpu) = (median(&side.rps), median(&side.cpu));
                    let (loaded, end) = side.resident;
                    format!("{plugins:>8} {rps:>9.0} {cpu:>10.1} {loaded:>19.1} {end:>18.1}\n")
                });
                format!("{head}{}\n{}\n", rows.collect::<String>(), self.verdict().line())
            }
        }
    }
}

impl Side {
    fn start(marked: &Marked, folder: &Path, count: usize) -> Result<Side, HarnessError> {
        let mut settings = unlimited();
        let mut questions = Vec::with_capacity(count);
        let body = Question::kibibyte().body;
        for number in 0..count {
            let route = format!("Marked{number:03}");
            let plugin = marked.write_for(folder, number, &route)?;
            settings = settings.slot(Slot::new(&format!("m{number:03}"), plugin, &[&route]));
            questions.push(Question { route, body: body.clone(), timeout: 12.0 });
        }
        let place = Place::Soma(Neuron::start(&settings)?);
        let resident = (place.resident()?, 0.0);
        Ok(Side { place, questions, rate: MOST as f64 / MORE, cpu: Vec::new(), rps: Vec::new(), resident })
    }

    /// Microseconds of processor time for one request, and answers a second.
    fn measure(&self, callers: &Callers, folder: &Path, seconds: u64) -> Result<(f64, f64), HarnessError> {
        let count = (self.rate * MORE) as usize * seconds as usize;
        let requests = callers.requests(Dialect::Synapse, &self.questions, count, LANES)?;
        let path = folder.join("requests.stock");
        fs::write(&path, stock::pack(&requests)).map_err(HarnessError::io("writing requests"))?;
        let plan = Plan {
            to: SocketAddr::from((Ipv4Addr::LOCALHOST, self.place.port())),
            from: Ipv4Addr::LOCALHOST,
            connections: LANES,
            seconds: seconds as f64,
            rate: None,
            requests: path,
            then: Then::Stop,
        };
        let before = self.place.processor_time()?;
        let outcome = Running::start(&plan)?.finish()?;
        let used = self.place.processor_time()?.saturating_sub(before);
        if !outcome.is_all(200) {
            let output = format!("{:?} and {} broken", outcome.statuses, outcome.broken);
            return Err(HarnessError::Output { what: format!("{} plugins", self.questions.len()), output });
        }
        let answers = outcome.answers() as f64;
        Ok((used.as_secs_f64() * 1e6 / answers, answers / outcome.seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_is_held_against_one_plugins() {
        let side = |cpu: f64| Numbers { cpu: vec![cpu; 3], rps: vec![1.0], resident: (10.0, 20.0) };
        for (many, held) in [(109.0, true), (112.0, false)] {
            let spread = Spread { plugins: 200, sides: [side(100.0), side(many)] };
            assert_eq!(spread.verdict().held(), held);
            let arguments = Arguments { rounds: 1, seconds: 1, count: 200, cases: Vec::new(), form: Form::Table };
            assert!(spread.text(&arguments).contains(if held { "held" } else { "missed" }));
        }
    }
}
