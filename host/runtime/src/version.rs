//! One loaded version of a plugin: compiled, linked, checked, ready for requests.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytesize::ByteSize;
use soma_manifest::{Digest, Hook, Manifest, PluginFile, Want};
use wasmtime::component::{Component, InstancePre};

use crate::artifact::ArtifactCache;
use crate::budget::{Budget, MoreThanGranted};
use crate::compile::Compiler;
use crate::conduct::Conduct;
use crate::cores::CoreShare;
use crate::engine::GuestEngine;
use crate::error::{CallError, LoadError};
use crate::gates::SlotGates;
use crate::hooks::HookIndices;
use crate::instances::{Asker, InstancePolicy, InstanceSpec, Instances, Size};
use crate::queue::{Queue, Shares};
use crate::route::RouteContract;
use crate::session::Session;
use crate::slots::SlotSpec;
use crate::state::HostState;
use crate::trace::Trace;

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
    code: Code,
    instances: Instances,
    forwards: Queue,
    streams: Queue,
    shares: Shares,
    gates: Arc<SlotGates>,
    conduct: Arc<Conduct>,
    cores: Arc<CoreShare>,
    engine: GuestEngine,
}

/// What answers.
pub(crate) enum Code {
    /// A component in the sandbox.
    Component(InstancePre<HostState>, HookIndices),
    /// Functions of this program: what a bench compares the sandbox with.
    #[cfg(feature = "native")]
    Native(crate::native::NativeHooks),
}

impl Loader {
    /// admit -> compile -> warm. What comes back can serve.
    pub async fn load(&self, spec: &SlotSpec) -> Result<Arc<Version>, LoadError> {
        let path = spec.plugin.clone();
        let opened = tokio::task::spawn_blocking(move || PluginFile::open(&path)).await;
        let file = opened.map_err(|error| LoadError::Engine(error.to_string()))??;
        file.check_grants(&spec.name, &spec.grant)?;
        file.check_settings(&spec.name, &spec.config)?;
        for grant in file.unused_grants(&spec.grant) {
            tracing::warn!(slot = spec.name, plugin = file.manifest.name, %grant, "granted, but the plugin does not want it");
        }
        for setting in unread_settings(&file.manifest, &spec.config) {
            tracing::warn!(
                slot = spec.name,
                plugin = file.manifest.name,
                setting,
                "set in `config`, but the plugin does not want `config`"
            );
        }
        let budget = decide(&file.manifest, spec)?;
        if spec.instances == Some(InstanceSpec::Resident) && file.manifest.hooks.contains(&Hook::Streaming) {
            return Err(LoadError::ResidentStream { slot: spec.name.clone() });
        }
        let routes = contracts(&file.manifest).await?;
        let engine = self.engine.engine();
        let component = match self.cache.load(engine, &file.digest) {
            Some(component) => component,
            None => {
                // A core compiles about a MiB a second.
                let seconds = file.bytes.len().div_ceil(1 << 20);
                tracing::info!("compiling {}: once, about {seconds} s", file.manifest.name);
                let artifact = self.compiler.compile(engine, &file.bytes).await?;
                self.cache.store(engine, &file.digest, &artifact)?
            }
        };
        let shape = |error: wasmtime::Error| LoadError::Shape(format!("{error:#}"));
        let pre = self.engine.linker().instantiate_pre(&component).map_err(shape)?;
        let hooks = HookIndices::find(&pre, &file.manifest).map_err(shape)?;
        let size = Size { component: ByteSize(file.bytes.len() as u64), memory: initial_memory(&component) };
        let policy = InstancePolicy::decide(spec.instances, size, &budget);
        let parts = Parts { manifest: file.manifest, digest: file.digest, budget, routes };
        let version = Version::new(&self.engine, spec, parts, policy, Code::Component(pre, hooks));
        self.warm(version.clone()).await?;
        version.instances.watch_age(&version);
        Ok(version)
    }

    /// Instantiates once and looks up every hook: only that checks the shapes.
    async fn warm(&self, version: Arc<Version>) -> Result<(), LoadError> {
        let trial = async move {
            let session = Session::start(&version, Asker::host("warm"), &Trace::default(), version.first_hook()).await;
            let session = session.map_err(LoadError::Warm)?;
            session.check_hooks().map_err(|error| LoadError::Shape(format!("{error:#}")))?;
            version.instances.fill(&version);
            Ok(())
        };
        self.engine.spawn(trial).await.unwrap_or(Err(LoadError::Engine("the host is stopping".into())))
    }
}

/// Settings of an operator whose plugin cannot ask for any: they are probably meant for another plugin.
fn unread_settings<'a>(manifest: &Manifest, config: &'a BTreeMap<String, String>) -> impl Iterator<Item = &'a str> {
    let read = manifest.wants.contains(&Want::Config);
    config.keys().filter(move |_| !read).map(String::as_str)
}

fn decide(manifest: &Manifest, spec: &SlotSpec) -> Result<Budget, LoadError> {
    let slot = spec.name.clone();
    let decided = Budget::decide(manifest.budget, spec.budget);
    decided.map_err(|MoreThanGranted { key, asked, granted }| LoadError::Budget { slot, key, asked, granted })
}

