//! `[chain]` in `soma.toml`: how the chain is reached, and how old what is known of it may become.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;
use soma_chain::{ChainError, Endpoints};
use soma_manifest::Seconds;

use crate::cli::RunFlags;

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
    ) -> Result<ChainSettings, ChainError> {
        let named = flags.chain_endpoint.as_ref().map(|urls| urls.split(',').map(|url| url.trim().to_owned()).collect());
        let known = Endpoints::parse(network)?;
        let endpoints = match named.or(self.endpoints).filter(|urls: &Vec<String>| !urls.is_empty()) {
            Some(urls) => Endpoints::new(known.network(), &urls)?,
            None => known,
        };
        Ok(ChainSettings {
            endpoints,
            netuid,
            external,
            max_age: self.max_age.map_or(MAX_AGE, Seconds::duration),
            refresh: self.refresh.map_or(REFRESH, Seconds::duration),
        })
    }
}
