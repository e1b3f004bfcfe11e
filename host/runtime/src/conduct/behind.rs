//! Calls of resident instances that nobody waits for any more.
//!
//! A caller that hangs up, or writes a short time-out into a request, takes its [`Visit`](super::Visit) with it, but the
//! call goes on. So it brings its own judgement, and its caller is not admitted before it has ended: otherwise one with
//! short time-outs would never be told to wait, and costs everybody the instance each time.
//!
//! What bounds it: a version has one instance, so there is one such call of its answer, and one of a gate hook.

use std::sync::Arc;

use soma_manifest::Hook;

use super::Conduct;
use super::visit::is_inconclusive;
use crate::conduct::breaker::Admitted;
use crate::error::CallError;
use crate::instances::Left;
use crate::trace::Trace;

/// Who judges a call when its caller has left.
pub struct Behind {
    conduct: Arc<Conduct>,
    caller: Arc<str>,
    trace: Trace,
    hook: Hook,
}

impl Behind {
    /// For a call of this hook, which writes its lap into `trace`.
    pub fn of(conduct: &Arc<Conduct>, caller: &Arc<str>, trace: &Trace, hook: Hook) -> Behind {
        Behind { conduct: conduct.clone(), caller: caller.clone(), trace: trace.clone(), hook }
    }

    /// As somebody who keeps the caller out from the moment that it leaves, and judges what the call ended with.
    /// What it ended with is dropped after that: whoever comes next finds the judgement.
    pub fn judging<T: Send + 'static>(self, error: fn(&T) -> Option<&CallError>) -> Left<T> {
        Box::new(move || {
            let mark = Mark::new(&self.conduct, &self.caller);
            Box::new(move |ended: T| {
                self.judge(error(&ended));
                drop(mark);
            })
        })
    }

    fn judge(&self, error: Option<&CallError>) {
        let Some(error) = error else { return self.conduct.good(Admitted::Call) };
        let (slot, version, caller) = (&*self.conduct.slot, &*self.conduct.version, &*self.caller);
        if let Some(limit) = error.limit() {
            self.conduct.counts.exhausted(error.hook().unwrap_or(self.hook), limit);
        }
        if error.is_misbehaviour() {
            tracing::warn!(slot, version, caller, %error, "a call whose caller had left ended badly");
            self.conduct.trapped(Admitted::Call, caller);
        } else if is_inconclusive(error) {
            tracing::warn!(slot, version, caller, %error, "a call whose caller had left was given up");
            if self.trace.ended_computing(slot) {
                self.conduct.overran(caller);
            }
        } else {
            self.conduct.good(Admitted::Call);
        }
    }
}

/// A call that goes on without its caller; dropping it lets the caller in again.
struct Mark {
    conduct: Arc<Conduct>,
    caller: Arc<str>,
}

impl Mark {
    fn new(conduct: &Arc<Conduct>, caller: &Arc<str>) -> Mark {
        *conduct.record().behind.entry(caller.clone()).or_default() += 1;
        Mark { conduct: conduct.clone(), caller: caller.clone() }
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        let mut record = self.conduct.record();
        if let Some(calls) = record.behind.get_mut(&self.caller) {
            *calls = calls.saturating_sub(1);
            if *calls == 0 {
                record.behind.remove(&self.caller);
            }
        }
    }
}
