//! The metagraph out of single storages, for a runtime without an API for it.

use std::collections::HashMap;

use super::answer::Columns;
use crate::at::{At, PALLET};
use crate::axon::Axon;
use crate::error::ChainError;

/// The most neurons that a subnet can have: uids have 16 bits.
const MOST: usize = 65_536;

/// The network whose stake is in TAO.
const ROOT: u16 = 0;

impl At {
    /// All columns of a subnet out of the storages.
    pub(super) async fn columns_by_storage(&self, netuid: u16) -> Result<Columns, ChainError> {
        self.check_subnet(netuid).await?;
        let hotkeys = self.hotkeys(netuid).await?;
        let stakes = self.stakes(netuid, &hotkeys).await?;
        let owners = self.many(PALLET, "Owner", hotkeys.iter().map(|key| (*key,)).collect()).await?;
        let mut axons = self.axons(netuid).await?;
        Ok(Columns {
            coldkeys: owners.into_iter().map(Option::unwrap_or_default).collect(),
            axons: hotkeys.iter().map(|key| axons.remove(key).filter(|axon| axon.ip != 0)).collect(),
            active: self.column("Active", netuid).await?,
            validator_permit: self.column("ValidatorPermit", netuid).await?,
            last_update: self.column("LastUpdate", netuid).await?,
            emission: self.column("Emission", netuid).await?,
            dividends: self.column("Dividends", netuid).await?,
            incentive: self.column("Incentive", netuid).await?,
            consensus: self.column("Consensus", netuid).await?,
            validator_trust: self.column("ValidatorTrust", netuid).await?,
            registered_at: self.registrations(netuid, hotkeys.len()).await?,
            stake: stakes.iter().map(|stake| stake.counted).collect(),
            alpha_stake: stakes.iter().map(|stake| stake.alpha).collect(),
            tao_stake: stakes.iter().map(|stake| stake.tao).collect(),
            hotkeys,
        })
    }

    /// The hotkeys by uid.
    async fn hotkeys(&self, netuid: u16) -> Result<Vec<[u8; 32]>, ChainError> {
        let what = || format!("storage {PALLET}.Keys");
        let mut found: Vec<(u16, [u8; 32])> = Vec::new();
        for (key, hotkey) in self.entries(PALLET, "Keys", netuid, MOST).await? {
            let uid = key.last_chunk().copied().map(u16::from_le_bytes);
            let uid =
                uid.ok_or_else(|| ChainError::Undecodable { what: what(), detail: "a key is too short".into() })?;
            found.push((uid, hotkey));
        }
        found.sort_unstable();
        if (0..=u16::MAX).zip(&found).any(|(place, (uid, _))| place != *uid) {
            return Err(ChainError::Undecodable { what: what(), detail: "the uids have a gap".into() });
        }
        Ok(found.into_iter().map(|(_, hotkey)| hotkey).collect())
    }

    async fn axons(&self, netuid: u16) -> Result<HashMap<[u8; 32], Axon>, ChainError> {
        let found = self.entries(PALLET, "Axons", netuid, MOST).await?;
        Ok(found.into_iter().filter_map(|(key, axon)| Some((*key.last_chunk()?, axon))).collect())
    }

    async fn registrations(&self, netuid: u16, count: usize) -> Result<Vec<u64>, ChainError> {
        if !self.has_storage(PALLET, "BlockAtRegistration") {
            return Ok(Vec::new());
        }
        let keys = (0..=u16::MAX).take(count).map(|uid| (netuid, uid)).collect();
        let found = self.many(PALLET, "BlockAtRegistration", keys).await?;
        Ok(found.into_iter().map(Option::unwrap_or_default).collect())
    }

    async fn stakes(&self, netuid: u16, hotkeys: &[[u8; 32]]) -> Result<Vec<Stake>, ChainError> {
        let on = |netuid: u16| hotkeys.iter().map(|key| (*key, netuid)).collect::<Vec<_>>();
        let alpha: Vec<Option<u64>> = self.many(PALLET, "TotalHotkeyAlpha", on(netuid)).await?;
        let tao: Vec<Option<u64>> = self.many(PALLET, "TotalHotkeyAlpha", on(ROOT)).await?;
        let rate: u64 = match self.has_storage(PALLET, "TaoWeight") {
            true => self.storage(PALLET, "TaoWeight", ()).await?.unwrap_or_default(),
            false => 0,
        };
        let pairs = alpha.into_iter().zip(tao);
        Ok(pairs.map(|(alpha, tao)| Stake::new(alpha.unwrap_or_default(), tao.unwrap_or_default(), rate)).collect())
    }
}

/// The stake of one neuron, in RAO.
#[derive(Debug, PartialEq, Eq)]
struct Stake {
    alpha: u64,
    tao: u64,
    counted: u64,
}

impl Stake {
    /// Alpha counts whole, TAO at the network's rate, which is a part of the largest `u64`.
    fn new(alpha: u64, tao: u64, rate: u64) -> Self {
        let rated = u128::from(tao) * u128::from(rate) / u128::from(u64::MAX);
        Self { alpha, tao, counted: alpha.saturating_add(u64::try_from(rated).unwrap_or(u64::MAX)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tao_counts_at_the_networks_rate() {
        let table = [((5, 100, 0), 5), ((5, 100, u64::MAX), 105), ((u64::MAX, u64::MAX, u64::MAX), u64::MAX)];
        for ((alpha, tao, rate), counted) in table {
            assert_eq!(Stake::new(alpha, tao, rate).counted, counted);
        }
        // 18 % of a thousand TAO.
        let eighteen = u64::MAX / 100 * 18;
        assert_eq!(Stake::new(0, 1_000_000_000_000, eighteen).counted, 179_999_999_999);
    }
}
