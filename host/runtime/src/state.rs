//! What one store carries, and the limiter that bounds it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use soma_manifest::Hook;
use wasmtime::ResourceLimiter;

use crate::bindings::Absence;
use crate::budget::Budget;
use crate::capability::{LogAllowance, Outlet};
use crate::conduct::Counts;
use crate::metagraph::Pinned;
use crate::trace::Usage;

/// Why a budget ended a call. Carried through wasmtime as the error of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exhausted {
    #[error("the CPU budget is used up")]
    Cpu,
    #[error("the memory budget is used up")]
    Memory,
    #[error("the table budget is used up")]
    Table,
    #[error("the handles are used up")]
    Handles,
    #[error("it handed {size} bytes to an import at once")]
    HostCall { size: usize },
    #[error("it went on writing to a stream that had answered with an error")]
    Stream,
}

/// Names a plugin's words in the log.
#[derive(Clone, Debug)]
pub struct Origin {
    pub slot: Arc<str>,
    pub version: Arc<str>,
    pub request: Arc<str>,
}

/// The data of one store: one instance of one plugin, for one request.
pub struct HostState {
    pub origin: Origin,
    pub config: Arc<BTreeMap<String, String>>,
    /// What the request sees of the subnet.
    pub metagraph: Pinned,
    pub usage: Usage,
    pub log: LogAllowance,
    /// Bytes that one call of an import may hand over.
    pub host_call: usize,
    pub limiter: Limiter,
    /// Where a streaming hook writes to, for as long as it runs.
    pub outlet: Option<Outlet>,
    /// Streams that this instance has been given; the number of the last one. A handle of an earlier one is closed.
    pub streams: u32,
}

impl HostState {
    /// For a new instance, whose use is counted in `usage`, and what its log does not take in `counts`.
    pub fn new(
        origin: Origin,
        config: Arc<BTreeMap<String, String>>,
        budget: &Budget,
        usage: Usage,
        counts: Arc<Counts>,
    ) -> Self {
        HostState {
            origin,
            config,
            metagraph: Err(Absence::NoRequest),
            log: LogAllowance::new(budget, counts),
            host_call: usize::try_from(budget.host_call.0).unwrap_or(usize::MAX),
            limiter: Limiter {
                memory_left: usize::try_from(budget.memory.0).unwrap_or(usize::MAX),
                table_left: budget.table,
                memory: usage.memory.clone(),
            },
            usage,
            outlet: None,
            streams: 0,
        }
    }

    /// The instance serves this request from now on. Its memory stays as large as it is; everything else that the host
    /// keeps of earlier requests is gone.
    pub fn assign(&mut self, request: Arc<str>, metagraph: Pinned) {
        self.origin.request = request;
        self.metagraph = metagraph;
        self.outlet = None;
    }

    /// The instance waits for a request. It keeps no block alive meanwhile.
    pub fn release(&mut self) {
        self.metagraph = Err(Absence::NoRequest);
    }

    /// The next call is of this hook.
    pub fn begin(&mut self, hook: Hook) {
        self.log.refill(hook);
    }

    /// Whether a call of an import may hand over so many bytes. Asked before any of them is copied.
    pub fn admit(&self, size: usize) -> wasmtime::Result<()> {
        if size > self.host_call { Err(wasmtime::Error::new(Exhausted::HostCall { size })) } else { Ok(()) }
    }

    /// Gives a streaming hook its way out. Returns the number that its handle carries.
    pub fn begin_stream(&mut self, outlet: Outlet) -> u32 {
        self.outlet = Some(outlet);
        self.streams = self.streams.wrapping_add(1);
        self.streams
    }
}

/// Bounds memory and tables over all of an instance's core instances.
///
/// It ends the call instead of answering "no" to the guest: an allocator that is told no aborts, and the
/// operator would read of an unreachable instruction where a memory budget was the reason.
#[derive(Debug)]
pub struct Limiter {
    memory_left: usize,
    table_left: usize,
    /// Bytes taken so far, for those who look on.
    memory: Arc<AtomicU64>,
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        let granted = take(&mut self.memory_left, more, Exhausted::Memory)?;
        self.memory.fetch_add(more as u64, Ordering::Relaxed);
        Ok(granted)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(wasmtime::Error::new(Exhausted::Memory))
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        take(&mut self.table_left, desired.saturating_sub(current), Exhausted::Table)
    }
}

fn take(left: &mut usize, more: usize, reason: Exhausted) -> wasmtime::Result<bool> {
    match left.checked_sub(more) {
        Some(rest) => {
            *left = rest;
            Ok(true)
        }
        None => Err(wasmtime::Error::new(reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_share_one_budget() {
        let mut limiter = Limiter { memory_left: 100, table_left: 10, memory: Arc::default() };
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(limiter.memory_growing(0, 40, None).unwrap());
        assert_eq!(limiter.memory.load(Ordering::Relaxed), 100);
        let error = limiter.memory_growing(40, 41, None).unwrap_err();
        assert_eq!(error.downcast_ref::<Exhausted>(), Some(&Exhausted::Memory));
        let error = limiter.table_growing(0, 11, None).unwrap_err();
        assert_eq!(error.downcast_ref::<Exhausted>(), Some(&Exhausted::Table));
    }
}
