//! What became active, in a form that travels as text lines.
//!
//! A line is `<measure>: active`, `<measure>: partial (<reason>)` or `<measure>: unavailable (<reason>)`. A confined
//! child prints them, its parent reads them back with [`Report::from_lines`].

use std::fmt;
use std::str::FromStr;

/// One step of the confinement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// No other process of the same user may trace this one or read its memory (`PR_SET_DUMPABLE` is 0).
    NotDumpable,
    /// Core files have no room (`RLIMIT_CORE` is 0).
    NoCoreDumps,
    /// The address space is limited (`RLIMIT_AS`).
    AddressSpace,
    /// The CPU time is limited (`RLIMIT_CPU`).
    CpuTime,
    /// Executing a set-user-id file gains nothing (`PR_SET_NO_NEW_PRIVS` is 1).
    NoNewPrivileges,
    /// Landlock denies every file, TCP port and abstract socket as far as the kernel's version knows them.
    Landlock,
    /// A seccomp filter answers all system calls outside the profile with `EPERM`.
    Seccomp,
}

impl Measure {
    const ALL: [Self; 7] = [
        Self::NotDumpable,
        Self::NoCoreDumps,
        Self::AddressSpace,
        Self::CpuTime,
        Self::NoNewPrivileges,
        Self::Landlock,
        Self::Seccomp,
    ];

    /// The stable name used in report lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotDumpable => "not-dumpable",
            Self::NoCoreDumps => "no-core-dumps",
            Self::AddressSpace => "address-space",
            Self::CpuTime => "cpu-time",
            Self::NoNewPrivileges => "no-new-privileges",
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether a measure holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It holds completely.
    Active,
    /// It holds as far as this kernel knows how; the text says what is missing.
    Partial(String),
    /// It does not hold; the text says why.
    Unavailable(String),
}

/// One measure and its state; its text form is one line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The step.
    pub measure: Measure,
    /// What became of it.
    pub state: State,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.state {
            State::Active => write!(f, "{}: active", self.measure),
            State::Partial(reason) => write!(f, "{}: partial ({reason})", self.measure),
            State::Unavailable(reason) => write!(f, "{}: unavailable ({reason})", self.measure),
        }
    }
}

/// The line was not written by [`Entry`]'s text form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a line of a confinement report")]
pub struct NotAReportLine;

impl FromStr for Entry {
    type Err = NotAReportLine;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let (name, state) = line.split_once(": ").ok_or(NotAReportLine)?;
        let measure = Measure::ALL.into_iter().find(|m| m.name() == name).ok_or(NotAReportLine)?;
        let reason_of = |kind: &str| {
            let inner = state.strip_prefix(kind)?.strip_prefix(" (")?.strip_suffix(')')?;
            Some(inner.to_owned())
        };
        let state = if state == "active" {
            State::Active
        } else if let Some(reason) = reason_of("partial") {
            State::Partial(reason)
        } else {
            State::Unavailable(reason_of("unavailable").ok_or(NotAReportLine)?)
        };
        Ok(Self { measure, state })
    }
}

/// All measures of one [`apply`](crate::apply), in the order in which they were tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    entries: Vec<Entry>,
}

impl Report {
    pub(crate) fn push(&mut self, measure: Measure, state: State) {
        self.entries.push(Entry { measure, state });
    }

    /// The measures in the order in which they were tried.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The state of one measure; `None` when the profile does not have it.
    #[must_use]
    pub fn state(&self, measure: Measure) -> Option<&State> {
        self.entries.iter().find(|entry| entry.measure == measure).map(|entry| &entry.state)
    }

    /// The measures that do not hold at all.
    pub fn unavailable(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| matches!(entry.state, State::Unavailable(_)))
    }

    /// One text line for each measure.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.entries.iter().map(Entry::to_string).collect()
    }

    /// Reads what [`Report::lines`] wrote.
    ///
    /// # Errors
    /// [`NotAReportLine`] when one line has another form or names an unknown measure.
    pub fn from_lines<S: AsRef<str>>(lines: impl IntoIterator<Item = S>) -> Result<Self, NotAReportLine> {
        let entries = lines.into_iter().map(|line| line.as_ref().parse()).collect::<Result<_, _>>()?;
        Ok(Self { entries })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_state_is_read_back_from_its_line() {
        for measure in Measure::ALL {
            for state in [
                State::Active,
                State::Partial("old kernel".to_owned()),
                State::Unavailable("EPERM (os error 1)".to_owned()),
            ] {
                let entry = Entry { measure, state };
                assert_eq!(entry.to_string().parse(), Ok(entry));
            }
        }
    }

    #[test]
    fn refuses_unknown_measures_and_states() {
        for line in ["", "seccomp", "seccomp: on", "firewall: active", "seccomp: partial", "seccomp: unavailable ("] {
            assert_eq!(line.parse::<Entry>(), Err(NotAReportLine), "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_line_or_an_error(line in ".{0,80}") {
            if let Ok(entry) = line.parse::<Entry>() {
                prop_assert_eq!(entry.to_string(), line);
            }
        }
    }
}
