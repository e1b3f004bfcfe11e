//! `[chain]` in `soma.toml`: how the chain is reached, and how old what is known of it may become.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use serde::Deserialize;
use soma_chain::Endpoints;
use soma_manifest::Seconds;

use crate::cli::RunFlags;
use crate::error::SomaError;

/// How old what is known of the chain may become. An hour is less than an epoch of 360 blocks (72 minutes), in which
/// stake and permits move.
const MAX_AGE: Duration = Duration::from_secs(3600);
/// How often it is read: about every fifth block.
const REFRESH: Duration = Duration::from_secs(60);

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChainSection {
    endpoints: Option<Vec<String>>,
    max_age: Option<Seconds>,
    refresh: Option<Seconds>,
}

/// Everything about the chain that is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainSettings {
    /// Which chain, and how it is reached.
    pub endpoints: Endpoints,
    /// The subnet.
    pub netuid: u16,
    /// Where callers reach this host: what is published.
    pub external: SocketAddr,
    /// How old what is known of the chain may become before requests are refused.
    pub max_age: Duration,
    /// How often it is read.
    pub refresh: Duration,
}

impl ChainSection {
    /// The endpoints that the file names.
    pub(super) fn endpoints(&self) -> &[String] {
        self.endpoints.as_deref().unwrap_or_default()
    }

    /// With the flags over it. `network` is what the flags or the file say of that.
    pub(super) fn settle(
        self,
        flags: &RunFlags,
        network: &str,
        netuid: u16,
        external: SocketAddr,
    ) -> miette::Result<ChainSettings> {
        // The chain has no word for an IPv4 address that is written as an IPv6 one.
        let external = SocketAddr::new(external.ip().to_canonical(), external.port());
        if let Some(kind) = refused(external) {
            return Err(SomaError::ExternalAddress { address: external, kind }.into());
        }
        let known = Endpoints::parse(network)?;
        let urls = flags.chain.endpoints_or(self.endpoints());
        let endpoints = if urls.is_empty() { known } else { Endpoints::new(known.network(), urls)? };
        Ok(ChainSettings {
            endpoints,
            netuid,
            external,
            max_age: self.max_age.map_or(MAX_AGE, Seconds::duration),
            refresh: self.refresh.map_or(REFRESH, Seconds::duration),
        })
    }
}

/// What the chain holds against an address, whoever publishes it. The rules are its own: of the loopback network it knows
/// only the first address.
fn refused(address: SocketAddr) -> Option<&'static str> {
    if address.port() == 0 {
        return Some("port 0");
    }
    match address.ip() {
        IpAddr::V4(Ipv4Addr::LOCALHOST) | IpAddr::V6(Ipv6Addr::LOCALHOST) => Some("this machine's own (loopback)"),
        IpAddr::V4(Ipv4Addr::BROADCAST) => Some("everybody's (broadcast)"),
        ip if ip.is_unspecified() => Some("no address at all (unspecified)"),
        IpAddr::V6(ip) if ip.to_bits() == u128::MAX => Some("everybody's (all ones)"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_chain_takes_from_nobody_is_refused_before_it_is_asked() {
        for (address, is_refused) in [
            ("127.0.0.1:8091", true),
            ("127.0.0.2:8091", false),
            ("0.0.0.0:8091", true),
            ("255.255.255.255:8091", true),
            ("203.0.113.7:0", true),
            ("203.0.113.7:1", false),
            ("[::1]:8091", true),
            ("[::]:8091", true),
            ("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:1", true),
            ("[2001:db8::1]:8091", false),
        ] {
            assert_eq!(refused(address.parse().unwrap()).is_some(), is_refused, "{address}");
        }
    }
}
