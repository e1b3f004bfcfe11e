//! Whom a synapse goes to.

use std::fmt;

use http::uri::Authority;
use soma_protocol::ss58::PublicKey;

use crate::error::DendriteError;

/// The longest synapse name that is sent, in bytes. Names are Python class names; the longest in use have about 40.
const LONGEST_ROUTE: usize = 128;

/// One axon and one route on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SynapseTarget {
    authority: Authority,
    port: u16,
    hotkey: PublicKey,
    route: String,
}

impl SynapseTarget {
    /// Reads a target from its parts: `addr` as `host:port` (an IPv6 host in square brackets), `hotkey` as the
    /// axon's ss58 address, `route` as the synapse's class name.
    ///
    /// # Errors
    /// [`DendriteError::Address`], [`DendriteError::Hotkey`] or [`DendriteError::Route`], whichever does not parse.
    pub fn new(addr: &str, hotkey: &str, route: &str) -> Result<Self, DendriteError> {
        let (authority, port) = parse_authority(addr)?;
        let hotkey = PublicKey::from_ss58(hotkey)
            .map_err(|source| DendriteError::Hotkey { hotkey: hotkey.to_owned(), source })?;
        if !is_class_name(route) {
            return Err(DendriteError::Route { route: route.to_owned() });
        }
        Ok(Self { authority, port, hotkey, route: route.to_owned() })
    }

    /// The host as it is dialled: a name, an IPv4 address, or an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        let host = self.authority.host();
        host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host)
    }

    /// The TCP port, 1 to 65535.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The axon's hotkey, which is part of what is signed.
    pub const fn hotkey(&self) -> PublicKey {
        self.hotkey
    }

    /// The synapse's class name.
    pub fn route(&self) -> &str {
        &self.route
    }

    /// The address that the request is posted to.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/{}", self.authority, self.route)
    }
}

impl fmt::Display for SynapseTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.authority, self.route)
    }
}

fn parse_authority(addr: &str) -> Result<(Authority, u16), DendriteError> {
    let refused = || DendriteError::Address { addr: addr.to_owned() };
    let authority: Authority = addr.parse().map_err(|_| refused())?;
    // A user name before the host would be sent nowhere, and would make an address look like another one.
    let port = authority.port_u16().filter(|port| *port != 0 && !addr.contains('@')).ok_or_else(refused)?;
    if authority.host().is_empty() {
        return Err(refused());
    }
    Ok((authority, port))
}

/// A Python class name in ASCII: what can stand in the path and in the `name` header as it is.
fn is_class_name(route: &str) -> bool {
    route.len() <= LONGEST_ROUTE
        && route.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && is_field_name(route)
}

/// A Python identifier in ASCII, or digits: what can be the end of a header name.
pub(crate) fn is_field_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The published development account `//Alice`.
    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

    #[test]
    fn reads_names_and_both_kinds_of_addresses() {
        for (addr, host, port, url) in [
            ("127.0.0.1:8091", "127.0.0.1", 8091, "http://127.0.0.1:8091/Echo"),
            ("miner.example:1", "miner.example", 1, "http://miner.example:1/Echo"),
            ("[::1]:65535", "::1", 65535, "http://[::1]:65535/Echo"),
        ] {
            let target = SynapseTarget::new(addr, ALICE, "Echo").unwrap();
            assert_eq!((target.host(), target.port(), target.url().as_str()), (host, port, url));
        }
    }

    #[test]
    fn refuses_what_is_not_host_and_port() {
        for addr in [
            "",
            ":",
            "127.0.0.1",
            ":8091",
            "127.0.0.1:0",
            "127.0.0.1:65536",
            "a@b:1",
            "http://a:1",
            "a:1/x",
            "a b:1",
            "::1:8091",
        ] {
            let refused = SynapseTarget::new(addr, ALICE, "Echo");
            assert!(matches!(refused, Err(DendriteError::Address { .. })), "{addr}: {refused:?}");
        }
    }

    #[test]
    fn refuses_routes_that_are_no_class_names() {
        let long = "a".repeat(LONGEST_ROUTE + 1);
        for route in ["", "1st", "A/B", "A?b", "Ä", "A B", "A\r\nx", long.as_str()] {
            let refused = SynapseTarget::new("127.0.0.1:1", ALICE, route);
            assert!(matches!(refused, Err(DendriteError::Route { .. })), "{route}: {refused:?}");
        }
    }

    #[test]
    fn refuses_a_hotkey_with_a_wrong_letter() {
        let odd = ALICE.replace("5Grw", "5Grx");
        assert!(matches!(SynapseTarget::new("127.0.0.1:1", &odd, "Echo"), Err(DendriteError::Hotkey { .. })));
    }

    proptest! {
        #[test]
        fn never_panics_and_never_leaves_the_host(addr in ".{0,40}", route in ".{0,40}") {
            if let Ok(target) = SynapseTarget::new(&addr, ALICE, &route) {
                let url = target.url();
                let uri: http::Uri = url.parse().unwrap();
                prop_assert_eq!(uri.path(), format!("/{route}"));
                prop_assert_eq!(uri.port_u16(), Some(target.port()));
            }
        }
    }
}
