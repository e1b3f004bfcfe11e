//! The table, and what limits.

use std::collections::{BTreeMap, BTreeSet};

use miette::IntoDiagnostic;
use serde::Serialize;

use super::calls::Calls;
use super::load::Outcome;
use crate::error::SomaError;
use crate::output::say;

/// Requests that came over the loopback address.
#[derive(Clone, Debug, Serialize)]
pub struct Crowd {
    /// What was asked.
    pub name: String,
    /// Answers for each second of the server's processor time.
    pub per_core_second: f64,
    /// Microseconds of the server's processor time for one.
    pub cpu_us: f64,
    /// Answers for each second of the clock, beside the thread that asks.
    pub per_second: f64,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
}

/// Everything that was measured.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Cores that this process may use.
    pub cores: usize,
    /// Microseconds of one sr25519 verification.
    pub verify_us: f64,
    /// Signed requests, by slot.
    pub requests: Vec<Crowd>,
    /// Calls of the plugins without a server, by slot.
    pub calls: Vec<Calls>,
    /// What strangers can send.
    pub junk: Vec<Crowd>,
}

impl Crowd {
    /// What a load showed.
    ///
    /// # Errors
    /// `Bench` when answers came that are not `expected`: a rate of them would be one of something else.
    pub fn of(name: String, outcome: &Outcome, expected: &BTreeSet<u16>) -> Result<Crowd, SomaError> {
        if outcome.statuses.is_empty() || outcome.statuses.keys().any(|status| !expected.contains(status)) {
            return Err(SomaError::Bench { name, answers: counts(&outcome.statuses) });
        }
        let answers = outcome.statuses.values().sum::<u64>() as f64;
        let (used, elapsed) = (outcome.server.as_secs_f64().max(1e-9), outcome.elapsed.as_secs_f64().max(1e-9));
        Ok(Crowd {
            name,
            per_core_second: answers / used,
            cpu_us: used * 1e6 / answers.max(1.0),
            per_second: answers / elapsed,
            statuses: outcome.statuses.clone(),
        })
    }

    /// What was answered, when it is not what a good caller gets.
    fn instead(&self) -> String {
        if self.statuses.keys().all(|status| *status == 200) {
            return String::new();
        }
        format!("answered {}", counts(&self.statuses))
    }
}

fn counts(statuses: &BTreeMap<u16, u64>) -> String {
    if statuses.is_empty() {
        return "nothing".to_owned();
    }
    let counts = statuses.iter().map(|(status, count)| format!("{count} x {status}"));
    counts.collect::<Vec<_>>().join(", ")
}

impl Report {
    /// As a table or as one JSON object.
    pub fn print(&self, json: bool) -> miette::Result<()> {
        if json {
            say!("{}", serde_json::to_string(self).into_diagnostic()?)?;
            return Ok(());
        }
        Ok(self.table().iter().try_for_each(|line| crate::output::line(line))?)
    }

    fn table(&self) -> Vec<String> {
        let mut lines = vec![format!("{:<44} {:>12} {:>10}", "on one core", "a second", "CPU us")];
        let mut row = |name: &str, rate: f64, cpu: f64, note: &str| {
            lines.push(format!("{name:<44} {rate:>12.0} {cpu:>10.1}  {note}").trim_end().to_owned());
        };
        for crowd in &self.requests {
            row(&format!("verified requests, {}", crowd.name), crowd.per_core_second, crowd.cpu_us, &crowd.instead());
        }
        for calls in &self.calls {
            let name = format!("calls without a server, {}: {}", calls.slot, calls.route);
            let mode = format!("instances {}", calls.instances);
            let note = match &calls.instead {
                Some(instead) => format!("{mode}; {} not answered: {instead}", calls.unanswered),
                None => mode,
            };
            row(&name, calls.calls_per_core_second, calls.cpu_us, &note);
        }
        for crowd in &self.junk {
            row(&format!("junk held, {}", crowd.name), crowd.per_core_second, crowd.cpu_us, "");
        }
        row("sr25519 verifications", 1e6 / self.verify_us.max(1e-9), self.verify_us, "");
        lines.push(String::new());
        lines.extend(self.limits());
        lines
    }

