//! One instance of a plugin, for one request.
//!
//! A session is consumed by each call and given back only when the call came to a good end: after a trap, a
//! used-up budget or a dropped future there is no way to reach its store again, whatever the operator's mode of
//! instances is. While a call runs its instance belongs to the call's future and goes with it.
//!
//! A resident instance's call comes to its own end even when nobody waits for it any more: see
//! [`Settled`].

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytesize::ByteSize;
use soma_manifest::Hook;
use tokio::runtime::Handle;
use wasmtime::component::Resource;

use crate::bindings::{Failure, Reply, Request, Verdict};
use crate::capability::{Broken, Outlet, ResponseStream};
use crate::conduct::Behind;
use crate::cores::{OnCore, release};
use crate::error::CallError;
use crate::fault::{classify, explain};
use crate::instances::{Asker, Home, Instances, Left, Live, Settled};
use crate::meter::CpuMeter;
use crate::queue::{Place, Share};
use crate::trace::{Stopwatch, Trace, Usage};
use crate::version::Version;
use crate::words::{REASON, cut};

/// An instance for one request.
pub struct Session {
    version: Arc<Version>,
    /// None while a call runs, after one that did not end well, and of native code.
    live: Option<Live>,
    home: Home,
    caller: Arc<str>,
    trace: Trace,
    /// Getting the instance counts in the first hook's lap.
    first_lap: Option<Stopwatch>,
}

/// Dropping a session gives its instance back, if it is in order.
impl Drop for Session {
    fn drop(&mut self) {
        let home = std::mem::replace(&mut self.home, Home::None);
        self.version.instances().give_back(self.live.take(), home);
    }
}

impl Session {
    /// Gets an instance, for this hook first.
    pub async fn start(version: &Arc<Version>, asker: Asker, trace: &Trace, hook: Hook) -> Result<Session, CallError> {
        let usage = Usage::default();
        let mut lap = Stopwatch::start(trace, version, hook, &usage);
        let caller = asker.caller.clone();
        let (live, home) = match version.has_instances() {
            true => {
                let (mut live, home) = Instances::take(version, asker, hook, usage).await?;
                let making = live.settle_debt();
                lap.follow(&live.store.data().usage, making);
                (Some(live), home)
            }
            false => (None, Home::None),
        };
        Ok(Session { version: version.clone(), live, home, caller, trace: trace.clone(), first_lap: Some(lap) })
    }

    /// The version that it is an instance of.
    pub fn version(&self) -> &Arc<Version> {
        &self.version
    }

    /// Asks the gate.
    pub async fn blacklist(self, request: &Request) -> Result<(Session, Verdict), CallError> {
        #[cfg(feature = "native")]
        if self.live.is_none() {
            return self.natively(Hook::Blacklist, |hooks| hooks.blacklist(request));
        }
        let Some(threads) = self.settles_on() else { return self.ask_blacklist(request).await };
        let request = request.clone();
        let left = self.left(Hook::Blacklist, |ended: &Result<_, _>| ended.as_ref().err());
        Settled::new(&threads, async move { self.ask_blacklist(&request).await }, left).await
    }

    async fn ask_blacklist(mut self, request: &Request) -> Result<(Session, Verdict), CallError> {
        let (run, mut live) = self.begin(Hook::Blacklist)?;
        let call = async {
            let hook = self.version.component()?.1.blacklist(&mut live.store, &live.instance)?;
            let called = hook.call_check(&mut live.store, request).await;
            called.map_err(|error| explain(&mut live.store, error))
        };
        let verdict = run.gate(call).await?;
        self.live = Some(live);
        Ok((self, verdict))
    }

    /// Has the request checked with its body.
    pub async fn verify(self, request: &Request, body: &[u8]) -> Result<(Session, Verdict), CallError> {
        #[cfg(feature = "native")]
        if self.live.is_none() {
            return self.natively(Hook::Verify, |hooks| hooks.verify(request, body));
        }
        let Some(threads) = self.settles_on() else { return self.ask_verify(request, body).await };
        let (request, body) = (request.clone(), body.to_vec());
        let left = self.left(Hook::Verify, |ended: &Result<_, _>| ended.as_ref().err());
        Settled::new(&threads, async move { self.ask_verify(&request, &body).await }, left).await
    }

