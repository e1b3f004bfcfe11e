//! The operator's slots: load, swap, drain.
//!
//! Serving reads one atomic pointer. A swap loads and warms the new version beside the old one, binds a whole
//! new table and puts it in place; if anything fails before that, nothing has changed. The old version lives
//! for as long as requests hold the old table.
//!
//! What bounds it: at most [`DRAINING`] old versions of one slot live at a time; a further swap waits for one
//! to end, and gives up after `PATIENCE`. Swaps of one slot come one after another; they hold up nobody else,
//! neither other slots nor [`Slots::list`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use soma_manifest::Want;
use tokio::sync::Mutex;

use crate::budget::BudgetGrant;
use crate::conduct::Exhaustion;
use crate::error::LoadError;
use crate::instances::InstanceSpec;
use crate::routing::RoutingTable;
use crate::version::{Loader, Version};

/// Old versions of one slot that may still serve requests.
pub const DRAINING: usize = 4;
/// How long a swap waits for one of them to end: the default wall budget.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(10);

/// What the operator's file says about a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotSpec {
    /// Names everything that the plugin owns.
    pub name: String,
    /// The plugin file.
    pub plugin: PathBuf,
    /// Routes that are bound to it; none takes all that it answers (or, for a gate, all that there are).
    pub routes: Option<Vec<String>>,
    /// Imports that it may use.
    pub grant: BTreeSet<Want>,
    /// Settings for its `config` import.
    pub config: BTreeMap<String, String>,
    /// Budgets beyond the default.
    pub budget: BudgetGrant,
    /// How long its instances live; without a word small plugins get fresh ones and large ones warm ones.
    pub instances: Option<InstanceSpec>,
}

/// All slots of a host.
pub struct Slots {
    loader: Loader,
    table: ArcSwap<RoutingTable>,
    /// By slot: whose turn it is to swap it, for as long as loading and draining take.
    turns: BTreeMap<String, Mutex<()>>,
    /// Only ever locked for a moment.
    state: Mutex<State>,
}

struct State {
    bound: Vec<(SlotSpec, Arc<Version>)>,
    drained: Vec<(String, Weak<Version>)>,
}

/// A slot as `soma plugin list` shows it.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct SlotStatus {
    /// The operator's name for it.
    pub slot: String,
    /// The plugin's own name.
    pub plugin: String,
    /// The author's version.
    pub version: String,
    /// The host's version: a digest of component, manifest and configuration.
    pub id: String,
    /// BLAKE3 of the file.
    pub digest: String,
    /// Live hooks.
    pub hooks: Vec<String>,
    /// Routes that it answers.
    pub routes: Vec<String>,
    /// The file it was loaded from.
    pub file: PathBuf,
    /// Old versions that still serve requests.
    pub draining: usize,
    /// Requests that wait for their turn.
    pub waiting: usize,
    /// How long its instances live: `fresh`, `warm` with its bounds, or `resident`.
    pub instances: String,
    /// Instances that are made and wait for a request.
    pub idle: usize,
    /// Unix time in milliseconds of the next try, when the plugin was taken out because it trapped too often.
    pub out_until_ms: Option<u64>,
    /// Callers that have to wait because they made it trap.
    pub slowed: usize,
    /// Calls that misbehaved since the host was started, of all versions.
    pub traps: u64,
    /// Budgets that were used up since the host was started, by all versions.
    pub exhausted: Vec<Exhaustion>,
}

/// Whether a swap may take routes or gates away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// It may not.
    #[default]
    Refused,
    /// The operator says so.
    Allowed,
}

/// A swap that came to pass.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Swapped {
    /// The slot.
    pub slot: String,
    /// Id of the version that served before.
    pub from: String,
    /// Id of the version that serves now.
    pub to: String,
    /// The file that served before.
    pub from_file: PathBuf,
    /// The file that serves now.
    pub to_file: PathBuf,
    /// From the request to the first request that can be served, in milliseconds.
    pub elapsed_ms: f64,
}

impl Slots {
    /// Loads every slot. The first that fails is the error.
    pub async fn load(loader: Loader, specs: Vec<SlotSpec>) -> Result<Slots, LoadError> {
        let mut bound = Vec::with_capacity(specs.len());
        for spec in specs {
            let loaded = loader.load(&spec).await;
            let version = loaded.inspect_err(|_| {
                tracing::error!(slot = spec.name, plugin = %spec.plugin.display(), "this plugin cannot be loaded");
            })?;
            bound.push((spec, version));
        }
        Slots::bind(loader, bound)
    }

    /// Puts loaded versions into service.
    pub fn bind(loader: Loader, bound: Vec<(SlotSpec, Arc<Version>)>) -> Result<Slots, LoadError> {
        let table = ArcSwap::from_pointee(RoutingTable::bind(&bound)?);
        let turns = bound.iter().map(|(spec, _)| (spec.name.clone(), Mutex::new(()))).collect();
        Ok(Slots { loader, table, turns, state: Mutex::new(State { bound, drained: Vec::new() }) })
    }

    /// The table of this moment. A request takes it once and keeps it.
    pub fn table(&self) -> Arc<RoutingTable> {
        self.table.load_full()
    }

    /// The engine that its plugins run on.
    pub fn engine(&self) -> &crate::engine::GuestEngine {
        &self.loader.engine
    }

