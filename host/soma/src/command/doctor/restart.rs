//! What the last host left: after an unclean stop the next one refuses requests for some seconds.

use std::time::{Duration, UNIX_EPOCH};

use soma_axon::replay::keeper::Windows;
use soma_axon::{Keeper, system_clock};

use super::finding::Finding;
use crate::config::Settings;

const CHECK: &str = "restart";

/// Foretells the next start. No host runs on this state folder.
pub fn check(settings: &Settings) -> Finding {
    let windows = Windows::of(&settings.window, &settings.policy);
    let now = system_clock();
    match Keeper::foresee(&settings.state, windows, now) {
        Ok(None) => Finding::good(CHECK, "the last host stopped cleanly, or there was none"),
        Ok(Some(until)) => unclean(until, now),
        Err(error) => Finding::from_error(CHECK, &error),
    }
}

/// `until` and `now` are Unix nanoseconds.
fn unclean(until: u64, now: u64) -> Finding {
    let seconds = until.saturating_sub(now).div_ceil(1_000_000_000);
    // Beyond what the calendar can show there is no clock's time.
    let latest = Duration::from_secs(253_402_300_799);
    let time = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_nanos(until).min(latest));
    Finding::remark(
        CHECK,
        format!(
            "the last host did not stop cleanly: one that starts now refuses requests (replay-closed) for {seconds} s, \
             until {time}, because any of them could be a repeated one"
        ),
        "nothing to do but wait; stop the host with SIGTERM and there is no such time",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unclean_stop_says_until_when() {
        let now = 1_700_000_000_000_000_000;
        let finding = unclean(now + 5_500_000_000, now);
        assert!(finding.says.contains("for 6 s, until 2023-11-14T22:13:25Z"), "{finding:?}");
    }
}
