//! One log line for each request that is over: refused ones at `info`, failed ones (status 500) at `warn`,
//! answered ones at `debug`.
//!
//! What bounds it: of each code at most [`MOST`] lines a second are written. What was left out is summed up in one line
//! when the second is over, so that a flood neither fills the disk nor goes unseen.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use soma_axon::record::{ANSWERED, Record};

/// Lines of one code in one second.
pub const MOST: u32 = 50;
/// The status of a plugin that failed.
const FAULT: u16 = 500;
const SECOND: Duration = Duration::from_secs(1);

/// Writes the lines.
#[derive(Debug, Default)]
pub struct RequestLog {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    windows: HashMap<&'static str, Window>,
    /// Since the start, for metrics.
    left_out: u64,
}

/// One second of one code.
#[derive(Debug)]
struct Window {
    began: Instant,
    written: u32,
    left_out: u64,
}

/// What is to be written now.
#[derive(Debug, PartialEq, Eq)]
struct Decision {
    /// Whether this line is.
    line: bool,
    /// How many of the second before were not; zero needs no line.
    left_out: u64,
}

impl RequestLog {
    /// Writes the line of one request, if there is room for it.
    pub fn finished(&self, record: &Record) {
        let code = record.code;
        if code == ANSWERED {
            answered(record);
            return;
        }
        let decision = self.lock().decide(code, Instant::now());
        sum_up(code, decision.left_out);
        if decision.line {
            refused(record);
        }
    }

    /// Sums up seconds that are over. To be called about once a second.
    pub fn tidy(&self) {
        let over = self.lock().over(Instant::now());
        for (code, left_out) in over {
            sum_up(code, left_out);
        }
    }

    /// Lines that were not written, since the start.
    pub fn left_out(&self) -> u64 {
        self.lock().left_out
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Counters only: there is nothing to be torn.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn decide(&mut self, code: &'static str, now: Instant) -> Decision {
        let window = self.windows.entry(code).or_insert(Window { began: now, written: 0, left_out: 0 });
        let mut left_out = 0;
        if now.saturating_duration_since(window.began) >= SECOND {
            left_out = window.left_out;
            *window = Window { began: now, written: 0, left_out: 0 };
        }
        let line = window.written < MOST;
        if line {
            window.written += 1;
        } else {
            window.left_out += 1;
            self.left_out += 1;
        }
        Decision { line, left_out }
    }

    fn over(&mut self, now: Instant) -> Vec<(&'static str, u64)> {
        let mut over = Vec::new();
        self.windows.retain(|code, window| {
            let is_over = now.saturating_duration_since(window.began) >= SECOND;
            if is_over && window.left_out > 0 {
                over.push((*code, window.left_out));
            }
            !is_over
        });
        over
    }
}

fn answered(record: &Record) {
    let Record { id, ip, status, priority, .. } = record;
    let (route, version) = (record.route.as_deref(), record.version.as_deref());
    let (hotkey, elapsed_ms) = (record.hotkey.as_deref().unwrap_or("-"), milliseconds(record));
    tracing::debug!(target: "request", %id, %ip, status, route, version, hotkey, priority, elapsed_ms, "answered");
}

fn refused(record: &Record) {
    let Record { id, ip, status, code, path, proven, .. } = record;
    let (hotkey, elapsed_ms) = (record.hotkey.as_deref().unwrap_or("-"), milliseconds(record));
    let detail = one_line(&record.detail);
    // A caller's fault is the caller's; what ends with 500 is for the operator to look at.
    if *status == FAULT {
        tracing::warn!(target: "request", %id, %ip, status, code, path, hotkey, proven, elapsed_ms, "failed: {detail}");
    } else {
        tracing::info!(target: "request", %id, %ip, status, code, path, hotkey, proven, elapsed_ms, "refused: {detail}");
    }
}

fn sum_up(code: &str, left_out: u64) {
    if left_out > 0 {
        tracing::info!(target: "request", code, left_out, "more of these were refused within a second");
    }
}

/// To the microsecond.
fn milliseconds(record: &Record) -> f64 {
    record.elapsed.as_micros() as f64 / 1000.0
}

/// What a caller or a plugin wrote must not look like another line.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_flood_of_one_code_is_summed_up_and_other_codes_are_not_touched() {
        let (mut state, start) = (State::default(), Instant::now());
        let lines = (0..10_000).filter(|_| state.decide("not-verified", start).line).count();
        assert_eq!(lines, MOST as usize);
        assert!(state.decide("replayed", start).line);
        assert_eq!(state.left_out, 9950);
        let next = state.decide("not-verified", start + SECOND);
        assert_eq!(next, Decision { line: true, left_out: 9950 });
        assert_eq!(state.decide("not-verified", start + SECOND).left_out, 0, "summed up once");
    }

    #[test]
    fn the_end_of_a_flood_is_summed_up_without_another_request() {
        let (mut state, start) = (State::default(), Instant::now());
        let lines = (0..60).filter(|_| state.decide("busy", start).line).count();
        assert_eq!(lines, 50);
        assert_eq!(state.over(start), []);
        assert_eq!(state.over(start + SECOND), [("busy", 10)]);
        assert_eq!(state.over(start + SECOND), []);
        assert!(state.windows.is_empty());
    }

    proptest! {
        #[test]
        fn every_line_is_written_or_summed_up(steps in proptest::collection::vec((0_u64..700, 1_usize..200), 1..20)) {
            let (mut state, mut now) = (State::default(), Instant::now());
            let (mut sent, mut written, mut summed) = (0_u64, 0_u64, 0_u64);
            for (pause, burst) in steps {
                now += Duration::from_millis(pause);
                for _ in 0..burst {
                    let decision = state.decide("code", now);
                    sent += 1;
                    written += u64::from(decision.line);
                    summed += decision.left_out;
                }
            }
            summed += state.over(now + SECOND).iter().map(|(_, left_out)| left_out).sum::<u64>();
            prop_assert_eq!(sent, written + summed);
            prop_assert_eq!(summed, state.left_out);
        }

        #[test]
        fn a_detail_stays_one_line(text in any::<String>()) {
            prop_assert!(!one_line(&text).chars().any(char::is_control));
        }
    }
}
