//! One question of the JSON-RPC, and a running `soma localnet`.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::error::HarnessError;
use crate::neuron::{Bench, free_port};
use crate::process::{self, Finished, LIMIT, Process};
use crate::wire::Request;

/// How often a chain is asked that does not answer yet.
const POLL: Duration = Duration::from_millis(2);

/// Asks a node one question over HTTP and gives its answer, which is a `result` or an `error`.
///
/// # Errors
/// [`HarnessError::Io`] when it cannot be reached, [`HarnessError::Output`] when it says something else than JSON.
pub fn ask(to: SocketAddr, method: &str, params: &Value) -> Result<Value, HarnessError> {
    let question = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let request = Request::new("POST", "/").with("content-type", "application/json").with("connection", "close");
    let answer = request.body(question.to_string()).send(to)?.json();
    match answer.is_object() {
        true => Ok(answer),
        false => Err(HarnessError::Output { what: method.to_owned(), output: answer.to_string() }),
    }
}

/// A running `soma localnet`.
#[derive(Debug)]
pub struct Chain {
    process: Process,
    address: SocketAddr,
    /// From its start to the first answer.
    pub ready: Duration,
}

impl Chain {
    /// Starts it with these flags on a free port, and waits for its first answer.
    ///
    /// # Errors
    /// [`HarnessError::Ended`] or [`HarnessError::TooSlow`] when it does not come up.
    pub fn start(bench: &Bench, flags: &[&str]) -> Result<Self, HarnessError> {
        let port = free_port()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut command = bench.soma()?;
        command.args(["localnet", "--port", &port.to_string()]).args(flags);
        let begun = Instant::now();
        let mut process = Process::start("soma localnet", &mut command)?;
        while ask(address, "system_chain", &json!([])).is_err() {
            if let Some(status) = process.poll()? {
                let output = process.output();
                return Err(HarnessError::Ended {
                    what: "soma localnet".to_owned(),
                    status: status.to_string(),
                    output,
                });
            }
            if begun.elapsed() > LIMIT {
                let output = process.output();
                return Err(HarnessError::TooSlow { what: "soma localnet".to_owned(), limit: LIMIT, output });
            }
            std::thread::sleep(POLL);
        }
        Ok(Self { process, address, ready: begun.elapsed() })
    }

    /// Its address on the loopback network.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same as a network's name.
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it prints when it is ready, with `--json`.
    ///
    /// # Errors
    /// [`HarnessError::Ended`] or [`HarnessError::TooSlow`] when it prints no such line.
    pub fn line(&mut self) -> Result<Value, HarnessError> {
        self.process.wait_for(|text| serde_json::from_str(text.lines().find(|line| line.starts_with('{'))?).ok())
    }

    /// Ends it with a signal (`TERM`, `INT`), and waits until it has ended.
    ///
    /// # Errors
    /// [`HarnessError::TooSlow`] when it does not end.
    pub fn end(self, signal: &str) -> Result<Finished, HarnessError> {
        let id = self.process.id().to_string();
        process::run("kill", Command::new("kill").args([&format!("-{signal}"), &id]))?;
        self.process.finish()
    }
}
