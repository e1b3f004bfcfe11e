//! A whole axon on a free port of this machine.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use serde_json::json;
use soma_axon::record::ConnectionEvent;
use soma_axon::replay::Bounds;
use soma_axon::{Admission, Axon, Gate, Limits, LogObserver, Observer, Proxies, Record, ReplayMemory, Server};
use soma_manifest::{Hook, Manifest, PluginFile, embed};
use soma_runtime::artifact::ArtifactCache;
use soma_runtime::budget::BudgetGrant;
use soma_runtime::compile::Compiler;
use soma_runtime::version::Loader;
use soma_runtime::{GuestEngine, SlotSpec, Slots, Want};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::client::{Answer, Connection, Request};
use crate::signed::{AXON, CHARLIE};

/// Nothing takes so long; a test that waits for it hangs.
pub const GUARD: Duration = Duration::from_secs(60);

/// Test guests that take any route, under routes of their own: their manifests all say `Echo`.
const ECHOES: [(&str, &str); 8] = [
    ("deny_reason", "Deny"),
    ("limit_gate", "SpinGate"),
    ("limit_memory", "Hoard"),
    ("limit_output", "Flood"),
    ("limit_spin", "Spin"),
    ("reply_garbage", "Garbage"),
    ("trap_gate", "TrapGate"),
    ("trap_panic", "Trap"),
];

/// Guests with routes of their own.
const OTHERS: [&str; 6] =
    ["fresh_counter", "probe_caller", "reply_head", "stream_endless", "stream_words", "text-miner-rust"];

/// What a test changes.
pub struct Options {
    /// Who is let in.
    pub admission: Admission,
    /// How many nonces are remembered.
    pub bounds: Bounds,
    /// In front of the slots' names: a log line then belongs to one test.
    pub prefix: &'static str,
    /// The guest that answers the route `Failing`.
    pub failing: &'static str,
    /// What callers may use.
    pub limits: Limits,
    /// What stands in front.
    pub proxies: Proxies,
    /// What the last host left.
    pub replay: Option<Arc<ReplayMemory>>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            admission: Admission::anyone(),
            bounds: Bounds::default(),
            prefix: "",
            failing: "reply_failures",
            limits: Limits::default(),
            proxies: Proxies::default(),
            replay: None,
        }
    }
}

/// A running axon.
pub struct Neuron {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its plugins.
    pub slots: Arc<Slots>,
    /// Its gate.
    pub gate: Arc<Gate>,
    /// What it told of its requests and connections.
    pub observed: Arc<Observed>,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
    _plugins: TempDir,
}

/// Keeps what it is told, and logs it.
#[derive(Default)]
pub struct Observed {
    records: Mutex<Vec<Record>>,
    events: Mutex<Vec<ConnectionEvent>>,
}

impl Observed {
    /// Waits for the record of a request that fits.
    pub async fn record(&self, fits: impl Fn(&Record) -> bool) -> Record {
        let find = || self.records.lock().unwrap().iter().find(|record| fits(record)).cloned();
        wait_for(find).await
    }

    /// Records so far.
    pub fn count(&self) -> usize {
        self.records.lock().unwrap().len()
    }

    /// Waits for so many events of a kind.
    pub async fn events(&self, event: ConnectionEvent, count: usize) {
        let seen = || self.events.lock().unwrap().iter().filter(|seen| **seen == event).count();
        wait_for(|| (seen() >= count).then_some(())).await;
    }
}

impl Observer for Observed {
    fn finished(&self, record: Record) {
        self.records.lock().unwrap().push(record.clone());
        LogObserver.finished(record);
    }

    fn connection(&self, event: ConnectionEvent) {
        self.events.lock().unwrap().push(event);
    }
}

