//! Where a subnet is in its epoch.

use subxt::ext::scale_value::{Composite, Primitive, Value, ValueDef};

use crate::at::{At, PALLET};
use crate::error::ChainError;

/// The runtime API that knows when the next epoch begins, whatever the rule of its runtime is.
const API: &str = "SubnetInfoRuntimeApi";
const NEXT: &str = "get_next_epoch_start_block";

/// The chain starts an epoch when none was for this many blocks, whatever else is set.
const LONGEST: u64 = 50_400;

/// The position of a subnet in its epoch, at one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch {
    /// The block at which this was read.
    pub block: u64,
    /// The subnet's tempo, in blocks; 0 means that it has no epochs.
    pub tempo: u16,
    /// Blocks since consensus was last computed.
    pub since_step: u64,
    /// The first block of the next epoch; nothing for a subnet without epochs.
    pub next: Option<u64>,
    /// How `next` was found.
    pub source: EpochSource,
}

/// Where the block of the next epoch comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EpochSource {
    /// The runtime said it.
    Runtime,
    /// Computed from the storages of a runtime that counts from the last epoch.
    LastEpoch,
    /// Computed from block number, netuid and tempo, as old runtimes do. Wrong for a subnet whose tempo was changed, if
    /// the runtime has a newer rule.
    Legacy,
}

impl Epoch {
    /// Blocks until the next epoch begins; nothing for a subnet without epochs.
    #[must_use]
    pub fn blocks_left(&self) -> Option<u64> {
        self.next.map(|next| next.saturating_sub(self.block))
    }
}

impl At {
    /// Where a subnet is in its epoch.
    ///
    /// # Errors
    /// [`ChainError::NoSubnet`], or as [`At::storage`].
    pub async fn epoch(&self, netuid: u16) -> Result<Epoch, ChainError> {
        self.check_subnet(netuid).await?;
        let tempo: u16 = self.storage(PALLET, "Tempo", (netuid,)).await?.unwrap_or_default();
        let since_step: u64 = self.storage(PALLET, "BlocksSinceLastStep", (netuid,)).await?.unwrap_or_default();
        let block = self.number();
        if tempo == 0 {
            return Ok(Epoch { block, tempo, since_step, next: None, source: EpochSource::Legacy });
        }
        if self.has_api(API, NEXT) {
            let said: Value<()> = self.api(API, NEXT, (netuid,)).await?;
            if let Some(next) = number(&said) {
                return Ok(Epoch { block, tempo, since_step, next: Some(next), source: EpochSource::Runtime });
            }
        }
        let (next, source) = match self.has_storage(PALLET, "LastEpochBlock") {
            true => (self.by_last_epoch(netuid, tempo, since_step).await?, EpochSource::LastEpoch),
            false => (legacy(block, netuid, tempo), EpochSource::Legacy),
        };
        Ok(Epoch { block, tempo, since_step, next: Some(next), source })
    }

    async fn by_last_epoch(&self, netuid: u16, tempo: u16, since_step: u64) -> Result<u64, ChainError> {
        let last: u64 = self.storage(PALLET, "LastEpochBlock", (netuid,)).await?.unwrap_or_default();
        let pending = match self.has_storage(PALLET, "PendingEpochAt") {
            true => self.storage(PALLET, "PendingEpochAt", (netuid,)).await?.unwrap_or_default(),
            false => 0,
        };
        Ok(counted(self.number(), tempo, last, pending, since_step))
    }
}

/// The next epoch's first block where the runtime counts from the last epoch: the first block after this one at which a
/// tempo is over, an epoch that the owner asked for is due (`pending` > 0), or the longest pause is over.
fn counted(block: u64, tempo: u16, last: u64, pending: u64, since_step: u64) -> u64 {
    let regular = last.saturating_add(u64::from(tempo));
    let asked = match pending {
        0 => u64::MAX,
        due => due,
    };
    let longest = block.saturating_add((LONGEST + 1).saturating_sub(since_step));
    regular.min(asked).min(longest).max(block.saturating_add(1))
}

/// The next epoch's first block where the block number alone decides: epoch `e` begins at
/// `e * (tempo + 1) - (netuid + 1)`.
fn legacy(block: u64, netuid: u16, tempo: u16) -> u64 {
    let shift = u64::from(netuid) + 1;
    let length = u64::from(tempo) + 1;
    let epoch = block.saturating_add(shift) / length;
    epoch.saturating_add(1).saturating_mul(length).saturating_sub(shift)
}

/// The number in an answer that may be a number, an option of one, or either in a wrapper.
fn number(value: &Value<()>) -> Option<u64> {
    match &value.value {
        ValueDef::Primitive(Primitive::U128(number)) => u64::try_from(*number).ok(),
        ValueDef::Variant(variant) if variant.name == "Some" => only(&variant.values).and_then(number),
        ValueDef::Composite(fields) => only(fields).and_then(number),
        _ => None,
    }
}

fn only(fields: &Composite<()>) -> Option<&Value<()>> {
    let mut values = fields.values();
    values.next().filter(|_| fields.len() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_legacy_rule_is_the_formula() {
        // Tempo 360, netuid 1: epoch 1 begins at 361 - 2.
        let table = [(0, 359), (358, 359), (359, 720), (719, 720), (720, 1081)];
        for (block, next) in table {
            assert_eq!(legacy(block, 1, 360), next, "at {block}");
        }
        for block in 0..2000 {
            let next = legacy(block, 7, 99);
            assert!(block < next && next <= block + 100);
            assert_eq!((next + 8) % 100, 0);
        }
        assert_eq!(legacy(u64::MAX, 1, 360), u64::MAX - 2);
    }

    #[test]
    fn the_newer_rule_takes_what_comes_first() {
        // block, tempo, last, pending, since the last step
        let table = [
            ((1000, 360, 900, 0, 100), 1260),
            ((1000, 360, 900, 1100, 100), 1100),
            ((1000, 360, 900, 500, 100), 1001),
            ((1000, 360, 100, 0, 900), 1001),
            ((60_000, u16::MAX, 59_000, 0, 50_395), 60_006),
        ];
        for ((block, tempo, last, pending, since), next) in table {
            assert_eq!(counted(block, tempo, last, pending, since), next, "{block} {tempo} {last} {pending} {since}");
        }
    }

    #[test]
    fn an_answer_is_a_number_or_holds_one() {
        let wrapped = Value::unnamed_composite([Value::u128(7)]);
        let some = Value::unnamed_variant("Some", [wrapped.clone()]);
        assert_eq!(number(&Value::u128(7)), Some(7));
        assert_eq!(number(&wrapped), Some(7));
        assert_eq!(number(&some), Some(7));
        assert_eq!(number(&Value::unnamed_variant("None", [])), None);
        assert_eq!(number(&Value::u128(u128::MAX)), None);
        assert_eq!(number(&Value::string("7")), None);
    }
}
