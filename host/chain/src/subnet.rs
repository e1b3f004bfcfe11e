//! Single facts of a subnet.

use soma_protocol::ss58::PublicKey;

use crate::at::{At, PALLET};
use crate::axon::Axon;
use crate::error::ChainError;

impl At {
    /// Makes sure that there is such a subnet.
    ///
    /// # Errors
    /// [`ChainError::NoSubnet`], or as [`At::storage`].
    pub async fn check_subnet(&self, netuid: u16) -> Result<(), ChainError> {
        match self.storage(PALLET, "NetworksAdded", (netuid,)).await? {
            Some(true) => Ok(()),
            Some(false) | None => Err(ChainError::NoSubnet { netuid }),
        }
    }

    /// The uid of a hotkey in a subnet; nothing if it is not registered there.
    ///
    /// # Errors
    /// As [`At::storage`].
    pub async fn uid(&self, netuid: u16, hotkey: &PublicKey) -> Result<Option<u16>, ChainError> {
        self.storage(PALLET, "Uids", (netuid, hotkey.0)).await
    }

    /// The hotkey of the subnet's owner; nothing if the subnet has none.
    ///
    /// # Errors
    /// As [`At::storage`].
    pub async fn owner_hotkey(&self, netuid: u16) -> Result<Option<PublicKey>, ChainError> {
        let owner: Option<[u8; 32]> = self.storage(PALLET, "SubnetOwnerHotkey", (netuid,)).await?;
        Ok(owner.filter(|owner| *owner != [0; 32]).map(PublicKey))
    }

    /// What a registration costs at this block, in RAO of TAO.
    ///
    /// # Errors
    /// As [`At::storage`].
    pub async fn burn(&self, netuid: u16) -> Result<u64, ChainError> {
        let what = format!("storage {PALLET}.Burn");
        self.storage(PALLET, "Burn", (netuid,)).await?.ok_or_else(|| self.missing(what))
    }

    /// What a hotkey has published; nothing if it never did.
    ///
    /// # Errors
    /// As [`At::storage`].
    pub async fn axon(&self, netuid: u16, hotkey: &PublicKey) -> Result<Option<Axon>, ChainError> {
        self.storage(PALLET, "Axons", (netuid, hotkey.0)).await
    }

    /// Blocks that must lie between two publications of one neuron's address.
    ///
    /// # Errors
    /// As [`At::storage`].
    pub async fn serving_rate_limit(&self, netuid: u16) -> Result<u64, ChainError> {
        Ok(self.storage(PALLET, "ServingRateLimit", (netuid,)).await?.unwrap_or_default())
    }

    /// How many incentive mechanisms the subnet has; 1 on a runtime from before there were several.
    ///
    /// # Errors
    /// As [`At::storage`].
    pub async fn mechanisms(&self, netuid: u16) -> Result<u8, ChainError> {
        if !self.has_storage(PALLET, "MechanismCountCurrent") {
            return Ok(1);
        }
        Ok(self.storage(PALLET, "MechanismCountCurrent", (netuid,)).await?.unwrap_or(1))
    }
}
