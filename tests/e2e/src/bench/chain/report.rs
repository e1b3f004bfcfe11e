//! The table, the JSON and the targets.

use serde_json::json;

use super::course::Course;
use crate::bench::verdict::Bound;
use crate::bench::{Arguments, Verdict, arguments::Form};
use crate::flood::report::median;

/// Seconds from the start of `soma localnet` to its first answer.
const READY: f64 = 2.0;
/// Milliseconds from a call to its final block.
const FINAL: f64 = 200.0;
/// Megabytes of a metagraph of 1,024 neurons.
const MEMORY: f64 = 2.0;
/// Nanoseconds of a look-up.
const LOOKUP: f64 = 1_000.0;

/// A course, ready to be printed.
#[derive(Clone, Debug)]
pub struct Report {
    cases: Vec<Case>,
    /// Targets.
    pub verdicts: Vec<Verdict>,
}

/// A value that has no target, or stands beside one that has.
#[derive(Clone, Debug)]
struct Case {
    name: &'static str,
    unit: &'static str,
    rounds: Vec<f64>,
}

impl Report {
    /// Judges it.
    pub fn of(course: Course) -> Report {
        let Course { ready, finality, graph, python } = course;
        let slowest = finality.calls.iter().copied().fold(0.0, f64::max);
        let at_most = |name: &str, unit, most, rounds| Verdict::of(name, unit, Bound::AtMost(most), rounds);
        let mut verdicts = vec![
            at_most("soma localnet, start to first answer", "s", READY, ready),
            at_most("a signed call is final, median", "ms", FINAL, vec![median(&finality.calls)]),
            at_most("a signed call is final, slowest", "ms", FINAL, vec![slowest]),
            at_most("a metagraph of 1,024 neurons takes", "MB", MEMORY, vec![graph.megabytes]),
            at_most("look-up by hotkey, 1,024 neurons", "ns", LOOKUP, graph.lookup),
        ];
        if !graph.decode.is_empty() {
            let decoded = vec![graph.decoded as f64];
            let whole = Bound::AtLeast(f64::from(super::graph::NEURONS));
            verdicts.push(Verdict::of("neurons in the recorded answer of finney", "", whole, decoded));
        }
        let case = |name, unit, rounds| Case { name, unit, rounds };
        let mut cases = vec![
            case("the recorded answer, decoded", "ms", graph.decode),
            case("look-up in a map from addresses", "ns", graph.map),
            case("hold of the newest metagraph, two threads", "ns", graph.hold),
            case("1,024 neurons read from a localnet, soma", "ms", graph.read),
        ];
        if let Some(python) = python {
            cases.extend([
                case("1,024 neurons read from a localnet, SDK 10.5.0", "ms", python.read),
                case("look-up by hotkey, SDK 10.5.0", "ns", python.lookup),
                case("memory of one metagraph, SDK 10.5.0", "MB", vec![python.megabytes]),
            ]);
        }
        cases.retain(|case| !case.rounds.is_empty());
        Report { cases, verdicts }
    }

    /// As the arguments want it.
    pub fn text(&self, arguments: &Arguments) -> String {
        match arguments.form {
            Form::Json => {
                let cases = self.cases.iter().map(|case| {
                    let value = median(&case.rounds);
                    json!({ "bench": "chain", "case": case.name, "value": value, "unit": case.unit, "rounds": case.rounds })
                });
                let verdicts = self.verdicts.iter().map(|verdict| verdict.json("chain"));
                cases.chain(verdicts).map(|line| format!("{line}\n")).collect()
            }
            Form::Table => {
                let rows = self
                    .cases
                    .iter()
                    .map(|case| format!("{:<64} {:>9.2} {}\n", case.name, median(&case.rounds), case.unit));
                let verdicts = self.verdicts.iter().map(|verdict| format!("{}\n", verdict.line()));
                format!("{}\n{}", rows.collect::<String>(), verdicts.collect::<String>())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::finality::Finality;
    use super::super::graph::Graph;
    use super::super::python::Python;
    use super::*;

    fn text(slowest: f64, form: Form) -> String {
        let graph = Graph { megabytes: 0.3, lookup: vec![40.0], decode: vec![5.0], decoded: 1024, ..Graph::default() };
        let python = Some(Python { read: vec![900.0], lookup: vec![9000.0], megabytes: 3.0 });
        let finality = Finality { calls: vec![10.0, 20.0, slowest] };
        let report = Report::of(Course { ready: vec![0.5], finality, graph, python });
        report.text(&Arguments { rounds: 1, seconds: 1, count: 3, cases: Vec::new(), form })
    }

    #[test]
    fn each_target_has_its_verdict() {
        assert_eq!(text(100.0, Form::Table).matches(" held ").count(), 6);
        let missed = text(201.0, Form::Table);
        assert_eq!((missed.matches(" held ").count(), missed.matches(" missed ").count()), (5, 1));
        assert!(missed.contains("SDK 10.5.0"));
    }

    #[test]
    fn every_line_of_json_is_an_object() {
        let lines = text(1.0, Form::Json);
        assert!(lines.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).unwrap().is_object()));
    }
}
