//! Engines, slots and calls.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use soma_manifest::{Manifest, PluginFile, embed};
use soma_runtime::artifact::ArtifactCache;
use soma_runtime::budget::BudgetGrant;
use soma_runtime::compile::Compiler;
use soma_runtime::routing::RoutingTable;
use soma_runtime::version::Loader;
use soma_runtime::{
    Absence, Call, CallError, Caller, Dialect, GuestEngine, LoadError, Request, Served, SlotSpec, Slots,
};
use soma_runtime::{StreamedReply, Trace, Want};
use tempfile::TempDir;

/// Time for calls that are expected to end by themselves. Only a hanging host waits for so long.
pub const LONG: Duration = Duration::from_secs(60);
/// Time for calls that are expected not to.
pub const SHORT: Duration = Duration::from_millis(50);

/// ss58 of the caller in every call.
pub const HOTKEY: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

/// A built guest. `cargo xtask test` says where they are; without that they are looked for where it puts them.
pub fn guest(name: &str) -> PathBuf {
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("guests");
    let folder = std::env::var_os("SOMA_GUESTS").map_or(built, PathBuf::from);
    let path = folder.join(format!("{name}.wasm"));
    assert!(path.is_file(), "{} is not there: run `cargo xtask test`", path.display());
    path
}

/// The engine that most tests share, as slots do.
pub fn engine() -> GuestEngine {
    static ENGINE: LazyLock<GuestEngine> = LazyLock::new(|| GuestEngine::start(None, 16).unwrap());
    ENGINE.clone()
}

/// Compiles in this process and keeps the artifacts from run to run.
pub fn loader() -> Loader {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("runtime-plugins");
    let cache = ArtifactCache::open(&folder.join("artifacts"), &folder.join("state")).unwrap();
    Loader { engine: engine(), compiler: Compiler::InProcess, cache }
}

/// Has an empty cache, and fails when it would have to compile.
pub fn loader_without_compiler(folder: &TempDir) -> Loader {
    let cache = ArtifactCache::open(&folder.path().join("artifacts"), &folder.path().join("state")).unwrap();
    let compiler = Compiler::Child { program: "/bin/false".into(), confinement: Default::default() };
    Loader { engine: engine(), compiler, cache }
}

/// A slot that is granted everything and bound to all routes.
pub fn slot(name: &str, plugin: PathBuf) -> SlotSpec {
    SlotSpec {
        name: name.to_owned(),
        plugin,
        routes: None,
        grant: Want::ALL.into(),
        config: BTreeMap::new(),
        budget: BudgetGrant::default(),
        instances: None,
    }
}

/// One slot with one guest, both of the same name.
pub fn slot_of(name: &str) -> SlotSpec {
    slot(name, guest(name))
}

/// The slots of a host.
pub async fn load(specs: impl IntoIterator<Item = SlotSpec>) -> Result<Slots, LoadError> {
    Slots::load(loader(), specs.into_iter().collect()).await
}

/// Why a slot does not load where nothing may be compiled.
pub async fn refusal_of(spec: SlotSpec) -> LoadError {
    let folder = tempfile::tempdir().unwrap();
    match loader_without_compiler(&folder).load(&spec).await {
        Ok(_) => panic!("{} was loaded", spec.name),
        Err(error) => error,
    }
}

/// A guest packed again with another manifest.
pub struct Repacked {
    /// Holds the file.
    folder: TempDir,
}

impl Repacked {
    /// Packs the guest with what `change` makes of its manifest.
    pub fn new(name: &str, change: impl FnOnce(&mut Manifest)) -> Repacked {
        let mut file = PluginFile::open(&guest(name)).unwrap();
        change(&mut file.manifest);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("plugin.wasm"), embed(&file.bytes, &file.manifest).unwrap()).unwrap();
        Repacked { folder }
    }

    /// The guest as a plugin that only gates.
    pub fn gate(name: &str) -> Repacked {
        Repacked::new(name, |manifest| {
            manifest.hooks = [soma_runtime::Hook::Blacklist].into();
            manifest.routes = BTreeMap::new();
        })
    }

    /// The file.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("plugin.wasm")
    }
}

/// A verified request of [`HOTKEY`] for `route`.
pub fn call(route: &str, body: impl Into<Vec<u8>>, limit: Duration) -> Call {
    let body = body.into();
    let request = Request {
        id: "test".to_owned(),
        route: route.to_owned(),
        target: format!("/{route}?a=1"),
        caller: Caller {
            hotkey: HOTKEY.to_owned(),
            uid: Some(7),
            stake: 1000.5,
            validator_permit: true,
            ip: "203.0.113.9".to_owned(),
            body_bound: true,
        },
        dialect: Dialect::Btauth,
        method: "POST".to_owned(),
        headers: vec![("user-agent".to_owned(), "tests".to_owned())],
        content_type: "application/json".to_owned(),
        body_len: u32::try_from(body.len()).unwrap(),
        received_ms: 1_700_000_000_000.0,
        deadline_ms: 0,
    };
    Call { request, body, metagraph: Err(Absence::Offline), limit }
}

/// As [`call`], of another caller.
pub fn call_by(caller: &str, route: &str, body: impl Into<Vec<u8>>, limit: Duration) -> Call {
    let mut call = call(route, body, limit);
    call.request.caller.hotkey = caller.to_owned();
    call
}

/// Asks a route of this table.
pub async fn serve(table: &RoutingTable, call: Call) -> Result<Served, CallError> {
    let route = table.route(&call.request.route).expect("the route is bound");
    route.serve(&engine(), call, &Trace::default()).await
}

/// Asks a streaming route.
pub async fn stream(slots: &Slots, call: Call) -> Result<StreamedReply, CallError> {
    let table = slots.table();
    let route = table.route(&call.request.route).expect("the route is bound");
    route.stream(slots.engine(), call, &Trace::default()).await
}

/// All pieces of an answer, and the error that it ended with.
pub async fn read(mut reply: StreamedReply) -> (Vec<Bytes>, Option<CallError>) {
    let mut pieces: Vec<Bytes> = reply.first.into_iter().collect();
    loop {
        match reply.rest.next().await {
            None => return (pieces, None),
            Some(Ok(piece)) => pieces.push(piece),
            Some(Err(error)) => {
                assert!(reply.rest.next().await.is_none(), "an error is the last item");
                return (pieces, Some(error));
            }
        }
    }
}

/// Asks the slots as they are now, with all the time in the world. The answer has to be JSON.
pub async fn ask(slots: &Slots, route: &str, body: &Value) -> Result<Value, CallError> {
    let served = serve(&slots.table(), call(route, body.to_string(), LONG)).await?;
    Ok(serde_json::from_slice(&served.reply.body).unwrap())
}

/// The error of a call that must not succeed. ([`Served`] has no `Debug`.)
pub fn failure(served: Result<Served, CallError>) -> CallError {
    match served {
        Ok(served) => panic!("it answered {}", String::from_utf8_lossy(&served.reply.body)),
        Err(error) => error,
    }
}

/// The help text of an error.
pub fn help(error: &impl miette::Diagnostic) -> String {
    error.help().map(|help| help.to_string()).unwrap_or_default()
}
