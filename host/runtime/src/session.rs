//! One instance of a plugin, for one request.
//!
//! A session is consumed by each call and given back only when the call came to a good end: after a trap, a
//! used-up budget or a dropped future there is no way to reach its store again.

use std::sync::Arc;
use std::time::Duration;

use bytesize::ByteSize;
use soma_manifest::Hook;
use wasmtime::component::Instance;
use wasmtime::{PoolConcurrencyLimitError, Store, UpdateDeadline};

use crate::bindings::{Failure, Reply, Request, Verdict};
use crate::error::CallError;
use crate::meter::Metered;
use crate::state::{Exhausted, HostState, Origin};
use crate::version::Version;

/// A fresh instance with its store.
pub struct Session {
    version: Arc<Version>,
    store: Store<HostState>,
    instance: Instance,
}

impl Session {
    /// Makes an instance. Its start code runs on the budget of a gate.
    pub async fn start(version: Arc<Version>, request: Arc<str>) -> Result<Session, CallError> {
        let hook = version.first_hook();
        let budget = *version.budget();
        let origin = Origin { slot: version.slot().clone(), version: version.id().clone(), request };
        let state = HostState::new(origin, version.config().clone(), &budget);
        let meter = state.meter.clone();
        let mut store = Store::new(version.pre().engine(), state);
        store.limiter(|state| &mut state.limiter);
        // What one call may lift is bounded by the guest's own memory; an answer's length is checked after.
        store.set_hostcall_fuel(usize::try_from(budget.memory.0).unwrap_or(usize::MAX));
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|context| {
            if context.data().meter.is_exhausted() {
                return Err(wasmtime::Error::new(Exhausted::Cpu));
            }
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        meter.restart(budget.gate_cpu);
        let made = Metered::new(meter, version.pre().instantiate_async(&mut store)).await;
        match made {
            Ok(instance) => Ok(Session { version, store, instance }),
            Err(error) => Err(classify(&version, hook, budget.gate_cpu, error)),
        }
    }

    /// The slot that its plugin is in.
    pub fn slot(&self) -> &str {
        self.version.slot()
    }

    /// Asks the gate.
    pub async fn blacklist(mut self, request: &Request) -> Result<(Session, Verdict), CallError> {
        let limit = self.version.budget().gate_cpu;
        let meter = self.begin(limit);
        let call = async {
            let hook = self.version.hooks().blacklist(&mut self.store, &self.instance)?;
            hook.call_check(&mut self.store, request).await
        };
        let result = Metered::new(meter, call).await;
        let verdict = result.map_err(|error| classify(&self.version, Hook::Blacklist, limit, error))?;
        Ok((self, verdict))
    }

    /// Asks for the request's priority. NaN and infinities count as the lowest.
    pub async fn priority(mut self, request: &Request) -> Result<(Session, f64), CallError> {
        let limit = self.version.budget().gate_cpu;
        let meter = self.begin(limit);
        let call = async {
            let hook = self.version.hooks().priority(&mut self.store, &self.instance)?;
            hook.call_rank(&mut self.store, request).await
        };
        let result = Metered::new(meter, call).await;
        let rank = result.map_err(|error| classify(&self.version, Hook::Priority, limit, error))?;
        Ok((self, if rank.is_finite() { rank } else { f64::MIN }))
    }

    /// Asks for the answer. The session ends with it.
    pub async fn forward(mut self, request: &Request, body: &[u8]) -> Result<Reply, CallError> {
        let budget = *self.version.budget();
        let meter = self.begin(budget.forward_cpu);
        let call = async {
            let hook = self.version.hooks().forward(&mut self.store, &self.instance)?;
            hook.call_forward(&mut self.store, request, body).await
        };
        let result = Metered::new(meter, call).await;
        let answer = result.map_err(|error| classify(&self.version, Hook::Forward, budget.forward_cpu, error))?;
        match answer {
            Ok(reply) => checked(&self.version, reply),
            Err(Failure::Invalid(reason)) => Err(CallError::Invalid(reason)),
            Err(Failure::Refused(reason)) => Err(CallError::Refused(reason)),
            Err(Failure::Unavailable(reason)) => Err(CallError::Unavailable(reason)),
            Err(Failure::Internal(text)) => Err(CallError::Internal(text)),
        }
    }

    /// Looks up every live hook: their shapes are checked only here.
    pub fn check_hooks(&mut self) -> wasmtime::Result<()> {
        self.version.hooks().check(&mut self.store, &self.instance)
    }

    fn begin(&mut self, cpu: Duration) -> Arc<crate::meter::CpuMeter> {
        let state = self.store.data_mut();
        state.log.refill();
        state.meter.restart(cpu);
        let meter = state.meter.clone();
        self.store.set_epoch_deadline(1);
        meter
    }
}

/// A reply within its limits.
fn checked(version: &Version, reply: Reply) -> Result<Reply, CallError> {
    let size = ByteSize(reply.body.len() as u64);
    let limit = version.budget().output;
    if size > limit {
        return Err(CallError::OutputBudget { slot: version.slot().to_string(), size, limit });
    }
    let garbage = |problem: String| Err(CallError::Garbage { slot: version.slot().to_string(), problem });
    if let Some(status) = reply.status
        && !(200..500).contains(&status)
    {
        return garbage(format!("status {status} is not 200 to 499"));
    }
    if let Some(media) = &reply.content_type
        && (media.len() > 200 || !media.bytes().all(|byte| (0x20..0x7f).contains(&byte)))
    {
        return garbage("its content type is not printable ASCII of at most 200 bytes".to_owned());
    }
    Ok(reply)
}

/// What a failed call means.
fn classify(version: &Version, hook: Hook, cpu: Duration, error: wasmtime::Error) -> CallError {
    let slot = version.slot().to_string();
    if error.is::<PoolConcurrencyLimitError>() {
        return CallError::Busy { slot };
    }
    match error.downcast_ref::<Exhausted>() {
        Some(Exhausted::Cpu) => CallError::CpuBudget { slot, hook, limit: cpu },
        Some(Exhausted::Memory) => CallError::MemoryBudget { slot, hook, limit: version.budget().memory },
        Some(Exhausted::Table) => CallError::TableBudget { slot, hook },
        None => CallError::Trap { slot, hook, trap: format!("{error:?}") },
    }
}