    /// Sentences that say what limits.
    fn limits(&self) -> Vec<String> {
        let mut said = Vec::new();
        // Of those that a good caller would get, if there are any.
        let rank = |crowd: &Crowd| (crowd.instead().is_empty(), crowd.cpu_us);
        let dearest = self.requests.iter().max_by(|one, other| {
            let ((good, cpu), (other_good, other_cpu)) = (rank(one), rank(other));
            good.cmp(&other_good).then(cpu.total_cmp(&other_cpu))
        });
        if let Some(crowd) = dearest {
            let slot = crowd.name.split(": ").next().unwrap_or_default();
            let plugin = self.calls.iter().find(|calls| calls.slot == slot).map_or(0.0, |calls| calls.cpu_us);
            said.push(breakdown(crowd, plugin, self.verify_us));
            let all = crowd.per_core_second * self.cores as f64;
            said.push(format!(
                "This machine has {} cores: about {all:.0} such requests a second with all of them.",
                self.cores
            ));
        }
        if let Some(forged) = self.junk.first() {
            said.push(format!(
                "Whoever forges signatures has to send {:.0} a second to keep one core busy; unlike here, the host's rates \
                 by address refuse most of them before a signature is verified.",
                forged.per_core_second
            ));
        }
        said
    }
}

/// What one request is made of. The parts are measured one after the other, on a machine that may do other things.
fn breakdown(crowd: &Crowd, plugin: f64, signature: f64) -> String {
    let (whole, name) = (crowd.cpu_us, &crowd.name);
    let rest = whole - plugin - signature;
    if rest < 0.0 {
        return format!(
            "What limits cannot be told: {name} took {whole:.0} us, less than its plugin ({plugin:.0}) and a signature \
             ({signature:.0}) take on their own. Measure again when the machine does nothing else."
        );
    }
    let parts = [("the plugin", plugin), ("the signature", signature), ("HTTP and the host's checks", rest)];
    let largest = parts.iter().max_by(|one, other| one.1.total_cmp(&other.1)).map_or("", |(name, _)| name);
    format!(
        "What limits is {largest}: of {whole:.0} us for {name}, the plugin takes {plugin:.0}, the signature \
         {signature:.0}, HTTP and the host's checks {rest:.0}."
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn crowd(name: &str, status: u16, cpu_us: f64) -> Crowd {
        let server = Duration::from_secs_f64(cpu_us * 1000.0 / 1e6);
        let outcome = Outcome { statuses: [(status, 1000)].into(), elapsed: Duration::from_secs(1), server };
        Crowd::of(name.to_owned(), &outcome, &[status].into()).unwrap()
    }

    fn report(plugin: f64) -> Report {
        let calls = Calls {
            slot: "text".to_owned(),
            route: "Text".to_owned(),
            instances: "fresh".to_owned(),
            calls_per_core_second: 1e6 / plugin,
            cpu_us: plugin,
            calls: 1000,
            unanswered: 0,
            instead: None,
            statuses: [200].into(),
        };
        Report {
            cores: 2,
            verify_us: 40.0,
            requests: vec![crowd("text: Text", 200, 70.0 + plugin)],
            calls: vec![calls],
            junk: vec![crowd("forged signatures", 401, 50.0)],
        }
    }

    #[test]
    fn the_sentence_names_the_largest_part() {
        for (plugin, largest) in [(10.0, "the signature"), (500.0, "the plugin")] {
            let table = report(plugin).table().join("\n");
            assert!(table.contains(&format!("What limits is {largest}:")), "{table}");
            assert!(table.contains("has to send 20000 a second"), "{table}");
        }
        assert!(report(10.0).table().join("\n").contains("about 25000 such requests"));
    }

    #[test]
    fn answers_that_are_no_success_are_told() {
        let mut report = report(10.0);
        report.requests = vec![crowd("text: Text", 403, 80.0)];
        assert!(report.table().join("\n").contains("answered 1000 x 403"));
    }

    #[test]
    fn other_answers_than_the_plugins_give_no_rate() {
        let outcome = Outcome { statuses: [(200, 9), (401, 1)].into(), ..Outcome::default() };
        let error = Crowd::of("text: Text".to_owned(), &outcome, &[200].into()).unwrap_err();
        assert!(error.to_string().contains("9 x 200, 1 x 401"), "{error}");
        assert!(Crowd::of("text: Text".to_owned(), &outcome, &[200, 401].into()).is_ok());
        assert!(Crowd::of("text: Text".to_owned(), &Outcome::default(), &[200].into()).is_err());
    }

    #[test]
    fn parts_that_exceed_the_whole_are_no_breakdown() {
        let mut report = report(10.0);
        report.verify_us = 100.0;
        let table = report.table().join("\n");
        assert!(table.contains("cannot be told") && !table.contains("What limits is"), "{table}");
    }
}