    /// Puts another plugin file into a slot; grants, settings and routes stay. On any error the old version
    /// goes on serving. A candidate that would take a route or a gate away is such an error: a gate must not open
    /// because its successor has no `blacklist`.
    pub async fn swap(&self, slot: &str, plugin: PathBuf) -> Result<Swapped, LoadError> {
        self.replace(slot, plugin, Loss::Refused).await
    }

    /// As [`swap`](Slots::swap), with the operator's word on what may be lost.
    pub async fn replace(&self, slot: &str, plugin: PathBuf, loss: Loss) -> Result<Swapped, LoadError> {
        self.exchange(slot, loss, |spec| SlotSpec { plugin, ..spec }).await
    }

    /// As [`swap`](Slots::swap), with everything that the operator's file now says about the slot of this name: plugin,
    /// routes, grants, settings, budgets.
    pub async fn change(&self, spec: SlotSpec) -> Result<Swapped, LoadError> {
        let slot = spec.name.clone();
        self.exchange(&slot, Loss::Refused, |_| spec).await
    }

    /// What every slot was loaded with, in the operator's order.
    pub async fn specs(&self) -> Vec<SlotSpec> {
        self.state.lock().await.bound.iter().map(|(spec, _)| spec.clone()).collect()
    }

    async fn exchange(
        &self,
        slot: &str,
        loss: Loss,
        next: impl FnOnce(SlotSpec) -> SlotSpec,
    ) -> Result<Swapped, LoadError> {
        let start = Instant::now();
        let Some(turn) = self.turns.get(slot) else { return Err(self.state.lock().await.unknown(slot)) };
        let _turn = turn.lock().await;
        self.drain(slot).await?;
        let (index, spec) = self.state.lock().await.find(slot)?;
        let from_file = spec.plugin.clone();
        let spec = next(spec);
        let to_file = spec.plugin.clone();
        let version = self.loader.load(&spec).await?;
        let mut state = self.state.lock().await;
        let mut bound = state.bound.clone();
        let to = version.id().to_string();
        let Some(place) = bound.get_mut(index) else { return Err(state.unknown(slot)) };
        let (_, old) = std::mem::replace(place, (spec, version));
        let table = RoutingTable::bind(&bound)?;
        let lost = self.table().losses(&table);
        if loss == Loss::Refused && !lost.is_empty() {
            return Err(LoadError::Loses { slot: slot.to_owned(), lost: lost.join(", ") });
        }
        self.table.store(Arc::new(table));
        old.retire();
        state.drained.push((slot.to_owned(), Arc::downgrade(&old)));
        state.bound = bound;
        let elapsed_ms = start.elapsed().as_secs_f64() * 1000.0;
        tracing::info!(slot, from = %old.id(), to, elapsed_ms, "plugin swapped");
        let from = old.id().to_string();
        Ok(Swapped { slot: slot.to_owned(), from, to, from_file, to_file, elapsed_ms })
    }

    /// Every slot, in the operator's order.
    pub async fn list(&self) -> Vec<SlotStatus> {
        let state = self.state.lock().await;
        let table = self.table();
        let status = state.bound.iter().map(|(spec, version)| {
            let answered = |route: &&str| {
                table.route(route).is_some_and(|route| std::ptr::eq(route.answerer(), Arc::as_ptr(version)))
            };
            SlotStatus {
                slot: spec.name.clone(),
                plugin: version.manifest().name.clone(),
                version: version.manifest().version.clone(),
                id: version.id().to_string(),
                digest: version.digest().to_string(),
                hooks: version.manifest().hooks.iter().map(ToString::to_string).collect(),
                routes: table.names().filter(answered).map(str::to_owned).collect(),
                file: spec.plugin.clone(),
                draining: state.draining(&spec.name),
                waiting: version.waiting(),
                instances: version.policy().to_string(),
                idle: version.idle(),
                out_until_ms: version.conduct().out().map(unix_ms_in),
                slowed: version.conduct().slowed(),
                traps: version.conduct().counts().traps(),
                exhausted: version.conduct().counts().exhaustions(),
            }
        });
        status.collect()
    }

    /// Waits until the slot may have one more old version.
    async fn drain(&self, slot: &str) -> Result<(), LoadError> {
        let start = Instant::now();
        loop {
            let draining = self.state.lock().await.forget_drained(slot);
            if draining < DRAINING {
                return Ok(());
            }
            if start.elapsed() > PATIENCE {
                return Err(LoadError::StillDraining { slot: slot.to_owned(), draining, waited: PATIENCE });
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Unix time in milliseconds, so much later than now.
fn unix_ms_in(later: Duration) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from((now + later).as_millis()).unwrap_or(u64::MAX)
}

impl State {
    fn draining(&self, slot: &str) -> usize {
        self.drained.iter().filter(|(name, version)| name == slot && version.strong_count() > 0).count()
    }

    /// Forgets old versions that have ended. Returns how many of the slot's have not.
    fn forget_drained(&mut self, slot: &str) -> usize {
        self.drained.retain(|(_, version)| version.strong_count() > 0);
        self.draining(slot)
    }

    fn find(&self, slot: &str) -> Result<(usize, SlotSpec), LoadError> {
        let found = self.bound.iter().enumerate().find(|(_, (spec, _))| spec.name == slot);
        found.map(|(index, (spec, _))| (index, spec.clone())).ok_or_else(|| self.unknown(slot))
    }

    fn unknown(&self, slot: &str) -> LoadError {
        let known: Vec<&str> = self.bound.iter().map(|(spec, _)| spec.name.as_str()).collect();
        LoadError::NoSuchSlot { slot: slot.to_owned(), known: known.join(", ") }
    }
}
