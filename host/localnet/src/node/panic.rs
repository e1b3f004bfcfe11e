//! Panics of the runtime. FRAME's way to say that a question's arguments make no sense is to panic: a node catches that at
//! the border of its WebAssembly. Here it is caught with nothing printed, since it is the asker's mistake and he is told.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

static HOOK: Once = Once::new();

thread_local! {
    /// Whether this thread is in the runtime.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Runs something of the runtime; what it panics with comes out as text.
pub(super) fn caught<R>(run: impl FnOnce() -> R) -> Result<R, String> {
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| match INSIDE.get() {
            true => tracing::debug!(%panic, "the runtime panicked"),
            false => before(panic),
        }));
    });
    let outside = INSIDE.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(run));
    INSIDE.set(outside);
    outcome.map_err(|panic| match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast::<&str>().map_or_else(|_| "no reason given".to_owned(), |text| (*text).to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_comes_out_as_its_text_and_the_next_run_works() {
        assert_eq!(caught(|| -> () { panic!("bad {}", 1) }), Err("bad 1".to_owned()));
        assert_eq!(caught(|| -> () { panic!("plain") }), Err("plain".to_owned()));
        assert_eq!(caught(|| 1), Ok(1));
        assert!(!INSIDE.get());
    }
}
