//! `[axon]` in `soma.toml`: where to listen, whom to believe, and what callers may use.

use std::net::IpAddr;
use std::num::{NonZeroU16, NonZeroU32};
use std::time::Duration;

use bytesize::ByteSize;
use ipnet::IpNet;
use serde::Deserialize;
use soma_axon::gate::{Rate, ShareLimits};
use soma_axon::{Limits, Proxies, ProxyHeader};
use soma_protocol::btauth::{Policy, ReceiverRule};
use soma_protocol::synapse::Window;

use super::admit::Admit;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AxonSection {
    pub(super) ip: Option<IpAddr>,
    pub(super) port: Option<u16>,
    pub(super) external_ip: Option<IpAddr>,
    pub(super) external_port: Option<u16>,
    pub(super) admit: Option<Admit>,
    #[serde(default)]
    pub(super) trusted_proxies: Vec<IpNet>,
    #[serde(default)]
    pub(super) proxy_protocol: bool,
    #[serde(default)]
    pub(super) synapse: SynapseSection,
    #[serde(default)]
    pub(super) btauth: BtauthSection,
    #[serde(default)]
    pub(super) limits: LimitsSection,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SynapseSection {
    base: Option<u16>,
    timeout_cap: Option<u16>,
    future: Option<u16>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BtauthSection {
    max_age: Option<u16>,
    skew: Option<u16>,
    require_receiver: Option<bool>,
}

/// The numbers of [`Limits`]; one that is not there keeps its default. Times are in seconds.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitsSection {
    address_rate: Option<NonZeroU32>,
    address_burst: Option<NonZeroU32>,
    hotkey_rate: Option<NonZeroU32>,
    hotkey_burst: Option<NonZeroU32>,
    unverified_requests: Option<NonZeroU32>,
    #[serde(default, deserialize_with = "soma_manifest::size::optional::deserialize")]
    unverified_bytes: Option<ByteSize>,
    connections: Option<NonZeroU32>,
    connections_per_address: Option<NonZeroU32>,
    connections_for_proven: Option<u32>,
    tracked_addresses: Option<NonZeroU32>,
    head_time: Option<NonZeroU16>,
    idle_time: Option<NonZeroU16>,
    body_time: Option<NonZeroU16>,
    #[serde(default, deserialize_with = "soma_manifest::size::optional::deserialize")]
    body_rate: Option<ByteSize>,
    write_time: Option<NonZeroU16>,
}

impl AxonSection {
    pub(super) fn proxies(&self) -> Proxies {
        Proxies {
            trusted: self.trusted_proxies.clone(),
            header: if self.proxy_protocol { ProxyHeader::Required } else { ProxyHeader::None },
        }
    }
}

impl SynapseSection {
    pub(super) fn window(&self) -> Window {
        let usual = Window::default();
        Window {
            base: seconds(self.base, usual.base),
            timeout_cap: seconds(self.timeout_cap, usual.timeout_cap),
            future: seconds(self.future, usual.future),
        }
    }
}

impl BtauthSection {
    pub(super) fn policy(&self) -> Policy {
        let usual = Policy::default();
        Policy {
            max_age: seconds(self.max_age, usual.max_age),
            skew: seconds(self.skew, usual.skew),
            receiver: match self.require_receiver {
                None | Some(true) => ReceiverRule::Required,
                Some(false) => ReceiverRule::Optional,
            },
        }
    }
}

impl LimitsSection {
    pub(super) fn limits(&self) -> Limits {
        let usual = Limits::default();
        let count = |value: Option<NonZeroU32>, usual: usize| {
            value.map_or(usual, |value| usize::try_from(value.get()).unwrap_or(usize::MAX))
        };
        let share = |usual: ShareLimits| ShareLimits {
            requests: self.unverified_requests.map_or(usual.requests, |requests| requests.get().into()),
            bytes: self.unverified_bytes.map_or(usual.bytes, |bytes| bytes.as_u64()),
        };
        let rate = |per_second: Option<NonZeroU32>, burst: Option<NonZeroU32>, usual: Rate| Rate {
            per_second: per_second.unwrap_or(usual.per_second),
            burst: burst.unwrap_or(usual.burst),
        };
        let time = |value: Option<NonZeroU16>, usual| seconds(value.map(NonZeroU16::get), usual);
        Limits {
            address: rate(self.address_rate, self.address_burst, usual.address),
            hotkey: rate(self.hotkey_rate, self.hotkey_burst, usual.hotkey),
            strangers: share(usual.strangers),
            proven: share(usual.proven),
            connections: count(self.connections, usual.connections),
            connections_per_address: count(self.connections_per_address, usual.connections_per_address),
            connections_for_proven: self
                .connections_for_proven
                .map_or(usual.connections_for_proven, |value| usize::try_from(value).unwrap_or(usize::MAX)),
            tracked: count(self.tracked_addresses, usual.tracked),
            head_time: time(self.head_time, usual.head_time),
            idle_time: time(self.idle_time, usual.idle_time),
            body_time: time(self.body_time, usual.body_time),
            body_rate: self.body_rate.map_or(usual.body_rate, |rate| u32::try_from(rate.as_u64()).unwrap_or(u32::MAX)),
            write_time: time(self.write_time, usual.write_time),
        }
    }
}

fn seconds(value: Option<u16>, usual: Duration) -> Duration {
    value.map_or(usual, |seconds| Duration::from_secs(seconds.into()))
}
