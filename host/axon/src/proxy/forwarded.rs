//! `X-Forwarded-For`: each proxy adds at the right whom it got the request from.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName};

use super::Proxies;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Hops that are followed. More than a handful means that somebody plays.
const HOPS: usize = 16;

impl Proxies {
    /// The caller's address: from the right the first that is no trusted proxy. What stands further left could have
    /// been written by the caller. An entry that is no address ends the search at the last one that was.
    pub(crate) fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut caller = peer.to_canonical();
        if self.trusted.is_empty() || !self.trusts(caller) {
            return caller;
        }
        let values = headers.get_all(FORWARDED_FOR).iter().collect::<Vec<_>>();
        let entries = values.iter().rev().flat_map(|value| value.to_str().unwrap_or_default().rsplit(','));
        for entry in entries.take(HOPS) {
            let Some(ip) = address(entry.trim()) else { break };
            caller = ip.to_canonical();
            if !self.trusts(caller) {
                break;
            }
        }
        caller
    }
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    bare.ok().or_else(bracketed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PROXY: &str = "10.0.0.1";

    fn proxies() -> Proxies {
        Proxies { trusted: vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()], ..Proxies::default() }
    }

    fn caller(peer: &str, values: &[&str]) -> String {
        let headers = values.iter().map(|value| (FORWARDED_FOR, value.parse().unwrap())).collect();
        proxies().caller(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn the_right_most_that_is_no_proxy_counts() {
        let table: &[(&[&str], &str)] = &[
            (&[], PROXY),
            (&["203.0.113.9"], "203.0.113.9"),
            (&["1.2.3.4, 203.0.113.9"], "203.0.113.9"),
            (&["1.2.3.4, 203.0.113.9, 10.1.2.3"], "203.0.113.9"),
            (&["1.2.3.4", "203.0.113.9", "10.1.2.3 ,10.9.9.9"], "203.0.113.9"),
            (&["10.1.2.3, 10.9.9.9"], "10.1.2.3"),
            (&["203.0.113.9:4711"], "203.0.113.9"),
            (&["2001:db8::7"], "2001:db8::7"),
            (&["[2001:db8::7]:80, fd00::1"], "2001:db8::7"),
            (&["[2001:db8::7]"], "2001:db8::7"),
            (&["::ffff:203.0.113.9"], "203.0.113.9"),
            (&["203.0.113.9, unknown"], PROXY),
            (&["203.0.113.9, , 10.1.1.1"], "10.1.1.1"),
            (&["\"203.0.113.9\""], PROXY),
        ];
        for (values, expected) in table {
            assert_eq!(caller(PROXY, values), *expected, "{values:?}");
        }
    }

    #[test]
    fn a_peer_that_is_no_proxy_is_not_believed() {
        assert_eq!(caller("203.0.113.1", &["192.0.2.7"]), "203.0.113.1");
        assert_eq!(caller("::ffff:10.0.0.1", &["192.0.2.7"]), "192.0.2.7");
        assert_eq!(Proxies::default().caller(PROXY.parse().unwrap(), &HeaderMap::new()).to_string(), PROXY);
    }

    proptest! {
        /// Whatever is sent: what a stranger puts at the left never counts once a proxy has added its address.
        #[test]
        fn what_the_caller_writes_does_not_count(junk in "[ -~]{0,60}") {
            prop_assert_eq!(caller(PROXY, &[&format!("{junk},203.0.113.9")]), "203.0.113.9");
            let _ = caller(PROXY, &[&junk]);
        }
    }
}
