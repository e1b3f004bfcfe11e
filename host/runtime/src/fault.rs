//! What a call that wasmtime gave up means: by the type of its error, never by its words.
//!
//! Two limits of wasmtime have no type of their own. Handles are recognised by the store, which has no room for another
//! one afterwards. Bytes of host calls are counted by the imports themselves, before anything is copied, so wasmtime's
//! own bound is only met by answers whose parts overlap: those are traps.

use std::time::Duration;

use bytesize::ByteSize;
use soma_manifest::Hook;
use wasmtime::component::{Resource, ResourceAny};
use wasmtime::{PoolConcurrencyLimitError, Store, Trap};

use crate::budget::STACK;
use crate::error::CallError;
use crate::state::{Exhausted, HostState};
use crate::version::Version;
use crate::words::{TRAP, one_line};

/// Stands for any resource.
struct OneMore;

/// The error of a call whose store is about to be thrown away, with the reason that only the store knows.
pub fn explain(store: &mut Store<HostState>, error: wasmtime::Error) -> wasmtime::Error {
    let known = error.is::<Exhausted>() || error.is::<Trap>() || error.is::<PoolConcurrencyLimitError>();
    if !known && ResourceAny::try_from_resource(Resource::<OneMore>::new_own(0), &mut *store).is_err() {
        return wasmtime::Error::new(Exhausted::Handles);
    }
    error
}

/// What a failed call of a hook with so much CPU time means.
pub fn classify(version: &Version, hook: Hook, cpu: Duration, error: wasmtime::Error) -> CallError {
    let (slot, budget) = (version.slot().to_string(), version.budget());
    if error.is::<PoolConcurrencyLimitError>() {
        return CallError::NoInstance { slot };
    }
    if error.downcast_ref::<Trap>() == Some(&Trap::StackOverflow) {
        return CallError::StackBudget { slot, hook, limit: STACK };
    }
    match error.downcast_ref::<Exhausted>() {
        Some(Exhausted::Cpu) => CallError::CpuBudget { slot, hook, limit: cpu },
        Some(Exhausted::Memory) => CallError::MemoryBudget { slot, hook, limit: budget.memory },
        Some(Exhausted::Table) => CallError::TableBudget { slot, hook, limit: budget.table },
        Some(Exhausted::Handles) => CallError::HandleBudget { slot, hook, limit: budget.handles },
        Some(Exhausted::HostCall { size }) => {
            let size = ByteSize(u64::try_from(*size).unwrap_or(u64::MAX));
            CallError::HostCallBudget { slot, hook, size, limit: budget.host_call }
        }
        Some(Exhausted::Stream) | None => CallError::Trap { slot, hook, trap: one_line(&format!("{error:?}"), TRAP) },
    }
}
