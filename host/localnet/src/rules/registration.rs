//! How a hotkey comes by a uid, and a subnet by a netuid.

use sp_core::crypto::AccountId32;

use super::staking::ROOT;
use super::{Rules, put};
use crate::pallet::*;

/// The owner's registrations an interval may have, as many times the target.
const MOST_TIMES_THE_TARGET: u16 = 3;

impl<T: Config> Rules<T> {
    pub(crate) fn check_registration(coldkey: &AccountId32, hotkey: &AccountId32, netuid: u16) -> Result<(), Error<T>> {
        if netuid == ROOT {
            return Err(Error::RegistrationNotPermittedOnRootSubnet);
        }
        Self::check_subnet(netuid)?;
        if !NetworkRegistrationAllowed::<T>::get(netuid) {
            return Err(Error::SubNetRegistrationDisabled);
        }
        if RegistrationsThisBlock::<T>::get(netuid) >= MaxRegistrationsPerBlock::<T>::get(netuid) {
            return Err(Error::TooManyRegistrationsThisBlock);
        }
        let most = TargetRegistrationsPerInterval::<T>::get(netuid).saturating_mul(MOST_TIMES_THE_TARGET);
        if RegistrationsThisInterval::<T>::get(netuid) >= most {
            return Err(Error::TooManyRegistrationsThisInterval);
        }
        if Self::uid(netuid, hotkey).is_some() {
            return Err(Error::HotKeyAlreadyRegisteredInSubNet);
        }
        if Owner::<T>::contains_key(hotkey) && Owner::<T>::get(hotkey) != *coldkey {
            return Err(Error::NonAssociatedColdKey);
        }
        match Self::spendable(coldkey) < Burn::<T>::get(netuid) {
            true => Err(Error::NotEnoughBalanceToStake),
            false => Ok(()),
        }
    }

    pub(crate) fn burned_register(coldkey: &AccountId32, hotkey: &AccountId32, netuid: u16) -> Result<(), Error<T>> {
        Self::check_registration(coldkey, hotkey, netuid)?;
        let burn = Burn::<T>::get(netuid);
        Self::pay(coldkey, burn)?;
        let uid = Self::register(coldkey, hotkey, netuid)?;
        let one_more = |count: &mut u16| *count = count.saturating_add(1);
        RegistrationsThisBlock::<T>::mutate(netuid, one_more);
        RegistrationsThisInterval::<T>::mutate(netuid, one_more);
        BurnRegistrationsThisInterval::<T>::mutate(netuid, one_more);
        RAORecycledForRegistration::<T>::mutate(netuid, |total| *total = total.saturating_add(burn));
        Pallet::<T>::deposit_event(Event::NeuronRegistered(netuid, uid, hotkey.clone()));
        Ok(())
    }

    /// Gives a hotkey the next uid, or that of the neuron which earns least and is no longer immune.
    pub(crate) fn register(coldkey: &AccountId32, hotkey: &AccountId32, netuid: u16) -> Result<u16, Error<T>> {
        Self::own(coldkey, hotkey);
        let count = SubnetworkN::<T>::get(netuid);
        let uid = match count < MaxAllowedUids::<T>::get(netuid) {
            true => {
                SubnetworkN::<T>::insert(netuid, count.saturating_add(1));
                Self::add_place(netuid);
                count
            }
            false => {
                let uid = Self::least(netuid, count).ok_or(Error::NoNeuronIdAvailable)?;
                Self::remove(netuid, uid);
                uid
            }
        };
        let block = Self::block();
        Keys::<T>::insert(netuid, uid, hotkey);
        Uids::<T>::insert(netuid, hotkey, uid);
        IsNetworkMember::<T>::insert(hotkey, netuid, true);
        BlockAtRegistration::<T>::insert(netuid, uid, block);
        LastUpdate::<T>::mutate(netuid, |list| put(list, uid, block));
        Active::<T>::mutate(netuid, |list| put(list, uid, true));
        Ok(uid)
    }

    /// One more place in every list that has one for each neuron.
    fn add_place(netuid: u16) {
        Rank::<T>::mutate(netuid, |list| list.push(0));
        Trust::<T>::mutate(netuid, |list| list.push(0));
        Consensus::<T>::mutate(netuid, |list| list.push(0));
        Incentive::<T>::mutate(netuid, |list| list.push(0));
        Dividends::<T>::mutate(netuid, |list| list.push(0));
        Emission::<T>::mutate(netuid, |list| list.push(0));
        LastUpdate::<T>::mutate(netuid, |list| list.push(0));
        ValidatorTrust::<T>::mutate(netuid, |list| list.push(0));
        PruningScores::<T>::mutate(netuid, |list| list.push(0));
        ValidatorPermit::<T>::mutate(netuid, |list| list.push(false));
        Active::<T>::mutate(netuid, |list| list.push(true));
    }

