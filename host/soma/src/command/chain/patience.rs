//! Waiting, with a sign of life for a person.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

/// Waits for it. A terminal is shown the seconds; otherwise one line says what is waited for. Standard output stays the
/// command's own.
pub async fn watched<T>(what: &str, waited_for: impl Future<Output = T>) -> T {
    if !std::io::stderr().is_terminal() {
        eprintln!("{what}");
        return waited_for.await;
    }
    let started = Instant::now();
    let mut ticks = interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut waited_for = std::pin::pin!(waited_for);
    let done = loop {
        tokio::select! {
            done = &mut waited_for => break done,
            _ = ticks.tick() => show(&format!("\r{what} ({} s)", started.elapsed().as_secs())),
        }
    };
    // The line goes with what it was about.
    show("\r\x1b[K");
    done
}

fn show(text: &str) {
    let mut terminal = std::io::stderr().lock();
    // Nobody is harmed by a sign of life that cannot be written.
    let _ = terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush());
}
