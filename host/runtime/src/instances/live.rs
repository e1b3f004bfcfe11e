//! One instance with its store.

use std::sync::Arc;
use std::time::{Duration, Instant};

use soma_manifest::Hook;
use wasmtime::component::Instance;
use wasmtime::{Store, UpdateDeadline};

use super::policy::WarmPolicy;
use crate::cores::OnCore;
use crate::error::CallError;
use crate::fault::{classify, explain};
use crate::metagraph::Pinned;
use crate::state::{Exhausted, HostState, Origin};
use crate::trace::Usage;
use crate::version::Version;
use crate::words::{REASON, cut};

/// An instance that is in order: no call of it runs, and none ended badly.
pub struct Live {
    pub store: Store<HostState>,
    pub instance: Instance,
    born: Instant,
    calls: u32,
    /// CPU time that its making took, until a request is charged for it.
    owed: Duration,
}

impl Live {
    /// Makes one, whose use is counted in `usage`. Its start code runs on the budget of a gate; failures are those of
    /// `hook`, which it is made for.
    pub async fn make(version: &Version, request: Arc<str>, hook: Hook, usage: Usage) -> Result<Live, CallError> {
        let (budget, pre) = (version.budget(), version.component()?.0);
        let origin = Origin { slot: version.slot().clone(), version: version.id().clone(), request };
        let state =
            HostState::new(origin, version.config().clone(), budget, usage.clone(), version.conduct().counts().clone());
        let mut store = Store::new(pre.engine(), state);
        store.limiter(|state| &mut state.limiter);
        // What one call may lift is bounded by the guest's own memory; what it hands to an import, and an answer's length,
        // is checked apart from that, with errors that say so.
        store.set_hostcall_fuel(usize::try_from(budget.memory.0).unwrap_or(usize::MAX));
        store.set_max_component_handles(budget.handles);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|context| {
            if context.data().usage.meter.is_exhausted() {
                return Err(wasmtime::Error::new(Exhausted::Cpu));
            }
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        usage.meter.restart(budget.gate_cpu);
        let making = pre.instantiate_async(&mut store);
        let made = OnCore::new(version.cores().clone(), usage.meter.clone(), making).await;
        let instance = made.map_err(|error| classify(version, hook, budget.gate_cpu, error))?;
        let owed = usage.meter.take();
        Ok(Live { store, instance, born: Instant::now(), calls: 0, owed })
    }

    /// Makes one that will serve more than one request: with its `init`, when the plugin has one.
    pub async fn make_ready(version: &Version, request: Arc<str>, hook: Hook, usage: Usage) -> Result<Live, CallError> {
        let mut live = Live::make(version, request, hook, usage).await?;
        let Some(lifecycle) = &version.component()?.1.lifecycle else { return Ok(live) };
        let (cpu, cores) = (version.budget().forward_cpu, version.cores().clone());
        let meter = live.store.data().usage.meter.clone();
        meter.restart(cpu);
        live.store.set_epoch_deadline(1);
        let call = async {
            let lifecycle = lifecycle.load(&mut live.store, &live.instance)?;
            let called = lifecycle.call_init(&mut live.store).await;
            called.map_err(|error| explain(&mut live.store, error))
        };
        let called = tokio::time::timeout(version.budget().wall, OnCore::new(cores, meter.clone(), call)).await;
        let ended = called.map_err(|_| CallError::WallBudget { limit: version.budget().wall })?;
        live.owed += meter.take();
        match ended.map_err(|error| classify(version, hook, cpu, error))? {
            Ok(()) => Ok(live),
            Err(text) => Err(CallError::Init { slot: version.slot().to_string(), reason: cut(&text, REASON) }),
        }
    }

    /// Hands it to a request. Nothing of the host's view of earlier requests is left then.
    pub fn assign(&mut self, request: Arc<str>, metagraph: Pinned) {
        self.calls = self.calls.saturating_add(1);
        self.store.data_mut().assign(request, metagraph);
    }

    /// Takes it back from a request.
    pub fn release(&mut self) {
        self.store.data_mut().release();
    }

    /// CPU time of its making, for the first who asks.
    pub fn settle_debt(&mut self) -> Duration {
        std::mem::take(&mut self.owed)
    }

    /// Whether it may serve one more request.
    pub fn is_within(&self, policy: &WarmPolicy) -> bool {
        self.calls < policy.calls && self.is_young(policy) && self.store.data().usage.memory() <= policy.memory.0
    }

    /// Whether it is not too old.
    pub fn is_young(&self, policy: &WarmPolicy) -> bool {
        self.born.elapsed() < policy.age
    }
}
