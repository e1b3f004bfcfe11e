//! One instance of a plugin, for one request.
//!
//! A session is consumed by each call and given back only when the call came to a good end: after a trap, a
//! used-up budget or a dropped future there is no way to reach its store again.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytesize::ByteSize;
use soma_manifest::Hook;
use wasmtime::component::{Instance, Resource};
use wasmtime::{PoolConcurrencyLimitError, Store, UpdateDeadline};

use crate::bindings::{Failure, Reply, Request, Verdict};
use crate::capability::{Broken, Outlet, ResponseStream};
use crate::error::CallError;
use crate::meter::{CpuMeter, Metered};
use crate::state::{Exhausted, HostState, Origin};
use crate::trace::{Stopwatch, Trace};
use crate::version::Version;
use crate::words::{REASON, TRAP, cut, one_line};

/// A fresh instance with its store.
pub struct Session {
    version: Arc<Version>,
    store: Store<HostState>,
    instance: Instance,
    trace: Trace,
    /// Making the instance counts in the first hook's lap.
    first_lap: Option<Stopwatch>,
}

impl Session {
    /// Makes an instance, for this hook first. Its start code runs on the budget of a gate.
    pub async fn start(
        version: &Arc<Version>,
        request: Arc<str>,
        trace: &Trace,
        hook: Hook,
    ) -> Result<Session, CallError> {
        let budget = version.budget();
        let origin = Origin { slot: version.slot().clone(), version: version.id().clone(), request };
        let state = HostState::new(origin, version.config().clone(), budget);
        let usage = state.usage.clone();
        let lap = Stopwatch::start(trace, version, hook, &usage);
        let mut store = Store::new(version.pre().engine(), state);
        store.limiter(|state| &mut state.limiter);
        // What one call may lift is bounded by the guest's own memory; an answer's length is checked after.
        store.set_hostcall_fuel(usize::try_from(budget.memory.0).unwrap_or(usize::MAX));
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|context| {
            if context.data().usage.meter.is_exhausted() {
                return Err(wasmtime::Error::new(Exhausted::Cpu));
            }
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        usage.meter.restart(budget.gate_cpu);
        let made = Metered::new(usage.meter, version.pre().instantiate_async(&mut store)).await;
        let (version, trace) = (version.clone(), trace.clone());
        match made {
            Ok(instance) => Ok(Session { version, store, instance, trace, first_lap: Some(lap) }),
            Err(error) => Err(classify(&version, hook, budget_of(&version, Hook::Blacklist), error)),
        }
    }

    /// The version that it is an instance of.
    pub fn version(&self) -> &Arc<Version> {
        &self.version
    }

    /// Asks the gate.
    pub async fn blacklist(mut self, request: &Request) -> Result<(Session, Verdict), CallError> {
        let run = self.begin(Hook::Blacklist);
        let call = async {
            let hook = self.version.hooks().blacklist(&mut self.store, &self.instance)?;
            hook.call_check(&mut self.store, request).await
        };
        let verdict = run.gate(call).await?;
        Ok((self, verdict))
    }

    /// Has the request checked with its body.
    pub async fn verify(mut self, request: &Request, body: &[u8]) -> Result<(Session, Verdict), CallError> {
        let run = self.begin(Hook::Verify);
        let call = async {
            let hook = self.version.hooks().verify(&mut self.store, &self.instance)?;
            hook.call_check(&mut self.store, request, body).await
        };
        let verdict = run.gate(call).await?;
        Ok((self, verdict))
    }

    /// Asks for the request's priority. NaN and infinities count as the lowest.
    pub async fn priority(mut self, request: &Request) -> Result<(Session, f64), CallError> {
        let run = self.begin(Hook::Priority);
        let call = async {
            let hook = self.version.hooks().priority(&mut self.store, &self.instance)?;
            hook.call_rank(&mut self.store, request).await
        };
        let rank = run.gate(call).await?;
        Ok((self, if rank.is_finite() { rank } else { f64::MIN }))
    }

    /// Asks for the answer. The session ends with it.
    pub async fn forward(mut self, request: &Request, body: &[u8]) -> Result<Reply, CallError> {
        let run = self.begin(Hook::Forward);
        let call = async {
            let hook = self.version.hooks().forward(&mut self.store, &self.instance)?;
            hook.call_forward(&mut self.store, request, body).await
        };
        match run.finish(call).await? {
            Ok(reply) => checked(&self.version, reply),
            Err(failure) => Err(failed(failure)),
        }
    }

    /// Asks for the answer, which goes into the outlet piece by piece. The session ends with it.
    pub async fn stream(mut self, request: &Request, body: &[u8], outlet: Outlet) -> Result<(), CallError> {
        let run = self.begin(Hook::Streaming);
        let (version, pulse) = (self.version.clone(), outlet.pulse());
        let budget = version.budget();
        outlet.begin();
        self.store.data_mut().outlet = Some(outlet);
        let call = async {
            let hook = version.hooks().streaming(&mut self.store, &self.instance)?;
            let stream = Resource::<ResponseStream>::new_own(0);
            hook.call_forward(&mut self.store, request, body, stream).await
        };
        let slot = || version.slot().to_string();
        let ended = tokio::select! {
            ended = run.finish(call) => ended,
            () = pulse.silent(budget.idle) => {
                return Err(CallError::StreamIdle { slot: slot(), limit: budget.idle });
            }
        };
        // Whatever a guest makes of a write that was refused, the answer is not whole.
        let outlet = self.store.data_mut().outlet.take();
        match outlet.and_then(|outlet| outlet.broken()) {
            Some(Broken::Gone) => Err(CallError::StreamLeft { slot: slot() }),
            Some(Broken::Stalled) => Err(CallError::StreamStalled { slot: slot(), limit: budget.drain }),
            Some(Broken::Limit) => {
                Err(CallError::StreamBudget { slot: slot(), limit: budget.stream, piece: budget.output })
            }
            None => ended?.map_err(failed),
        }
    }

    /// Looks up every live hook: their shapes are checked only here.
    pub fn check_hooks(&mut self) -> wasmtime::Result<()> {
        self.version.hooks().check(&mut self.store, &self.instance)
    }

    fn begin(&mut self, hook: Hook) -> Run {
        let cpu = budget_of(&self.version, hook);
        let state = self.store.data_mut();
        state.log.refill();
        let usage = state.usage.clone();
        let lap = match self.first_lap.take() {
            Some(mut lap) => {
                lap.carry();
                lap
            }
            None => Stopwatch::start(&self.trace, &self.version, hook, &usage),
        };
        usage.meter.restart(cpu);
        self.store.set_epoch_deadline(1);
        Run { version: self.version.clone(), hook, cpu, meter: usage.meter, _lap: lap }
    }
}

/// One hook that is about to be called.
struct Run {
    version: Arc<Version>,
    hook: Hook,
    cpu: Duration,
    meter: Arc<CpuMeter>,
    _lap: Stopwatch,
}

impl Run {
    /// Runs a gate's call within a gate's time.
    async fn gate<T>(self, call: impl Future<Output = wasmtime::Result<T>>) -> Result<T, CallError> {
        let limit = self.version.budget().gate_wall;
        let (slot, hook) = (self.version.slot().to_string(), self.hook);
        let in_time = tokio::time::timeout(limit, self.finish(call)).await;
        in_time.unwrap_or(Err(CallError::GateWall { slot, hook, limit }))
    }

    async fn finish<T>(self, call: impl Future<Output = wasmtime::Result<T>>) -> Result<T, CallError> {
        let ended = Metered::new(self.meter.clone(), call).await;
        ended.map_err(|error| classify(&self.version, self.hook, self.cpu, error))
    }
}

/// CPU time of a hook.
fn budget_of(version: &Version, hook: Hook) -> Duration {
    match hook {
        Hook::Forward | Hook::Streaming => version.budget().forward_cpu,
        Hook::Blacklist | Hook::Verify | Hook::Priority => version.budget().gate_cpu,
    }
}

fn failed(failure: Failure) -> CallError {
    match failure {
        Failure::Invalid(reason) => CallError::Invalid(cut(&reason, REASON)),
        Failure::Refused(reason) => CallError::Refused(cut(&reason, REASON)),
        Failure::Unavailable(reason) => CallError::Unavailable(cut(&reason, REASON)),
        Failure::Internal(text) => CallError::Internal(cut(&text, REASON)),
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
        Some(Exhausted::Stream) | None => CallError::Trap { slot, hook, trap: one_line(&format!("{error:?}"), TRAP) },
    }
}
