//! `soma:neuron/log`: lines in the host's log, cut to the budget and free of control characters.

use crate::bindings::log::{Host, Level};
use crate::state::{HostState, LogAllowance};

/// What stands at the end of a line that was cut.
const CUT: &str = " [cut]";

impl Host for HostState {
    fn log(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        let Some(line) = self.log.admit(&message) else { return Ok(()) };
        let (slot, version, request) = (&*self.origin.slot, &*self.origin.version, &*self.origin.request);
        match level {
            Level::Trace => tracing::trace!(target: "plugin", slot, version, request, "{line}"),
            Level::Debug => tracing::debug!(target: "plugin", slot, version, request, "{line}"),
            Level::Info => tracing::info!(target: "plugin", slot, version, request, "{line}"),
            Level::Warn => tracing::warn!(target: "plugin", slot, version, request, "{line}"),
            Level::Error => tracing::error!(target: "plugin", slot, version, request, "{line}"),
        }
        Ok(())
    }
}

impl LogAllowance {
    /// A new hook starts with the whole allowance.
    pub fn refill(&mut self) {
        self.left = self.call;
    }

    /// The line as it may be written; none when the hook has written enough.
    fn admit(&mut self, message: &str) -> Option<String> {
        if self.left == 0 {
            return None;
        }
        // Cut before anything else is done with it: a guest may hand over as much as its memory holds.
        let kept = message.get(..message.floor_char_boundary(self.line.min(self.left))).unwrap_or_default();
        let mut line: String = kept.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if kept.len() < message.len() {
            line.push_str(CUT);
        }
        // An empty line costs too: a hook cannot write lines without end.
        self.left = self.left.saturating_sub(line.len().max(16));
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_and_a_call_runs_dry() {
        let mut log = LogAllowance { line: 10, call: 40, left: 40 };
        assert_eq!(log.admit("short").as_deref(), Some("short"));
        assert_eq!(log.admit("ééééééé").as_deref(), Some("ééééé [cut]"));
        assert_eq!(log.admit("a\nb\u{1b}[0m").as_deref(), Some("a b [0m"));
        assert_eq!(log.admit("dry"), None);
        log.refill();
        assert_eq!(log.admit("again").as_deref(), Some("again"));
    }

    #[test]
    fn empty_lines_are_not_free() {
        let mut log = LogAllowance { line: 10, call: 64, left: 64 };
        assert_eq!(std::iter::from_fn(|| log.admit("")).count(), 4);
    }
}
