//! `cargo xtask bench flood`: what strangers and forgers cost, and what a proven caller notices of them.
//!
//! The exit status is 0 when everything was measured, whether targets are held or missed, and 2 when not.

use std::process::ExitCode;

use soma_e2e::HarnessError;
use soma_e2e::flood::company::Company;
use soma_e2e::flood::cost::Costs;
use soma_e2e::flood::{Bed, Effort, Report, load};

/// The command line.
struct Arguments {
    effort: Effort,
    json: bool,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.as_slice() {
        [word, plan] if word == load::WORD => load::main(plan).map(|()| ExitCode::SUCCESS),
        _ => match Arguments::parse(words.into_iter()) {
            Ok(arguments) => bench(&arguments),
            Err(problem) => {
                eprintln!("flood: {problem}; usage: [--rounds N] [--seconds N] [--json]");
                return ExitCode::from(2);
            }
        },
    };
    done.unwrap_or_else(|error| {
        eprintln!("flood: {error}");
        ExitCode::from(2)
    })
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
        let mut arguments = Arguments { effort: Effort::default(), json: false };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--json" => arguments.json = true,
                "--rounds" => arguments.effort.rounds = number(&word, words.next())?,
                "--seconds" => arguments.effort.seconds = number(&word, words.next())?,
                other => return Err(format!("unknown argument {other}")),
            }
        }
        Ok(arguments)
    }
}

/// A number from 1 on.
fn number<T: std::str::FromStr + PartialOrd + From<u8>>(name: &str, word: Option<String>) -> Result<T, String> {
    let number = word.and_then(|word| word.parse().ok()).filter(|number| *number >= T::from(1));
    number.ok_or_else(|| format!("{name} wants a number from 1 on"))
}

fn bench(arguments: &Arguments) -> Result<ExitCode, HarnessError> {
    let bed = Bed::start()?;
    let progress = |what: &str| eprintln!("{what}");
    let costs = Costs::measure(&bed, arguments.effort, progress)?;
    let company = Company::measure(&bed, arguments.effort, &costs, progress)?;
    let report = Report { cases: costs.cases().into_iter().chain(company.cases()).collect() };
    if arguments.json {
        print!("{}", report.json());
    } else {
        print!("{}", report.text());
    }
    Ok(ExitCode::SUCCESS)
}
