//! What an account holds.

use scale_decode::DecodeAsType;
use soma_protocol::ss58::PublicKey;

use crate::at::{At, PALLET};
use crate::error::ChainError;

/// The free money of an account, in RAO.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, DecodeAsType)]
pub struct Balance {
    /// What the account owns and is not reserved.
    pub free: u64,
    /// What is set aside for a deposit.
    pub reserved: u64,
    /// What of `free` may not be spent.
    pub frozen: u64,
}

impl Balance {
    /// What may be spent, in RAO. The chain wants a small rest to stay (500 RAO on finney) unless an account is emptied.
    #[must_use]
    pub fn spendable(&self) -> u64 {
        self.free.saturating_sub(self.frozen)
    }
}

/// What of `System.Account` matters here.
#[derive(DecodeAsType)]
struct Account {
    nonce: u64,
    data: Balance,
}

impl At {
    /// The balance of an account; zero for one that the chain has never seen.
    ///
    /// # Errors
    /// As [`At::storage`].
    pub async fn balance(&self, account: &PublicKey) -> Result<Balance, ChainError> {
        let found: Option<Account> = self.storage("System", "Account", (account.0,)).await?;
        Ok(found.map(|account| account.data).unwrap_or_default())
    }

    /// How many extrinsics of an account are in blocks up to this one; 0 for one that the chain has never seen.
    ///
    /// # Errors
    /// As [`At::storage`].
    pub async fn nonce(&self, account: &PublicKey) -> Result<u64, ChainError> {
        let found: Option<Account> = self.storage("System", "Account", (account.0,)).await?;
        Ok(found.map(|account| account.nonce).unwrap_or_default())
    }

    /// All stake on a hotkey in a subnet, its nominators' included, in RAO of the subnet's alpha (TAO for subnet 0).
    ///
    /// # Errors
    /// As [`At::storage`].
    pub async fn stake(&self, hotkey: &PublicKey, netuid: u16) -> Result<u64, ChainError> {
        Ok(self.storage(PALLET, "TotalHotkeyAlpha", (hotkey.0, netuid)).await?.unwrap_or_default())
    }

    /// The coldkey that owns a hotkey; nothing for a hotkey that the chain does not know.
    ///
    /// # Errors
    /// As [`At::storage`].
    pub async fn owner(&self, hotkey: &PublicKey) -> Result<Option<PublicKey>, ChainError> {
        let owner: Option<[u8; 32]> = self.storage(PALLET, "Owner", (hotkey.0,)).await?;
        Ok(owner.filter(|owner| *owner != [0; 32]).map(PublicKey))
    }
}
