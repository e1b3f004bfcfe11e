//! One loaded version of a plugin: compiled, linked, checked, ready for requests.

use std::collections::BTreeMap;
use std::sync::Arc;

use soma_manifest::{Digest, Hook, Manifest, PluginFile};
use tokio::sync::{Semaphore, SemaphorePermit};
use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre};

use crate::artifact::ArtifactCache;
use crate::bindings::{blacklist, forward, priority};
use crate::budget::Budget;
use crate::compile::Compiler;
use crate::engine::GuestEngine;
use crate::error::{CallError, LoadError};
use crate::route::RouteContract;
use crate::session::Session;
use crate::slots::SlotSpec;
use crate::state::HostState;

/// Requests that one version works on at once, for each core.
const IN_FLIGHT_PER_CORE: usize = 2;
/// Requests that wait for one version; more are turned away. They hold no instance.
const WAITING: usize = 256;

/// What is needed to load plugins.
#[derive(Clone)]
pub struct Loader {
    /// Where they run.
    pub engine: GuestEngine,
    /// What makes code of them.
    pub compiler: Compiler,
    /// Where that code is kept.
    pub cache: ArtifactCache,
}

/// A version of a plugin in a slot. Its id is a digest of component, manifest and configuration.
pub struct Version {
    slot: Arc<str>,
    id: Arc<str>,
    manifest: Manifest,
    digest: Digest,
    budget: Budget,
    config: Arc<BTreeMap<String, String>>,
    routes: BTreeMap<String, Arc<RouteContract>>,
    pre: InstancePre<HostState>,
    hooks: HookIndices,
    in_flight: Semaphore,
    waiting: Semaphore,
}

impl Loader {
    /// admit -> compile -> warm. What comes back can serve.
    pub async fn load(&self, spec: &SlotSpec) -> Result<Arc<Version>, LoadError> {
        let path = spec.plugin.clone();
        let opened = tokio::task::spawn_blocking(move || PluginFile::open(&path)).await;
        let file = opened.map_err(|error| LoadError::Engine(error.to_string()))??;
        file.check_grants(&spec.name, &spec.grant)?;
        let budget = Budget::decide(file.manifest.budget, spec.budget).map_err(|refusal| LoadError::Budget {
            slot: spec.name.clone(),
            asked: refusal.asked,
            granted: refusal.granted,
        })?;
        let routes = file.manifest.routes.iter().map(|(name, route)| {
            let contract = RouteContract::new(name, route)?;
            Ok((name.clone(), Arc::new(contract)))
        });
        let routes = routes.collect::<Result<BTreeMap<_, _>, LoadError>>()?;
        let engine = self.engine.engine();
        let component = match self.cache.load(engine, &file.digest) {
            Some(component) => component,
            None => {
                let artifact = self.compiler.compile(engine, &file.bytes).await?;
                self.cache.store(engine, &file.digest, &artifact)?
            }
        };
        let shape = |error: wasmtime::Error| LoadError::Shape(format!("{error:#}"));
        let pre = self.engine.linker().instantiate_pre(&component).map_err(shape)?;
        let hooks = HookIndices::find(&pre, &file.manifest).map_err(shape)?;
        let version = Arc::new(Version {
            slot: spec.name.as_str().into(),
            id: version_id(&file.digest, &spec.config).into(),
            manifest: file.manifest,
            digest: file.digest,
            budget,
            config: Arc::new(spec.config.clone()),
            routes,
            pre,
            hooks,
            in_flight: Semaphore::new(IN_FLIGHT_PER_CORE * cores()),
            waiting: Semaphore::new(WAITING),
        });
        self.warm(version.clone()).await?;
        Ok(version)
    }

    /// Instantiates once and looks up every hook: only that checks the shapes.
    async fn warm(&self, version: Arc<Version>) -> Result<(), LoadError> {
        let trial = async move {
            let mut session = Session::start(version, "warm".into()).await.map_err(LoadError::Warm)?;
            session.check_hooks().map_err(|error| LoadError::Shape(format!("{error:#}")))
        };
        self.engine.spawn(trial).join().await.unwrap_or(Err(LoadError::Engine("the host is stopping".into())))
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}

/// Digest of (component with manifest, configuration), 12 hexadecimal digits.
fn version_id(digest: &Digest, config: &BTreeMap<String, String>) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&digest.0);
    for (key, value) in config {
        for text in [key, value] {
            hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        }
    }
    hasher.finalize().to_hex().chars().take(12).collect()
}