    fn least(netuid: u16, count: u16) -> Option<u16> {
        let (scores, block) = (PruningScores::<T>::get(netuid), Self::block());
        let immunity = u64::from(ImmunityPeriod::<T>::get(netuid));
        let mortal = |uid: &u16| block.saturating_sub(BlockAtRegistration::<T>::get(netuid, uid)) >= immunity;
        (1..count).filter(mortal).min_by_key(|uid| scores.get(usize::from(*uid)).copied().unwrap_or_default())
    }

    /// Takes a neuron's uid, and all that hangs on it.
    fn remove(netuid: u16, uid: u16) {
        let hotkey = Keys::<T>::get(netuid, uid);
        Uids::<T>::remove(netuid, &hotkey);
        IsNetworkMember::<T>::remove(&hotkey, netuid);
        Axons::<T>::remove(netuid, &hotkey);
        NeuronCertificates::<T>::remove(netuid, &hotkey);
        Prometheus::<T>::remove(netuid, &hotkey);
        Weights::<T>::remove(netuid, uid);
        Bonds::<T>::remove(netuid, uid);
        for list in [Rank::<T>::mutate, Trust::<T>::mutate, Consensus::<T>::mutate] {
            list(netuid, |list: &mut Vec<u16>| put(list, uid, 0));
        }
        Incentive::<T>::mutate(netuid, |list| put(list, uid, 0));
        Dividends::<T>::mutate(netuid, |list| put(list, uid, 0));
        ValidatorTrust::<T>::mutate(netuid, |list| put(list, uid, 0));
        PruningScores::<T>::mutate(netuid, |list| put(list, uid, 0));
        Emission::<T>::mutate(netuid, |list| put(list, uid, 0));
        ValidatorPermit::<T>::mutate(netuid, |list| put(list, uid, false));
    }

    pub(crate) fn register_network(coldkey: &AccountId32, hotkey: &AccountId32) -> Result<(), Error<T>> {
        let cost = NetworkLastLockCost::<T>::get().max(NetworkMinLockCost::<T>::get());
        if Owner::<T>::contains_key(hotkey) && Owner::<T>::get(hotkey) != *coldkey {
            return Err(Error::NonAssociatedColdKey);
        }
        if TotalNetworks::<T>::get() >= SubnetLimit::<T>::get() {
            return Err(Error::SubnetLimitReached);
        }
        if Self::spendable(coldkey) < cost {
            return Err(Error::CannotAffordLockCost);
        }
        Self::pay(coldkey, cost)?;
        let netuid = (1..u16::MAX).find(|netuid| !NetworksAdded::<T>::get(netuid)).ok_or(Error::SubnetLimitReached)?;
        Self::add_network(coldkey, hotkey, netuid);
        Self::register(coldkey, hotkey, netuid)?;
        Pallet::<T>::deposit_event(Event::NetworkAdded(netuid, 1));
        Ok(())
    }

    /// A subnet without neurons, of that owner.
    pub(crate) fn add_network(coldkey: &AccountId32, hotkey: &AccountId32, netuid: u16) {
        Self::own(coldkey, hotkey);
        NetworksAdded::<T>::insert(netuid, true);
        TotalNetworks::<T>::mutate(|total| *total = total.saturating_add(1));
        SubnetOwner::<T>::insert(netuid, coldkey);
        SubnetOwnerHotkey::<T>::insert(netuid, hotkey);
        SubnetMechanism::<T>::insert(netuid, 1);
        NetworkRegisteredAt::<T>::insert(netuid, Self::block());
    }

    pub(crate) fn start_call(coldkey: &AccountId32, netuid: u16) -> Result<(), Error<T>> {
        Self::check_subnet(netuid)?;
        if SubnetOwner::<T>::get(netuid) != *coldkey {
            return Err(Error::NotSubnetOwner);
        }
        if FirstEmissionBlockNumber::<T>::contains_key(netuid) {
            return Err(Error::FirstEmissionBlockNumberAlreadySet);
        }
        if Self::block() < NetworkRegisteredAt::<T>::get(netuid).saturating_add(StartCallDelay::<T>::get()) {
            return Err(Error::NeedWaitingMoreBlocksToStarCall);
        }
        Self::start(netuid);
        Ok(())
    }

    /// Lets a subnet emit, and its alpha be staked.
    pub(crate) fn start(netuid: u16) {
        FirstEmissionBlockNumber::<T>::insert(netuid, Self::block().saturating_add(1));
        SubtokenEnabled::<T>::insert(netuid, true);
    }
}
