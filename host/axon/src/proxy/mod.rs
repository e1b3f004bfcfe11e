//! Who the caller is when a proxy stands in front.
//!
//! Only peers in the operator's networks are believed. `X-Forwarded-For` from anybody else is not looked at, because
//! anybody can write it; a PROXY header from anybody else is not HTTP and is refused as such.

mod forwarded;
pub(crate) mod header;

use std::net::IpAddr;

use ipnet::IpNet;

/// Whether trusted proxies begin each connection with a PROXY header (version 1 or 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProxyHeader {
    /// They do not.
    #[default]
    None,
    /// They do; without one their connection is closed.
    Required,
}

/// The operator's proxies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    /// Networks whose word about a caller's address is taken.
    pub trusted: Vec<IpNet>,
    /// What they send first.
    pub header: ProxyHeader,
}

impl Proxies {
    /// Whether this peer is one of them.
    pub(crate) fn trusts(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.trusted.iter().any(|network| network.contains(&ip))
    }

    /// Whether this peer's connection begins with a PROXY header.
    pub(crate) fn announces(&self, ip: IpAddr) -> bool {
        self.header == ProxyHeader::Required && self.trusts(ip)
    }
}