    async fn ask_verify(mut self, request: &Request, body: &[u8]) -> Result<(Session, Verdict), CallError> {
        let (run, mut live) = self.begin(Hook::Verify)?;
        let call = async {
            let hook = self.version.component()?.1.verify(&mut live.store, &live.instance)?;
            let called = hook.call_check(&mut live.store, request, body).await;
            called.map_err(|error| explain(&mut live.store, error))
        };
        let verdict = run.gate(call).await?;
        self.live = Some(live);
        Ok((self, verdict))
    }

    /// Asks for the request's priority. NaN and infinities count as the lowest.
    pub async fn priority(self, request: &Request) -> Result<(Session, f64), CallError> {
        #[cfg(feature = "native")]
        if self.live.is_none() {
            return self.natively(Hook::Priority, |hooks| hooks.priority(request));
        }
        let Some(threads) = self.settles_on() else { return self.ask_priority(request).await };
        let request = request.clone();
        let left = self.left(Hook::Priority, |ended: &Result<_, _>| ended.as_ref().err());
        Settled::new(&threads, async move { self.ask_priority(&request).await }, left).await
    }

    async fn ask_priority(mut self, request: &Request) -> Result<(Session, f64), CallError> {
        let (run, mut live) = self.begin(Hook::Priority)?;
        let call = async {
            let hook = self.version.component()?.1.priority(&mut live.store, &live.instance)?;
            let called = hook.call_rank(&mut live.store, request).await;
            called.map_err(|error| explain(&mut live.store, error))
        };
        let rank = run.gate(call).await?;
        self.live = Some(live);
        Ok((self, if rank.is_finite() { rank } else { f64::MIN }))
    }

    /// Asks for the answer. The session ends with it, and then the place is free.
    pub async fn forward(self, request: Request, body: Vec<u8>, place: Place) -> Result<Reply, CallError> {
        let Some(threads) = self.settles_on() else {
            let reply = self.ask_forward(&request, &body).await;
            drop(place);
            return reply;
        };
        let limit = self.version.budget().wall;
        // The place is free after the judgement: who is next in line may be the same caller.
        let left = self.left(Hook::Forward, |(reply, _): &(Result<_, _>, Place)| reply.as_ref().err());
        let settled = async move {
            let reply = tokio::time::timeout(limit, self.ask_forward(&request, &body)).await;
            (reply.unwrap_or(Err(CallError::WallBudget { limit })), place)
        };
        let (reply, _place) = Settled::new(&threads, settled, left).await;
        reply
    }

    async fn ask_forward(mut self, request: &Request, body: &[u8]) -> Result<Reply, CallError> {
        #[cfg(feature = "native")]
        if self.live.is_none() {
            let version = self.version.clone();
            let (_, answer) = self.natively(Hook::Forward, |hooks| hooks.forward(request, body))?;
            return answer.map_err(failed).and_then(|reply| checked(&version, reply));
        }
        let (run, mut live) = self.begin(Hook::Forward)?;
        let call = async {
            let hook = self.version.component()?.1.forward(&mut live.store, &live.instance)?;
            let called = hook.call_forward(&mut live.store, request, body).await;
            called.map_err(|error| explain(&mut live.store, error))
        };
        let reply = match run.finish(call).await? {
            Ok(reply) => Ok(checked(&self.version, reply)?),
            Err(failure) => Err(failed(failure)),
        };
        self.live = Some(live);
        reply
    }

    /// Asks for the answer, which goes into the outlet piece by piece. The session ends with it, and then the
    /// place is free.
    pub async fn stream(
        self,
        request: Request,
        body: Vec<u8>,
        outlet: Outlet,
        place: (Place, Option<Share>),
    ) -> Result<(), CallError> {
        let ended = self.ask_stream(&request, &body, outlet).await;
        drop(place);
        ended
    }

