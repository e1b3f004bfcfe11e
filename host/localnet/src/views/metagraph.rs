//! The metagraph: a subnet and all its neurons in one answer.

#![allow(missing_docs, reason = "the fields are finney's")]

use frame_support::pallet_prelude::TypeInfo;
use parity_scale_codec::{Compact, Decode, Encode};
use sp_core::crypto::AccountId32;

use super::compact;
use crate::pallet::*;
use crate::rules::{Rules, Stake};
use crate::runtime::Runtime as T;
use crate::types::{AxonInfo, ChainIdentityV2, FixedI128, SubnetIdentityV3};

/// Makes both forms of the metagraph out of one list: the whole one, and the one whose caller names the fields by number.
/// A field's number is its place in the list, from 1; 0 is the netuid.
macro_rules! metagraph {
    (|$netuid:ident, $hotkeys:ident| $($field:ident: $type:ty = $value:expr;)*) => {
        /// All of a subnet.
        #[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
        pub struct Metagraph {
            pub netuid: Compact<u16>,
            $(pub $field: $type,)*
        }

        /// What was asked of a subnet.
        #[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
        pub struct SelectiveMetagraph {
            pub netuid: Compact<u16>,
            $(pub $field: Option<$type>,)*
            pub validators: Option<Vec<Compact<u16>>>,
            pub commitments: Option<Vec<(AccountId32, Vec<Compact<u8>>)>>,
        }

        /// All of a subnet; nothing when there is no such subnet.
        pub(crate) fn whole($netuid: u16) -> Option<Metagraph> {
            let $hotkeys = hotkeys($netuid)?;
            Some(Metagraph { netuid: Compact($netuid), $($field: $value,)* })
        }

        /// The fields with these numbers; a number that no field has is passed over.
        pub(crate) fn selective($netuid: u16, wanted: &[u16]) -> Option<SelectiveMetagraph> {
            let $hotkeys = hotkeys($netuid)?;
            let mut answer = SelectiveMetagraph {
                netuid: Compact($netuid),
                $($field: None,)*
                validators: None,
                commitments: None,
            };
            let mut numbers = 1u16..;
            $(if numbers.next().is_some_and(|number| wanted.contains(&number)) {
                answer.$field = Some($value);
            })*
            if numbers.next().is_some_and(|number| wanted.contains(&number)) {
                answer.validators = Some(validators($netuid));
            }
            if numbers.next().is_some_and(|number| wanted.contains(&number)) {
                answer.commitments = Some(Vec::new());
            }
            Some(answer)
        }
    };
}

