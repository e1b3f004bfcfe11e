//! `cargo xtask differential`: the same requests to the real 10.5.0 axon and to ours.
//!
//! It prints how often which row of `docs/differences.md` was the reason for a difference. The exit status is 0 only
//! when there was no other.

use std::process::ExitCode;

use soma_e2e::HarnessError;
use soma_e2e::differential::{Pair, Report};

/// Requests between two lines of progress.
const STEP: u64 = 1000;

/// The command line.
struct Arguments {
    requests: u64,
    seed: u64,
    json: bool,
}

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(problem) => {
            eprintln!("differential: {problem}; usage: [--requests N] [--seed N] [--json]");
            return ExitCode::from(2);
        }
    };
    match run(&arguments) {
        Ok(report) => {
            if arguments.json {
                println!("{}", report.json());
            } else {
                print!("{}", report.text());
            }
            if report.unknown().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("differential: {error}");
            ExitCode::FAILURE
        }
    }
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self { requests: 500, seed: 1, json: false };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--json" => arguments.json = true,
                "--requests" => arguments.requests = number(&word, words.next())?,
                "--seed" => arguments.seed = number(&word, words.next())?,
                other => return Err(format!("unknown argument {other}")),
            }
        }
        Ok(arguments)
    }
}

fn number(name: &str, word: Option<String>) -> Result<u64, String> {
    word.and_then(|word| word.parse().ok()).ok_or_else(|| format!("{name} wants a number"))
}

fn run(arguments: &Arguments) -> Result<Report, HarnessError> {
    let pair = Pair::start()?;
    let mut shown = 0;
    pair.compare(arguments.seed, arguments.requests, |done| {
        if done / STEP > shown {
            shown = done / STEP;
            eprintln!("{done} of {} requests", arguments.requests);
        }
    })
}
