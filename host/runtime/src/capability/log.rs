//! `soma:neuron/log`: lines in the host's log, cut to the budget and free of control characters.

use std::sync::Arc;

use soma_manifest::Hook;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, WasmStr};

use super::{INTERFACE_VERSION, text};
use crate::bindings::log::Level;
use crate::budget::Budget;
use crate::conduct::{Counts, Limit};
use crate::state::HostState;

/// What stands at the end of a line that was cut.
const CUT: &str = " [cut]";
/// What a line costs at least: a hook cannot write empty lines without end.
const SMALLEST: usize = 16;

/// Links the interface.
pub fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.instance(&format!("soma:neuron/log@{INTERFACE_VERSION}"))?.func_wrap(
        "log",
        |mut store: StoreContextMut<'_, HostState>, (level, message): (Level, WasmStr)| {
            // Cut before anything else is done with it: a guest may hand over as much as its memory holds.
            let most = store.data().log.room();
            let (message, length) = text(&store, &message, most)?;
            store.data_mut().say(level, &message, length);
            Ok(())
        },
    )
}

impl HostState {
    fn say(&mut self, level: Level, message: &str, length: usize) {
        let Some(line) = self.log.admit(message, length) else { return };
        let (slot, version, request) = (&*self.origin.slot, &*self.origin.version, &*self.origin.request);
        match level {
            Level::Trace => tracing::trace!(target: "plugin", slot, version, request, "{line}"),
            Level::Debug => tracing::debug!(target: "plugin", slot, version, request, "{line}"),
            Level::Info => tracing::info!(target: "plugin", slot, version, request, "{line}"),
            Level::Warn => tracing::warn!(target: "plugin", slot, version, request, "{line}"),
            Level::Error => tracing::error!(target: "plugin", slot, version, request, "{line}"),
        }
    }
}

/// How much a hook may still write to the log.
#[derive(Clone, Debug)]
pub struct LogAllowance {
    line: usize,
    call: usize,
    left: usize,
    hook: Hook,
    counts: Arc<Counts>,
}

impl LogAllowance {
    /// The whole allowance. What it does not let through is counted in `counts`.
    pub fn new(budget: &Budget, counts: Arc<Counts>) -> LogAllowance {
        let Budget { log_line: line, log_call: call, .. } = *budget;
        LogAllowance { line, call, left: call, hook: Hook::Forward, counts }
    }

    /// A new call starts with the whole allowance.
    pub fn refill(&mut self, hook: Hook) {
        (self.left, self.hook) = (self.call, hook);
    }

    /// Bytes that the next line may have.
    fn room(&self) -> usize {
        self.line.min(self.left)
    }

    /// The line as it may be written; none when the call has written enough. `length` is that of the whole message.
    fn admit(&mut self, message: &str, length: usize) -> Option<String> {
        if self.left == 0 {
            self.counts.exhausted(self.hook, Limit::LogCall);
            return None;
        }
        let kept = message.get(..message.floor_char_boundary(self.room())).unwrap_or_default();
        let mut line: String = kept.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if kept.len() < length {
            line.push_str(CUT);
            self.counts.exhausted(self.hook, Limit::LogLine);
        }
        self.left = self.left.saturating_sub(line.len().max(SMALLEST));
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowance(line: usize, call: usize) -> LogAllowance {
        LogAllowance::new(&Budget { log_line: line, log_call: call, ..Budget::default() }, Arc::default())
    }

    impl LogAllowance {
        fn write(&mut self, message: &str) -> Option<String> {
            self.admit(message, message.len())
        }
    }

    #[test]
    fn a_line_is_cut_and_a_call_runs_dry() {
        let mut log = allowance(10, 40);
        log.refill(Hook::Verify);
        assert_eq!(log.write("short").as_deref(), Some("short"));
        assert_eq!(log.write("ééééééé").as_deref(), Some("ééééé [cut]"));
        assert_eq!(log.write("a\nb\u{1b}[0m").as_deref(), Some("a b [0m"));
        assert_eq!(log.write("dry"), None);
        log.refill(Hook::Forward);
        assert_eq!(log.write("again").as_deref(), Some("again"));
        let counted: Vec<_> =
            log.counts.exhaustions().into_iter().map(|one| (one.hook, one.budget, one.times)).collect();
        assert_eq!(counted, [(Hook::Verify, "log-line".to_owned(), 1), (Hook::Verify, "log-call".to_owned(), 1)]);
    }

    #[test]
    fn empty_lines_are_not_free() {
        let mut log = allowance(10, 64);
        assert_eq!(std::iter::from_fn(|| log.write("")).count(), 4);
    }
}
