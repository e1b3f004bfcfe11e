//! Both servers, and the requests between them.

use std::net::{Ipv4Addr, SocketAddr};

use toml::{Table, Value};

use super::observation::Observation;
use super::plan::Plan;
use super::report::Report;
use crate::account::ALICE;
use crate::error::HarnessError;
use crate::neuron::Bench;
use crate::python::{self, Sdk, Service};
use crate::settings::{Settings, Slot};
use crate::signed::next_nonce;
use crate::{Neuron, places};

/// The real axon and ours, both with Alice's hotkey and the same classes.
#[derive(Debug)]
pub struct Pair {
    python: Service,
    soma: Neuron,
    // Goes after the Python process that has its home in it.
    _home: Bench,
}

/// Requests a second: one caller asks as fast as it can, and the real axon counts nobody.
const NO_LIMIT: i64 = 1_000_000;

/// Settings of a neuron that serves the classes of the edge cases.
///
/// # Errors
/// [`HarnessError::NotPrepared`] when the guest was not built.
pub fn settings() -> Result<Settings, HarnessError> {
    let mut limits = Table::new();
    for limit in ["address_rate", "address_burst", "hotkey_rate", "hotkey_burst"] {
        limits.insert(limit.to_owned(), Value::from(NO_LIMIT));
    }
    // The real axon goes on with a caller that makes it raise.
    let traps = Table::from_iter([("traps".to_owned(), Value::from("unlimited"))]);
    let slot = Slot::with_all_routes("edge", places::guest("edge_classes")?).with("budget", traps);
    Ok(Settings::default().set("axon", "limits", limits).slot(slot))
}

impl Pair {
    /// Starts both.
    ///
    /// # Errors
    /// As [`Neuron::start`] and [`Service::start`].
    pub fn start() -> Result<Self, HarnessError> {
        let home = Bench::new()?;
        let wallet = python::wallet_arguments(&home.wallets(), ALICE);
        let arguments: Vec<&str> = wallet.iter().map(String::as_str).collect();
        let python = Service::start(Sdk::V10, "axon_10.py", &home.home(), &arguments)?;
        Ok(Self { python, soma: Neuron::start(&settings()?)?, _home: home })
    }

    /// Sends `requests` cases of a seed to both and says after each how many are done.
    ///
    /// # Errors
    /// [`HarnessError::Io`] or [`HarnessError::Answer`] when a server does not answer at all.
    pub fn compare(&self, seed: u64, requests: u64, mut done: impl FnMut(u64)) -> Result<Report, HarnessError> {
        let python = SocketAddr::from((Ipv4Addr::LOCALHOST, self.python.port));
        let soma = SocketAddr::from((Ipv4Addr::LOCALHOST, self.soma.port()));
        let mut report = Report::default();
        let mut index = 0;
        while report.requests() < requests {
            let plan = Plan::new(seed, index);
            for request in plan.draft(next_nonce()).requests()? {
                let theirs = Observation::of(&request.send(python)?);
                let ours = Observation::of(&request.send(soma)?);
                report.add(&plan, &request, &theirs, &ours);
            }
            index += 1;
            done(report.requests());
        }
        Ok(report)
    }
}
