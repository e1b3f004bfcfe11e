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

/// What became of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The value is good enough.
    Held,
    /// It is not.
    Missed,
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

    /// Whether the target is held or missed; none without one.
    pub fn verdict(&self) -> Option<Verdict> {
        self.target.map(|target| if self.value <= target { Verdict::Held } else { Verdict::Missed })
    }

    fn line(&self) -> String {
        let target = self.target.map_or_else(String::new, |target| format!("{target:.2}"));
        let verdict = self.verdict().map_or("", Verdict::word);
        let rounds: Vec<_> = self.rounds.iter().map(|value| format!("{value:.2}")).collect();
        let rounds = rounds.join(" ");
        let line = format!("{:<44} {:>10.2} {:<5} {target:>7} {verdict:<6} {rounds}", self.name, self.value, self.unit);
        line.trim_end().to_owned()
    }

    fn json(&self) -> Value {
        let (target, verdict) = (self.target, self.verdict().map(Verdict::word));
        json!({
            "bench": "flood",
            "case": self.name,
            "value": self.value,
            "unit": self.unit,
            "target": target,
            "verdict": verdict,
            "rounds": self.rounds,
        })
    }
}

impl Verdict {
    /// As it is printed.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Held => "held",
            Verdict::Missed => "missed",
        }
    }
}

impl Report {
    /// A table.
    pub fn text(&self) -> String {
        let head = format!("{:<44} {:>10} {:<5} {:>7} {:<6} rounds\n", "case", "median", "unit", "target", "");
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
            (case.verdict(), case.clone().at_most(1.3).verdict(), case.clone().at_most(1.1).verdict()),
            (None, Some(Verdict::Held), Some(Verdict::Missed))
        );
        let report = Report { cases: vec![case.clone().at_most(1.1), case.at_most(1.3)] };
        let text = report.text();
        let words: Vec<_> = text.lines().map(|line| (line.contains(" held "), line.contains(" missed "))).collect();
        assert_eq!(words, [(false, false), (false, true), (true, false)]);
        let first = report.json().lines().next().map(str::to_owned).unwrap();
        let line: Value = serde_json::from_str(&first).unwrap();
        assert_eq!((&line["verdict"], &line["value"]), (&json!("missed"), &json!(1.2)));
    }
}