/// Waits until there is something.
pub async fn wait_for<T>(mut find: impl FnMut() -> Option<T>) -> T {
    let waiting = async {
        loop {
            match find() {
                Some(found) => return found,
                None => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        }
    };
    tokio::time::timeout(GUARD, waiting).await.expect("it comes")
}

/// A built guest. `cargo xtask test` says where they are; without that they are looked for where it puts them.
pub fn guest(name: &str) -> PathBuf {
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("guests");
    let folder = std::env::var_os("SOMA_GUESTS").map_or(built, PathBuf::from);
    let path = folder.join(format!("{name}.wasm"));
    assert!(path.is_file(), "{} is not there: run `cargo xtask test`", path.display());
    path
}

impl Neuron {
    /// With every guest, for anybody who can sign. The example denies Charlie.
    pub async fn start() -> Neuron {
        Neuron::start_with(Options::default()).await
    }

    /// With every guest.
    pub async fn start_with(options: Options) -> Neuron {
        let plugins = tempfile::tempdir().unwrap();
        let slots = Arc::new(Slots::load(loader(), specs(plugins.path(), &options)).await.unwrap());
        let axon = Arc::new(Axon {
            admission: arc_swap::ArcSwap::from_pointee(options.admission),
            replay: options.replay.unwrap_or_else(|| Arc::new(ReplayMemory::new(options.bounds))),
            ..Axon::new(AXON.ss58.clone(), slots.clone())
        });
        let observed = Arc::new(Observed::default());
        let server = Server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let server = server.limited_to(options.limits).behind(options.proxies).observed_by(observed.clone());
        let (address, gate) = (server.address(), server.gate());
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(server.serve(axon, async {
            let _ = stopped.await;
        }));
        Neuron { address, slots, gate, observed, stop: Some(stop), serving, _plugins: plugins }
    }

    /// A connection to it.
    pub async fn connect(&self) -> Connection {
        Connection::open(self.address).await
    }

    /// Sends a request over a connection of its own.
    pub async fn ask(&self, request: &Request) -> Answer {
        self.connect().await.ask(request).await
    }

    /// Tells it to stop. What is in still comes to its end.
    pub fn stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
    }

    /// Waits until it has stopped.
    pub async fn stopped(self) {
        tokio::time::timeout(GUARD, self.serving).await.expect("it stops").unwrap();
    }
}

/// Compiles in this process and keeps the artifacts from run to run.
fn loader() -> Loader {
    static ENGINE: LazyLock<GuestEngine> = LazyLock::new(|| GuestEngine::start(None, 16).unwrap());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("axon-wire");
    let cache = ArtifactCache::open(&folder.join("artifacts"), &folder.join("state")).unwrap();
    Loader { engine: ENGINE.clone(), compiler: Compiler::InProcess, cache }
}

fn specs(folder: &Path, options: &Options) -> Vec<SlotSpec> {
    let prefix = options.prefix;
    let echoes = ECHOES
        .map(|(name, route)| slot(prefix, name, repack(folder, name, |manifest| rename(manifest, "Echo", route))));
    let plain = repack(folder, "trap_gate", |manifest| {
        rename(manifest, "Echo", "Plain");
        manifest.hooks.remove(&Hook::Blacklist);
    });
    let mut specs = Vec::from(echoes);
    specs.push(slot(prefix, "plain", plain));
    specs.push(slot(prefix, "failing", guest(options.failing)));
    specs.extend(OTHERS.map(|name| slot(prefix, name, guest(name))));
    specs
}

fn rename(manifest: &mut Manifest, old: &str, new: &str) {
    let route = manifest.routes.remove(old).unwrap();
    manifest.routes.insert(new.to_owned(), route);
}

fn repack(folder: &Path, name: &str, change: impl FnOnce(&mut Manifest)) -> PathBuf {
    let mut file = PluginFile::open(&guest(name)).unwrap();
    change(&mut file.manifest);
    let route = file.manifest.routes.keys().next().unwrap();
    let path = folder.join(format!("{route}.wasm"));
    std::fs::write(&path, embed(&file.bytes, &file.manifest).unwrap()).unwrap();
    path
}

fn slot(prefix: &str, name: &str, plugin: PathBuf) -> SlotSpec {
    SlotSpec {
        name: format!("{prefix}{name}"),
        plugin,
        routes: None,
        grant: Want::ALL.into(),
        config: BTreeMap::from([("deny".to_owned(), json!([CHARLIE.ss58]).to_string())]),
        budget: BudgetGrant::default(),
        instances: None,
    }
}
