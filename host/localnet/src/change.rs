//! What a developer may change from outside, without a transaction.

use serde::{Deserialize, Serialize};
use sp_core::crypto::AccountId32;

use frame_support::traits::fungible::Mutate;

use crate::error::LocalnetError;
use crate::pallet::*;
use crate::rules::Rules;
use crate::runtime::Runtime;

/// An account: a public key of 32 bytes, in JSON as ss58 text.
pub type Account = AccountId32;

/// A thing that is on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// It is.
    On,
    /// It is not.
    Off,
}

impl From<Switch> for bool {
    fn from(switch: Switch) -> Self {
        switch == Switch::On
    }
}

/// One change of the state. Amounts are in RAO (10^9 to the TAO), times in blocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields say what they are, the variants what they do")]
pub enum Change {
    /// What an account can spend.
    Balance { account: Account, rao: u64 },
    /// Gives a registered or known hotkey that much more alpha, or TAO on the root network.
    Stake { hotkey: Account, netuid: u16, rao: u64 },
    /// Makes a hotkey a neuron without a price.
    Register { netuid: u16, hotkey: Account, coldkey: Account },
    /// Blocks between epochs; none with 0.
    Tempo { netuid: u16, tempo: u16 },
    /// Whether weights have to be committed first.
    CommitReveal { netuid: u16, enabled: Switch },
    /// Blocks between two weights of one neuron.
    WeightsRateLimit { netuid: u16, blocks: u64 },
    /// Blocks between two addresses of one neuron.
    ServingRateLimit { netuid: u16, blocks: u64 },
    /// The fewest weights of a validator.
    MinAllowedWeights { netuid: u16, weights: u16 },
    /// The largest share of one weight, of 65535.
    MaxWeightsLimit { netuid: u16, limit: u16 },
    /// The least version key of weights.
    WeightsVersionKey { netuid: u16, key: u64 },
    /// The least stake for weights.
    StakeThreshold { rao: u64 },
    /// The price of a registration.
    Burn { netuid: u16, rao: u64 },
    /// How many registrations an interval is meant to have; three times as many are let in.
    RegistrationTarget { netuid: u16, registrations: u16 },
    /// Whether a subnet takes new neurons.
    Registration { netuid: u16, allowed: Switch },
    /// The most neurons of a subnet.
    MaxUids { netuid: u16, uids: u16 },
    /// The most validators with a permit.
    MaxValidators { netuid: u16, validators: u16 },
    /// Blocks for which a new neuron keeps its uid.
    ImmunityPeriod { netuid: u16, blocks: u16 },
    /// Gives a neuron a permit at once, or takes it; the next epoch decides anew.
    Permit { netuid: u16, uid: u16, permit: Switch },
    /// Lets a subnet emit, and its alpha be staked.
    Start { netuid: u16 },
}

impl Change {
    /// Changes the state of the block that is being made.
    ///
    /// # Errors
    /// [`LocalnetError::Change`] for a subnet or a neuron that is not there.
    pub(crate) fn apply(&self) -> Result<(), LocalnetError> {
        let refused = |reason: &str| Err(LocalnetError::Change { change: self.clone(), reason: reason.to_owned() });
        if self.netuid().is_some_and(|netuid| !NetworksAdded::<Runtime>::get(netuid)) {
            return refused("there is no such subnet");
        }
        match self {
            Self::Balance { account, rao } => {
                pallet_balances::Pallet::<Runtime>::set_balance(account, *rao);
            }
            Self::Stake { hotkey, netuid, rao } => {
                if !Owner::<Runtime>::contains_key(hotkey) {
                    return refused("nobody owns this hotkey; register it first");
                }
                Rules::<Runtime>::credit(&Owner::<Runtime>::get(hotkey), hotkey, *netuid, *rao);
            }
            Self::Register { netuid, hotkey, coldkey } => {
                if Rules::<Runtime>::uid(*netuid, hotkey).is_some() {
                    return refused("the hotkey is registered already");
                }
                if Rules::<Runtime>::register(coldkey, hotkey, *netuid).is_err() {
                    return refused("the subnet is full and all its neurons are immune");
                }
            }
            Self::Permit { netuid, uid, permit } => {
                if *uid >= SubnetworkN::<Runtime>::get(netuid) {
                    return refused("there is no such neuron");
                }
                ValidatorPermit::<Runtime>::mutate(netuid, |list| crate::rules::put(list, *uid, (*permit).into()));
            }
            Self::Start { netuid } => Rules::<Runtime>::start(*netuid),
            Self::StakeThreshold { rao } => StakeThreshold::<Runtime>::put(rao),
            hyperparameter => hyperparameter.set(),
        }
        Ok(())
    }

    fn set(&self) {
        match *self {
            Self::Tempo { netuid, tempo } => Tempo::<Runtime>::insert(netuid, tempo),
            Self::CommitReveal { netuid, enabled } => {
                CommitRevealWeightsEnabled::<Runtime>::insert(netuid, bool::from(enabled));
            }
            Self::WeightsRateLimit { netuid, blocks } => WeightsSetRateLimit::<Runtime>::insert(netuid, blocks),
            Self::ServingRateLimit { netuid, blocks } => ServingRateLimit::<Runtime>::insert(netuid, blocks),
            Self::MinAllowedWeights { netuid, weights } => MinAllowedWeights::<Runtime>::insert(netuid, weights),
            Self::MaxWeightsLimit { netuid, limit } => MaxWeightsLimit::<Runtime>::insert(netuid, limit),
            Self::WeightsVersionKey { netuid, key } => WeightsVersionKey::<Runtime>::insert(netuid, key),
            Self::Burn { netuid, rao } => Burn::<Runtime>::insert(netuid, rao),
            Self::RegistrationTarget { netuid, registrations } => {
                TargetRegistrationsPerInterval::<Runtime>::insert(netuid, registrations);
            }
            Self::Registration { netuid, allowed } => {
                NetworkRegistrationAllowed::<Runtime>::insert(netuid, bool::from(allowed));
            }
            Self::MaxUids { netuid, uids } => MaxAllowedUids::<Runtime>::insert(netuid, uids),
            Self::MaxValidators { netuid, validators } => MaxAllowedValidators::<Runtime>::insert(netuid, validators),
            Self::ImmunityPeriod { netuid, blocks } => ImmunityPeriod::<Runtime>::insert(netuid, blocks),
            _ => {}
        }
    }

    fn netuid(&self) -> Option<u16> {
        match *self {
            Self::Balance { .. } | Self::StakeThreshold { .. } => None,
            Self::Stake { netuid, .. }
            | Self::Register { netuid, .. }
            | Self::Tempo { netuid, .. }
            | Self::CommitReveal { netuid, .. }
            | Self::WeightsRateLimit { netuid, .. }
            | Self::ServingRateLimit { netuid, .. }
            | Self::MinAllowedWeights { netuid, .. }
            | Self::MaxWeightsLimit { netuid, .. }
            | Self::WeightsVersionKey { netuid, .. }
            | Self::Burn { netuid, .. }
            | Self::RegistrationTarget { netuid, .. }
            | Self::Registration { netuid, .. }
            | Self::MaxUids { netuid, .. }
            | Self::MaxValidators { netuid, .. }
            | Self::ImmunityPeriod { netuid, .. }
            | Self::Permit { netuid, .. }
            | Self::Start { netuid } => Some(netuid),
        }
    }
}
