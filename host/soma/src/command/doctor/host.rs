//! A host that runs already: whether there is one, and what it says of itself.

use std::path::Path;
use std::time::Duration;

use http::Method;
use serde_json::json;
use soma_runtime::slots::SlotStatus;

use super::finding::Finding;
use crate::admin;
use crate::telemetry::report::RequestReport;

/// How long the running host may take for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Requests of late that are looked at.
const LOOKED_AT: usize = 500;
/// The seconds that a validator of the guide waits, in milliseconds.
const USUAL_WAIT_MS: f64 = 12_000.0;
/// Codes of requests that took too long.
const TOO_SLOW: [&str; 4] = ["wall-budget", "cpu-budget", "gate-wall", "body-too-slow"];

/// What a running host said.
#[derive(Debug)]
pub struct Running {
    /// Its slots.
    pub slots: Vec<SlotStatus>,
    /// Requests of late.
    requests: Vec<RequestReport>,
    /// Seconds for which it still refuses requests, after an unclean stop.
    closed: f64,
}

impl Running {
    /// Asks the host of this state folder; none when no host runs there.
    pub async fn ask(state: &Path) -> Option<Running> {
        let socket = state.join(admin::SOCKET);
        let none = json!({});
        let asking = async {
            let slots = admin::ask(&socket, Method::GET, "/slots", &none).await.ok()?;
            let path = format!("/requests?limit={LOOKED_AT}");
            let requests = admin::ask(&socket, Method::GET, &path, &none).await.unwrap_or_default();
            let metrics = admin::fetch(&socket, Method::GET, "/metrics", &none).await.unwrap_or_default();
            let closed = gauge(&String::from_utf8_lossy(&metrics), "soma_axon_replay_closed_seconds");
            Some(Running { slots, requests, closed: closed.unwrap_or_default() })
        };
        tokio::time::timeout(PATIENCE, asking).await.ok().flatten()
    }

    /// What became of its requests of late, and whether the time after an unclean stop is over.
    pub fn findings(&self) -> Vec<Finding> {
        vec![self.restart(), self.pace()]
    }

    fn restart(&self) -> Finding {
        if self.closed > 0.0 {
            let says = format!(
                "after an unclean stop requests are refused (replay-closed) for another {:.0} s: one of them could be a \
                 repeated one",
                self.closed.ceil()
            );
            return Finding::remark("restart", says, "wait; stop the host with SIGTERM and there is no such time");
        }
        Finding::good("restart", "the host runs and refuses no request for want of memory of older ones")
    }

    fn pace(&self) -> Finding {
        let all = self.requests.iter().filter(|request| request.proven);
        let (slow, rest): (Vec<_>, Vec<_>) = all.partition(|request| is_too_slow(request));
        if slow.is_empty() {
            return Finding::good("pace", format!("none of the last {} proven requests took too long", rest.len()));
        }
        let total = slow.len() + rest.len();
        Finding::wrong(
            "pace",
            format!("{} of the last {total} proven requests ran out of time, or took longer than 12 s", slow.len()),
            "callers see a query time-out: make forward faster, give the slot more time (forward-cpu and wall under its \
             budget), or ask validators for a longer time-out; `soma explain --last --code wall-budget` shows where the \
             time went",
        )
    }
}

fn is_too_slow(request: &RequestReport) -> bool {
    TOO_SLOW.contains(&request.code.as_str()) || request.elapsed_ms > USUAL_WAIT_MS
}

/// The value of a series without labels in Prometheus' text format.
fn gauge(metrics: &str, name: &str) -> Option<f64> {
    metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    fn request(code: &str, elapsed_ms: f64) -> RequestReport {
        let value = json!({
            "id": "1", "received_ms": 0, "ip": "127.0.0.1", "dialect": null, "path": "/", "route": null,
            "hotkey": null, "proven": true, "class": "proven", "status": 200, "code": code, "detail": "",
            "version": null, "priority": null, "bytes_in": 0, "bytes_out": 0, "elapsed_ms": elapsed_ms,
            "budget": null, "stages": [],
        });
        serde_json::from_value(value).unwrap()
    }

    fn running(requests: Vec<RequestReport>, closed: f64) -> Running {
        Running { slots: Vec::new(), requests, closed }
    }

    #[test]
    fn a_query_time_out_is_found_and_its_mend_named() {
        for slow in [request("wall-budget", 60_000.0), request("ok", 12_500.0), request("cpu-budget", 100.0)] {
            let finding = running(vec![request("ok", 3.0), slow], 0.0).pace();
            assert_eq!(finding.verdict, Verdict::Wrong);
            assert!(finding.says.starts_with("1 of the last 2"), "{finding:?}");
            assert!(finding.mend.is_some_and(|mend| mend.contains("query time-out")));
        }
        assert_eq!(running(vec![request("denied", 3.0)], 0.0).pace().verdict, Verdict::Good);
    }

    #[test]
    fn the_time_after_an_unclean_stop_is_told() {
        let finding = running(Vec::new(), 3.2).restart();
        assert!(finding.verdict == Verdict::Remark && finding.says.contains("another 4 s"), "{finding:?}");
        assert_eq!(running(Vec::new(), 0.0).restart().verdict, Verdict::Good);
    }

    #[test]
    fn a_gauge_is_read_by_its_whole_name() {
        let text = "# TYPE a_b gauge\na_b_c 7\na_b 2.5\n";
        assert_eq!(gauge(text, "a_b"), Some(2.5));
        assert_eq!(gauge(text, "a"), None);
    }
}
