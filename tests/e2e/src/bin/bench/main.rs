//! The benches of whole servers, behind `cargo xtask bench axon | chain | swap | spread`.
//!
//! The exit status is 0 when everything could be measured, whether targets were held or not, and 2 otherwise.

use std::process::ExitCode;

use soma_e2e::bench::arguments::Form;
use soma_e2e::bench::spread::Spread;
use soma_e2e::bench::swap::{self, asking};
use soma_e2e::bench::{Arguments, axon, chain, lanes};
use soma_e2e::flood::load;

/// What goes wrong here is told in a sentence.
type Told<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(words: &[String]) -> Told<()> {
    match words {
        [word, plan] if word == load::WORD => Ok(lanes::main(plan)?),
        [word, plan] if word == asking::WORD => Ok(asking::main(plan)?),
        [name, rest @ ..] if name == "axon" => axon(rest),
        [name, rest @ ..] if name == "chain" => chain(rest),
        [name, rest @ ..] if name == "spread" => spread(rest),
        [name, rest @ ..] if name == "swap" => swap(rest),
        _ => Err("which bench? axon, chain, swap or spread".into()),
    }
}

fn progress(what: &str) {
    eprintln!("{what}");
}

/// What every bench does when it is told nothing else.
fn defaults(rounds: usize, seconds: u64, count: usize) -> Arguments {
    Arguments { rounds, seconds, count, cases: Vec::new(), form: Form::Table }
}

fn axon(words: &[String]) -> Told<()> {
    let arguments = Arguments::parse(defaults(5, 3, 1), "", words)?;
    let report = axon::Report::of(axon::Course::run(&arguments, progress)?);
    print!("{}", report.text(&arguments));
    Ok(())
}

fn chain(words: &[String]) -> Told<()> {
    let arguments = Arguments::parse(defaults(5, 1, 50), "calls", words)?;
    let report = chain::Report::of(chain::Course::run(&arguments, progress)?);
    print!("{}", report.text(&arguments));
    Ok(())
}

fn spread(words: &[String]) -> Told<()> {
    let arguments = Arguments::parse(defaults(5, 3, 200), "plugins", words)?;
    print!("{}", Spread::run(&arguments, progress)?.text(&arguments));
    Ok(())
}

fn swap(words: &[String]) -> Told<()> {
    let arguments = Arguments::parse(defaults(5, 10, 1000), "swaps", words)?;
    let report = swap::Report::of(swap::Course::run(&arguments, progress)?);
    print!("{}", report.text(&arguments));
    Ok(())
}
