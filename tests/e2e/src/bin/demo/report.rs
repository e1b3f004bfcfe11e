//! What the demo prints, and its count.

use std::process::ExitCode;

/// Passed and failed checks so far.
#[derive(Default)]
pub struct Report {
    passed: usize,
    failed: usize,
}

/// Whether a check held.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    Failed,
}

impl Outcome {
    /// Passed when it holds.
    pub const fn of(holds: bool) -> Self {
        if holds { Self::Passed } else { Self::Failed }
    }
}

impl Report {
    /// A heading.
    pub fn chapter(&self, title: &str) {
        println!("\n{title}");
    }

    /// One check: what was done, what came back, and why that is right.
    pub fn check(&mut self, outcome: Outcome, what: &str, answer: &str, why: &str) {
        let mark = match outcome {
            Outcome::Passed => {
                self.passed += 1;
                "ok  "
            }
            Outcome::Failed => {
                self.failed += 1;
                "FAIL"
            }
        };
        println!("  {mark} {what}\n         {answer}\n         {why}");
    }

    /// The last line, and the exit status that matches it.
    pub fn end(self) -> ExitCode {
        println!("\ndemo: {} passed, {} failed", self.passed, self.failed);
        if self.failed == 0 && self.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
