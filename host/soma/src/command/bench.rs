//! `soma bench`: what the operator's own machine and plugins hold, in ten seconds.
//!
//! The server, its gate, the nonce memory, telemetry and the sandbox are those of `soma run`, on a free port of the loopback
//! address; only the rates are out of the way. Nothing else is reached. The callers run on one thread of this process,
//! whose processor time is taken off. They sign with a key that is made here and forgotten at the end: no wallet is
//! opened, and the neuron's hotkey is a made-up address.
//!
//! Everything is counted for one core: answers divided by the processor time that the server has used for them. What a
//! second of the clock shows depends on how many cores the callers left it.
//!
//! # Layout
//! - `subject`: the slots that are measured
//! - `caller`: the key, and requests as bytes; `load`: the thread that sends them
//! - `calls`: calls of a plugin without the server
//! - `report`: the table and what limits

mod caller;
mod calls;
mod load;
mod report;
mod subject;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use soma_axon::gate::Rate;
use soma_axon::{Axon, Limits, Server};
use soma_runtime::Slots;
use soma_runtime::slots::SlotStatus;

use self::caller::Caller;
use self::load::Load;
use self::report::{Crowd, Report};
use self::subject::Subject;
use crate::cli::BenchFlags;
use crate::logging::LostLines;
use crate::output::say;
use crate::telemetry::Telemetry;

/// Parts of the time: requests from the socket to the answer, calls of the plugins, junk.
const REQUESTS: f64 = 0.4;
const CALLS: f64 = 0.3;
const JUNK: f64 = 0.3;
/// Records that `soma explain` would find: the default of soma.toml.
const RECENT: usize = 4096;

/// Measures and prints.
pub async fn bench(flags: BenchFlags, lost: LostLines) -> miette::Result<()> {
    let seconds = f64::from(flags.seconds);
    let subject = Subject::read(&flags)?;
    if !flags.json {
        say!("loading; compiling takes a while the first time")?;
    }
    let slots = Arc::new(subject.load().await?);
    let caller = Caller::make()?;
    let telemetry = Arc::new(Telemetry::new(RECENT, lost)?);
    let server = Server::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let server = server.limited_to(unlimited()).observed_by(telemetry.clone());
    let address = server.address();
    let axon = Arc::new(Axon::new(caller.receiver().to_owned(), slots.clone()));
    let serving = tokio::spawn(server.serve(axon, std::future::pending()));
    let mut report = Report { verify_us: caller::verify_us()?, cores: cores(), ..Report::default() };
    let asked = answering(&slots).await;
    let each = |part: f64, count: usize| Duration::from_secs_f64(seconds * part / count.max(1) as f64);
    for (slot, route) in &asked {
        let count = load::MOST * each(REQUESTS, asked.len()).as_secs_f64().ceil() as usize;
        let requests = caller.requests(route, &subject.body(&slots, route), count);
        let load = Load { address, requests, length: each(REQUESTS, asked.len()), again: load::Again::Never };
        report.requests.push(Crowd::of(format!("{slot}: {route}"), &load.run().await?));
    }
    for (slot, route) in &asked {
        let body = subject.body(&slots, route);
        report.calls.push(calls::measure(&slots, slot, route, &body, each(CALLS, asked.len())).await?);
    }
    let route = asked.first().map_or("nowhere", |(_, route)| route);
    for (name, request) in [("forged signatures", caller.forged(route)), ("no such route", caller.nowhere())] {
        let load = Load { address, requests: vec![request], length: each(JUNK, 2), again: load::Again::Always };
        report.junk.push(Crowd::of(name.to_owned(), &load.run().await?));
    }
    serving.abort();
    report.print(flags.json)
}

/// Slots that answer in one piece, each with one of its routes.
async fn answering(slots: &Slots) -> Vec<(String, String)> {
    let table = slots.table();
    let whole = |route: &&String| table.route(route).is_some_and(|route| route.is_streaming().is_none());
    let first = |slot: SlotStatus| slot.routes.iter().find(whole).map(|route| (slot.slot.clone(), route.clone()));
    slots.list().await.into_iter().filter_map(first).collect()
}

/// Cores that this process may use.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// What is measured is the work and not the saying no.
fn unlimited() -> Limits {
    let all = Rate::new(1_000_000, 1_000_000);
    Limits { address: all, hotkey: all, ..Limits::default() }
}
