//! The table and the targets.

use serde_json::json;

use super::course::Course;
use crate::bench::arguments::Form;
use crate::bench::verdict::{Bound, ratios};
use crate::bench::{Arguments, Verdict};
use crate::flood::report::median;

/// The p99 with swaps may be so many times that without ...
const TIMES: f64 = 1.25;
/// ... or so many milliseconds, whichever is more.
const MILLISECONDS: f64 = 3.0;
/// A swap to a version that was compiled before serves within so many milliseconds.
const SERVES: f64 = 50.0;
/// Memory may differ by so much of itself.
const MEMORY: f64 = 1.1;

/// A course, ready to be printed.
#[derive(Clone, Debug)]
pub struct Report {
    course: Course,
    /// The targets.
    pub verdicts: Vec<Verdict>,
}

impl Report {
    /// Judges it.
    pub fn of(course: Course) -> Report {
        let allowed: Vec<f64> = course.calm.iter().map(|calm| MILLISECONDS.max(TIMES * calm)).collect();
        let slowest = course.alone.iter().copied().fold(0.0, f64::max);
        let (before, after) = course.memory;
        let failed = course.failed.values().sum::<u64>() as f64;
        let p99 = format!("p99 with swaps / ({TIMES} times that without, or {MILLISECONDS} ms)");
        let verdicts = vec![
            Verdict::of("failed requests and streams", "", Bound::AtMost(0.0), vec![failed]),
            Verdict::of("answers of mixed versions", "", Bound::AtMost(0.0), vec![course.mixed as f64]),
            Verdict::of(p99, "", Bound::AtMost(1.0), ratios(&course.swapping, &allowed)),
            Verdict::of("slowest swap of an idle host, cached", "ms", Bound::AtMost(SERVES), vec![slowest]),
            Verdict::of("memory after the last drain / before", "", Bound::AtMost(MEMORY), ratios(&[after], &[before])),
        ];
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
        let course = &self.course;
        let case = json!({
            "bench": "swap",
            "case": "swap",
            "swaps": course.swap_times.len(),
            "served": course.served,
            "streams": course.streams,
            "versions": course.versions,
            "failed": course.failed.values().sum::<u64>(),
            "failures": course.failed,
            "mixed": course.mixed,
            "p99_ms": median(&course.calm),
            "p99_swapping_ms": median(&course.swapping),
            "swap_alone_ms": median(&course.alone),
            "swap_under_load_ms": median(&course.swap_times),
            "rss_mb_before": course.memory.0,
            "rss_mb_after": course.memory.1,
        });
        let verdicts = self.verdicts.iter().map(|verdict| verdict.json("swap"));
        std::iter::once(case).chain(verdicts).map(|line| format!("{line}\n")).collect()
    }

    fn table(&self) -> String {
        let course = &self.course;
        let series = |values: &[f64]| values.iter().map(|value| format!("{value:.2}")).collect::<Vec<_>>().join(" ");
        let rows = [
            ("swaps under load", course.swap_times.len().to_string()),
            ("served", format!("{}, of them {} streams", course.served, course.streams)),
            ("versions that answered", course.versions.to_string()),
            ("failed", if course.failed.is_empty() { "none".to_owned() } else { format!("{:?}", course.failed) }),
            ("p99 without swaps, ms", series(&course.calm)),
            ("p99 with swaps, ms", series(&course.swapping)),
            ("a swap of an idle host, ms", format!("{:.2} (median)", median(&course.alone))),
            ("a swap under load, ms", format!("{:.2} (median, waiting included)", median(&course.swap_times))),
            ("resident memory, MiB", format!("{:.1} before, {:.1} after", course.memory.0, course.memory.1)),
        ];
        let mut text: String = rows.iter().map(|(name, value)| format!("{name:<28} {value}\n")).collect();
        text.push('\n');
        self.verdicts.iter().for_each(|verdict| text.push_str(&format!("{}\n", verdict.line())));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course() -> Course {
        Course {
            calm: vec![2.0, 3.0, 4.0],
            swapping: vec![3.0, 3.6, 4.0],
            alone: vec![9.0, 20.0],
            memory: (50.0, 54.0),
            ..Course::default()
        }
    }

    fn held(course: Course) -> Vec<bool> {
        Report::of(course).verdicts.iter().map(Verdict::held).collect()
    }

    #[test]
    fn each_target_can_be_missed() {
        assert_eq!(held(course()), [true; 5]);
        assert!(!held(Course { failed: [("503".to_owned(), 1)].into(), ..course() })[0]);
        assert!(!held(Course { mixed: 1, ..course() })[1]);
        assert!(!held(Course { swapping: vec![3.0, 6.0, 8.0], ..course() })[2]);
        assert!(!held(Course { alone: vec![9.0, 51.0], ..course() })[3]);
        assert!(!held(Course { memory: (50.0, 56.0), ..course() })[4]);
    }

    #[test]
    fn under_three_milliseconds_any_ratio_is_good() {
        let quick = Course { calm: vec![1.0; 3], swapping: vec![2.9; 3], ..course() };
        assert!(held(quick)[2]);
    }
}
