//! The servers, and how each is started.

use std::env;
use std::path::PathBuf;

use serde_json::json;
use tempfile::TempDir;

use crate::account::{ALICE, CHARLIE, DAVE};
use crate::attack::draft::ROUTE;
use crate::bench::place::{Place, unlimited};
use crate::error::HarnessError;
use crate::neuron::{Bench, Neuron};
use crate::python::{Sdk, Service, wallet_arguments};
use crate::query::Dialect;
use crate::{Slot, places};

/// What serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The axon of the Python SDK 10.5.0.
    Axon10,
    /// FastAPI with `http_auth` of the Python SDK 11.3.0.
    FastApi11,
    /// `soma run` with the example's handler compiled into it.
    Native,
    /// `soma run` with the plugin, an instance for each request.
    Fresh,
    /// `soma run` with the plugin, instances used again.
    Warm,
}

/// One server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contestant {
    /// What serves.
    pub kind: Kind,
    /// The language that its handler is written in.
    pub guest: &'static str,
}

impl Kind {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Axon10 => "python-10.5",
            Kind::FastApi11 => "fastapi-11.3",
            Kind::Native => "native",
            Kind::Fresh => "sandbox-fresh",
            Kind::Warm => "sandbox-warm",
        }
    }

    /// The protocols that it speaks.
    pub const fn dialects(self) -> &'static [Dialect] {
        match self {
            Kind::Axon10 => &[Dialect::Synapse],
            Kind::FastApi11 => &[Dialect::Btauth],
            _ => &[Dialect::Synapse, Dialect::Btauth],
        }
    }

    /// More answers a second than it gives: as many requests are signed the first time.
    pub const fn most(self) -> usize {
        match self {
            Kind::Axon10 | Kind::FastApi11 => 4_000,
            _ => 20_000,
        }
    }
}

/// All of them, in the order of the report.
pub fn all() -> Vec<Contestant> {
    let one = |kind, guest| Contestant { kind, guest };
    let mut all = vec![one(Kind::Axon10, "python"), one(Kind::FastApi11, "python"), one(Kind::Native, "rust")];
    for guest in ["rust", "c", "python", "typescript"] {
        all.extend([one(Kind::Fresh, guest), one(Kind::Warm, guest)]);
    }
    all
}

impl Contestant {
    /// The name that `--cases` looks at.
    pub fn name(&self) -> String {
        format!("{}/{}", self.kind.name(), self.guest)
    }

    /// Starts it.
    ///
    /// # Errors
    /// [`HarnessError::NotPrepared`] when something that it needs was not built, [`HarnessError::Ended`] when it does not
    /// come up.
    pub fn start(&self) -> Result<Place, HarnessError> {
        match self.kind {
            Kind::Axon10 => python(Sdk::V10, "axon_bench_10.py"),
            Kind::FastApi11 => python(Sdk::V11Served, "server_bench_11.py"),
            Kind::Native => native(),
            Kind::Fresh => self.sandboxed("fresh"),
            Kind::Warm => self.sandboxed("warm"),
        }
    }

    fn sandboxed(&self, mode: &str) -> Result<Place, HarnessError> {
        let slot = slot(places::guest(&format!("text-miner-{}", self.guest))?).with("instances", mode);
        Neuron::start(&unlimited().slot(slot)).map(Place::Soma)
    }
}

/// The slot of the text miner, with the setting that its gate reads.
fn slot(plugin: PathBuf) -> Slot {
    let denied = json!([CHARLIE.hotkey, DAVE.hotkey]).to_string();
    Slot::new("text", plugin, &[ROUTE]).grant(&["config"]).config("deny", &denied)
}

/// The same `soma run` from a build that has the example's handler in it: `SOMA_NATIVE_BIN`.
fn native() -> Result<Place, HarnessError> {
    let program = env::var_os("SOMA_NATIVE_BIN").map(PathBuf::from).unwrap_or_default();
    if !program.is_file() {
        return Err(HarnessError::NotPrepared { what: "a soma with the native handler", path: program });
    }
    let slot = slot(places::guest("text-miner-rust")?);
    let bench = Bench::new()?.with_program(program);
    Neuron::start_in(bench, &unlimited().slot(slot)).map(Place::Soma)
}

fn python(sdk: Sdk, script: &str) -> Result<Place, HarnessError> {
    let folder = TempDir::new().map_err(HarnessError::io("creating a temporary folder"))?;
    crate::account::write_wallets(folder.path())?;
    let who = match sdk {
        Sdk::V10 => wallet_arguments(folder.path(), ALICE).to_vec(),
        Sdk::V11 | Sdk::V11Served => vec!["--hotkey".to_owned(), ALICE.hotkey.to_owned()],
    };
    let denied = ["--deny", CHARLIE.hotkey, "--deny", DAVE.hotkey];
    let arguments: Vec<&str> = who.iter().map(String::as_str).chain(denied).collect();
    let service = Service::start(sdk, script, folder.path(), &arguments)?;
    Ok(Place::Python(service, folder))
}
