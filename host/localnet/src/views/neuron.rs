//! One neuron in one answer.

#![allow(missing_docs, reason = "the fields are finney's")]

use frame_support::pallet_prelude::TypeInfo;
use parity_scale_codec::{Compact, Decode, Encode};
use sp_core::crypto::AccountId32;

use super::at;
use crate::pallet::*;
use crate::rules::Rules;
use crate::runtime::Runtime as T;
use crate::types::{AxonInfo, PrometheusInfo};

/// A neuron without its weights and bonds.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct NeuronInfoLite {
    pub hotkey: AccountId32,
    pub coldkey: AccountId32,
    pub uid: Compact<u16>,
    pub netuid: Compact<u16>,
    pub active: bool,
    pub axon_info: AxonInfo,
    pub prometheus_info: PrometheusInfo,
    pub stake: Vec<(AccountId32, Compact<u64>)>,
    pub rank: Compact<u16>,
    pub emission: Compact<u64>,
    pub incentive: Compact<u16>,
    pub consensus: Compact<u16>,
    pub trust: Compact<u16>,
    pub validator_trust: Compact<u16>,
    pub dividends: Compact<u16>,
    pub last_update: Compact<u64>,
    pub validator_permit: bool,
    pub pruning_score: Compact<u16>,
}

/// A neuron with its weights and bonds.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct NeuronInfo {
    pub hotkey: AccountId32,
    pub coldkey: AccountId32,
    pub uid: Compact<u16>,
    pub netuid: Compact<u16>,
    pub active: bool,
    pub axon_info: AxonInfo,
    pub prometheus_info: PrometheusInfo,
    pub stake: Vec<(AccountId32, Compact<u64>)>,
    pub rank: Compact<u16>,
    pub emission: Compact<u64>,
    pub incentive: Compact<u16>,
    pub consensus: Compact<u16>,
    pub trust: Compact<u16>,
    pub validator_trust: Compact<u16>,
    pub dividends: Compact<u16>,
    pub last_update: Compact<u64>,
    pub validator_permit: bool,
    pub weights: Vec<(Compact<u16>, Compact<u16>)>,
    pub bonds: Vec<(Compact<u16>, Compact<u16>)>,
    pub pruning_score: Compact<u16>,
}

/// Nothing when there is no such neuron.
pub(crate) fn lite(netuid: u16, uid: u16) -> Option<NeuronInfoLite> {
    if uid >= SubnetworkN::<T>::get(netuid) {
        return None;
    }
    let hotkey = Keys::<T>::get(netuid, uid);
    let coldkey = Owner::<T>::get(&hotkey);
    Some(NeuronInfoLite {
        hotkey: hotkey.clone(),
        coldkey: coldkey.clone(),
        uid: Compact(uid),
        netuid: Compact(netuid),
        active: at(&Active::<T>::get(netuid), uid),
        axon_info: Axons::<T>::get(netuid, &hotkey).unwrap_or_default(),
        prometheus_info: Prometheus::<T>::get(netuid, &hotkey).unwrap_or_default(),
        stake: vec![(coldkey, Compact(Rules::<T>::stake(&hotkey, netuid).total))],
        rank: Compact(at(&Rank::<T>::get(netuid), uid)),
        emission: Compact(at(&Emission::<T>::get(netuid), uid)),
        incentive: Compact(at(&Incentive::<T>::get(netuid), uid)),
        consensus: Compact(at(&Consensus::<T>::get(netuid), uid)),
        trust: Compact(at(&Trust::<T>::get(netuid), uid)),
        validator_trust: Compact(at(&ValidatorTrust::<T>::get(netuid), uid)),
        dividends: Compact(at(&Dividends::<T>::get(netuid), uid)),
        last_update: Compact(at(&LastUpdate::<T>::get(netuid), uid)),
        validator_permit: at(&ValidatorPermit::<T>::get(netuid), uid),
        pruning_score: Compact(at(&PruningScores::<T>::get(netuid), uid)),
    })
}

/// All neurons of a subnet.
pub(crate) fn all_lite(netuid: u16) -> Vec<NeuronInfoLite> {
    (0..SubnetworkN::<T>::get(netuid)).filter_map(|uid| lite(netuid, uid)).collect()
}

/// Nothing when there is no such neuron.
pub(crate) fn whole(netuid: u16, uid: u16) -> Option<NeuronInfo> {
    let lite = lite(netuid, uid)?;
    Some(NeuronInfo {
        hotkey: lite.hotkey,
        coldkey: lite.coldkey,
        uid: lite.uid,
        netuid: lite.netuid,
        active: lite.active,
        axon_info: lite.axon_info,
        prometheus_info: lite.prometheus_info,
        stake: lite.stake,
        rank: lite.rank,
        emission: lite.emission,
        incentive: lite.incentive,
        consensus: lite.consensus,
        trust: lite.trust,
        validator_trust: lite.validator_trust,
        dividends: lite.dividends,
        last_update: lite.last_update,
        validator_permit: lite.validator_permit,
        weights: pairs(Weights::<T>::get(netuid, uid)),
        bonds: pairs(Bonds::<T>::get(netuid, uid)),
        pruning_score: lite.pruning_score,
    })
}

/// All neurons of a subnet, with their weights and bonds.
pub(crate) fn all_whole(netuid: u16) -> Vec<NeuronInfo> {
    (0..SubnetworkN::<T>::get(netuid)).filter_map(|uid| whole(netuid, uid)).collect()
}

fn pairs(row: Vec<(u16, u16)>) -> Vec<(Compact<u16>, Compact<u16>)> {
    row.into_iter().map(|(uid, value)| (Compact(uid), Compact(value))).collect()
}
