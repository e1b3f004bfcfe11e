//! A server under test, and what it has used: processor time and memory.

use std::time::Duration;

use tempfile::TempDir;
use toml::{Table, Value};

use crate::Settings;
use crate::attack::{Usage, usage};
use crate::error::HarnessError;
use crate::neuron::Neuron;
use crate::python::Service;

/// A rate that nobody reaches: what is measured is the work and not the saying no.
const UNLIMITED: i64 = 1_000_000;

/// The shipped defaults with the rates out of the way.
pub fn unlimited() -> Settings {
    let rates = ["address_rate", "address_burst", "hotkey_rate", "hotkey_burst"];
    let limits: Table = rates.iter().map(|rate| ((*rate).to_owned(), Value::from(UNLIMITED))).collect();
    Settings::default().set("axon", "limits", limits)
}

/// A server under test, in a process of its own.
#[derive(Debug)]
pub enum Place {
    /// `soma run`.
    Soma(Neuron),
    /// A script with one of the Python SDKs, and its home folder.
    Python(Service, TempDir),
}

impl Place {
    /// Its port on the loopback address.
    pub fn port(&self) -> u16 {
        match self {
            Place::Soma(neuron) => neuron.port(),
            Place::Python(service, _) => service.port,
        }
    }

    fn process(&self) -> u32 {
        match self {
            Place::Soma(neuron) => neuron.id(),
            Place::Python(service, _) => service.id(),
        }
    }

    /// Processor time of all its threads so far.
    ///
    /// # Errors
    /// As [`usage::processor_time`].
    pub fn processor_time(&self) -> Result<Duration, HarnessError> {
        usage::processor_time(self.process())
    }

    /// Resident memory in MiB.
    ///
    /// # Errors
    /// As [`Usage::of`].
    pub fn resident(&self) -> Result<f64, HarnessError> {
        Ok(Usage::of(self.process())?.resident as f64 / f64::from(1 << 20))
    }
}
