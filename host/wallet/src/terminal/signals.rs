//! Signals that end a process, held back while a question keeps the terminal without echo.
//!
//! The handlers are installed with the first question and stay, because a process that took them away could not get
//! the default ones back; between questions they do what the default would. During one they wake its poll, and the
//! process ends by the signal when the terminal has its echo again.

use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::{flag, low_level};

/// Those that a terminal, a shell or a service manager sends to end a process.
const ENDING: [i32; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

/// The handlers of this process.
#[derive(Debug)]
struct Handlers {
    /// Readable when a signal came during a question.
    woken: UnixStream,
    /// Whether a signal does at once what it would do without handlers.
    at_once: Arc<AtomicBool>,
    /// The signal that came, 0 for none.
    came: Arc<AtomicUsize>,
}

/// Signals are held back until this is dropped; then one that came ends the process.
#[derive(Debug)]
pub(super) struct HeldBack(&'static Handlers);

impl HeldBack {
    /// `None` where handlers cannot be installed: a question without them is better than none.
    pub fn start() -> Option<Self> {
        static HANDLERS: OnceLock<Option<Handlers>> = OnceLock::new();
        let handlers = HANDLERS.get_or_init(|| install().ok()).as_ref()?;
        handlers.at_once.store(false, Ordering::SeqCst);
        Some(Self(handlers))
    }

    /// Readable when a signal came.
    pub fn woken(&self) -> BorrowedFd<'_> {
        self.0.woken.as_fd()
    }
}

impl Drop for HeldBack {
    fn drop(&mut self) {
        self.0.at_once.store(true, Ordering::SeqCst);
        let came = self.0.came.load(Ordering::SeqCst);
        if let Some(signal) = ENDING.into_iter().find(|signal| usize::try_from(*signal) == Ok(came)) {
            // It does not return for these signals.
            let _ = low_level::emulate_default_handler(signal);
        }
    }
}

/// The order counts: a signal is noted before the poll wakes up.
fn install() -> std::io::Result<Handlers> {
    let (woken, waker) = UnixStream::pair()?;
    let handlers = Handlers { woken, at_once: Arc::new(AtomicBool::new(true)), came: Arc::default() };
    for signal in ENDING {
        flag::register_conditional_default(signal, handlers.at_once.clone())?;
        flag::register_usize(signal, handlers.came.clone(), usize::try_from(signal).unwrap_or_default())?;
        low_level::pipe::register(signal, waker.try_clone()?)?;
    }
    Ok(handlers)
}
