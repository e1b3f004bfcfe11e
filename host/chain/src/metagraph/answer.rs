//! What we ask the runtime's metagraph API for, and its answer.

use scale_decode::DecodeAsType;
use soma_protocol::ss58::PublicKey;
use subxt::metadata::Metadata;
use subxt::utils::H256;

use super::Metagraph;
use super::read::{API, BY_MECHANISM};
use crate::axon::Axon;
use crate::convert;
use crate::error::ChainError;
use crate::neuron::Neuron;

/// The columns to ask for, by the numbers that the runtime gives its fields. Rank, trust and pruning score are not
/// among them: newer runtimes have dropped them.
pub(super) const COLUMNS: [u16; 14] = [52, 53, 55, 56, 57, 59, 60, 61, 62, 63, 66, 67, 68, 69];

/// The columns of the runtime's answer, by the names of its fields.
#[derive(Debug, DecodeAsType)]
pub(super) struct Answer {
    hotkeys: Option<Vec<[u8; 32]>>,
    coldkeys: Option<Vec<[u8; 32]>>,
    axons: Option<Vec<Axon>>,
    active: Option<Vec<bool>>,
    validator_permit: Option<Vec<bool>>,
    last_update: Option<Vec<u64>>,
    emission: Option<Vec<u64>>,
    dividends: Option<Vec<u16>>,
    incentives: Option<Vec<u16>>,
    consensus: Option<Vec<u16>>,
    block_at_registration: Option<Vec<u64>>,
    alpha_stake: Option<Vec<u64>>,
    tao_stake: Option<Vec<u64>>,
    total_stake: Option<Vec<u64>>,
}

impl Metagraph {
    /// The metagraph in the bytes that a runtime answered to `get_selective_mechagraph`, by the types of its metadata.
    /// Validator trust, which is in a storage and not in the answer, is 0.
    ///
    /// # Errors
    /// [`ChainError::NoSubnet`] when the answer is that there is none, [`ChainError::Undecodable`] when it cannot be read
    /// or lacks a column.
    pub fn from_answer(
        netuid: u16,
        block: u64,
        hash: H256,
        answer: &[u8],
        metadata: &Metadata,
    ) -> Result<Self, ChainError> {
        let what = || format!("runtime API {API}.{BY_MECHANISM}");
        let undecodable = |detail: String| ChainError::Undecodable { what: what(), detail };
        let method = metadata.runtime_api_trait_by_name(API).and_then(|api| api.method_by_name(BY_MECHANISM));
        let ty = method.ok_or_else(|| undecodable("the metadata does not have it".to_owned()))?.output_ty();
        let mut rest = answer;
        let answer = Option::<Answer>::decode_as_type(&mut rest, ty, metadata.types());
        let answer = answer.map_err(|error| convert::undecodable(what(), &error))?;
        if !rest.is_empty() {
            return Err(undecodable(format!("{} bytes are left over", rest.len())));
        }
        let answer = answer.ok_or(ChainError::NoSubnet { netuid })?;
        let columns = answer.columns(Vec::new()).map_err(|missing| undecodable(format!("it has no `{missing}`")))?;
        columns.metagraph(netuid, block, hash).map_err(undecodable)
    }
}

/// A metagraph column by column, as the chain has it.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub hotkeys: Vec<[u8; 32]>,
    pub coldkeys: Vec<[u8; 32]>,
    pub axons: Vec<Option<Axon>>,
    pub active: Vec<bool>,
    pub validator_permit: Vec<bool>,
    pub last_update: Vec<u64>,
    pub emission: Vec<u64>,
    pub dividends: Vec<u16>,
    pub incentive: Vec<u16>,
    pub consensus: Vec<u16>,
    pub validator_trust: Vec<u16>,
    pub registered_at: Vec<u64>,
    pub alpha_stake: Vec<u64>,
    pub tao_stake: Vec<u64>,
    pub stake: Vec<u64>,
}

impl Answer {
    /// The columns; the name of the first one that the answer should have and has not.
    ///
    /// Validator trust is not in the answer: it comes from a storage, and may be short or empty.
    pub(super) fn columns(self, validator_trust: Vec<u16>) -> Result<Columns, &'static str> {
        let axons = self.axons.ok_or("axons")?;
        Ok(Columns {
            hotkeys: self.hotkeys.ok_or("hotkeys")?,
            coldkeys: self.coldkeys.ok_or("coldkeys")?,
            axons: axons.into_iter().map(|axon| Some(axon).filter(|axon| axon.ip != 0)).collect(),
            active: self.active.ok_or("active")?,
            validator_permit: self.validator_permit.ok_or("validator_permit")?,
            last_update: self.last_update.ok_or("last_update")?,
            emission: self.emission.ok_or("emission")?,
            dividends: self.dividends.ok_or("dividends")?,
            incentive: self.incentives.ok_or("incentives")?,
            consensus: self.consensus.ok_or("consensus")?,
            validator_trust,
            registered_at: self.block_at_registration.ok_or("block_at_registration")?,
            alpha_stake: self.alpha_stake.ok_or("alpha_stake")?,
            tao_stake: self.tao_stake.ok_or("tao_stake")?,
            stake: self.total_stake.ok_or("total_stake")?,
        })
    }
}

impl Columns {
    /// Turns the columns into neurons; `Err` says what does not fit.
    ///
    /// A score column that is shorter than the list of hotkeys is filled up with zeros: the chain makes these longer only
    /// when an epoch ends. Who owns a neuron and what its stake is must be there for each.
    pub(super) fn metagraph(self, netuid: u16, block: u64, hash: H256) -> Result<Metagraph, String> {
        let count = self.hotkeys.len();
        if count > usize::from(u16::MAX) + 1 {
            return Err(format!("it has {count} neurons, and a subnet has at most 65,536"));
        }
        for (name, found) in
            [("coldkeys", self.coldkeys.len()), ("axons", self.axons.len()), ("stakes", self.stake.len())]
        {
            if found != count {
                return Err(format!("it has {count} hotkeys and {found} {name}"));
            }
        }
        let neuron = |(uid, hotkey): (u16, &[u8; 32])| {
            let place = usize::from(uid);
            Neuron {
                uid,
                hotkey: PublicKey(*hotkey),
                coldkey: PublicKey(at(&self.coldkeys, place)),
                axon: at(&self.axons, place),
                active: at(&self.active, place),
                validator_permit: at(&self.validator_permit, place),
                stake: at(&self.stake, place),
                alpha_stake: at(&self.alpha_stake, place),
                tao_stake: at(&self.tao_stake, place),
                emission: at(&self.emission, place),
                incentive: at(&self.incentive, place),
                dividends: at(&self.dividends, place),
                consensus: at(&self.consensus, place),
                validator_trust: at(&self.validator_trust, place),
                last_update: at(&self.last_update, place),
                registered_at: at(&self.registered_at, place),
            }
        };
        let neurons = (0..=u16::MAX).zip(&self.hotkeys).map(neuron).collect();
        Metagraph::new(netuid, block, hash, neurons).ok_or_else(|| "its uids have a gap".to_owned())
    }
}

fn at<T: Copy + Default>(column: &[T], place: usize) -> T {
    column.get(place).copied().unwrap_or_default()
}