/// Of the component's largest memory at the start; nothing when that cannot be told before it is instantiated.
fn initial_memory(component: &Component) -> ByteSize {
    const PAGE: u64 = 64 << 10;
    let resources = component.resources_required();
    ByteSize(resources.and_then(|resources| resources.max_initial_memory_size).unwrap_or(0).saturating_mul(PAGE))
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

/// The routes' contracts. Compiling a schema that is not ours takes its own thread.
pub(crate) async fn contracts(manifest: &Manifest) -> Result<BTreeMap<String, Arc<RouteContract>>, LoadError> {
    let routes = manifest.routes.clone();
    let compiling = tokio::task::spawn_blocking(move || {
        let contracts =
            routes.iter().map(|(name, route)| Ok((name.clone(), Arc::new(RouteContract::new(name, route)?))));
        contracts.collect()
    });
    compiling.await.map_err(|error| LoadError::Engine(error.to_string()))?
}

/// What a version is made of, apart from its code.
pub(crate) struct Parts {
    pub manifest: Manifest,
    pub digest: Digest,
    pub budget: Budget,
    pub routes: BTreeMap<String, Arc<RouteContract>>,
}

impl Version {
    pub(crate) fn new(
        engine: &GuestEngine,
        spec: &SlotSpec,
        parts: Parts,
        policy: InstancePolicy,
        code: Code,
    ) -> Arc<Version> {
        let Parts { manifest, digest, budget, routes } = parts;
        let (slot, id): (Arc<str>, Arc<str>) = (spec.name.as_str().into(), version_id(&digest, &spec.config).into());
        let counts = engine.ledger().slot(&spec.name);
        let conduct = Conduct::new(slot.clone(), id.clone(), counts, budget.traps);
        // A resident instance serves one request at a time; the others wait where they are ordered by priority.
        let at_once = |most: usize| if policy == InstancePolicy::Resident { 1 } else { most };
        Arc::new(Version {
            slot,
            id,
            manifest,
            digest,
            budget,
            config: Arc::new(spec.config.clone()),
            routes,
            code,
            instances: Instances::new(policy, engine),
            forwards: Queue::new(at_once(budget.in_flight), budget.queue),
            streams: Queue::new(at_once(budget.streams), budget.queue),
            shares: Shares::new(budget.streams_of_one_caller()),
            gates: engine.gates().slot(&spec.name),
            conduct: Arc::new(conduct),
            cores: engine.cores().slot(&spec.name),
            engine: engine.clone(),
        })
    }

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

    /// What the sandbox runs.
    ///
    /// # Errors
    /// For native code, which has no instances.
    pub(crate) fn component(&self) -> Result<(&InstancePre<HostState>, &HookIndices), CallError> {
        match &self.code {
            Code::Component(pre, hooks) => Ok((pre, hooks)),
            #[cfg(feature = "native")]
            Code::Native(_) => Err(CallError::Internal("native code has no instances".to_owned())),
        }
    }

    /// Whether requests need an instance: native code has none.
    pub(crate) fn has_instances(&self) -> bool {
        self.component().is_ok()
    }

    /// The functions of native code.
    #[cfg(feature = "native")]
    pub(crate) fn native_hooks(&self) -> Option<&crate::native::NativeHooks> {
        match &self.code {
            Code::Component(..) => None,
            Code::Native(hooks) => Some(hooks),
        }
    }

    /// Its instances.
    pub(crate) fn instances(&self) -> &Instances {
        &self.instances
    }

    /// How long its instances live.
    pub fn policy(&self) -> &InstancePolicy {
        self.instances.policy()
    }

    /// Instances that are made and wait for a request.
    pub fn idle(&self) -> usize {
        self.instances.idle()
    }

    /// Another version serves from now on; this one only ends what it has begun.
    pub(crate) fn retire(&self) {
        self.instances.close();
    }

    /// Its slot's share of the guests' threads.
    pub(crate) fn cores(&self) -> &Arc<CoreShare> {
        &self.cores
    }

    pub(crate) fn engine(&self) -> &GuestEngine {
        &self.engine
    }

    /// Whether it answers routes, and does not only gate those of others.
    pub fn answers(&self) -> bool {
        self.has(Hook::Forward) || self.has(Hook::Streaming)
    }

    /// Requests that wait for their turn.
    pub fn waiting(&self) -> usize {
        self.forwards.waiting() + self.streams.waiting()
    }

    /// Where requests for this hook wait for their turn.
    pub(crate) fn queue(&self, hook: Hook) -> &Queue {
        if hook == Hook::Streaming { &self.streams } else { &self.forwards }
    }

    /// What one caller may have of its streams.
    pub(crate) fn shares(&self) -> &Shares {
        &self.shares
    }

    /// How it behaves, and who makes it misbehave.
    pub fn conduct(&self) -> &Arc<Conduct> {
        &self.conduct
    }

    /// What bounds the gate hooks of its slot, which all versions of the slot share.
    pub(crate) fn gates(&self) -> &Arc<SlotGates> {
        &self.gates
    }

    /// The hook that is asked first: names the plugin's fault when it cannot even be instantiated.
    pub(crate) fn first_hook(&self) -> Hook {
        let order = [Hook::Blacklist, Hook::Verify, Hook::Priority, Hook::Streaming];
        order.into_iter().find(|hook| self.has(*hook)).unwrap_or(Hook::Forward)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_unread_when_the_plugin_does_not_want_config() {
        let config = BTreeMap::from([("allow", "[]"), ("deny", "[]")].map(|(key, value)| (key.into(), value.into())));
        for (wants, expected) in
            [("[]", vec!["allow", "deny"]), (r#"["clock"]"#, vec!["allow", "deny"]), (r#"["config"]"#, vec![])]
        {
            let section = format!(r#"{{"name": "x", "version": "1", "hooks": ["blacklist"], "wants": {wants}}}"#);
            let manifest = Manifest::from_section(section.as_bytes()).unwrap();
            assert_eq!(unread_settings(&manifest, &config).collect::<Vec<_>>(), expected, "{wants}");
        }
    }
}
