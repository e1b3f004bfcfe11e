//! What happens at the start of a block: counters begin anew, emission comes in, and a subnet whose tempo is over has its
//! epoch, which turns weights into incentive, dividends and emission.
//!
//! # Layout
//! - `consensus`: the arithmetic, over plain numbers
//! - here: what it reads from the state and writes there

mod consensus;

use sp_core::crypto::AccountId32;

use self::consensus::{Input, Outcome};
use crate::pallet::*;
use crate::rules::Rules;

/// Of what a subnet emits, this goes to its neurons; the rest is the owner's. Of 65535, as `SubnetOwnerCut`.
const WHOLE: f64 = 65_535.0;

/// The alpha that a subnet emits with each block, in RAO.
const PER_BLOCK: u64 = 1_000_000_000;

/// How quickly bonds follow stake times weights.
const BOND_PACE: f64 = 0.1;

/// Begins a block.
pub(crate) fn step<T: Config>(block: u64) {
    for netuid in NetworksAdded::<T>::iter_keys().collect::<Vec<u16>>() {
        RegistrationsThisBlock::<T>::insert(netuid, 0);
        adjust::<T>(netuid, block);
        if FirstEmissionBlockNumber::<T>::get(netuid).is_some_and(|first| block >= first) {
            PendingServerEmission::<T>::mutate(netuid, |pending| *pending = pending.saturating_add(PER_BLOCK / 2));
            PendingValidatorEmission::<T>::mutate(netuid, |pending| *pending = pending.saturating_add(PER_BLOCK / 2));
        }
        let tempo = Tempo::<T>::get(netuid);
        match due(block, netuid, tempo) {
            true => {
                epoch::<T>(netuid, block);
                BlocksSinceLastStep::<T>::insert(netuid, 0);
                LastMechansimStepBlock::<T>::insert(netuid, block);
            }
            false => BlocksSinceLastStep::<T>::mutate(netuid, |blocks| *blocks = blocks.saturating_add(1)),
        }
    }
}

/// Whether a subnet's epoch begins at this block: subtensor's rule up to spec 393.
fn due(block: u64, netuid: u16, tempo: u16) -> bool {
    tempo != 0 && (block + u64::from(netuid) + 1).is_multiple_of(u64::from(tempo) + 1)
}

/// Moves the price of a registration towards its target once in an interval.
fn adjust<T: Config>(netuid: u16, block: u64) {
    let interval = u64::from(AdjustmentInterval::<T>::get(netuid));
    if block.saturating_sub(LastAdjustmentBlock::<T>::get(netuid)) < interval {
        return;
    }
    let target = u64::from(TargetRegistrationsPerInterval::<T>::get(netuid)).max(1);
    let had = u64::from(RegistrationsThisInterval::<T>::get(netuid));
    let moved = Burn::<T>::get(netuid).saturating_mul(had.saturating_add(target)) / target.saturating_mul(2);
    Burn::<T>::insert(netuid, moved.clamp(MinBurn::<T>::get(netuid), MaxBurn::<T>::get(netuid)));
    RegistrationsThisInterval::<T>::insert(netuid, 0);
    BurnRegistrationsThisInterval::<T>::insert(netuid, 0);
    LastAdjustmentBlock::<T>::insert(netuid, block);
}

fn epoch<T: Config>(netuid: u16, block: u64) {
    let count = SubnetworkN::<T>::get(netuid);
    if count == 0 || netuid == 0 {
        return;
    }
    let keys: Vec<AccountId32> = (0..count).map(|uid| Keys::<T>::get(netuid, uid)).collect();
    let input = read::<T>(netuid, block, &keys);
    Active::<T>::insert(netuid, &input.active);
    ValidatorPermit::<T>::insert(netuid, input.permits(usize::from(MaxAllowedValidators::<T>::get(netuid))));
    write::<T>(netuid, &keys, consensus::run(&input));
}

