//! File descriptors: as many as the connections need, and no more connections than there are descriptors.
//!
//! Shells and service managers usually give 1024 and allow more. A host that ran out of them could take in nobody, also
//! not a proven caller, so the bound on connections has to be met first.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use soma_axon::Limits;

/// Descriptors for everything but connections: plugins, cache, log, signer, compilers, the admin's sockets.
const RESERVE: u64 = 256;
/// The part of few connections that is left to proven callers: one in so many.
const PROVEN: usize = 8;

/// Raises the soft limit of open files as far as needed and allowed, and returns limits that fit into it.
pub fn fit(limits: Limits) -> Limits {
    let connections = limits.connections.saturating_add(limits.connections_for_proven);
    let wanted = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(RESERVE);
    let now = getrlimit(Resource::Nofile);
    let wanted = now.maximum.map_or(wanted, |most| wanted.min(most));
    if now.current.is_some_and(|now| now < wanted) {
        let raised = Rlimit { current: Some(wanted), maximum: now.maximum };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(%error, "the limit of open files could not be raised");
        }
    }
    let there_are = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let fitting = within(limits, there_are);
    if fitting != limits {
        tracing::warn!(
            open_files = there_are,
            connections = fitting.connections,
            "fewer connections than configured: raise the limit of open files (`ulimit -n`, `LimitNOFILE=`)"
        );
    }
    fitting
}

/// Limits that are met before so many descriptors are in use.
fn within(limits: Limits, descriptors: u64) -> Limits {
    let room = usize::try_from(descriptors.saturating_sub(RESERVE)).unwrap_or(usize::MAX).max(PROVEN);
    if limits.connections.saturating_add(limits.connections_for_proven) <= room {
        return limits;
    }
    let connections_for_proven = limits.connections_for_proven.min(room / PROVEN);
    Limits { connections: limits.connections.min(room - connections_for_proven), connections_for_proven, ..limits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_never_need_more_descriptors_than_there_are() {
        let usual = Limits::default();
        assert_eq!(within(usual, 20_000), usual);
        for descriptors in [300, 1024, 4096, 9000] {
            let limits = within(usual, descriptors);
            let sum = limits.connections + limits.connections_for_proven;
            assert!(sum as u64 + RESERVE <= descriptors && sum > 30, "{descriptors}: {limits:?}");
            assert!(limits.connections_for_proven >= sum / 16 && limits.connections > limits.connections_for_proven);
        }
        assert!(within(usual, 10).connections > 0);
        let few = Limits { connections: 10, connections_for_proven: 0, ..usual };
        assert_eq!(within(few, 1024), few);
    }

    #[test]
    fn the_soft_limit_follows() {
        let limits = fit(Limits { connections: 100, connections_for_proven: 10, ..Limits::default() });
        assert_eq!(limits.connections, 100);
        assert!(getrlimit(Resource::Nofile).current.is_none_or(|now| now >= 110 + RESERVE));
    }
}
