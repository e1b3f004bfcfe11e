//! What one check found, and all of them together.

use miette::Diagnostic;
use serde::Serialize;

use crate::error::SomaError;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// It works, and the operator should know of it.
    Remark,
    /// It has to be mended.
    Wrong,
    /// It could not be looked at.
    Skipped,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Verdict::Good => "good",
            Verdict::Remark => "remark",
            Verdict::Wrong => "WRONG",
            Verdict::Skipped => "skipped",
        }
    }
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at: one word.
    pub check: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// In plain words.
    pub says: String,
    /// What to do, where something is to be done.
    pub mend: Option<String>,
}

impl Finding {
    /// All is well.
    pub fn good(check: &'static str, says: impl Into<String>) -> Finding {
        Finding { check, verdict: Verdict::Good, says: says.into(), mend: None }
    }

    /// Works, but.
    pub fn remark(check: &'static str, says: impl Into<String>, mend: impl Into<String>) -> Finding {
        Finding { check, verdict: Verdict::Remark, says: says.into(), mend: Some(mend.into()) }
    }

    /// Does not work.
    pub fn wrong(check: &'static str, says: impl Into<String>, mend: impl Into<String>) -> Finding {
        Finding { check, verdict: Verdict::Wrong, says: says.into(), mend: Some(mend.into()) }
    }

    /// Could not be looked at, and why.
    pub fn skipped(check: &'static str, says: impl Into<String>) -> Finding {
        Finding { check, verdict: Verdict::Skipped, says: says.into(), mend: None }
    }

    /// An error that the command itself would end with.
    pub fn from_error(check: &'static str, error: &(impl Diagnostic + ?Sized)) -> Finding {
        let mend = error.help().map(|help| help.to_string());
        Finding { check, verdict: Verdict::Wrong, says: error.to_string(), mend }
    }
}

/// All findings, in the order of the checks.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Examination {
    /// Soma's version.
    pub version: &'static str,
    /// How many of the findings have to be mended.
    pub wrong: usize,
    /// What was found.
    pub findings: Vec<Finding>,
}

impl Examination {
    /// Counts them.
    pub fn of(findings: Vec<Finding>) -> Examination {
        let wrong = findings.iter().filter(|finding| finding.verdict == Verdict::Wrong).count();
        Examination { version: env!("CARGO_PKG_VERSION"), wrong, findings }
    }

    /// Writes it for a person.
    ///
    /// # Errors
    /// [`SomaError::Output`].
    pub fn print(&self) -> Result<(), SomaError> {
        self.lines().iter().try_for_each(|line| crate::output::line(line))
    }

    fn lines(&self) -> Vec<String> {
        let widest = self.findings.iter().map(|finding| finding.check.len()).max().unwrap_or_default();
        let mut lines = Vec::new();
        for finding in &self.findings {
            let Finding { check, verdict, says, mend } = finding;
            lines.push(format!("{:<7}  {check:<widest$}  {says}", verdict.word()));
            lines.extend(mend.iter().map(|mend| format!("{:<7}  {:<widest$}  -> {mend}", "", "")));
        }
        lines.push(String::new());
        lines.push(self.sum());
        lines
    }

    fn sum(&self) -> String {
        match self.wrong {
            0 => format!("soma {}: nothing is wrong", self.version),
            1 => format!("soma {}: one thing has to be mended", self.version),
            many => format!("soma {}: {many} things have to be mended", self.version),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_stands_with_its_mend() {
        let findings = vec![
            Finding::good("wallet", "is there"),
            Finding::wrong("port", "8091 is taken", "choose another: --axon.port 8092"),
            Finding::skipped("stake", "there is no chain"),
        ];
        let examination = Examination::of(findings);
        assert_eq!(examination.wrong, 1);
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            examination.lines(),
            [
                "good     wallet  is there",
                "WRONG    port    8091 is taken",
                "                 -> choose another: --axon.port 8092",
                "skipped  stake   there is no chain",
                "",
                &format!("soma {version}: one thing has to be mended"),
            ]
        );
    }

    #[test]
    fn remarks_are_not_wrong() {
        let examination = Examination::of(vec![Finding::remark("wallet", "a", "b"), Finding::skipped("c", "d")]);
        assert_eq!(examination.wrong, 0);
        assert!(examination.sum().ends_with("nothing is wrong"));
    }

    #[test]
    fn an_error_brings_its_own_mend() {
        let finding = Finding::from_error("configuration", &SomaError::NoHome);
        assert_eq!(finding.verdict, Verdict::Wrong);
        assert!(finding.mend.is_some_and(|mend| mend.contains("--state")));
    }
}
