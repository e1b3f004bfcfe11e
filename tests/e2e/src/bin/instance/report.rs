//! The table and the targets.

use serde_json::json;
use soma_e2e::bench::arguments::Form;
use soma_e2e::bench::verdict::{Bound, ratios};
use soma_e2e::bench::{Arguments, Verdict};
use soma_e2e::flood::report::median;

use crate::cell::{Cell, Mode};
use crate::plugin::Loading;

/// A fresh Rust instance may cost so many microseconds more than a warm one.
const FRESH_RUST: f64 = 12.0;
/// Two threads answer at least so many times what one does.
const TWO_THREADS: f64 = 1.6;
/// Microseconds of a Python call, warm and fresh.
const WARM_PYTHON: f64 = 150.0;
const FRESH_PYTHON: f64 = 3000.0;
/// Milliseconds until compiled code is there from the cache.
const LOAD_PYTHON: f64 = 20.0;

/// Everything that was measured.
#[derive(Default)]
pub struct Report {
    /// By language.
    pub loading: Vec<Loading>,
    /// By language, mode and threads.
    pub cells: Vec<Cell>,
    /// Languages that were left out, and why.
    pub left_out: Vec<(&'static str, String)>,
}

impl Report {
    /// As the arguments want it.
    pub fn text(&self, arguments: &Arguments) -> String {
        match arguments.form {
            Form::Json => self.json(),
            Form::Table => self.table(),
        }
    }

    fn find(&self, guest: &str, mode: Mode, threads: usize) -> Option<&Cell> {
        self.cells.iter().find(|cell| (cell.guest, cell.mode, cell.threads) == (guest, mode, threads))
    }

    fn verdicts(&self) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        if let (Some(fresh), Some(warm)) = (self.find("rust", Mode::Fresh, 1), self.find("rust", Mode::Warm, 1)) {
            let more = fresh.p50.iter().zip(&warm.p50).map(|(fresh, warm)| fresh - warm).collect();
            let name = "a fresh Rust call over a warm one, medians";
            verdicts.push(Verdict::of(name, "us", Bound::AtMost(FRESH_RUST), more));
        }
        if let (Some(one), Some(two)) = (self.find("rust", Mode::Fresh, 1), self.find("rust", Mode::Fresh, 2)) {
            let name = "fresh Rust calls a second, two threads / one";
            verdicts.push(Verdict::of(name, "", Bound::AtLeast(TWO_THREADS), ratios(&two.rate, &one.rate)));
        }
        for (mode, most) in [(Mode::Warm, WARM_PYTHON), (Mode::Fresh, FRESH_PYTHON)] {
            if let Some(cell) = self.find("python", mode, 1) {
                let name = format!("a {} Python call, median", mode.name());
                verdicts.push(Verdict::of(name, "us", Bound::AtMost(most), cell.p50.clone()));
            }
        }
        if let Some(python) = self.loading.iter().find(|loading| loading.guest == "python") {
            let name = "the Python plugin's code from the cache";
            verdicts.push(Verdict::of(name, "ms", Bound::AtMost(LOAD_PYTHON), vec![python.cached]));
        }
        verdicts
    }

    fn json(&self) -> String {
        let loading = self.loading.iter().map(|loading| {
            json!({
                "bench": "instance",
                "case": "load",
                "guest": loading.guest,
                "bytes": loading.size,
                "compile_ms": loading.compile,
                "cached_ms": loading.cached,
                "load_ms": loading.load,
                "idle_kib": loading.idle,
                "called_kib": loading.called,
            })
        });
        let cells = self.cells.iter().map(|cell| {
            json!({
                "bench": "instance",
                "case": cell.mode.name(),
                "guest": cell.guest,
                "threads": cell.threads,
                "p50_us": median(&cell.p50),
                "p99_us": median(&cell.p99),
                "calls_per_second": median(&cell.rate),
            })
        });
        let verdicts = self.verdicts().into_iter().map(|verdict| verdict.json("instance"));
        loading.chain(cells).chain(verdicts).map(|line| format!("{line}\n")).collect()
    }

    fn table(&self) -> String {
        let mut text = format!(
            "{:<11} {:>9} {:>11} {:>9} {:>9} {:>9} {:>11}\n",
            "guest", "file KiB", "compile ms", "cache ms", "load ms", "idle KiB", "called KiB"
        );
        for loading in &self.loading {
            let Loading { guest, size, compile, cached, load, idle, called } = loading;
            text.push_str(&format!(
                "{guest:<11} {:>9} {compile:>11.0} {cached:>9.2} {load:>9.2} {idle:>9.0} {called:>11.0}\n",
                size / 1024
            ));
        }
        text.push_str(&format!(
            "\n{:<11} {:<11} {:>7} {:>9} {:>9} {:>10} {:>8}\n",
            "guest", "instances", "threads", "p50 us", "p99 us", "calls/s", "2 / 1"
        ));
        for cell in &self.cells {
            let one = self.find(cell.guest, cell.mode, 1).filter(|_| cell.threads > 1);
            let scaling = one.map_or_else(String::new, |one| format!("{:.2}", median(&ratios(&cell.rate, &one.rate))));
            text.push_str(&format!(
                "{:<11} {:<11} {:>7} {:>9.1} {:>9.1} {:>10.0} {scaling:>8}\n",
                cell.guest,
                cell.mode.name(),
                cell.threads,
                median(&cell.p50),
                median(&cell.p99),
                median(&cell.rate),
            ));
        }
        text.push('\n');
        self.verdicts().iter().for_each(|verdict| text.push_str(&format!("{}\n", verdict.line())));
        self.left_out.iter().for_each(|(guest, why)| text.push_str(&format!("left out: {guest}: {why}\n")));
        text
    }
}
