//! Stake: a subnet's alpha and the root network's TAO. Here an alpha costs a TAO; there is no pool that sets a price.

use frame_support::traits::fungible::{Inspect, Mutate};
use frame_support::traits::tokens::{Fortitude, Precision, Preservation};
use sp_core::crypto::AccountId32;

use super::Rules;
use crate::pallet::{
    Alpha, Config, Error, Event, OwnedHotkeys, Owner, Pallet, StakingHotkeys, SubnetAlphaOut, SubnetTAO,
    SubtokenEnabled, TaoWeight, TotalHotkeyAlpha, TotalHotkeyShares, TotalStake,
};
use crate::types::FixedU128;

/// The root network, whose stake is TAO.
pub(crate) const ROOT: u16 = 0;

/// The least that can be staked, in RAO: 0.0005 TAO.
const LEAST: u64 = 500_000;

/// 2^64, by which a weight of TAO is divided.
const WHOLE: f64 = 18_446_744_073_709_551_616.0;

/// What a hotkey has on a subnet, in RAO.
pub(crate) struct Stake {
    /// The subnet's alpha.
    pub(crate) alpha: u64,
    /// TAO on the root network.
    pub(crate) tao: u64,
    /// Alpha and weighted TAO: what consensus counts.
    pub(crate) total: u64,
}

impl<T: Config> Rules<T> {
    pub(crate) fn stake(hotkey: &AccountId32, netuid: u16) -> Stake {
        let tao = TotalHotkeyAlpha::<T>::get(hotkey, ROOT);
        let alpha = match netuid {
            ROOT => 0,
            _ => TotalHotkeyAlpha::<T>::get(hotkey, netuid),
        };
        let weight = TaoWeight::<T>::get() as f64 / WHOLE;
        Stake { alpha, tao, total: alpha.saturating_add((tao as f64 * weight) as u64) }
    }

    pub(crate) fn check_stake(
        coldkey: &AccountId32,
        hotkey: &AccountId32,
        netuid: u16,
        rao: u64,
    ) -> Result<(), Error<T>> {
        Self::check_subnet(netuid)?;
        if netuid != ROOT && !SubtokenEnabled::<T>::get(netuid) {
            return Err(Error::SubtokenDisabled);
        }
        if rao < LEAST {
            return Err(Error::AmountTooLow);
        }
        if Self::spendable(coldkey) < rao {
            return Err(Error::NotEnoughBalanceToStake);
        }
        match Owner::<T>::contains_key(hotkey) {
            true => Ok(()),
            false => Err(Error::HotKeyAccountNotExists),
        }
    }

    pub(crate) fn add_stake(
        coldkey: &AccountId32,
        hotkey: &AccountId32,
        netuid: u16,
        rao: u64,
    ) -> Result<(), Error<T>> {
        Self::check_stake(coldkey, hotkey, netuid, rao)?;
        Self::pay(coldkey, rao)?;
        Self::credit(coldkey, hotkey, netuid, rao);
        Pallet::<T>::deposit_event(Event::StakeAdded(coldkey.clone(), hotkey.clone(), rao, rao, netuid, 0));
        Ok(())
    }

    /// Gives a hotkey alpha that its coldkey holds.
    pub(crate) fn credit(coldkey: &AccountId32, hotkey: &AccountId32, netuid: u16, rao: u64) {
        TotalHotkeyAlpha::<T>::mutate(hotkey, netuid, |alpha| *alpha = alpha.saturating_add(rao));
        let shares = |shares: &mut FixedU128| shares.bits = shares.bits.saturating_add(u128::from(rao) << 64);
        TotalHotkeyShares::<T>::mutate(hotkey, netuid, shares);
        Alpha::<T>::mutate((hotkey, coldkey, netuid), shares);
        TotalStake::<T>::mutate(|total| *total = total.saturating_add(rao));
        SubnetTAO::<T>::mutate(netuid, |tao| *tao = tao.saturating_add(rao));
        SubnetAlphaOut::<T>::mutate(netuid, |alpha| *alpha = alpha.saturating_add(rao));
        StakingHotkeys::<T>::mutate(coldkey, |hotkeys| remember(hotkeys, hotkey));
    }

    /// Makes a hotkey known, with its coldkey.
    pub(crate) fn own(coldkey: &AccountId32, hotkey: &AccountId32) {
        if !Owner::<T>::contains_key(hotkey) {
            Owner::<T>::insert(hotkey, coldkey);
            OwnedHotkeys::<T>::mutate(coldkey, |hotkeys| remember(hotkeys, hotkey));
        }
    }

    /// What an account can spend, in RAO, and still exist.
    pub(crate) fn spendable(account: &AccountId32) -> u64 {
        pallet_balances::Pallet::<T>::reducible_balance(account, Preservation::Preserve, Fortitude::Polite)
    }

    pub(crate) fn pay(account: &AccountId32, rao: u64) -> Result<(), Error<T>> {
        pallet_balances::Pallet::<T>::burn_from(
            account,
            rao,
            Preservation::Preserve,
            Precision::Exact,
            Fortitude::Polite,
        )
        .map(|_| ())
        .map_err(|_| Error::BalanceWithdrawalError)
    }
}

fn remember(list: &mut Vec<AccountId32>, account: &AccountId32) {
    if !list.contains(account) {
        list.push(account.clone());
    }
}
