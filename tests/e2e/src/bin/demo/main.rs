//! `cargo xtask demo`: the whole product in one run, on real requests.
//!
//! It starts a development chain and registers a hotkey on it, starts `soma run` with the example miner and a gate and an
//! order by stake in front of it, finds the miner in the metagraph as a validator does, sends signed requests of both
//! dialects, swaps the plugin while requests run, and says of every answer why it is the right one. The exit status is
//! 0 only when all of them are.
//!
//! # Layout
//! - [`chain`]: the development chain, the registration, the look-up
//! - [`host`]: the running host, left alone with `--keep`
//! - [`cases`]: requests and the answers that they have to get
//! - [`queue`]: the order in which those that wait are answered
//! - [`stream`]: the swap under a stream of requests
//! - [`report`]: what is printed

mod cases;
mod chain;
mod host;
mod queue;
mod report;
mod stream;

use std::process::ExitCode;
use std::sync::Arc;

use soma_dendrite::Dendrite;
use soma_e2e::neuron::Bench;
use soma_e2e::{HarnessError, places};
use soma_wallet::Signer;
use tokio::runtime::Runtime;

use crate::chain::{Chain, odd};
use crate::host::Host;
use crate::report::Report;

/// The flag that leaves the host running.
const KEEP: &str = "--keep";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = arguments.iter().find(|argument| *argument != KEEP) {
        eprintln!("demo: unknown argument {unknown}; the only one is {KEEP}, which leaves the host running");
        return ExitCode::from(2);
    }
    match run(&arguments) {
        Ok(report) => report.end(),
        Err(error) => {
            eprintln!("demo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<Report, HarnessError> {
    let (mut report, runtime, bench) = (Report::default(), runtime()?, Bench::new()?);
    report.chapter("A development chain, and a hotkey that is registered on it");
    let chain = Chain::start()?;
    chain.describe();
    chain.register(&bench, &mut report)?;
    report.chapter("A miner: stake-gate and stake-priority before text-miner");
    let host = Host::start(bench, &chain.url())?;
    host.describe();
    let dendrite = Arc::new(runtime.block_on(dendrite(&host))?);
    chain.find(&dendrite, &mut report)?;
    report.chapter("Signed requests of both dialects");
    cases::answered(&host, &mut report)?;
    report.chapter("Requests that must not get an answer");
    cases::refused(&host, &mut report)?;
    report.chapter("Requests that wait");
    queue::by_stake(&host, &mut report)?;
    report.chapter("The plugin is swapped while requests run");
    stream::swap(&host, &mut report, &dendrite, &runtime)?;
    if arguments.is_empty() {
        host.stop(&mut report)?;
    } else {
        host.leave();
    }
    Ok(report)
}

/// A dendrite of `//Bob`.
async fn dendrite(host: &Host) -> Result<Dendrite, HarnessError> {
    let (soma, key) = (places::soma()?, host.caller_key());
    let signer = Signer::start(&soma, &["signer"], &key);
    Dendrite::new(signer.await.map_err(odd("the caller's signer"))?).map_err(odd("the caller"))
}

/// What runs the callers of the demo.
fn runtime() -> Result<Runtime, HarnessError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(HarnessError::io("starting the callers"))
}