metagraph! { |netuid, hotkeys|
    name: Vec<Compact<u8>> = compact(b"soma".to_vec());
    symbol: Vec<Compact<u8>> = compact(TokenSymbol::<T>::get(netuid));
    identity: Option<SubnetIdentityV3> = SubnetIdentitiesV3::<T>::get(netuid);
    network_registered_at: Compact<u64> = Compact(NetworkRegisteredAt::<T>::get(netuid));
    owner_hotkey: AccountId32 = SubnetOwnerHotkey::<T>::get(netuid);
    owner_coldkey: AccountId32 = SubnetOwner::<T>::get(netuid);
    block: Compact<u64> = Compact(Rules::<T>::block());
    tempo: Compact<u16> = Compact(Tempo::<T>::get(netuid));
    last_step: Compact<u64> = Compact(LastMechansimStepBlock::<T>::get(netuid));
    blocks_since_last_step: Compact<u64> = Compact(BlocksSinceLastStep::<T>::get(netuid));
    subnet_emission: Compact<u64> = Compact(0);
    alpha_in: Compact<u64> = Compact(SubnetAlphaIn::<T>::get(netuid));
    alpha_out: Compact<u64> = Compact(SubnetAlphaOut::<T>::get(netuid));
    tao_in: Compact<u64> = Compact(SubnetTAO::<T>::get(netuid));
    alpha_out_emission: Compact<u64> = Compact(SubnetAlphaOutEmission::<T>::get(netuid));
    alpha_in_emission: Compact<u64> = Compact(SubnetAlphaInEmission::<T>::get(netuid));
    tao_in_emission: Compact<u64> = Compact(SubnetTaoInEmission::<T>::get(netuid));
    pending_alpha_emission: Compact<u64> = Compact(PendingServerEmission::<T>::get(netuid).saturating_add(PendingValidatorEmission::<T>::get(netuid)));
    pending_root_emission: Compact<u64> = Compact(0);
    subnet_volume: Compact<u128> = Compact(SubnetVolume::<T>::get(netuid));
    moving_price: FixedI128 = SubnetMovingPrice::<T>::get(netuid);
    rho: Compact<u16> = Compact(Rho::<T>::get(netuid));
    kappa: Compact<u16> = Compact(Kappa::<T>::get(netuid));
    min_allowed_weights: Compact<u16> = Compact(MinAllowedWeights::<T>::get(netuid));
    max_weights_limit: Compact<u16> = Compact(MaxWeightsLimit::<T>::get(netuid));
    weights_version: Compact<u64> = Compact(WeightsVersionKey::<T>::get(netuid));
    weights_rate_limit: Compact<u64> = Compact(WeightsSetRateLimit::<T>::get(netuid));
    activity_cutoff: Compact<u16> = Compact(ActivityCutoff::<T>::get(netuid));
    max_validators: Compact<u16> = Compact(MaxAllowedValidators::<T>::get(netuid));
    num_uids: Compact<u16> = Compact(SubnetworkN::<T>::get(netuid));
    max_uids: Compact<u16> = Compact(MaxAllowedUids::<T>::get(netuid));
    burn: Compact<u64> = Compact(Burn::<T>::get(netuid));
    difficulty: Compact<u64> = Compact(Difficulty::<T>::get(netuid));
    registration_allowed: bool = NetworkRegistrationAllowed::<T>::get(netuid);
    pow_registration_allowed: bool = NetworkPowRegistrationAllowed::<T>::get(netuid);
    immunity_period: Compact<u16> = Compact(ImmunityPeriod::<T>::get(netuid));
    min_difficulty: Compact<u64> = Compact(MinDifficulty::<T>::get(netuid));
    max_difficulty: Compact<u64> = Compact(MaxDifficulty::<T>::get(netuid));
    min_burn: Compact<u64> = Compact(MinBurn::<T>::get(netuid));
    max_burn: Compact<u64> = Compact(MaxBurn::<T>::get(netuid));
    adjustment_alpha: Compact<u64> = Compact(AdjustmentAlpha::<T>::get(netuid));
    adjustment_interval: Compact<u16> = Compact(AdjustmentInterval::<T>::get(netuid));
    target_regs_per_interval: Compact<u16> = Compact(TargetRegistrationsPerInterval::<T>::get(netuid));
    max_regs_per_block: Compact<u16> = Compact(MaxRegistrationsPerBlock::<T>::get(netuid));
    serving_rate_limit: Compact<u64> = Compact(ServingRateLimit::<T>::get(netuid));
    commit_reveal_weights_enabled: bool = CommitRevealWeightsEnabled::<T>::get(netuid);
    commit_reveal_period: Compact<u64> = Compact(RevealPeriodEpochs::<T>::get(netuid));
    liquid_alpha_enabled: bool = LiquidAlphaOn::<T>::get(netuid);
    alpha_high: Compact<u16> = Compact(AlphaValues::<T>::get(netuid).1);
    alpha_low: Compact<u16> = Compact(AlphaValues::<T>::get(netuid).0);
    bonds_moving_avg: Compact<u64> = Compact(BondsMovingAverage::<T>::get(netuid));
    hotkeys: Vec<AccountId32> = hotkeys.clone();
    coldkeys: Vec<AccountId32> = hotkeys.iter().map(Owner::<T>::get).collect();
    identities: Vec<Option<ChainIdentityV2>> = hotkeys.iter().map(|hotkey| IdentitiesV2::<T>::get(Owner::<T>::get(hotkey))).collect();
    axons: Vec<AxonInfo> = hotkeys.iter().map(|hotkey| Axons::<T>::get(netuid, hotkey).unwrap_or_default()).collect();
    active: Vec<bool> = Active::<T>::get(netuid);
    validator_permit: Vec<bool> = ValidatorPermit::<T>::get(netuid);
    pruning_score: Vec<Compact<u16>> = compact(PruningScores::<T>::get(netuid));
    last_update: Vec<Compact<u64>> = compact(LastUpdate::<T>::get(netuid));
    emission: Vec<Compact<u64>> = compact(Emission::<T>::get(netuid));
    dividends: Vec<Compact<u16>> = compact(Dividends::<T>::get(netuid));
    incentives: Vec<Compact<u16>> = compact(Incentive::<T>::get(netuid));
    consensus: Vec<Compact<u16>> = compact(Consensus::<T>::get(netuid));
    trust: Vec<Compact<u16>> = compact(Trust::<T>::get(netuid));
    rank: Vec<Compact<u16>> = compact(Rank::<T>::get(netuid));
    block_at_registration: Vec<Compact<u64>> = (0u16..).take(hotkeys.len()).map(|uid| Compact(BlockAtRegistration::<T>::get(netuid, uid))).collect();
    alpha_stake: Vec<Compact<u64>> = stakes(&hotkeys, netuid, |stake| stake.alpha);
    tao_stake: Vec<Compact<u64>> = stakes(&hotkeys, netuid, |stake| stake.tao);
    total_stake: Vec<Compact<u64>> = stakes(&hotkeys, netuid, |stake| stake.total);
    tao_dividends_per_hotkey: Vec<(AccountId32, Compact<u64>)> = Vec::new();
    alpha_dividends_per_hotkey: Vec<(AccountId32, Compact<u64>)> = hotkeys.iter().map(|hotkey| (hotkey.clone(), Compact(AlphaDividendsPerSubnet::<T>::get(netuid, hotkey)))).collect();
}

fn hotkeys(netuid: u16) -> Option<Vec<AccountId32>> {
    NetworksAdded::<T>::get(netuid)
        .then(|| (0..SubnetworkN::<T>::get(netuid)).map(|uid| Keys::<T>::get(netuid, uid)).collect())
}

fn stakes(hotkeys: &[AccountId32], netuid: u16, part: fn(Stake) -> u64) -> Vec<Compact<u64>> {
    hotkeys.iter().map(|hotkey| Compact(part(Rules::<T>::stake(hotkey, netuid)))).collect()
}

fn validators(netuid: u16) -> Vec<Compact<u16>> {
    let permits = ValidatorPermit::<T>::get(netuid);
    (0u16..).zip(permits).filter(|(_, permit)| *permit).map(|(uid, _)| Compact(uid)).collect()
}
