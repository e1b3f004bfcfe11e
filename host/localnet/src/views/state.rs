//! What changes of a subnet with each epoch, in one answer. Our client asks for the metagraph instead; the Python SDK of
//! version 10 wants both.

#![allow(missing_docs, reason = "the fields are finney's")]

use frame_support::pallet_prelude::TypeInfo;
use parity_scale_codec::{Compact, Decode, Encode};
use sp_core::crypto::AccountId32;

use super::metagraph::{self, Metagraph};

/// Columns of the metagraph.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct SubnetState {
    pub netuid: Compact<u16>,
    pub hotkeys: Vec<AccountId32>,
    pub coldkeys: Vec<AccountId32>,
    pub active: Vec<bool>,
    pub validator_permit: Vec<bool>,
    pub pruning_score: Vec<Compact<u16>>,
    pub last_update: Vec<Compact<u64>>,
    pub emission: Vec<Compact<u64>>,
    pub dividends: Vec<Compact<u16>>,
    pub incentives: Vec<Compact<u16>>,
    pub consensus: Vec<Compact<u16>>,
    pub trust: Vec<Compact<u16>>,
    pub rank: Vec<Compact<u16>>,
    pub block_at_registration: Vec<Compact<u64>>,
    pub alpha_stake: Vec<Compact<u64>>,
    pub tao_stake: Vec<Compact<u64>>,
    pub total_stake: Vec<Compact<u64>>,
    pub emission_history: Vec<Vec<Compact<u64>>>,
}

/// Nothing when there is no such subnet.
pub(crate) fn state(netuid: u16) -> Option<SubnetState> {
    metagraph::whole(netuid).map(SubnetState::from)
}

impl From<Metagraph> for SubnetState {
    fn from(metagraph: Metagraph) -> Self {
        Self {
            netuid: metagraph.netuid,
            hotkeys: metagraph.hotkeys,
            coldkeys: metagraph.coldkeys,
            active: metagraph.active,
            validator_permit: metagraph.validator_permit,
            pruning_score: metagraph.pruning_score,
            last_update: metagraph.last_update,
            emission: metagraph.emission,
            dividends: metagraph.dividends,
            incentives: metagraph.incentives,
            consensus: metagraph.consensus,
            trust: metagraph.trust,
            rank: metagraph.rank,
            block_at_registration: metagraph.block_at_registration,
            alpha_stake: metagraph.alpha_stake,
            tao_stake: metagraph.tao_stake,
            total_stake: metagraph.total_stake,
            emission_history: Vec::new(),
        }
    }
}
