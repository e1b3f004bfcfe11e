//! `cargo xtask bench instance`: what one call of a plugin costs, by language, by how long its instances live, and on one
//! and two threads.
//!
//! The runtime runs in this process, without a server around it. A call is one of `forward` with a kibibyte of JSON. The
//! exit status is 0 when everything could be measured, whether targets were held or not, and 2 otherwise.
//!
//! # Layout
//! - `cell`: one plugin in one mode on some threads, called in a loop
//! - `plugin`: loading, compiling, memory
//! - `report`: the table and the targets

mod cell;
mod plugin;
mod report;

use std::process::ExitCode;

use soma_e2e::bench::Arguments;
use soma_e2e::bench::arguments::Form;

use crate::cell::{Bed, Cell};
use crate::plugin::Loading;
use crate::report::Report;

/// What goes wrong here is told in a sentence.
type Told<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let defaults = Arguments { rounds: 5, seconds: 1, count: 1, cases: Vec::new(), form: Form::Table };
    let done = Arguments::parse(defaults, "", &words).map_err(Into::into).and_then(|arguments| bench(&arguments));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("instance: {error}");
            ExitCode::from(2)
        }
    }
}

fn bench(arguments: &Arguments) -> Told<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut report = Report::default();
    runtime.block_on(async {
        let bed = Bed::open()?;
        for guest in ["rust", "c", "python", "typescript"].into_iter().filter(|guest| arguments.has(guest)) {
            eprintln!("loading {guest}");
            match Loading::measure(&bed, guest).await {
                Ok(loading) => {
                    report.loading.push(loading);
                    report.cells.extend(Cell::all(&bed, guest).await?);
                }
                Err(error) => report.left_out.push((guest, error.to_string())),
            }
        }
        for round in 1..=arguments.rounds {
            eprintln!("round {round} of {}", arguments.rounds);
            for cell in &mut report.cells {
                cell.measure(&bed, arguments.seconds).await?;
            }
        }
        Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    })?;
    print!("{}", report.text(arguments));
    Ok(())
}
