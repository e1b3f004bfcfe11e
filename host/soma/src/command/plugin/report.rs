//! The report of `soma plugin test` for a person, and amounts as a person reads them.

use std::fmt::Write;

use bytesize::ByteSize;

use super::test::{Report, Tried, Verdict};
use super::trial::Cost;

/// A line for each case and probe, and what went wrong below it.
pub fn lines(report: &Report) -> Vec<String> {
    let mut lines = vec![format!("{} {}, file digest {}", report.plugin, report.version, short(&report.digest))];
    for case in &report.cases {
        lines.push(format!("{}  {}", mark(case.verdict), case.name));
        lines.push(format!("        {}", costs(&case.outcome.cost)));
        lines.extend(wrong(case));
    }
    for probe in &report.probes {
        let route = &probe.route;
        match probe.verdict {
            Verdict::Ok => lines.push(format!("ok      {route}: no case, but its code answers ({})", said(probe))),
            Verdict::Failed => lines.push(format!("FAILED  {route}: no case, and its code fails: {}", said(probe))),
            Verdict::Unknown => {
                lines.push(format!(
                    "?       {route}: write a case; a made-up request did not reach it ({})",
                    said(probe)
                ));
            }
        }
    }
    let asked = report.cases.len() + report.probes.len();
    lines.push(match report.failed {
        0 => format!("{asked} asked, none failed"),
        failed => format!("{asked} asked, {failed} failed"),
    });
    lines
}

fn mark(verdict: Verdict) -> &'static str {
    if verdict == Verdict::Failed { "FAILED" } else { "ok    " }
}

/// What is not as expected. The log's words say more than the caller's.
fn wrong(case: &Tried) -> Vec<String> {
    let mut lines = Vec::new();
    for difference in &case.differences {
        lines.push(format!("        {}: expected {}", difference.what, difference.expected));
        lines.push(format!("        {:width$}  actual   {}", "", difference.actual, width = difference.what.len()));
    }
    if let (false, Some(detail)) = (case.differences.is_empty(), &case.outcome.detail) {
        lines.push(format!("        {detail}"));
    }
    lines
}

fn said(probe: &Tried) -> String {
    let status = probe.outcome.status;
    probe.outcome.detail.as_ref().map_or_else(|| status.to_string(), |detail| format!("{status}, {detail}"))
}

/// What was used of what there is.
fn costs(cost: &Cost) -> String {
    let mut line = String::new();
    for hook in &cost.hooks {
        let _ = write!(line, "{} {} of {}, ", hook.hook, micros(hook.cpu_us), micros(hook.cpu_budget_us));
    }
    if cost.hooks.is_empty() {
        return "the plugin was not asked".to_owned();
    }
    let of = |used: u64, budget: u64| format!("{} of {}", ByteSize(used), ByteSize(budget));
    let memory = of(cost.memory, cost.memory_budget);
    let output = of(cost.output, cost.output_budget);
    let wall = format!("{} of {}", micros(cost.wall_ms * 1e3), micros(cost.wall_budget_ms * 1e3));
    let _ = write!(line, "memory {memory}, answer {output}, wall {wall}");
    line
}

/// The first digits of a digest: enough to tell two apart.
pub fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// A time in microseconds, in the unit that a person would choose.
pub fn micros(time: f64) -> String {
    match time {
        below if below < 1e3 => format!("{time:.0} us"),
        below if below < 1e6 => format!("{:.1} ms", time / 1e3),
        _ => format!("{:.0} s", time / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::trial::{HookCost, Outcome};
    use super::super::verdict::Difference;
    use super::*;

    #[test]
    fn a_failure_shows_both_sides_and_the_operators_words() {
        let cost = Cost {
            hooks: vec![HookCost { hook: "forward", cpu_us: 21.4, cpu_budget_us: 1e7 }],
            memory: 256 << 10,
            memory_budget: 32 << 20,
            output: 88,
            output_budget: 4 << 20,
            wall_ms: 1.25,
            wall_budget_ms: 6e4,
        };
        let outcome = Outcome { status: 500, detail: Some("internal: no".into()), cost, ..Outcome::default() };
        let difference = Difference { what: "status".into(), expected: json!(200), actual: json!(500) };
        let tried = |verdict, differences| Tried {
            name: "a case".into(),
            route: "Text".into(),
            verdict,
            differences,
            outcome: outcome.clone(),
        };
        let report = Report {
            plugin: "p".into(),
            version: "1".into(),
            digest: "0123456789abcdef".into(),
            cases: vec![tried(Verdict::Failed, vec![difference])],
            probes: vec![tried(Verdict::Failed, vec![])],
            failed: 2,
        };
        let expected = [
            "p 1, file digest 0123456789ab",
            "FAILED  a case",
            "        forward 21 us of 10 s, memory 256.0 KiB of 32.0 MiB, answer 88 B of 4.0 MiB, wall 1.2 ms of 60 s",
            "        status: expected 200",
            "                actual   500",
            "        internal: no",
            "FAILED  Text: no case, and its code fails: 500, internal: no",
            "2 asked, 2 failed",
        ];
        assert_eq!(lines(&report), expected);
    }
}