fn read<T: Config>(netuid: u16, block: u64, keys: &[AccountId32]) -> Input {
    let cutoff = u64::from(ActivityCutoff::<T>::get(netuid).max(MinActivityCutoff::<T>::get()));
    let threshold = StakeThreshold::<T>::get();
    let count = keys.len();
    let rows = |rows: fn(u16, u16) -> Vec<(u16, u16)>| -> Vec<Vec<f64>> {
        (0u16..).take(count).map(|uid| dense(count, rows(netuid, uid))).collect()
    };
    let stake = |key: &AccountId32| match Rules::<T>::stake(key, netuid).total {
        total if total < threshold => 0.0,
        total => total as f64,
    };
    Input {
        stake: keys.iter().map(stake).collect(),
        active: LastUpdate::<T>::get(netuid).iter().map(|last| block.saturating_sub(*last) <= cutoff).collect(),
        permitted: ValidatorPermit::<T>::get(netuid),
        weights: rows(Weights::<T>::get),
        bonds: rows(Bonds::<T>::get),
        kappa: f64::from(Kappa::<T>::get(netuid)) / WHOLE,
        bond_pace: BOND_PACE,
    }
}

/// A row with a place for each neuron.
fn dense(count: usize, sparse: Vec<(u16, u16)>) -> Vec<f64> {
    let mut row = vec![0.0; count];
    for (uid, value) in sparse {
        if let Some(place) = row.get_mut(usize::from(uid)) {
            *place = f64::from(value) / WHOLE;
        }
    }
    row
}

fn write<T: Config>(netuid: u16, keys: &[AccountId32], outcome: Outcome) {
    let servers = PendingServerEmission::<T>::take(netuid) as f64;
    let validators = PendingValidatorEmission::<T>::take(netuid) as f64;
    let shares = outcome.incentive.iter().zip(&outcome.dividends);
    let emission: Vec<u64> =
        shares.map(|(incentive, dividend)| (incentive * servers + dividend * validators) as u64).collect();
    for (key, earned) in keys.iter().zip(&emission).filter(|(_, earned)| **earned > 0) {
        Rules::<T>::credit(&Owner::<T>::get(key), key, netuid, *earned);
    }
    for (uid, row) in (0u16..).zip(&outcome.bonds) {
        Bonds::<T>::insert(netuid, uid, sparse(row));
    }
    let most = emission.iter().copied().max().unwrap_or_default().max(1) as f64;
    PruningScores::<T>::insert(
        netuid,
        emission.iter().map(|earned| scaled(*earned as f64 / most)).collect::<Vec<u16>>(),
    );
    Emission::<T>::insert(netuid, emission);
    Rank::<T>::insert(netuid, all_scaled(&outcome.incentive));
    Incentive::<T>::insert(netuid, all_scaled(&outcome.incentive));
    Trust::<T>::insert(netuid, all_scaled(&outcome.trust));
    Consensus::<T>::insert(netuid, all_scaled(&outcome.consensus));
    Dividends::<T>::insert(netuid, all_scaled(&outcome.dividends));
    ValidatorTrust::<T>::insert(netuid, all_scaled(&outcome.validator_trust));
}

fn sparse(row: &[f64]) -> Vec<(u16, u16)> {
    (0u16..).zip(row.iter().map(|share| scaled(*share))).filter(|(_, share)| *share > 0).collect()
}

fn all_scaled(shares: &[f64]) -> Vec<u16> {
    shares.iter().map(|share| scaled(*share)).collect()
}

fn scaled(share: f64) -> u16 {
    (share * WHOLE) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_begins_once_in_a_tempo_and_one() {
        let begins: Vec<u64> = (0..40).filter(|block| due(*block, 1, 10)).collect();
        assert_eq!(begins, [9, 20, 31]);
        assert!(!(0..40).any(|block| due(block, 1, 0)));
    }
}