    async fn ask_stream(mut self, request: &Request, body: &[u8], outlet: Outlet) -> Result<(), CallError> {
        let (run, mut live) = self.begin(Hook::Streaming)?;
        let (version, pulse) = (self.version.clone(), outlet.pulse());
        let (slot, budget) = (|| version.slot().to_string(), version.budget());
        outlet.begin();
        let number = live.store.data_mut().begin_stream(outlet);
        let call = async {
            let hook = version.component()?.1.streaming(&mut live.store, &live.instance)?;
            let stream = Resource::<ResponseStream>::new_own(number);
            let called = hook.call_forward(&mut live.store, request, body, stream).await;
            called.map_err(|error| explain(&mut live.store, error))
        };
        let ended = tokio::select! {
            ended = run.finish(call) => ended,
            () = pulse.silent(budget.idle) => {
                return Err(CallError::StreamIdle { slot: slot(), limit: budget.idle });
            }
        };
        // Whatever a guest makes of a write that was refused, the answer is not whole.
        let outlet = live.store.data_mut().outlet.take();
        let broken = outlet.and_then(|outlet| outlet.broken());
        if ended.is_ok() && broken != Some(Broken::Limit) {
            self.live = Some(live);
        }
        match broken {
            Some(Broken::Gone) => Err(CallError::StreamLeft { slot: slot() }),
            Some(Broken::Stalled) => Err(CallError::StreamStalled { slot: slot(), limit: budget.drain }),
            Some(Broken::Limit) => {
                Err(CallError::StreamBudget { slot: slot(), limit: budget.stream, piece: budget.output })
            }
            None => ended?.map_err(failed),
        }
    }

    /// Looks up every live hook: their shapes are checked only here.
    pub fn check_hooks(mut self) -> wasmtime::Result<()> {
        let Some(mut live) = self.live.take() else { return Ok(()) };
        self.version.component()?.1.check(&mut live.store, &live.instance)?;
        self.live = Some(live);
        Ok(())
    }

    /// Where a call comes to its end, when it has to.
    fn settles_on(&self) -> Option<Handle> {
        self.version.instances().is_resident().then(|| self.version.engine().handle().clone())
    }

    /// Who judges a call of this hook when its caller leaves before its end.
    fn left<T: Send + 'static>(&self, hook: Hook, error: fn(&T) -> Option<&CallError>) -> Left<T> {
        Behind::of(self.version.conduct(), &self.caller, &self.trace, hook).judging(error)
    }

    /// Takes the instance out, for a call that gives it back when it ends well.
    fn begin(&mut self, hook: Hook) -> Result<(Run, Live), CallError> {
        let Some(mut live) = self.live.take() else {
            return Err(CallError::Internal("there is no instance".to_owned()));
        };
        let cpu = budget_of(&self.version, hook);
        let state = live.store.data_mut();
        state.begin(hook);
        let usage = state.usage.clone();
        let lap = self.first_lap.take();
        let lap = lap.unwrap_or_else(|| Stopwatch::start(&self.trace, &self.version, hook, &usage));
        usage.meter.restart(cpu);
        live.store.set_epoch_deadline(1);
        Ok((Run { version: self.version.clone(), hook, cpu, meter: usage.meter, _lap: lap }, live))
    }

    /// Asks native code.
    #[cfg(feature = "native")]
    fn natively<T>(
        mut self,
        hook: Hook,
        ask: impl FnOnce(&crate::native::NativeHooks) -> Option<T>,
    ) -> Result<(Session, T), CallError> {
        let first = self.first_lap.take();
        let lap = first.unwrap_or_else(|| Stopwatch::start(&self.trace, &self.version, hook, &Usage::default()));
        let answer = self.version.native_hooks().and_then(ask);
        drop(lap);
        let answer = answer.ok_or_else(|| CallError::Internal(format!("{hook} is not there natively")))?;
        Ok((self, answer))
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
        let ended = OnCore::new(self.version.cores().clone(), self.meter.clone(), call).await;
        if matches!(self.hook, Hook::Forward | Hook::Streaming) {
            release();
        }
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
