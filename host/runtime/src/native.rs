//! Plugins compiled into this program, and single calls without a server: for benches, behind the feature `native`.
//!
//! A native version goes the way of any other: gates, queue, laps, the check of its answer. What it does not have
//! is a sandbox, an instance and budgets of CPU and memory; so the difference between it and the same plugin as a
//! component is what the sandbox costs. The `soma` program is built without it.

use std::sync::Arc;

use soma_manifest::{Digest, Hook, Manifest};

use crate::bindings::{Failure, Reply, Request, Verdict};
use crate::budget::Budget;
use crate::engine::GuestEngine;
use crate::error::{CallError, LoadError};
use crate::instances::{Asker, InstancePolicy};
use crate::queue::{Asks, Entered};
use crate::session::Session;
use crate::slots::SlotSpec;
use crate::trace::Trace;
use crate::version::{Code, Parts, Version, contracts};

pub use crate::bindings::{Failure as NativeFailure, Verdict as NativeVerdict};

type Gate = Box<dyn Fn(&Request) -> Verdict + Send + Sync>;
type Check = Box<dyn Fn(&Request, &[u8]) -> Verdict + Send + Sync>;
type Rank = Box<dyn Fn(&Request) -> f64 + Send + Sync>;
type Answer = Box<dyn Fn(&Request, &[u8]) -> Result<Reply, Failure> + Send + Sync>;

/// The hooks of a native plugin. One that the manifest has live and that is missing here fails the request.
#[derive(Default)]
pub struct NativeHooks {
    /// Answers.
    pub forward: Option<Answer>,
    /// Turns callers away.
    pub blacklist: Option<Gate>,
    /// Checks the body.
    pub verify: Option<Check>,
    /// Orders the queue.
    pub priority: Option<Rank>,
}

impl NativeHooks {
    pub(crate) fn forward(&self, request: &Request, body: &[u8]) -> Option<Result<Reply, Failure>> {
        self.forward.as_ref().map(|hook| hook(request, body))
    }

    pub(crate) fn blacklist(&self, request: &Request) -> Option<Verdict> {
        self.blacklist.as_ref().map(|hook| hook(request))
    }

    pub(crate) fn verify(&self, request: &Request, body: &[u8]) -> Option<Verdict> {
        self.verify.as_ref().map(|hook| hook(request, body))
    }

    pub(crate) fn priority(&self, request: &Request) -> Option<f64> {
        self.priority.as_ref().map(|hook| hook(request))
    }
}

impl Version {
    /// A version that answers natively, with the routes and hooks of `manifest`: of the slot `spec`, whose plugin file
    /// is not looked at. [`Slots::bind`](crate::Slots::bind) puts it into service.
    ///
    /// # Errors
    /// `Schema` for a route's schema that is not usable.
    pub async fn native(
        engine: &GuestEngine,
        spec: &SlotSpec,
        manifest: Manifest,
        hooks: NativeHooks,
    ) -> Result<Arc<Version>, LoadError> {
        let routes = contracts(&manifest).await?;
        let parts = Parts { manifest, digest: Digest::of(b"native"), budget: Budget::default(), routes };
        Ok(Version::new(engine, spec, parts, InstancePolicy::Fresh { ready: 0 }, Code::Native(hooks)))
    }

    /// One call of `forward` on this thread, without gates, queue and server: gets an instance as the version's
    /// policy says, asks, and gives it back. Needs a tokio context with time.
    ///
    /// # Errors
    /// As any call; `Busy` when as many calls run as the budget allows.
    pub async fn call_once(self: &Arc<Version>, request: Request, body: Vec<u8>) -> Result<Reply, CallError> {
        let (trace, busy) = (Trace::default(), || CallError::Busy { slot: self.slot().to_string() });
        let deadline = std::time::Instant::now() + self.budget().wall;
        let asks = Asks { caller: &request.caller.hotkey, rank: 0.0, deadline };
        let Entered::Started(place) = self.queue(Hook::Forward).enter(&asks) else { return Err(busy()) };
        let session = Session::start(
            self,
            Asker { caller: request.caller.hotkey.as_str().into(), ..Asker::host("once") },
            &trace,
            Hook::Forward,
        )
        .await?;
        session.forward(request, body, place).await
    }

    /// Waits until as many instances as the policy wants are made in advance.
    pub async fn made_ready(self: &Arc<Version>) {
        while let InstancePolicy::Fresh { ready } = *self.policy()
            && self.idle() < ready
        {
            self.instances().fill(self);
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }
}
