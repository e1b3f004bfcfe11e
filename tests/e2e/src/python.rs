//! The scripts that drive the Python SDKs.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::account::Account;
use crate::error::HarnessError;
use crate::places;
use crate::process::{self, Process};

/// Which SDK a script runs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sdk {
    /// bittensor 10.5.0: axon, dendrite, synapse.
    V10,
    /// bittensor 11.3.0: `http_auth`.
    V11,
    /// The same with FastAPI and uvicorn around it, for the benches.
    V11Served,
}

impl Sdk {
    fn interpreter(self) -> Result<PathBuf, HarnessError> {
        match self {
            Self::V10 => places::python_10(),
            Self::V11 => places::python_11(),
            Self::V11Served => places::python_served(),
        }
    }
}

/// Runs a client script to its end and returns its results, one JSON object a line.
///
/// `home` is a temporary folder: the SDKs create files in the home folder when they are imported.
///
/// # Errors
/// [`HarnessError::Ended`] when it fails, [`HarnessError::Output`] when it prints something else than JSON objects.
pub fn run(sdk: Sdk, script: &str, home: &Path, arguments: &[&str]) -> Result<Vec<Value>, HarnessError> {
    let finished = process::run(script, &mut command(sdk, script, home, arguments)?)?;
    if !finished.status.success() {
        return Err(HarnessError::Ended {
            what: script.to_owned(),
            status: finished.status.to_string(),
            output: finished.stdout + &finished.stderr,
        });
    }
    finished
        .stdout
        .lines()
        .map(|line| {
            serde_json::from_str(line)
                .map_err(|_| HarnessError::Output { what: script.to_owned(), output: line.to_owned() })
        })
        .collect()
}

/// A server script that runs until the handle goes.
#[derive(Debug)]
pub struct Service {
    /// The loopback port that it listens on.
    pub port: u16,
    process: Process,
}

impl Service {
    /// Starts a server script and waits until it says that it listens.
    ///
    /// # Errors
    /// [`HarnessError::Ended`] or [`HarnessError::TooSlow`] when it does not come up.
    pub fn start(sdk: Sdk, script: &str, home: &Path, arguments: &[&str]) -> Result<Self, HarnessError> {
        let mut process = Process::start(script, &mut command(sdk, script, home, arguments)?)?;
        let port = process.wait_for(|text| {
            text.lines().find_map(|line| line.strip_prefix("READY ").and_then(|port| port.trim().parse().ok()))
        })?;
        Ok(Self { port, process })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The address as `host:port`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

/// The arguments that name a wallet, in the spelling of the scripts.
pub fn wallet_arguments(wallets: &Path, account: Account) -> [String; 4] {
    ["--wallet-path".to_owned(), wallets.display().to_string(), "--wallet-name".to_owned(), account.name.to_owned()]
}

fn command(sdk: Sdk, script: &str, home: &Path, arguments: &[&str]) -> Result<Command, HarnessError> {
    let mut command = Command::new(sdk.interpreter()?);
    command
        .arg(places::script(script)?)
        .args(arguments)
        // Nothing of the developer's Python or SDK settings may reach the test.
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home)
        .env("LANG", "C.UTF-8")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONUNBUFFERED", "1")
        .current_dir(home);
    Ok(command)
}
