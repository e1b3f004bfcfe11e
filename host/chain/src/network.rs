//! Which chain, and through which endpoints.

use std::fmt;

use subxt::utils::H256;

use crate::error::ChainError;

/// The genesis hash of finney, the main network.
const FINNEY_GENESIS: [u8; 32] = [
    0x2f, 0x05, 0x55, 0xcc, 0x76, 0xfc, 0x28, 0x40, 0xa2, 0x5a, 0x6e, 0xa3, 0xb9, 0x63, 0x71, 0x46, 0x80, 0x6f, 0x1f,
    0x44, 0xb0, 0x90, 0xc1, 0x75, 0xff, 0xde, 0x2a, 0x7e, 0x5a, 0xb3, 0x6c, 0x03,
];

/// The genesis hash of the public test network.
const TEST_GENESIS: [u8; 32] = [
    0x8f, 0x9c, 0xf8, 0x56, 0xbf, 0x55, 0x8a, 0x14, 0x44, 0x0e, 0x75, 0x56, 0x9c, 0x9e, 0x58, 0x59, 0x47, 0x57, 0x04,
    0x8d, 0x7b, 0x3a, 0x84, 0xb5, 0xd2, 0x5f, 0x6b, 0xd9, 0x78, 0x26, 0x31, 0x05,
];

/// A chain by the name that the Python SDK gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Network {
    /// The main network.
    Finney,
    /// The public test network.
    Test,
    /// A node on this machine: `soma localnet`, or a development node of subtensor.
    Local,
    /// Any other chain, known only by its URL.
    Custom,
}

impl Network {
    /// The name as the Python SDK writes it; `custom` for a chain that is known only by its URL.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Finney => "finney",
            Self::Test => "test",
            Self::Local => "local",
            Self::Custom => "custom",
        }
    }

    /// The hash of the first block, for the networks whose chain is known beforehand.
    #[must_use]
    pub fn genesis(self) -> Option<H256> {
        match self {
            Self::Finney => Some(H256(FINNEY_GENESIS)),
            Self::Test => Some(H256(TEST_GENESIS)),
            Self::Local | Self::Custom => None,
        }
    }

    /// The network whose chain has this first block; nothing for a chain that is not known beforehand.
    #[must_use]
    pub fn of_genesis(genesis: H256) -> Option<Self> {
        [Self::Finney, Self::Test].into_iter().find(|network| network.genesis() == Some(genesis))
    }

    /// The endpoint that is used when the operator names none.
    #[must_use]
    pub fn endpoint(self) -> Option<&'static str> {
        match self {
            Self::Finney => Some("wss://entrypoint-finney.opentensor.ai:443"),
            Self::Test => Some("wss://test.finney.opentensor.ai:443"),
            Self::Local => Some("ws://127.0.0.1:9944"),
            Self::Custom => None,
        }
    }

    /// Whether blocks come at a steady pace, so that an old newest block means a node that fell behind. A development
    /// chain may make a block only when there is something to put in it.
    pub(crate) fn has_steady_blocks(self) -> bool {
        matches!(self, Self::Finney | Self::Test)
    }
}

/// One endpoint. User, path and query of its URL may be a key that its provider sells, so it is shown as scheme, host and
/// port alone; only the dialling reads the rest.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(String);

impl Endpoint {
    /// The whole URL, for dialling and for telling two endpoints of one host apart.
    pub(crate) fn url(&self) -> &str {
        &self.0
    }

    /// Host and port.
    #[must_use]
    pub fn host(&self) -> &str {
        parts(&self.0).1
    }

    /// A text of somebody who was given the whole URL, without it.
    pub(crate) fn hidden_in(&self, text: &str) -> String {
        text.replace(&self.0, &self.to_string())
    }
}

/// `wss://host:port`
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host) = parts(&self.0);
        write!(f, "{scheme}{host}")
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What an operator wrote for a network as it may be shown: a name as it is, of each URL in it only scheme, host and port.
#[must_use]
pub fn shown(text: &str) -> String {
    let shown = |part: &str| Endpoint(part.trim().to_owned()).to_string();
    text.split(',').map(shown).collect::<Vec<_>>().join(",")
}

/// The scheme with what ends it, and host and port. Of a text without a scheme all is the host.
fn parts(url: &str) -> (&str, &str) {
    let Some((scheme, rest)) = url.find("://").map(|end| url.split_at(end.saturating_add(3))) else {
        return ("", url.rsplit_once('@').map_or(url, |(_, host)| host));
    };
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or(rest);
    (scheme, authority.rsplit_once('@').map_or(authority, |(_, host)| host))
}

