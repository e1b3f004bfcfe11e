//! One request at the versions that it asks.

use std::sync::Arc;

use soma_manifest::Hook;

use super::Conduct;
use super::breaker::Admitted;
use crate::error::CallError;
use crate::routing::Route;
use crate::trace::Trace;
use crate::version::Version;

/// Admission of one request to every version of its route. Dropping it says nothing about any of them, but it may say
/// something about the caller: see [`watching`](Visit::watching).
pub struct Visit {
    caller: Box<str>,
    passes: Vec<Pass>,
    watched: Option<Trace>,
}

struct Pass {
    conduct: Arc<Conduct>,
    admitted: Admitted,
    progress: Progress,
}

/// How far a request came with one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// It was not asked yet.
    Admitted,
    /// It was asked.
    Asked,
    /// What came of it was counted.
    Settled,
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.progress != Progress::Settled {
            self.conduct.abandon(self.admitted);
        }
    }
}

/// It was given up: its time was over, or its caller hung up. The instance was dropped before, so its lap is there.
impl Drop for Visit {
    fn drop(&mut self) {
        let Some(trace) = &self.watched else { return };
        for pass in self.passes.iter().filter(|pass| pass.progress == Progress::Asked) {
            if trace.ended_computing(&pass.conduct.slot) {
                pass.conduct.overran(&self.caller);
            }
        }
    }
}

impl Visit {
    /// For a request of this caller. Versions may be named more than once.
    ///
    /// # Errors
    /// [`CallError::Slowed`] when the caller made one of them trap and has to wait, [`CallError::Out`] when one of them
    /// is out.
    pub fn begin<'a>(conducts: impl IntoIterator<Item = &'a Arc<Conduct>>, caller: &str) -> Result<Visit, CallError> {
        let mut passes: Vec<Pass> = Vec::with_capacity(2);
        for conduct in conducts {
            if passes.iter().any(|pass| Arc::ptr_eq(&pass.conduct, conduct)) {
                continue;
            }
            let admitted = conduct.admit(caller)?;
            passes.push(Pass { conduct: conduct.clone(), admitted, progress: Progress::Admitted });
        }
        Ok(Visit { caller: caller.into(), passes, watched: None })
    }

    /// When it is given up while a forward computes, its caller has to wait: otherwise a time-out that is shorter than
    /// the CPU budget would be a way never to be told. Not for streams, which callers may leave when they have enough.
    pub fn watching(mut self, trace: &Trace) -> Visit {
        self.watched = Some(trace.clone());
        self
    }

    /// The version is asked now.
    pub fn ask(&mut self, conduct: &Arc<Conduct>) {
        if let Some(pass) = self.passes.iter_mut().find(|pass| Arc::ptr_eq(&pass.conduct, conduct)) {
            pass.progress = Progress::Asked;
        }
    }

    /// Whether the version still serves this request.
    ///
    /// # Errors
    /// [`CallError::Out`] when it went out since the request began, [`CallError::Slowed`] when the caller has to wait since
    /// then.
    pub fn check(&self, conduct: &Arc<Conduct>) -> Result<(), CallError> {
        self.pass(conduct).map_or(Ok(()), |pass| pass.conduct.check(pass.admitted, &self.caller))
    }

    /// Returns when the version goes out, or the caller has to wait: for those who wait for their turn.
    pub async fn turned_away(&self, conduct: &Arc<Conduct>) -> CallError {
        match self.pass(conduct) {
            Some(pass) => pass.conduct.turned_away(pass.admitted, &self.caller).await,
            None => std::future::pending().await,
        }
    }

    /// The request is over for the plugins: every version that was asked is judged by it.
    pub fn settle<T>(mut self, ended: &Result<T, CallError>) {
        let error = ended.as_ref().err();
        for pass in self.passes.iter_mut().filter(|pass| pass.progress == Progress::Asked) {
            let own = error.filter(|error| error.slot() == Some(&*pass.conduct.slot));
            match own {
                Some(error) if error.is_misbehaviour() => pass.conduct.trapped(pass.admitted, &self.caller),
                _ if error.is_some_and(is_inconclusive) => continue,
                _ => pass.conduct.good(pass.admitted),
            }
            pass.progress = Progress::Settled;
        }
    }

    fn pass(&self, conduct: &Arc<Conduct>) -> Option<&Pass> {
        self.passes.iter().find(|pass| Arc::ptr_eq(&pass.conduct, conduct))
    }
}

/// Whether the plugin did not come to an end, or was not even asked, so that nobody knows what would have been.
pub fn is_inconclusive(error: &CallError) -> bool {
    matches!(
        error,
        CallError::WallBudget { .. }
            | CallError::GateWall { .. }
            | CallError::StreamIdle { .. }
            | CallError::StreamStalled { .. }
            | CallError::StreamLeft { .. }
            | CallError::Starting { .. }
            | CallError::Init { .. }
            | CallError::NoInstance { .. }
    )
}

impl Route {
    /// Admits a request of this caller to every version that it may ask.
    ///
    /// # Errors
    /// As [`Visit::begin`].
    pub(crate) fn visit(&self, caller: &str) -> Result<Visit, CallError> {
        Visit::begin(self.versions().map(Version::conduct), caller)
    }

    /// Counts the budget that ended a request, if one did: for the slot that the error names, or else for the one that
    /// answers with this hook.
    pub(crate) fn count(&self, answer: Hook, error: &CallError) {
        let Some(limit) = error.limit() else { return };
        let named = error.slot().and_then(|slot| self.versions().find(|version| **version.slot() == *slot));
        let counts = named.unwrap_or(&self.answerer).conduct().counts();
        counts.exhausted(error.hook().unwrap_or(answer), limit);
    }

    fn versions(&self) -> impl Iterator<Item = &Version> {
        let gating = self.gates.iter().chain(&self.verifiers).chain(&self.ranker);
        gating.chain([&self.answerer]).map(|version| &**version)
    }
}
