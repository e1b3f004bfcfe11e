//! Cases, targets, and how they are printed.

use serde_json::{Value, json};

/// One thing that was measured.
#[derive(Clone, Debug)]
pub struct Case {
    /// What.
    pub name: &'static str,
    /// Its value: the median of the rounds.
    pub value: f64,
    /// What it is counted in; empty for ratios.
    pub unit: &'static str,
    /// The largest value that is good enough, if there is one.
    pub target: Option<f64>,
    /// Each round's.
    pub rounds: Vec<f64>,
}

/// Everything that was measured.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// In the order of printing.
    pub cases: Vec<Case>,
}

impl Case {
    /// A case whose value is the median of the rounds.
    pub fn of(name: &'static str, unit: &'static str, rounds: Vec<f64>) -> Case {
        Case { name, value: median(&rounds), unit, target: None, rounds }
    }

    /// With the largest value that is good enough.
    #[must_use]
    pub fn at_most(self, target: f64) -> Case {
        Case { target: Some(target), ..self }
    }

    /// Whether the target holds; none without one.
    pub fn holds(&self) -> Option<bool> {
        self.target.map(|target| self.value <= target)
    }

    fn line(&self) -> String {
        let target = self.target.map_or_else(String::new, |target| format!("{target:.2}"));
        let verdict = match self.holds() {
            Some(true) => "holds",
            Some(false) => "MISSED",
            None => "",
        };
        let rounds: Vec<_> = self.rounds.iter().map(|value| format!("{value:.2}")).collect();
        let rounds = rounds.join(" ");
        let line = format!("{:<44} {:>10.2} {:<5} {target:>7} {verdict:<7} {rounds}", self.name, self.value, self.unit);
        line.trim_end().to_owned()
    }

    fn json(&self) -> Value {
        let (target, holds) = (self.target, self.holds());
        json!({
            "bench": "flood",
            "case": self.name,
            "value": self.value,
            "unit": self.unit,
            "target": target,
            "holds": holds,
            "rounds": self.rounds,
        })
    }
}

impl Report {
    /// Whether every target holds.
    pub fn holds(&self) -> bool {
        self.cases.iter().all(|case| case.holds() != Some(false))
    }

    /// A table.
    pub fn text(&self) -> String {
        let head = format!("{:<44} {:>10} {:<5} {:>7} {:<7} rounds\n", "case", "median", "unit", "target", "");
        self.cases.iter().fold(head, |text, case| format!("{text}{}\n", case.line()))
    }

    /// One line of JSON for each case.
    pub fn json(&self) -> String {
        self.cases.iter().map(|case| format!("{}\n", case.json())).collect()
    }
}

/// The median; of an even number the mean of the middle two, of none zero.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = |place: usize| sorted.get(place).copied().unwrap_or_default();
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 { at(half) } else { f64::midpoint(at(half.saturating_sub(1)), at(half)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        for (values, expected) in
            [(&[][..], 0.0), (&[3.0], 3.0), (&[9.0, 1.0, 2.0], 2.0), (&[4.0, 1.0, 2.0, 100.0], 3.0)]
        {
            assert_eq!(median(values), expected, "{values:?}");
        }
    }

    #[test]
    fn a_target_that_is_missed_is_seen() {
        let case = Case::of("stranger / fixed 404", "", vec![1.1, 1.2, 1.4]);
        assert_eq!(
            (case.holds(), case.clone().at_most(1.3).holds(), case.clone().at_most(1.1).holds()),
            (None, Some(true), Some(false))
        );
        let report = Report { cases: vec![case.at_most(1.1)] };
        assert!(!report.holds() && report.text().contains("MISSED"));
        let line: Value = serde_json::from_str(report.json().trim_end()).unwrap();
        assert_eq!((&line["holds"], &line["value"]), (&json!(false), &json!(1.2)));
    }
}
