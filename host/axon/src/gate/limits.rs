//! The numbers of the gate.

use std::time::Duration;

use super::bucket::Rate;
use super::share::ShareLimits;

/// What callers may use before and after they have proven who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests of one address (IPv4 /32, IPv6 /64), whoever they claim to be from. Requests in the name of a hotkey
    /// that was proven from the same address within the last hour have a second rate of the same size.
    pub address: Rate,
    /// Requests of one hotkey, counted after the signature was verified.
    pub hotkey: Rate,
    /// What strangers hold together before their signatures are verified; of each number an eighth for one address.
    pub strangers: ShareLimits,
    /// The same for callers that were proven from their address within the last hour.
    pub proven: ShareLimits,
    /// Connections in all.
    pub connections: usize,
    /// Connections of one address.
    pub connections_per_address: usize,
    /// Connections beyond `connections` for addresses from which somebody was proven within the last hour.
    pub connections_for_proven: usize,
    /// Addresses that are counted one by one; the same number of hotkeys.
    pub tracked: usize,
    /// How long a connection may take to send a head.
    pub head_time: Duration,
    /// How long a connection is kept alive without a request.
    pub idle_time: Duration,
    /// How long a body may take before `body_rate` counts.
    pub body_time: Duration,
    /// Bytes a second that a body has to come with after that, over the last eight seconds (or `body_time`, if that is
    /// shorter). What came before does not count.
    pub body_rate: u32,
    /// How long a client may take nothing of its answer.
    pub write_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            // A validator asks each miner some times a minute; many of them may sit behind one address.
            address: Rate::new(50, 200),
            hotkey: Rate::new(20, 100),
            // The bodies of eight usual routes' largest requests, or of sixty thousand usual ones. One of the eight is
            // for one address.
            strangers: ShareLimits { requests: 2048, bytes: 64 << 20 },
            proven: ShareLimits { requests: 2048, bytes: 64 << 20 },
            // Below the 10,000 descriptors that systemd units and containers usually have.
            connections: 8192,
            connections_per_address: 256,
            connections_for_proven: 1024,
            // About 100 bytes each.
            tracked: 65_536,
            head_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(60),
            body_time: Duration::from_secs(10),
            // A modem of the last century; 8 MiB may take nine minutes.
            body_rate: 16 << 10,
            write_time: Duration::from_secs(30),
        }
    }
}
