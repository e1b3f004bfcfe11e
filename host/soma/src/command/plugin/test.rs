//! `soma plugin test`: the author's cases, in the sandbox that serves.
//!
//! Every route that no case asks is asked once with a body made of its schema: a route of plugin.toml that the code
//! does not know would otherwise be found by the first caller.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;
use soma_manifest::PluginFile;
use soma_runtime::version::Loader;

use super::cases::{Body, CallerSpec, Case, CaseFile, DialectSpec, Expect, FILE};
use super::trial::{NOT_STARTED, Outcome, Trial};
use super::verdict::{Difference, differences};
use super::{build, probe, report, sandbox};
use crate::cli::TestFlags;
use crate::exit::NOT_A_SUCCESS;
use crate::output::say;

/// What came of everything that was asked.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The plugin's name.
    pub plugin: String,
    /// The author's version.
    pub version: String,
    /// BLAKE3 of the file.
    pub digest: String,
    /// The author's cases, in their order.
    pub cases: Vec<Tried>,
    /// Routes that no case asks.
    pub probes: Vec<Tried>,
    /// Cases and probes that went wrong.
    pub failed: usize,
}

/// One case, or one probe.
#[derive(Debug, Serialize)]
pub struct Tried {
    /// The case's name; the route of a probe.
    pub name: String,
    /// The route.
    pub route: String,
    /// How it ended.
    pub verdict: Verdict,
    /// What is not as expected.
    pub differences: Vec<Difference>,
    /// What came of it.
    pub outcome: Outcome,
}

/// How a case or a probe ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As expected.
    Ok,
    /// Not as expected.
    Failed,
    /// A probe that did not reach the route's code: it needs a case.
    Unknown,
}

/// Runs the cases. The exit code is 1 when one failed.
pub async fn test(flags: TestFlags) -> miette::Result<ExitCode> {
    let (plugin, beside) = plugin(&flags.plugin)?;
    let file = match &flags.cases {
        Some(path) => CaseFile::read(path)?,
        None if beside.is_file() => CaseFile::read(&beside)?,
        None => CaseFile::default(),
    };
    let loader = sandbox::loader(None, 1)?;
    let report = run(&loader, &plugin, &file).await?;
    if flags.json {
        crate::output::json(&report)?;
    } else {
        if file.cases.is_empty() {
            say!("there is no case in {}", flags.cases.as_deref().unwrap_or(&beside).display())?;
        }
        report::lines(&report).iter().try_for_each(|line| crate::output::line(line))?;
    }
    Ok(if report.failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(NOT_A_SUCCESS) })
}

/// The plugin's file, and where its cases are when nobody says so. A folder is built first.
fn plugin(path: &Path) -> miette::Result<(PathBuf, PathBuf)> {
    if path.is_dir() {
        let (built, _) = build::built(path, None, None)?;
        return Ok((built, path.join(FILE)));
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    Ok((path.to_owned(), folder.join(FILE)))
}

async fn run(loader: &Loader, path: &Path, CaseFile { cases, metagraph }: &CaseFile) -> miette::Result<Report> {
    let file = PluginFile::open(path)?;
    let trial = Trial { loader, file: &file, path, metagraph: metagraph.as_ref() };
    let mut tried = Vec::new();
    for case in cases {
        let outcome = trial.ask(case).await?;
        let differences = differences(&case.expect, &outcome);
        let verdict = if differences.is_empty() { Verdict::Ok } else { Verdict::Failed };
        tried.push(Tried { name: case.name.clone(), route: case.route.clone(), verdict, differences, outcome });
    }
    let asked: BTreeSet<&str> = cases.iter().map(|case| case.route.as_str()).collect();
    let mut probes = Vec::new();
    for (route, spec) in file.manifest.routes.iter().filter(|(route, _)| !asked.contains(route.as_str())) {
        let case = probing(route, spec.schema.as_ref());
        let outcome = trial.ask(&case).await?;
        let verdict = judge(&outcome);
        probes.push(Tried { name: route.clone(), route: route.clone(), verdict, differences: Vec::new(), outcome });
    }
    let failed = tried.iter().chain(&probes).filter(|tried| tried.verdict == Verdict::Failed).count();
    Ok(Report {
        plugin: file.manifest.name.clone(),
        version: file.manifest.version.clone(),
        digest: file.digest.to_string(),
        cases: tried,
        probes,
        failed,
    })
}

fn probing(route: &str, schema: Option<&serde_json::Value>) -> Case {
    Case {
        name: route.to_owned(),
        route: route.to_owned(),
        body: Body::Fields(probe::body(schema)),
        caller: CallerSpec::default(),
        dialect: DialectSpec::Synapse,
        headers: Default::default(),
        config: Default::default(),
        metagraph: None,
        expect: Expect::default(),
    }
}

/// A body that the schema accepts may be refused; a plugin that fails over it is at fault.
fn judge(outcome: &Outcome) -> Verdict {
    let reached = outcome.cost.hooks.iter().any(|cost| cost.hook == "forward");
    match outcome.status {
        // Settings that no case has given may be what it needs.
        503 if outcome.code == Some(NOT_STARTED) => Verdict::Unknown,
        200..500 if reached && outcome.status != 408 => Verdict::Ok,
        503 if reached => Verdict::Ok,
        401 | 403 | 422 if !reached => Verdict::Unknown,
        _ => Verdict::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::HookCost;
    use super::*;

    #[test]
    fn a_refused_probe_is_no_fault_and_a_failed_one_is() {
        let forward = HookCost { hook: "forward", cpu_us: 1.0, cpu_budget_us: 1.0 };
        for (status, reached, expected) in [
            (200, true, Verdict::Ok),
            (422, true, Verdict::Ok),
            (403, true, Verdict::Ok),
            (503, true, Verdict::Ok),
            (500, true, Verdict::Failed),
            (408, true, Verdict::Failed),
            (422, false, Verdict::Unknown),
            (403, false, Verdict::Unknown),
            (500, false, Verdict::Failed),
        ] {
            let mut outcome = Outcome { status, ..Outcome::default() };
            outcome.cost.hooks.extend(reached.then(|| forward.clone()));
            assert_eq!(judge(&outcome), expected, "{status} {reached}");
        }
        let not_started = Outcome { status: 503, code: Some(NOT_STARTED), ..Outcome::default() };
        assert_eq!(judge(&not_started), Verdict::Unknown);
    }
}