impl Version {
    /// The operator's slot.
    pub fn slot(&self) -> &Arc<str> {
        &self.slot
    }

    /// 12 hexadecimal digits that name component, manifest and configuration.
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// What the plugin says about itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Digest of the plugin file.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// What its calls may use.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// The contracts of the routes that it answers.
    pub fn routes(&self) -> &BTreeMap<String, Arc<RouteContract>> {
        &self.routes
    }

    /// Whether its manifest has the hook live.
    pub fn has(&self, hook: Hook) -> bool {
        self.manifest.hooks.contains(&hook)
    }

    pub(crate) fn config(&self) -> &Arc<BTreeMap<String, String>> {
        &self.config
    }

    pub(crate) fn pre(&self) -> &InstancePre<HostState> {
        &self.pre
    }

    pub(crate) fn hooks(&self) -> &HookIndices {
        &self.hooks
    }

    /// Waits, first come first served, until one more request may be worked on.
    pub(crate) async fn admit(&self) -> Result<SemaphorePermit<'_>, CallError> {
        let busy = || CallError::Busy { slot: self.slot.to_string() };
        let _place = self.waiting.try_acquire().map_err(|_| busy())?;
        self.in_flight.acquire().await.map_err(|_| busy())
    }

    /// The hook that an instance is made for first: names it when making one fails.
    pub(crate) fn first_hook(&self) -> Hook {
        let order = [Hook::Blacklist, Hook::Priority, Hook::Forward];
        order.into_iter().find(|hook| self.has(*hook)).unwrap_or(Hook::Forward)
    }
}

/// Where the live hooks are in an instance: looked up once.
pub struct HookIndices {
    forward: Option<forward::GuestIndices>,
    blacklist: Option<blacklist::GuestIndices>,
    priority: Option<priority::GuestIndices>,
}

impl HookIndices {
    fn find(pre: &InstancePre<HostState>, manifest: &Manifest) -> wasmtime::Result<HookIndices> {
        let live = |hook| manifest.hooks.contains(&hook);
        Ok(HookIndices {
            forward: live(Hook::Forward).then(|| forward::GuestIndices::new(pre)).transpose()?,
            blacklist: live(Hook::Blacklist).then(|| blacklist::GuestIndices::new(pre)).transpose()?,
            priority: live(Hook::Priority).then(|| priority::GuestIndices::new(pre)).transpose()?,
        })
    }

    pub(crate) fn forward(
        &self,
        store: &mut Store<HostState>,
        instance: &Instance,
    ) -> wasmtime::Result<forward::Guest> {
        self.forward.as_ref().ok_or_else(|| not_live(Hook::Forward))?.load(store, instance)
    }

    pub(crate) fn blacklist(
        &self,
        store: &mut Store<HostState>,
        instance: &Instance,
    ) -> wasmtime::Result<blacklist::Guest> {
        self.blacklist.as_ref().ok_or_else(|| not_live(Hook::Blacklist))?.load(store, instance)
    }

    pub(crate) fn priority(
        &self,
        store: &mut Store<HostState>,
        instance: &Instance,
    ) -> wasmtime::Result<priority::Guest> {
        self.priority.as_ref().ok_or_else(|| not_live(Hook::Priority))?.load(store, instance)
    }

    pub(crate) fn check(&self, store: &mut Store<HostState>, instance: &Instance) -> wasmtime::Result<()> {
        if let Some(hook) = &self.forward {
            hook.load(&mut *store, instance)?;
        }
        if let Some(hook) = &self.blacklist {
            hook.load(&mut *store, instance)?;
        }
        if let Some(hook) = &self.priority {
            hook.load(&mut *store, instance)?;
        }
        Ok(())
    }
}

fn not_live(hook: Hook) -> wasmtime::Error {
    wasmtime::format_err!("the hook {hook} is not live")
}
