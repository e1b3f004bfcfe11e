//! The table, ratios and targets.

use serde_json::json;

use super::contestants::Kind;
use super::course::{Case, Course, Sample};
use crate::bench::verdict::{Bound, ratios};
use crate::bench::{Arguments, Verdict, arguments::Form};
use crate::flood::report::median;
use crate::query::Dialect;

/// The concurrency that the targets are about.
const BUSY: usize = 64;
/// A fresh sandboxed Rust guest against the Python axon: answers a second, and processor time.
const FASTER: f64 = 60.0;
const CHEAPER: f64 = 40.0;
/// The same against FastAPI: answers a second.
const FASTER_BTAUTH: f64 = 3.0;
/// Processor time that the sandbox adds, in sr25519 verifications.
const ADDED_FRESH: f64 = 0.8;
const ADDED_WARM: f64 = 0.5;

/// A course, ready to be printed.
#[derive(Clone, Debug)]
pub struct Report {
    course: Course,
    /// Targets whose cases were measured.
    pub verdicts: Vec<Verdict>,
}

impl Report {
    /// Judges it.
    pub fn of(course: Course) -> Report {
        let verdicts = judge(&course);
        Report { course, verdicts }
    }

    /// As the arguments want it.
    pub fn text(&self, arguments: &Arguments) -> String {
        match arguments.form {
            Form::Json => self.json(),
            Form::Table => self.table(),
        }
    }

    fn json(&self) -> String {
        let verify = median(&self.course.verify);
        let cases = self.course.cases.iter().map(|case| {
            json!({
                "bench": "axon",
                "case": case.contestant.kind.name(),
                "guest": case.contestant.guest,
                "dialect": dialect(case),
                "concurrency": case.concurrency,
                "rps": case.median(|sample| sample.rps),
                "p50_ms": case.median(|sample| sample.p50),
                "p99_ms": case.median(|sample| sample.p99),
                "cpu_us_per_request": case.median(|sample| sample.cpu),
                "rss_mb": case.median(|sample| sample.resident),
                "verify_us": verify,
            })
        });
        let verdicts = self.verdicts.iter().map(|verdict| verdict.json("axon"));
        cases.chain(verdicts).map(|line| format!("{line}\n")).collect()
    }

    fn table(&self) -> String {
        let mut text = format!(
            "{:<14} {:<10} {:<8} {:>4} {:>9} {:>9} {:>9} {:>10} {:>8} {:>8} {:>8}\n",
            "case", "guest", "dialect", "conc", "rps", "p50 ms", "p99 ms", "CPU us", "RSS MiB", "x rps", "/ CPU"
        );
        for case in &self.course.cases {
            let (rps, cpu) = self.against_python(case);
            text.push_str(&format!(
                "{:<14} {:<10} {:<8} {:>4} {:>9.0} {:>9.3} {:>9.3} {:>10.1} {:>8.1} {rps:>8} {cpu:>8}\n",
                case.contestant.kind.name(),
                case.contestant.guest,
                dialect(case),
                case.concurrency,
                case.median(|sample| sample.rps),
                case.median(|sample| sample.p50),
                case.median(|sample| sample.p99),
                case.median(|sample| sample.cpu),
                case.median(|sample| sample.resident),
            ));
        }
        text.push_str(&format!("one sr25519 verification: {:.1} us\n", median(&self.course.verify)));
        text.push_str("x rps, / CPU: against the Python server of the same dialect and concurrency\n\n");
        self.verdicts.iter().for_each(|verdict| text.push_str(&format!("{}\n", verdict.line())));
        for (name, why) in &self.course.left_out {
            text.push_str(&format!("left out: {name}: {why}\n"));
        }
        text
    }

    fn against_python(&self, case: &Case) -> (String, String) {
        let kind = if case.dialect == Dialect::Synapse { Kind::Axon10 } else { Kind::FastApi11 };
        let Some(python) = self.course.find(kind, "python", case.dialect, case.concurrency) else {
            return (String::new(), String::new());
        };
        let ratio = |above: Vec<f64>, below: Vec<f64>| format!("{:.1}", median(&ratios(&above, &below)));
        let (rps, cpu) = (|sample: &Sample| sample.rps, |sample: &Sample| sample.cpu);
        (ratio(case.series(rps), python.series(rps)), ratio(python.series(cpu), case.series(cpu)))
    }
}

impl Case {
    /// One number of each round.
    pub fn series(&self, of: impl Fn(&Sample) -> f64) -> Vec<f64> {
        self.samples.iter().map(of).collect()
    }

    fn median(&self, of: impl Fn(&Sample) -> f64) -> f64 {
        median(&self.series(of))
    }
}