/// A network and the endpoints through which it is reached, best first. There is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    network: Network,
    urls: Vec<Endpoint>,
}

impl Endpoints {
    /// Reads what an operator writes for a network: `finney`, `test`, `local`, or a URL (`ws://` or `wss://`), or several
    /// of these URLs with commas between them.
    ///
    /// # Errors
    /// [`ChainError::Network`] if it is none of these.
    pub fn parse(text: &str) -> Result<Self, ChainError> {
        match text {
            "finney" => Self::new(Network::Finney, &[] as &[&str]),
            "test" => Self::new(Network::Test, &[] as &[&str]),
            "local" => Self::new(Network::Local, &[] as &[&str]),
            urls => Self::new(Network::Custom, &urls.split(',').map(str::trim).collect::<Vec<_>>()),
        }
    }

    /// The given endpoints of a network, best first; the network's own endpoint when none is given. An endpoint of
    /// finney that serves another chain is refused when it is connected to.
    ///
    /// # Errors
    /// [`ChainError::Network`] if a URL does not begin with `ws://` or `wss://`, or there is none at all.
    pub fn new<S: AsRef<str>>(network: Network, urls: &[S]) -> Result<Self, ChainError> {
        let mut kept: Vec<Endpoint> = Vec::new();
        for url in urls.iter().map(AsRef::as_ref) {
            let address = url.strip_prefix("ws://").or_else(|| url.strip_prefix("wss://"));
            if address.is_none_or(str::is_empty) || url.contains(char::is_whitespace) {
                return Err(ChainError::Network { given: shown(url) });
            }
            if !kept.iter().any(|known| known.0 == url) {
                kept.push(Endpoint(url.to_owned()));
            }
        }
        if kept.is_empty() {
            let own = network.endpoint().ok_or(ChainError::Network { given: String::new() })?;
            kept.push(Endpoint(own.to_owned()));
        }
        Ok(Self { network, urls: kept })
    }

    /// The network that these endpoints should serve.
    #[must_use]
    pub fn network(&self) -> Network {
        self.network
    }

    /// The endpoints, best first; at least one.
    #[must_use]
    pub fn urls(&self) -> &[Endpoint] {
        &self.urls
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_urls_are_read() {
        let table: [(&str, Network, &[&str]); 5] = [
            ("finney", Network::Finney, &["wss://entrypoint-finney.opentensor.ai:443"]),
            ("test", Network::Test, &["wss://test.finney.opentensor.ai:443"]),
            ("local", Network::Local, &["ws://127.0.0.1:9944"]),
            ("ws://10.0.0.1:9944", Network::Custom, &["ws://10.0.0.1:9944"]),
            (
                "wss://a.example, ws://b.example,wss://a.example",
                Network::Custom,
                &["wss://a.example", "ws://b.example"],
            ),
        ];
        for (text, network, urls) in table {
            let read = Endpoints::parse(text).unwrap();
            assert_eq!(read.network(), network, "{text}");
            let read: Vec<&str> = read.urls().iter().map(Endpoint::url).collect();
            assert_eq!(read, urls, "{text}");
        }
    }

    #[test]
    fn of_a_url_only_scheme_host_and_port_are_shown() {
        let table = [
            ("wss://entrypoint-finney.opentensor.ai:443", "wss://entrypoint-finney.opentensor.ai:443"),
            ("wss://user:secret@node.example/v1/secret?k=secret", "wss://node.example"),
            ("ws://127.0.0.1:9944?key=secret@b", "ws://127.0.0.1:9944"),
            ("ws://[::1]:9944/secret", "ws://[::1]:9944"),
            ("ws://a@secret@b:1#secret", "ws://b:1"),
            ("https://node.example/secret", "https://node.example"),
            ("user:secret@node.example", "node.example"),
            ("finney", "finney"),
            ("ws://a/secret, wss://secret@b", "ws://a,wss://b"),
        ];
        for (text, expected) in table {
            assert_eq!(shown(text), expected, "{text}");
        }
        let endpoints = Endpoints::parse("wss://user:secret@node.example:1/secret").unwrap();
        assert!(!format!("{endpoints:?}").contains("secret"), "{endpoints:?}");
        assert_eq!(endpoints.urls()[0].host(), "node.example:1");
        let odd = Endpoints::parse("https://node.example/secret").unwrap_err();
        assert!(!odd.to_string().contains("secret"), "{odd}");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "mainnet", "http://127.0.0.1:9944", "ws://", "ws://a b", "wss://a,"] {
            assert!(matches!(Endpoints::parse(text), Err(ChainError::Network { .. })), "{text:?}");
        }
    }
}
