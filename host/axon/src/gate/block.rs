//! What counts as one address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One IPv4 address, or the /64 network of an IPv6 address: whoever has one address of a /64 has all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Block {
    /// /32
    V4(Ipv4Addr),
    /// The upper 64 bits.
    V6(u64),
}

impl From<IpAddr> for Block {
    fn from(ip: IpAddr) -> Block {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Block::V4(ip),
            IpAddr::V6(ip) => Block::V6(upper(ip)),
        }
    }
}

fn upper(ip: Ipv6Addr) -> u64 {
    // The shift leaves 64 bits, so nothing is lost.
    u64::try_from(ip.to_bits() >> 64).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_of_64_bits_is_one_address_and_a_mapped_address_is_the_one_it_maps() {
        let block = |text: &str| Block::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(block("2001:db8:1:2::1"), block("2001:db8:1:2:ffff::9"));
        assert_ne!(block("2001:db8:1:2::1"), block("2001:db8:1:3::1"));
        assert_ne!(block("192.0.2.1"), block("192.0.2.2"));
        assert_eq!(block("::ffff:192.0.2.1"), block("192.0.2.1"));
    }
}
