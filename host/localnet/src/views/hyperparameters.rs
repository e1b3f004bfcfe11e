//! A subnet's settings in one answer.

#![allow(missing_docs, reason = "the fields are finney's")]

use frame_support::pallet_prelude::TypeInfo;
use parity_scale_codec::{Compact, Decode, Encode};

use crate::pallet::*;
use crate::runtime::Runtime as T;
use crate::types::FixedI64;

/// Makes both versions out of one list: the first has the fields before the semicolon.
macro_rules! hyperparameters {
    (|$netuid:ident| $($field:ident: $type:ty = $value:expr,)*; $($more:ident: $more_type:ty = $more_value:expr,)*) => {
        /// A subnet's settings.
        #[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
        pub struct SubnetHyperparams {
            $(pub $field: $type,)*
        }

        /// A subnet's settings, and six more.
        #[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
        pub struct SubnetHyperparamsV2 {
            $(pub $field: $type,)*
            $(pub $more: $more_type,)*
        }

        /// Nothing when there is no such subnet.
        pub(crate) fn first($netuid: u16) -> Option<SubnetHyperparams> {
            NetworksAdded::<T>::get($netuid).then(|| SubnetHyperparams { $($field: $value,)* })
        }

        /// Nothing when there is no such subnet.
        pub(crate) fn second($netuid: u16) -> Option<SubnetHyperparamsV2> {
            NetworksAdded::<T>::get($netuid).then(|| SubnetHyperparamsV2 { $($field: $value,)* $($more: $more_value,)* })
        }
    };
}

hyperparameters! { |netuid|
    rho: Compact<u16> = Compact(Rho::<T>::get(netuid)),
    kappa: Compact<u16> = Compact(Kappa::<T>::get(netuid)),
    immunity_period: Compact<u16> = Compact(ImmunityPeriod::<T>::get(netuid)),
    min_allowed_weights: Compact<u16> = Compact(MinAllowedWeights::<T>::get(netuid)),
    max_weights_limit: Compact<u16> = Compact(MaxWeightsLimit::<T>::get(netuid)),
    tempo: Compact<u16> = Compact(Tempo::<T>::get(netuid)),
    min_difficulty: Compact<u64> = Compact(MinDifficulty::<T>::get(netuid)),
    max_difficulty: Compact<u64> = Compact(MaxDifficulty::<T>::get(netuid)),
    weights_version: Compact<u64> = Compact(WeightsVersionKey::<T>::get(netuid)),
    weights_rate_limit: Compact<u64> = Compact(WeightsSetRateLimit::<T>::get(netuid)),
    adjustment_interval: Compact<u16> = Compact(AdjustmentInterval::<T>::get(netuid)),
    activity_cutoff: Compact<u16> = Compact(ActivityCutoff::<T>::get(netuid)),
    registration_allowed: bool = NetworkRegistrationAllowed::<T>::get(netuid),
    target_regs_per_interval: Compact<u16> = Compact(TargetRegistrationsPerInterval::<T>::get(netuid)),
    min_burn: Compact<u64> = Compact(MinBurn::<T>::get(netuid)),
    max_burn: Compact<u64> = Compact(MaxBurn::<T>::get(netuid)),
    bonds_moving_avg: Compact<u64> = Compact(BondsMovingAverage::<T>::get(netuid)),
    max_regs_per_block: Compact<u16> = Compact(MaxRegistrationsPerBlock::<T>::get(netuid)),
    serving_rate_limit: Compact<u64> = Compact(ServingRateLimit::<T>::get(netuid)),
    max_validators: Compact<u16> = Compact(MaxAllowedValidators::<T>::get(netuid)),
    adjustment_alpha: Compact<u64> = Compact(AdjustmentAlpha::<T>::get(netuid)),
    difficulty: Compact<u64> = Compact(Difficulty::<T>::get(netuid)),
    commit_reveal_period: Compact<u64> = Compact(RevealPeriodEpochs::<T>::get(netuid)),
    commit_reveal_weights_enabled: bool = CommitRevealWeightsEnabled::<T>::get(netuid),
    alpha_high: Compact<u16> = Compact(AlphaValues::<T>::get(netuid).1),
    alpha_low: Compact<u16> = Compact(AlphaValues::<T>::get(netuid).0),
    liquid_alpha_enabled: bool = LiquidAlphaOn::<T>::get(netuid),
    ;
    alpha_sigmoid_steepness: FixedI64 = FixedI64 { bits: i64::from(AlphaSigmoidSteepness::<T>::get(netuid)) << 32 },
    yuma_version: Compact<u16> = Compact(if Yuma3On::<T>::get(netuid) { 3 } else { 2 }),
    subnet_is_active: bool = SubtokenEnabled::<T>::get(netuid),
    transfers_enabled: bool = TransferToggle::<T>::get(netuid),
    bonds_reset_enabled: bool = BondsResetOn::<T>::get(netuid),
    user_liquidity_enabled: bool = false,
}
