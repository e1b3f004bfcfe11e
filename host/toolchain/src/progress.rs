//! What a person sees while something takes long.
//!
//! On a terminal: a bar or a spinner on standard error. Elsewhere, e.g. in a build log: one line when a step
//! begins and one when it ends.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How steps are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Bars and spinners.
    Terminal,
    /// Plain lines.
    Lines,
    /// Nothing.
    Silent,
}

/// One step that is shown. It ends with [`Step::done`]; when it is dropped before, it was not done.
#[derive(Debug)]
pub struct Step {
    shown: Progress,
    bar: ProgressBar,
    title: String,
    began: Instant,
}

impl Progress {
    /// `Terminal` when standard error is one, else `Lines`.
    pub fn detect() -> Self {
        if std::io::stderr().is_terminal() { Self::Terminal } else { Self::Lines }
    }

    /// A step of unknown length.
    pub fn step(self, title: impl Into<String>) -> Step {
        self.begin(title.into(), ProgressBar::new_spinner(), "{spinner} {msg} {elapsed}")
    }

    /// A step of `total` bytes.
    pub fn bytes(self, title: impl Into<String>, total: u64) -> Step {
        self.begin(title.into(), ProgressBar::new(total), "{bar:30} {bytes}/{total_bytes} {msg}")
    }

    /// A step of `total` parts.
    pub fn parts(self, title: impl Into<String>, total: u64) -> Step {
        self.begin(title.into(), ProgressBar::new(total), "{bar:30} {pos}/{len} {msg}")
    }

    fn begin(self, title: String, bar: ProgressBar, style: &str) -> Step {
        match self {
            Self::Terminal => {
                if let Ok(style) = ProgressStyle::with_template(style) {
                    bar.set_style(style);
                }
                bar.set_message(title.clone());
                bar.enable_steady_tick(Duration::from_millis(120));
            }
            Self::Lines => {
                bar.set_draw_target(ProgressDrawTarget::hidden());
                eprintln!("{title} ...");
            }
            Self::Silent => bar.set_draw_target(ProgressDrawTarget::hidden()),
        }
        Step { shown: self, bar, title, began: Instant::now() }
    }
}

impl Step {
    /// How much is done, in the unit of the step.
    pub fn at(&self, done: u64) {
        self.bar.set_position(done);
    }

    /// What is being worked on.
    pub fn note(&self, text: &str) {
        self.bar.set_message(format!("{}: {text}", self.title));
    }

    /// Prints a line that stays, above the bar.
    pub fn line(&self, text: &str) {
        match self.shown {
            Progress::Terminal => self.bar.suspend(|| eprintln!("{text}")),
            Progress::Lines => eprintln!("{text}"),
            Progress::Silent => {}
        }
    }

    /// Runs something that prints by itself, with the bar out of its way.
    pub fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        self.bar.suspend(work)
    }

    /// The step is done.
    pub fn done(self) {
        self.bar.finish_and_clear();
        let seconds = self.began.elapsed().as_secs_f64();
        if self.shown != Progress::Silent {
            eprintln!("{}: done in {seconds:.1} s", self.title);
        }
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
