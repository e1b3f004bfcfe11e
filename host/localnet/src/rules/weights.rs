//! Setting weights.

use std::collections::BTreeSet;

use sp_core::crypto::AccountId32;

use super::{Rules, put};
use crate::pallet::*;

/// The storage index of a mechanism: this many netuids apart.
const MECHANISM_STRIDE: u16 = 4096;

impl<T: Config> Rules<T> {
    pub(crate) fn set_weights(
        hotkey: &AccountId32,
        netuid: u16,
        mechanism: u8,
        dests: Vec<u16>,
        weights: Vec<u16>,
        version_key: u64,
    ) -> Result<(), Error<T>> {
        Self::check_weights(hotkey, netuid, mechanism, &dests, &weights, version_key)?;
        let uid = Self::uid(netuid, hotkey).ok_or(Error::HotKeyNotRegisteredInSubNet)?;
        let index = storage_index(netuid, mechanism);
        let upscaled = upscale(&weights);
        Weights::<T>::insert(index, uid, dests.into_iter().zip(upscaled).collect::<Vec<(u16, u16)>>());
        LastUpdate::<T>::mutate(index, |list| {
            list.resize(usize::from(SubnetworkN::<T>::get(netuid)).max(list.len()), 0);
            put(list, uid, Self::block());
        });
        Pallet::<T>::deposit_event(Event::WeightsSet(index, uid));
        Ok(())
    }

    /// The chain's checks in the chain's order.
    pub(crate) fn check_weights(
        hotkey: &AccountId32,
        netuid: u16,
        mechanism: u8,
        dests: &[u16],
        weights: &[u16],
        version_key: u64,
    ) -> Result<(), Error<T>> {
        Self::check_subnet(netuid)?;
        if netuid == 0 {
            return Err(Error::CanNotSetRootNetworkWeights);
        }
        if CommitRevealWeightsEnabled::<T>::get(netuid) {
            return Err(Error::CommitRevealEnabled);
        }
        if dests.len() != weights.len() {
            return Err(Error::WeightVecNotEqualSize);
        }
        if mechanism >= MechanismCountCurrent::<T>::get(netuid) {
            return Err(Error::MechanismDoesNotExist);
        }
        let count = SubnetworkN::<T>::get(netuid);
        if dests.len() > usize::from(count) {
            return Err(Error::UidsLengthExceedUidsInSubNet);
        }
        let uid = Self::uid(netuid, hotkey).ok_or(Error::HotKeyNotRegisteredInSubNet)?;
        if Self::stake(hotkey, netuid).total < StakeThreshold::<T>::get() {
            return Err(Error::NotEnoughStakeToSetWeights);
        }
        if version_key < WeightsVersionKey::<T>::get(netuid) {
            return Err(Error::IncorrectWeightVersionKey);
        }
        Self::check_pace(netuid, mechanism, uid)?;
        Self::check_destinations(hotkey, netuid, uid, dests)?;
        Self::check_values(netuid, uid, dests, weights)
    }

    fn check_pace(netuid: u16, mechanism: u8, uid: u16) -> Result<(), Error<T>> {
        let updates = LastUpdate::<T>::get(storage_index(netuid, mechanism));
        let last = updates.get(usize::from(uid)).copied().unwrap_or_default();
        let pause = WeightsSetRateLimit::<T>::get(netuid);
        match last != 0 && Self::block().saturating_sub(last) < pause {
            true => Err(Error::SettingWeightsTooFast),
            false => Ok(()),
        }
    }

    fn check_destinations(hotkey: &AccountId32, netuid: u16, uid: u16, dests: &[u16]) -> Result<(), Error<T>> {
        let permitted = ValidatorPermit::<T>::get(netuid).get(usize::from(uid)).copied().unwrap_or_default();
        if dests != [uid] && !permitted && SubnetOwnerHotkey::<T>::get(netuid) != *hotkey {
            return Err(Error::NeuronNoValidatorPermit);
        }
        if dests.iter().collect::<BTreeSet<_>>().len() != dests.len() {
            return Err(Error::DuplicateUids);
        }
        match dests.iter().any(|dest| *dest >= SubnetworkN::<T>::get(netuid)) {
            true => Err(Error::UidVecContainInvalidOne),
            false => Ok(()),
        }
    }

    fn check_values(netuid: u16, uid: u16, dests: &[u16], weights: &[u16]) -> Result<(), Error<T>> {
        if dests == [uid] {
            return Ok(());
        }
        let least = MinAllowedWeights::<T>::get(netuid).min(SubnetworkN::<T>::get(netuid));
        if dests.len() < usize::from(least) {
            return Err(Error::WeightVecLengthIsLow);
        }
        let limit = u64::from(MaxWeightsLimit::<T>::get(netuid));
        let upscaled = upscale(weights);
        let sum: u64 = upscaled.iter().copied().map(u64::from).sum();
        let most = u64::from(upscaled.into_iter().max().unwrap_or_default());
        let whole = u64::from(u16::MAX);
        match limit < whole && most.saturating_mul(whole) > limit.saturating_mul(sum) {
            true => Err(Error::MaxWeightExceeded),
            false => Ok(()),
        }
    }
}

/// Under which number a mechanism's lists are stored.
fn storage_index(netuid: u16, mechanism: u8) -> u16 {
    netuid.saturating_add(u16::from(mechanism).saturating_mul(MECHANISM_STRIDE))
}

/// Scales so that the largest is 65535; zeros stay.
fn upscale(weights: &[u16]) -> Vec<u16> {
    let most = u64::from(weights.iter().copied().max().unwrap_or_default());
    let scaled = |weight: &u16| match (u64::from(*weight) * u64::from(u16::MAX)).checked_div(most) {
        Some(scaled) => u16::try_from(scaled).unwrap_or(u16::MAX),
        None => 0,
    };
    weights.iter().map(scaled).collect()
}
