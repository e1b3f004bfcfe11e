//! Setting weights.

use soma_protocol::ss58::PublicKey;
use soma_wallet::signer::HotkeyCall;

use super::{ROOT, Step, registered, rested};
use crate::at::{At, PALLET};
use crate::error::ChainError;
use crate::hyperparameters::Hyperparameters;
use crate::weights::{self, Rules, Shortfall, Weight};
use crate::write::call::Call;
use crate::write::error::WriteError;
use crate::write::plan::Draft;
use crate::write::preflight::Preflight;

/// The call for a mechanism, and the one of runtimes that have none.
const BY_MECHANISM: &str = "set_mechanism_weights";

/// How far apart the lists of two mechanisms of a subnet are stored, in netuids.
const STRIDE: u16 = 4096;

/// Scores that become weights.
#[derive(Debug, Clone, PartialEq)]
pub struct SetWeights {
    /// The subnet.
    pub netuid: u16,
    /// A score of 0 or more for each uid that was scored, in any order.
    pub scores: Vec<(u32, f64)>,
    /// The incentive mechanism; most subnets have only 0.
    pub mechanism: u8,
    /// The version of the validator's code; nothing sends the subnet's own.
    pub version_key: Option<u64>,
    /// What happens when fewer weights remain than the subnet wants.
    pub shortfall: Shortfall,
    /// The share of the lowest scores to leave out, in 65,535ths.
    pub exclude: u16,
}

impl SetWeights {
    /// Scores for mechanism 0, with the subnet's version key; too few of them are refused.
    #[must_use]
    pub fn new(netuid: u16, scores: Vec<(u32, f64)>) -> Self {
        Self { netuid, scores, mechanism: 0, version_key: None, shortfall: Shortfall::default(), exclude: 0 }
    }

    pub(super) async fn draft(&self, at: &At, hotkey: &PublicKey) -> Result<Step, WriteError> {
        let Self { netuid, mechanism, .. } = *self;
        if netuid == ROOT {
            return Err(Preflight::Root.into());
        }
        let rules = at.hyperparameters(netuid).await?;
        if rules.commit_reveal {
            return Err(Preflight::CommitReveal { netuid }.into());
        }
        let count = at.mechanisms(netuid).await?;
        if mechanism >= count {
            return Err(Preflight::NoMechanism { netuid, mechanism, count }.into());
        }
        let uid = registered(at, netuid, hotkey).await?;
        self.check_stake(at, uid, hotkey).await?;
        let version_key = self.key(&rules)?;
        self.check_pace(at, uid, &rules).await?;
        let weights = self.weights(at, uid, &rules).await?;
        let alone = matches!(weights.as_slice(), [only] if only.uid == uid);
        if !alone {
            check_permit(at, netuid, uid, hotkey).await?;
        }
        let call = self.call(at, &weights, version_key)?;
        Ok(Step::Send(Draft { call, weights, price: 0 }))
    }

    /// A threshold above zero is held against the stake that consensus counts, which only the metagraph knows whole.
    async fn check_stake(&self, at: &At, uid: u16, hotkey: &PublicKey) -> Result<(), WriteError> {
        let netuid = self.netuid;
        let least: u64 = match at.has_storage(PALLET, "StakeThreshold") {
            true => at.storage(PALLET, "StakeThreshold", ()).await?.unwrap_or_default(),
            false => 0,
        };
        if least == 0 {
            return Ok(());
        }
        let metagraph = at.metagraph(netuid).await?;
        let neuron = metagraph.neuron(uid).filter(|neuron| neuron.hotkey == *hotkey);
        match neuron.map(|neuron| neuron.stake).unwrap_or_default() {
            stake if stake < least => Err(Preflight::TooLittleStake { netuid, stake, least }.into()),
            _ => Ok(()),
        }
    }

    fn key(&self, rules: &Hyperparameters) -> Result<u64, Preflight> {
        let least = rules.weights_version;
        match self.version_key {
            None => Ok(least),
            Some(given) if given >= least => Ok(given),
            Some(given) => Err(Preflight::VersionKey { netuid: self.netuid, given, least }),
        }
    }

    async fn check_pace(&self, at: &At, uid: u16, rules: &Hyperparameters) -> Result<(), WriteError> {
        let index = u16::from(self.mechanism).saturating_mul(STRIDE).saturating_add(self.netuid);
        let updates: Vec<u64> = at.storage(PALLET, "LastUpdate", (index,)).await?.unwrap_or_default();
        match updates.get(usize::from(uid)).copied().unwrap_or_default() {
            0 => Ok(()),
            last => Ok(rested("weights", at, self.netuid, last, rules.weights_rate_limit)?),
        }
    }

    async fn weights(&self, at: &At, uid: u16, rules: &Hyperparameters) -> Result<Vec<Weight>, WriteError> {
        let neurons: u16 = at.storage(PALLET, "SubnetworkN", (self.netuid,)).await?.unwrap_or_default();
        let rules = Rules {
            neurons,
            least: rules.min_allowed_weights,
            limit: rules.max_weights_limit,
            exclude: self.exclude,
            own: Some(uid),
            shortfall: self.shortfall,
        };
        Ok(weights::prepare(&self.scores, &rules)?)
    }

    fn call(&self, at: &At, weights: &[Weight], version_key: u64) -> Result<Call, ChainError> {
        let netuid = self.netuid;
        let (dests, weights) = weights.iter().map(|weight| (weight.uid, weight.value)).unzip();
        if at.has_call(PALLET, BY_MECHANISM) {
            let mecid = self.mechanism;
            return Ok(HotkeyCall::SetMechanismWeights { netuid, mecid, dests, weights, version_key }.into());
        }
        match self.mechanism {
            0 => Ok(HotkeyCall::SetWeights { netuid, dests, weights, version_key }.into()),
            _ => Err(at.missing(format!("call {PALLET}.{BY_MECHANISM}"))),
        }
    }
}

/// The subnet's owner needs no permit.
async fn check_permit(at: &At, netuid: u16, uid: u16, hotkey: &PublicKey) -> Result<(), WriteError> {
    let permits: Vec<bool> = at.storage(PALLET, "ValidatorPermit", (netuid,)).await?.unwrap_or_default();
    let permitted = permits.get(usize::from(uid)).copied().unwrap_or_default();
    if permitted || at.owner_hotkey(netuid).await? == Some(*hotkey) {
        return Ok(());
    }
    Err(Preflight::NoPermit { netuid, hotkey: *hotkey }.into())
}
