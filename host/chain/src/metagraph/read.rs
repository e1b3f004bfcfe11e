//! The metagraph from the chain.

use super::Metagraph;
use super::answer::{Answer, COLUMNS, Columns};
use crate::at::{At, PALLET};
use crate::error::ChainError;

pub(super) const API: &str = "SubnetInfoRuntimeApi";

/// Asks for chosen columns of one incentive mechanism of a subnet.
pub(super) const BY_MECHANISM: &str = "get_selective_mechagraph";

/// The same for a runtime that has not got several mechanisms.
const BY_SUBNET: &str = "get_selective_metagraph";

/// The first mechanism; every subnet has it.
const MECHANISM: u8 = 0;

impl At {
    /// All neurons of a subnet at this block (of its first mechanism, if it has several).
    ///
    /// One question where the runtime has an API for it. Else the storages are read, which takes some ten questions;
    /// stake is then what lies on the hotkey itself, without what is inherited from parent hotkeys.
    ///
    /// # Errors
    /// [`ChainError::NoSubnet`], or as [`At::storage`].
    pub async fn metagraph(&self, netuid: u16) -> Result<Metagraph, ChainError> {
        let columns = if self.has_api(API, BY_MECHANISM) {
            let answer = self.api(API, BY_MECHANISM, (netuid, MECHANISM, COLUMNS.to_vec())).await?;
            self.answered(netuid, answer, BY_MECHANISM).await?
        } else if self.has_api(API, BY_SUBNET) {
            let answer = self.api(API, BY_SUBNET, (netuid, COLUMNS.to_vec())).await?;
            self.answered(netuid, answer, BY_SUBNET).await?
        } else {
            self.columns_by_storage(netuid).await?
        };
        columns
            .metagraph(netuid, self.number(), self.hash())
            .map_err(|detail| ChainError::Undecodable { what: format!("the metagraph of subnet {netuid}"), detail })
    }

    async fn answered(&self, netuid: u16, answer: Option<Answer>, method: &str) -> Result<Columns, ChainError> {
        let answer = answer.ok_or(ChainError::NoSubnet { netuid })?;
        let trust = self.column("ValidatorTrust", netuid).await?;
        answer.columns(trust).map_err(|missing| ChainError::Undecodable {
            what: format!("runtime API {API}.{method}"),
            detail: format!("the answer has no `{missing}`"),
        })
    }

    /// A storage that holds one value for each neuron; empty on a runtime without it.
    pub(super) async fn column<T>(&self, entry: &str, netuid: u16) -> Result<Vec<T>, ChainError>
    where
        Vec<T>: scale_decode::DecodeAsType,
    {
        match self.has_storage(PALLET, entry) {
            true => Ok(self.storage(PALLET, entry, (netuid,)).await?.unwrap_or_default()),
            false => Ok(Vec::new()),
        }
    }
}
