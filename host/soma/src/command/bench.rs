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
use soma_runtime::slots::SlotStatus;
use soma_runtime::{Slots, budget};

use self::caller::Caller;
use self::load::{Ask, Load};
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

/// Measures and prints. Answers that are not what the plugins give are an error and no rate.
pub async fn bench(flags: BenchFlags, lost: LostLines) -> miette::Result<()> {
    let json = flags.json;
    let measured = measure(flags, lost).await;
    match &measured {
        Ok(report) => report.print(json)?,
        Err(error) if json => say!("{}", serde_json::json!({ "error": error.to_string() }))?,
        Err(_) => {}
    }
    measured.map(|_| ())
}

async fn measure(flags: BenchFlags, lost: LostLines) -> miette::Result<Report> {
    let seconds = f64::from(flags.seconds);
    let subject = Subject::read(&flags)?;
    if !flags.json {
        say!("loading; compiling takes a while the first time")?;
    }
    let slots = Arc::new(subject.load().await?);
    let receiver = caller::receiver()?;
    let callers = (0..load::LANES).map(|_| Caller::make(&receiver).map(Arc::new));
    let callers = callers.collect::<miette::Result<Vec<_>>>()?;
    let telemetry = Arc::new(Telemetry::new(RECENT, lost)?);
    let server = Server::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let server = server.limited_to(unlimited()).observed_by(telemetry.clone());
    let address = server.address();
    let axon = Arc::new(Axon::new(receiver, slots.clone()));
    let serving = tokio::spawn(server.serve(axon, std::future::pending()));
    let mut report = Report { verify_us: caller::verify_us()?, cores: budget::cores(), ..Report::default() };
    let asked = answering(&slots).await;
    let each = |part: f64, count: usize| Duration::from_secs_f64(seconds * part / count.max(1) as f64);
    for (slot, route) in &asked {
        let body = subject.body(&slots, route);
        let calls = calls::measure(&slots, slot, route, &body, each(CALLS, asked.len())).await?;
        let ask = Ask::Signed { callers: callers.clone(), route: route.clone(), body };
        let load = Load { address, ask, length: each(REQUESTS, asked.len()) };
        report.requests.push(Crowd::of(format!("{slot}: {route}"), &load.run().await?, &calls.statuses)?);
        report.calls.push(calls);
    }
    let route = asked.first().map_or("nowhere", |(_, route)| route);
    let forger = callers.first().cloned().map(|caller| Ask::Forged { caller, route: route.to_owned() });
    let junk = [("no such route", 404, Some(Ask::Nowhere))];
    let junk = [("forged signatures", if asked.is_empty() { 404 } else { 401 }, forger)].into_iter().chain(junk);
    for (name, expected, ask) in junk {
        let Some(ask) = ask else { continue };
        let load = Load { address, ask, length: each(JUNK, 2) };
        report.junk.push(Crowd::of(name.to_owned(), &load.run().await?, &[expected].into())?);
    }
    serving.abort();
    Ok(report)
}

/// Slots that answer in one piece, each with one of its routes.
async fn answering(slots: &Slots) -> Vec<(String, String)> {
    let table = slots.table();
    let whole = |route: &&String| table.route(route).is_some_and(|route| route.is_streaming().is_none());
    let first = |slot: SlotStatus| slot.routes.iter().find(whole).map(|route| (slot.slot.clone(), route.clone()));
    slots.list().await.into_iter().filter_map(first).collect()
}

/// What is measured is the work and not the saying no.
fn unlimited() -> Limits {
    let all = Rate::new(1_000_000, 1_000_000);
    Limits { address: all, hotkey: all, ..Limits::default() }
}
