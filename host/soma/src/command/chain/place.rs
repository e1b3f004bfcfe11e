//! Which chain, subnet and wallet a command is about: flag, environment, soma.toml, default.

use std::path::PathBuf;

use soma_chain::{ChainError, Client, Endpoints, Network, Policy};
use soma_wallet::WalletPath;

use crate::cli::ChainFlags;
use crate::config::{File, NETUID, NETWORK};
use crate::error::SomaError;

/// Everything that a command needs before it connects.
#[derive(Debug)]
pub struct Place {
    /// The chain.
    pub endpoints: Endpoints,
    /// The subnet.
    pub netuid: u16,
    /// The wallet.
    pub wallet: WalletPath,
    /// The configuration file, for what else a command takes from it.
    pub file: File,
}

impl Place {
    /// Puts flags over the file, which may be missing.
    ///
    /// # Errors
    /// A file that cannot be read, a network that is none, a wallet's name that cannot be one.
    pub fn settle(flags: &ChainFlags) -> miette::Result<Place> {
        let file = if flags.config.exists() { File::read(&flags.config)? } else { File::default() };
        let network = flags.chain.network.as_deref().or(file.network());
        Ok(Place {
            endpoints: endpoints(network, flags.chain.endpoints_or(file.endpoints()))?,
            netuid: flags.chain.netuid.or(file.netuid()).unwrap_or(NETUID),
            wallet: file.wallet(&flags.wallet)?,
            file,
        })
    }

    /// Connects.
    ///
    /// # Errors
    /// [`ChainError`] when no endpoint can be used.
    pub async fn connect(&self) -> miette::Result<Client> {
        Ok(Client::connect(self.endpoints.clone(), Policy::of(self.endpoints.network())).await?)
    }

    /// The folder for what a hotkey's interruption must leave: the one of `soma run`.
    ///
    /// # Errors
    /// `NoHome` when nothing names one.
    pub fn state(&self, flags: &ChainFlags) -> Result<PathBuf, SomaError> {
        self.file.state(flags.state.as_deref(), &self.wallet)
    }

    /// The same for a coldkey, which may stand behind several hotkeys.
    ///
    /// # Errors
    /// `NoHome` when nothing names one.
    pub fn coldkey_state(&self, flags: &ChainFlags) -> Result<PathBuf, SomaError> {
        self.file.coldkey_state(flags.state.as_deref())
    }

    /// The chain for a person: its name, or the endpoints of one without.
    pub fn network(&self) -> String {
        shown(&self.endpoints)
    }
}

/// A chain for a person: its name, or the endpoints of one without, each with scheme, host and port alone.
pub fn shown(endpoints: &Endpoints) -> String {
    match endpoints.network() {
        Network::Custom => endpoints.urls().iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        named => named.name().to_owned(),
    }
}

/// Endpoints alone are a chain that is known by them; beside a network they have to serve it.
///
/// # Errors
/// [`ChainError::Network`] for a text that is neither.
pub fn endpoints(network: Option<&str>, urls: &[String]) -> Result<Endpoints, ChainError> {
    if urls.is_empty() {
        return Endpoints::parse(network.unwrap_or(NETWORK));
    }
    let named = network.map(Endpoints::parse).transpose()?.map_or(Network::Custom, |named| named.network());
    Endpoints::new(named, urls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_alone_are_a_chain_of_their_own() {
        let urls = ["ws://127.0.0.1:1".to_owned()];
        for (network, given, expected) in [
            (None, &urls[..0], Network::Finney),
            (Some("test"), &urls[..0], Network::Test),
            (Some("finney"), &urls[..], Network::Finney),
            (None, &urls[..], Network::Custom),
        ] {
            let settled = endpoints(network, given).unwrap();
            assert_eq!(settled.network(), expected, "{network:?} {given:?}");
            let shown: Vec<String> = settled.urls().iter().map(ToString::to_string).collect();
            assert!(given.is_empty() || shown == given);
        }
        assert!(endpoints(Some("mainnet"), &[]).is_err());
        assert!(endpoints(Some("mainnet"), &urls).is_err());
    }
}
