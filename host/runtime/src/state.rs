//! What one store carries, and the limiter that bounds it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wasmtime::ResourceLimiter;

use crate::budget::Budget;
use crate::capability::Outlet;
use crate::trace::Usage;

/// Elements of all tables of one instance. Cranelift-built guests have one table of some hundred functions.
const TABLE_ELEMENTS: usize = 20_000;

/// Why a budget ended a call. Carried through wasmtime as the error of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exhausted {
    #[error("the CPU budget is used up")]
    Cpu,
    #[error("the memory budget is used up")]
    Memory,
    #[error("the table budget is used up")]
    Table,
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
    pub usage: Usage,
    pub log: LogAllowance,
    pub limiter: Limiter,
    /// Where a streaming hook writes to, for as long as it runs.
    pub outlet: Option<Outlet>,
}

impl HostState {
    pub fn new(origin: Origin, config: Arc<BTreeMap<String, String>>, budget: &Budget) -> Self {
        let usage = Usage::default();
        HostState {
            origin,
            config,
            log: LogAllowance { line: budget.log_line, call: budget.log_call, left: budget.log_call },
            limiter: Limiter {
                memory_left: usize::try_from(budget.memory.0).unwrap_or(usize::MAX),
                table_left: TABLE_ELEMENTS,
                memory: usage.memory.clone(),
            },
            usage,
            outlet: None,
        }
    }
}

/// How much a hook may still write to the log.
#[derive(Clone, Copy, Debug)]
pub struct LogAllowance {
    pub line: usize,
    pub call: usize,
    pub left: usize,
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
