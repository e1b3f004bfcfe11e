//! The address that a neuron has published on the chain.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use parity_scale_codec::{Decode, Encode};
use scale_decode::DecodeAsType;

/// What the chain keeps of a neuron's axon, as its owner gave it: nothing here was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, DecodeAsType, Encode, Decode)]
pub struct Axon {
    /// The block at which it was published.
    pub block: u64,
    /// A version number of the publisher's choice; version 10 of the Python SDK puts its own version here.
    pub version: u32,
    /// The address as a number: an IPv4 address in the lowest 32 bits, or an IPv6 address. 0 is nothing published.
    pub ip: u128,
    /// The TCP port; never 0 in what the chain accepted.
    pub port: u16,
    /// 4 or 6.
    pub ip_type: u8,
    /// A protocol number of the publisher's choice; the Python SDK writes 4.
    pub protocol: u8,
    /// Without a meaning; the Python SDK writes 0.
    pub placeholder1: u8,
    /// Without a meaning; the Python SDK writes 0.
    pub placeholder2: u8,
}

impl Axon {
    /// Where the axon listens; nothing if no address is published, or one that does not fit its type.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        if self.ip == 0 || self.port == 0 {
            return None;
        }
        let ip: IpAddr = match self.ip_type {
            4 => Ipv4Addr::from_bits(u32::try_from(self.ip).ok()?).into(),
            6 => Ipv6Addr::from_bits(self.ip).into(),
            _ => return None,
        };
        Some(SocketAddr::new(ip, self.port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_nonsense_is_none() {
        let table = [
            (0x7f00_0002, 4, 8091, Some("127.0.0.2:8091")),
            (1, 6, 80, Some("[::1]:80")),
            (u128::MAX, 6, 80, Some("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:80")),
            (0, 4, 8091, None),
            (0x7f00_0002, 4, 0, None),
            (0x1_0000_0000, 4, 8091, None),
            (0x7f00_0002, 5, 8091, None),
        ];
        for (ip, ip_type, port, address) in table {
            let axon = Axon { ip, ip_type, port, ..Axon::default() };
            assert_eq!(axon.address().map(|address| address.to_string()).as_deref(), address, "{axon:?}");
        }
    }
}
