//! Which walls stand around the processes that hold a key or read a stranger's component.

use std::process::{Command, Stdio};

use soma_confine::{Entry, State};
use soma_runtime::compile::{Confinement, SUBCOMMAND};

use super::finding::Finding;
use crate::command::this_program;

const CHECK: &str = "confinement";

/// Starts the compiler with nothing to compile: it says which measures this kernel gives it.
pub fn check(asked: Confinement) -> Finding {
    let child = Command::new(this_program())
        .args([SUBCOMMAND, "best-effort"])
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output();
    match child {
        Ok(output) => judge(&entries(&String::from_utf8_lossy(&output.stderr)), asked),
        Err(error) => Finding::wrong(
            CHECK,
            format!("the process that compiles plugins cannot be started: {error}"),
            "check the limits of processes and memory of this user (`ulimit -a`)",
        ),
    }
}

fn entries(words: &str) -> Vec<Entry> {
    words.lines().filter_map(|line| line.parse().ok()).collect()
}

fn judge(entries: &[Entry], asked: Confinement) -> Finding {
    let missing: Vec<String> =
        entries.iter().filter(|entry| matches!(entry.state, State::Unavailable(_))).map(Entry::to_string).collect();
    if entries.is_empty() {
        return Finding::wrong(
            CHECK,
            "the process that compiles plugins did not say how it is confined",
            "check the limits of memory of this user (`ulimit -a`)",
        );
    }
    if missing.is_empty() {
        let names: Vec<String> = entries.iter().map(|entry| entry.measure.to_string()).collect();
        return Finding::good(CHECK, format!("in place: {}", names.join(", ")));
    }
    let says = format!("not in place: {}", missing.join("; "));
    let mend = "use a kernel from 5.13 on with Landlock and seccomp; in a container let its profile allow both";
    if asked == Confinement::Required {
        return Finding::wrong(
            CHECK,
            says,
            format!("{mend}; soma.toml asks for all (compile.confinement = \"required\")"),
        );
    }
    Finding::remark(CHECK, says, mend)
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;
    use soma_confine::Measure;

    #[test]
    fn a_missing_wall_is_wrong_only_where_all_are_asked_for() {
        let words = "not-dumpable: active\nseccomp: unavailable (not built in)\nand something else";
        let entries = entries(words);
        assert_eq!(entries.len(), 2, "{entries:?}");
        assert_eq!(judge(&entries, Confinement::BestEffort).verdict, Verdict::Remark);
        let finding = judge(&entries, Confinement::Required);
        assert_eq!(finding.verdict, Verdict::Wrong);
        assert!(finding.says.contains("not built in"), "{finding:?}");
    }

    #[test]
    fn all_walls_are_good_and_silence_is_not() {
        let entry = Entry { measure: Measure::Seccomp, state: State::Active };
        assert_eq!(judge(&[entry], Confinement::Required).verdict, Verdict::Good);
        assert_eq!(judge(&[], Confinement::BestEffort).verdict, Verdict::Wrong);
    }
}
