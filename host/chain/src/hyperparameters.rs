//! The settings of a subnet that its owner and the network chose.

use scale_decode::DecodeAsType;
use serde::Serialize;

use crate::at::{At, PALLET};
use crate::error::ChainError;

const API: &str = "SubnetInfoRuntimeApi";

/// The runtime APIs that answer with hyperparameters, newest first.
const METHODS: [&str; 2] = ["get_subnet_hyperparams_v2", "get_subnet_hyperparams"];

/// The hyperparameters of a subnet that a neuron meets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hyperparameters {
    /// Blocks of an epoch; 0 means that the subnet has none.
    pub tempo: u16,
    /// Blocks that must lie between two weights of one validator.
    pub weights_rate_limit: u64,
    /// Blocks that must lie between two publications of one neuron's address.
    pub serving_rate_limit: u64,
    /// The least number of weights in one vector.
    pub min_allowed_weights: u16,
    /// The largest share of one weight, of 65535; 65535 is no limit.
    pub max_weights_limit: u16,
    /// The least `version_key` of weights; 0 takes any.
    pub weights_version: u64,
    /// Whether weights must be committed and are revealed later.
    pub commit_reveal: bool,
    /// Epochs between commit and reveal.
    pub commit_reveal_period: u64,
    /// The version that a commit must name; nothing on a runtime without versions.
    pub commit_reveal_version: Option<u16>,
    /// Blocks for which a new neuron cannot be replaced.
    pub immunity_period: u16,
    /// Blocks without weights after which a validator no longer counts.
    pub activity_cutoff: u16,
    /// The most neurons with a validator permit.
    pub max_validators: u16,
    /// The stake-weighted majority to which weights are clipped, of 65535.
    pub kappa: u16,
    /// A constant of the consensus (the slope of trust in its first version).
    pub rho: u16,
    /// Whether new neurons may register.
    pub registration_allowed: bool,
    /// The most registrations in one block.
    pub max_registrations_per_block: u16,
    /// What a registration costs now, in RAO of TAO.
    pub burn: u64,
    /// The least that a registration may cost, in RAO.
    pub min_burn: u64,
    /// The most that a registration may cost, in RAO.
    pub max_burn: u64,
}

/// What we take of the runtime's answer, by the names of its fields.
#[derive(DecodeAsType)]
struct Answer {
    rho: u16,
    kappa: u16,
    immunity_period: u16,
    min_allowed_weights: u16,
    max_weights_limit: u16,
    tempo: u16,
    weights_version: u64,
    weights_rate_limit: u64,
    activity_cutoff: u16,
    registration_allowed: bool,
    min_burn: u64,
    max_burn: u64,
    max_regs_per_block: u16,
    serving_rate_limit: u64,
    max_validators: u16,
    commit_reveal_period: u64,
    commit_reveal_weights_enabled: bool,
}

impl At {
    /// The hyperparameters of a subnet, by runtime API where there is one, else from the storages.
    ///
    /// # Errors
    /// [`ChainError::NoSubnet`], or as [`At::storage`].
    pub async fn hyperparameters(&self, netuid: u16) -> Result<Hyperparameters, ChainError> {
        let answer = match METHODS.into_iter().find(|method| self.has_api(API, method)) {
            Some(method) => self.api::<_, Option<Answer>>(API, method, (netuid,)).await?,
            None => {
                self.check_subnet(netuid).await?;
                Some(self.answer_by_storage(netuid).await?)
            }
        };
        let answer = answer.ok_or(ChainError::NoSubnet { netuid })?;
        let commit_reveal_version = match self.has_storage(PALLET, "CommitRevealWeightsVersion") {
            true => self.storage(PALLET, "CommitRevealWeightsVersion", ()).await?,
            false => None,
        };
        Ok(Hyperparameters {
            tempo: answer.tempo,
            weights_rate_limit: answer.weights_rate_limit,
            serving_rate_limit: answer.serving_rate_limit,
            min_allowed_weights: answer.min_allowed_weights,
            max_weights_limit: answer.max_weights_limit,
            weights_version: answer.weights_version,
            commit_reveal: answer.commit_reveal_weights_enabled,
            commit_reveal_period: answer.commit_reveal_period,
            commit_reveal_version,
            immunity_period: answer.immunity_period,
            activity_cutoff: answer.activity_cutoff,
            max_validators: answer.max_validators,
            kappa: answer.kappa,
            rho: answer.rho,
            registration_allowed: answer.registration_allowed,
            max_registrations_per_block: answer.max_regs_per_block,
            burn: self.burn(netuid).await?,
            min_burn: answer.min_burn,
            max_burn: answer.max_burn,
        })
    }

    async fn answer_by_storage(&self, netuid: u16) -> Result<Answer, ChainError> {
        Ok(Answer {
            rho: self.setting("Rho", netuid).await?,
            kappa: self.setting("Kappa", netuid).await?,
            immunity_period: self.setting("ImmunityPeriod", netuid).await?,
            min_allowed_weights: self.setting("MinAllowedWeights", netuid).await?,
            max_weights_limit: self.setting("MaxWeightsLimit", netuid).await?,
            tempo: self.setting("Tempo", netuid).await?,
            weights_version: self.setting("WeightsVersionKey", netuid).await?,
            weights_rate_limit: self.setting("WeightsSetRateLimit", netuid).await?,
            activity_cutoff: self.setting("ActivityCutoff", netuid).await?,
            registration_allowed: self.setting("NetworkRegistrationAllowed", netuid).await?,
            min_burn: self.setting("MinBurn", netuid).await?,
            max_burn: self.setting("MaxBurn", netuid).await?,
            max_regs_per_block: self.setting("MaxRegistrationsPerBlock", netuid).await?,
            serving_rate_limit: self.setting("ServingRateLimit", netuid).await?,
            max_validators: self.setting("MaxAllowedValidators", netuid).await?,
            commit_reveal_period: self.setting("RevealPeriodEpochs", netuid).await?,
            commit_reveal_weights_enabled: self.setting("CommitRevealWeightsEnabled", netuid).await?,
        })
    }

    /// A setting of a subnet; every one has a default in the runtime.
    async fn setting<V: DecodeAsType>(&self, entry: &str, netuid: u16) -> Result<V, ChainError> {
        let value = self.storage(PALLET, entry, (netuid,)).await?;
        value.ok_or_else(|| ChainError::Undecodable {
            what: format!("storage {PALLET}.{entry}"),
            detail: "it has no value and no default".to_owned(),
        })
    }
}
