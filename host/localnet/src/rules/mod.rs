//! What the calls do, and what they refuse: the checks of subtensor in their order, as the facts have them.
//!
//! # Layout
//! - `serving`: `serve_axon`, `serve_axon_tls`, `serve_prometheus`
//! - `registration`: `burned_register`, `register_network`, `start_call`
//! - `staking`: `add_stake`, and stake as consensus counts it
//! - `weights`: `set_weights`, `set_mechanism_weights`
//! - `refusal`: an error's number in the pool

mod refusal;
mod registration;
mod serving;
mod staking;
mod weights;

use std::marker::PhantomData;

use frame_support::pallet_prelude::*;
use sp_core::crypto::AccountId32;
use sp_runtime::traits::UniqueSaturatedInto;
use sp_runtime::{DispatchError, ModuleError};

pub(crate) use self::refusal::pool_code;
pub(crate) use self::serving::Endpoint;
pub(crate) use self::staking::Stake;
use crate::pallet::{Call, Config, Error, NetworksAdded, Uids};
use crate::types::AxonInfo;

/// One TAO, or one alpha, in RAO.
pub const TAO: u64 = 1_000_000_000;

/// The rules of the chain over its state.
pub(crate) struct Rules<T>(PhantomData<T>);

impl<T: Config> Rules<T> {
    /// The outcome of a call. After the upgrade an error has the next higher index.
    pub(crate) fn said(outcome: Result<(), Error<T>>) -> DispatchResult {
        outcome.map_err(|error| match DispatchError::from(error) {
            DispatchError::Module(mut error) if crate::layer::upgraded() => {
                let [index, ..] = &mut error.error;
                *index = index.saturating_add(1);
                DispatchError::Module(ModuleError { message: None, ..error })
            }
            error => error,
        })
    }

    /// What the pool says of a call before it is in a block.
    pub(crate) fn check(who: &AccountId32, call: &Call<T>) -> Result<(), Error<T>> {
        match call {
            Call::set_weights { netuid, dests, weights, version_key } => {
                Self::check_weights(who, *netuid, 0, dests, weights, *version_key)
            }
            Call::set_mechanism_weights { netuid, mecid, dests, weights, version_key } => {
                Self::check_weights(who, *netuid, *mecid, dests, weights, *version_key)
            }
            Call::serve_axon { netuid, ip, port, ip_type, .. }
            | Call::serve_axon_tls { netuid, ip, port, ip_type, .. } => {
                let axon = AxonInfo { ip: *ip, port: *port, ip_type: *ip_type, ..AxonInfo::default() };
                Self::check_axon(who, *netuid, &axon)
            }
            Call::serve_prometheus { netuid, ip, port, ip_type, .. } => {
                Self::check_prometheus(who, *netuid, &Endpoint { ip: *ip, port: *port, ip_type: *ip_type })
            }
            Call::burned_register { netuid, hotkey } => Self::check_registration(who, hotkey, *netuid),
            Call::add_stake { hotkey, netuid, amount_staked } => {
                Self::check_stake(who, hotkey, *netuid, *amount_staked)
            }
            _ => Ok(()),
        }
    }

    /// The number of the block that is being made.
    pub(crate) fn block() -> u64 {
        frame_system::Pallet::<T>::block_number().unique_saturated_into()
    }

    pub(crate) fn check_subnet(netuid: u16) -> Result<(), Error<T>> {
        match NetworksAdded::<T>::get(netuid) {
            true => Ok(()),
            false => Err(Error::SubnetNotExists),
        }
    }

    pub(crate) fn uid(netuid: u16, hotkey: &AccountId32) -> Option<u16> {
        Uids::<T>::get(netuid, hotkey)
    }
}

/// Sets one place of a list that has a place for each neuron; nothing happens beyond its end.
pub(crate) fn put<V>(list: &mut [V], uid: u16, value: V) {
    if let Some(place) = list.get_mut(usize::from(uid)) {
        *place = value;
    }
}
