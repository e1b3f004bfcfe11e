//! Where the metagraph is kept over restarts.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::error::ChainError;
use crate::metagraph::Kept;
use crate::network::{Endpoint, Endpoints, Network};

/// The file of one chain's subnet.
#[derive(Debug, Clone)]
pub(super) struct Disk {
    path: PathBuf,
    network: Network,
    netuid: u16,
}

impl Disk {
    /// The file for these endpoints. A chain that is known only by its URL is told from others by its first URL.
    pub(super) fn new(folder: &Path, endpoints: &Endpoints, netuid: u16) -> Self {
        let network = endpoints.network();
        let chain = match network {
            Network::Custom => {
                let digest = Sha256::digest(endpoints.urls().first().map_or("", Endpoint::url));
                format!("custom-{}", hex::encode(digest.first_chunk::<4>().copied().unwrap_or_default()))
            }
            known => known.name().to_owned(),
        };
        Self { path: folder.join(format!("metagraph-{chain}-{netuid}.bin")), network, netuid }
    }

    /// What is kept, if it is of this chain and subnet. A file that cannot be used is told in the log and otherwise as
    /// none: the chain has the same again.
    pub(super) fn load(&self) -> Option<Kept> {
        match Kept::load(&self.path) {
            Ok(Some(kept)) if self.fits(&kept) => Some(kept),
            Ok(Some(_)) => {
                tracing::warn!(target: "chain", path = %self.path.display(), "the metagraph on disk is of another chain");
                None
            }
            Ok(None) => None,
            Err(error) => {
                tracing::warn!(target: "chain", path = %self.path.display(), %error, "the metagraph on disk is not used");
                None
            }
        }
    }

    fn fits(&self, kept: &Kept) -> bool {
        kept.metagraph.netuid() == self.netuid && self.network.genesis().is_none_or(|genesis| genesis == kept.genesis)
    }

    /// Puts a metagraph in the place of the one that is kept.
    ///
    /// # Errors
    /// [`ChainError::Snapshot`].
    pub(super) fn store(&self, kept: &Kept) -> Result<(), ChainError> {
        kept.store(&self.path).map_err(|error| ChainError::Snapshot {
            action: "write",
            path: self.path.display().to_string(),
            detail: error.to_string(),
        })
    }
}
