//! The server under test.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use toml::{Table, Value};

use super::stock::Callers;
use crate::account::BOB;
use crate::attack::{Usage, usage};
use crate::error::HarnessError;
use crate::process::LIMIT;
use crate::wire::Answer;
use crate::{Neuron, Settings, Slot, places};

/// A rate that nobody reaches: what is measured is the work and not the saying no.
const UNLIMITED: i64 = 1_000_000;
/// Asks the admin socket for the metrics.
const METRICS: &[u8] = b"GET /metrics HTTP/1.1\r\nhost: soma\r\nconnection: close\r\n\r\n";

/// The example miner in a process of its own. It lets in a list of hotkeys, and its rates are out of the way.
#[derive(Debug)]
pub struct Bed {
    neuron: Neuron,
    /// Hotkeys that are on the list, besides Bob's.
    pub callers: Callers,
}

impl Bed {
    /// Starts it.
    ///
    /// # Errors
    /// As [`Neuron::start`].
    pub fn start() -> Result<Bed, HarnessError> {
        let callers = Callers::make();
        let admitted = callers.hotkeys().chain([BOB.hotkey]).map(Value::from).collect();
        let rates = ["address_rate", "address_burst", "hotkey_rate", "hotkey_burst"];
        let limits: Table = rates.iter().map(|rate| ((*rate).to_owned(), Value::from(UNLIMITED))).collect();
        let slot = Slot::new("text", places::guest("text-miner-rust")?, &["TextGeneration"]).grant(&["config"]);
        let settings = Settings::default().slot(slot);
        let settings = settings.set("axon", "admit", Value::Array(admitted)).set("axon", "limits", limits);
        Ok(Bed { neuron: Neuron::start(&settings)?, callers })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.neuron.port()))
    }

    /// Processor time that it has used.
    ///
    /// # Errors
    /// As [`usage::processor_time`].
    pub fn processor_time(&self) -> Result<Duration, HarnessError> {
        usage::processor_time(self.neuron.id())
    }

    /// What it holds.
    ///
    /// # Errors
    /// As [`Usage::of`].
    pub fn usage(&self) -> Result<Usage, HarnessError> {
        Usage::of(self.neuron.id())
    }

    /// Nonces that it remembers, by its own metric.
    ///
    /// # Errors
    /// [`HarnessError::Io`] when the admin socket does not answer, [`HarnessError::Output`] when it does not say it.
    pub fn nonces(&self) -> Result<f64, HarnessError> {
        let path = self.neuron.bench().admin_socket();
        let failed = |error| HarnessError::io(format!("asking {}", path.display()))(error);
        let mut stream = UnixStream::connect(&path).map_err(failed)?;
        stream.set_read_timeout(Some(LIMIT)).map_err(failed)?;
        stream.write_all(METRICS).map_err(failed)?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).map_err(failed)?;
        let text = Answer::parse(&bytes)?.text();
        let value = text.lines().find_map(|line| line.strip_prefix("soma_axon_nonces "));
        let odd = || HarnessError::Output { what: "the metrics".to_owned(), output: text.clone() };
        value.and_then(|value| value.parse().ok()).ok_or_else(odd)
    }

    /// A file in its folder.
    ///
    /// # Errors
    /// [`HarnessError::Io`].
    pub fn write(&self, name: &str, content: &[u8]) -> Result<std::path::PathBuf, HarnessError> {
        self.neuron.bench().write(name, content)
    }
}
