//! Targets, and whether they were held.

use serde_json::{Value, json};

use crate::flood::report::median;

/// One target.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What has to hold.
    pub name: String,
    /// The median of the rounds.
    pub value: f64,
    /// What it is counted in; empty for ratios.
    pub unit: &'static str,
    /// Where it has to stay.
    pub bound: Bound,
    /// Each round's.
    pub rounds: Vec<f64>,
}

/// Where a value has to stay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// At or above.
    AtLeast(f64),
    /// At or below.
    AtMost(f64),
}

impl Verdict {
    /// Judges the median of these values.
    pub fn of(name: impl Into<String>, unit: &'static str, bound: Bound, rounds: Vec<f64>) -> Verdict {
        Verdict { name: name.into(), value: median(&rounds), unit, bound, rounds }
    }

    /// Whether it holds. A value that could not be measured holds nothing.
    pub fn held(&self) -> bool {
        !self.rounds.is_empty()
            && match self.bound {
                Bound::AtLeast(least) => self.value >= least,
                Bound::AtMost(most) => self.value <= most,
            }
    }

    /// One line of the table.
    pub fn line(&self) -> String {
        let bound = match self.bound {
            Bound::AtLeast(least) => format!("at least {least:.2}"),
            Bound::AtMost(most) => format!("at most {most:.2}"),
        };
        let verdict = if self.held() { "held" } else { "missed" };
        let rounds: Vec<_> = self.rounds.iter().map(|value| format!("{value:.2}")).collect();
        let line = format!(
            "{:<64} {:>9.2} {:<3} {bound:<16} {verdict:<7} {}",
            self.name,
            self.value,
            self.unit,
            rounds.join(" ")
        );
        line.trim_end().to_owned()
    }

    /// One line of JSON.
    pub fn json(&self, bench: &str) -> Value {
        let (at_least, at_most) = match self.bound {
            Bound::AtLeast(least) => (Some(least), None),
            Bound::AtMost(most) => (None, Some(most)),
        };
        json!({
            "bench": bench,
            "target": self.name,
            "value": self.value,
            "unit": self.unit,
            "at_least": at_least,
            "at_most": at_most,
            "verdict": if self.held() { "held" } else { "missed" },
            "rounds": self.rounds,
        })
    }
}

/// The ratios of two series, round by round.
pub fn ratios(above: &[f64], below: &[f64]) -> Vec<f64> {
    let pairs = above.iter().zip(below).filter(|(_, below)| **below > 0.0);
    pairs.map(|(above, below)| above / below).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_held_against_the_bound() {
        for (bound, held) in [
            (Bound::AtLeast(2.0), true),
            (Bound::AtLeast(2.1), false),
            (Bound::AtMost(2.0), true),
            (Bound::AtMost(1.9), false),
        ] {
            let verdict = Verdict::of("a", "us", bound, vec![9.0, 1.0, 2.0]);
            assert_eq!(verdict.held(), held, "{bound:?}");
            assert!(verdict.line().contains(if held { " held " } else { " missed " }));
            assert_eq!(verdict.json("axon")["verdict"], if held { "held" } else { "missed" });
        }
    }

    #[test]
    fn what_was_not_measured_is_not_held() {
        assert!(!Verdict::of("a", "", Bound::AtMost(1.0), Vec::new()).held());
        assert_eq!(ratios(&[2.0, 3.0], &[1.0, 0.0]), [2.0]);
    }
}