impl Course {
    fn find(&self, kind: Kind, guest: &str, dialect: Dialect, concurrency: usize) -> Option<&Case> {
        self.cases.iter().find(|case| {
            let contestant = case.contestant;
            (contestant.kind, contestant.guest) == (kind, guest)
                && (case.dialect, case.concurrency) == (dialect, concurrency)
        })
    }
}

fn dialect(case: &Case) -> &'static str {
    match case.dialect {
        Dialect::Synapse => "synapse",
        Dialect::Btauth => "btauth",
    }
}

/// The targets whose cases are there.
fn judge(course: &Course) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let find = |kind, guest, dialect| course.find(kind, guest, dialect, BUSY);
    let (rps, cpu) = (|sample: &Sample| sample.rps, |sample: &Sample| sample.cpu);
    let (fresh, python) = (find(Kind::Fresh, "rust", Dialect::Synapse), find(Kind::Axon10, "python", Dialect::Synapse));
    if let (Some(fresh), Some(python)) = (fresh, python) {
        let faster = ratios(&fresh.series(rps), &python.series(rps));
        let cheaper = ratios(&python.series(cpu), &fresh.series(cpu));
        let name = "answers a second, sandbox-fresh rust / python-10.5";
        verdicts.push(Verdict::of(name, "", Bound::AtLeast(FASTER), faster));
        let name = "CPU of a request, python-10.5 / sandbox-fresh rust";
        verdicts.push(Verdict::of(name, "", Bound::AtLeast(CHEAPER), cheaper));
    }
    let (fresh, fastapi) =
        (find(Kind::Fresh, "rust", Dialect::Btauth), find(Kind::FastApi11, "python", Dialect::Btauth));
    if let (Some(fresh), Some(fastapi)) = (fresh, fastapi) {
        let faster = ratios(&fresh.series(rps), &fastapi.series(rps));
        let name = "answers a second, sandbox-fresh rust / fastapi-11.3 (btauth)";
        verdicts.push(Verdict::of(name, "", Bound::AtLeast(FASTER_BTAUTH), faster));
    }
    for (kind, most) in [(Kind::Fresh, ADDED_FRESH), (Kind::Warm, ADDED_WARM)] {
        let (sandboxed, native) = (find(kind, "rust", Dialect::Synapse), find(Kind::Native, "rust", Dialect::Synapse));
        if let (Some(sandboxed), Some(native)) = (sandboxed, native) {
            let (sandboxed, native) = (sandboxed.series(cpu), native.series(cpu));
            let added: Vec<f64> = sandboxed.iter().zip(native).map(|(sandboxed, native)| sandboxed - native).collect();
            let name = format!("CPU that {} rust adds to native, in sr25519 verifications", kind.name());
            verdicts.push(Verdict::of(name, "", Bound::AtMost(most), ratios(&added, &course.verify)));
        }
    }
    verdicts
}

#[cfg(test)]
mod tests {
    use super::super::contestants::Contestant;
    use super::*;
    use serde_json::Value;

    fn case(kind: Kind, guest: &'static str, rps: f64, cpu: f64) -> Case {
        let sample = Sample { rps, p50: 1.0, p99: 2.0, cpu, resident: 30.0 };
        let mut case = Case::new(Contestant { kind, guest }, Dialect::Synapse, BUSY);
        case.samples = vec![sample; 3];
        case
    }

    #[test]
    fn targets_are_judged_over_the_rounds() {
        let cases = vec![
            case(Kind::Axon10, "python", 100.0, 6000.0),
            case(Kind::Native, "rust", 9000.0, 90.0),
            case(Kind::Fresh, "rust", 7000.0, 140.0),
            case(Kind::Warm, "rust", 8000.0, 100.0),
        ];
        let report = Report::of(Course { cases, verify: vec![50.0; 3], left_out: vec![("x/c".into(), "no".into())] });
        let held: Vec<(f64, bool)> = report.verdicts.iter().map(|verdict| (verdict.value, verdict.held())).collect();
        assert_eq!(held, [(70.0, true), (6000.0 / 140.0, true), (1.0, false), (0.2, true)]);
        let table = report.table();
        assert!(table.contains("left out: x/c: no") && table.contains("42.9"), "{table}");
        let lines: Vec<Value> = report.json().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[2]["case"], "sandbox-fresh");
        assert_eq!(lines[2]["cpu_us_per_request"], 140.0);
        assert_eq!(lines[6]["verdict"], "missed");
    }

    #[test]
    fn what_was_left_out_is_not_judged() {
        let cases = vec![case(Kind::Fresh, "rust", 7000.0, 140.0)];
        assert!(Report::of(Course { cases, verify: vec![50.0], left_out: Vec::new() }).verdicts.is_empty());
    }
}
