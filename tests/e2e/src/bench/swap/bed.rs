//! The host, its admin socket and its log.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::Slot;
use crate::account::ALICE;
use crate::attack::Usage;
use crate::bench::marked::{ROUTE, STREAM};
use crate::bench::place::unlimited;
use crate::error::HarnessError;
use crate::neuron::{Bench, free_port};
use crate::process::{LIMIT, Process};
use crate::wire::Answer;

/// The slot that is swapped.
const SLOT: &str = "marked";
/// The log is not to be put aside meanwhile.
const LOG_SIZE: &str = "4GiB";

/// `soma run` with one slot. Its log goes into a file besides.
#[derive(Debug)]
pub struct Bed {
    // The process has to be gone before its folder.
    process: Process,
    port: u16,
    bench: Bench,
}

impl Bed {
    /// Starts it with this plugin.
    ///
    /// # Errors
    /// [`HarnessError::Ended`] when it does not come up.
    pub fn start(plugin: &Path) -> Result<Bed, HarnessError> {
        let bench = Bench::new()?;
        let slot = Slot::new(SLOT, plugin.to_owned(), &[ROUTE, STREAM]);
        let path = bench.write("soma.toml", unlimited().slot(slot).text().as_bytes())?;
        let port = free_port()?;
        let mut command = bench.run_command(&path, ALICE, port)?;
        command.arg("--logging.json").args(["--logging.max_size", LOG_SIZE]);
        command.arg("--logging.logging_dir").arg(bench.path().join("log"));
        let mut process = Process::start("soma run", &mut command)?;
        process.wait_for(|log| log.contains("serving offline").then_some(()))?;
        Ok(Bed { process, port, bench })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// A folder for files of the bench.
    pub fn folder(&self) -> &Path {
        self.bench.path()
    }

    /// Resident memory in MiB.
    ///
    /// # Errors
    /// As [`Usage::of`].
    pub fn resident(&self) -> Result<f64, HarnessError> {
        Ok(Usage::of(self.process.id())?.resident as f64 / f64::from(1 << 20))
    }

    /// Puts this plugin into the slot, and returns the host's own count of milliseconds.
    ///
    /// # Errors
    /// [`HarnessError::Output`] when the host refuses.
    pub fn swap(&self, plugin: &Path) -> Result<f64, HarnessError> {
        let answer = self.admin("POST", &format!("/slots/{SLOT}/swap"), &json!({ "plugin": plugin }))?;
        let odd = || HarnessError::Output { what: "a swap".to_owned(), output: answer.to_string() };
        answer.get("elapsed_ms").and_then(Value::as_f64).ok_or_else(odd)
    }

    /// Old versions that still serve requests.
    ///
    /// # Errors
    /// [`HarnessError::Output`] when the host does not say.
    pub fn draining(&self) -> Result<u64, HarnessError> {
        let slots = self.admin("GET", "/slots", &Value::Null)?;
        let draining = slots.get(0).and_then(|slot| slot.get("draining")).and_then(Value::as_u64);
        draining.ok_or(HarnessError::Output { what: "the list of slots".to_owned(), output: slots.to_string() })
    }

    fn admin(&self, method: &str, path: &str, body: &Value) -> Result<Value, HarnessError> {
        let failed = || HarnessError::io("asking the admin socket");
        let mut socket = UnixStream::connect(self.bench.admin_socket()).map_err(failed())?;
        socket.set_read_timeout(Some(LIMIT)).map_err(failed())?;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!("{method} {path} HTTP/1.1\r\nhost: soma\r\nconnection: close\r\n");
        let kind = format!("content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        socket.write_all(format!("{head}{kind}").as_bytes()).map_err(failed())?;
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).map_err(failed())?;
        Ok(Answer::parse(&answer)?.json())
    }

    /// What `blacklist` said in the log, by request.
    ///
    /// # Errors
    /// [`HarnessError::Io`].
    pub fn gates(&self) -> Result<BTreeMap<String, String>, HarnessError> {
        let path: PathBuf = self.folder().join("log/soma.log");
        let text = fs::read_to_string(&path).map_err(HarnessError::io(format!("reading {}", path.display())))?;
        Ok(text.lines().filter_map(gate).collect())
    }
}

/// Request and mark of a line that a gate wrote.
fn gate(line: &str) -> Option<(String, String)> {
    let line: Value = serde_json::from_str(line).ok()?;
    let mark = line.get("message")?.as_str()?.strip_prefix("gate ")?;
    Some((line.get("request")?.as_str()?.to_owned(), mark.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gates_line_names_its_request() {
        let line = r#"{"level":"INFO","slot":"marked","request":"id-1","message":"gate 0000003","target":"plugin"}"#;
        assert_eq!(gate(line), Some(("id-1".to_owned(), "0000003".to_owned())));
        for other in ["plain", r#"{"message":"gate 1"}"#, r#"{"message":"plugin swapped","request":"x"}"#] {
            assert_eq!(gate(other), None);
        }
    }
}
