//! One neuron of a subnet.

use parity_scale_codec::{Decode, Encode};
use soma_protocol::ss58::PublicKey;

use crate::axon::Axon;

/// A neuron as the chain has it at one block.
///
/// Scores are parts of 65535, amounts RAO. Stake is what consensus counts: a neuron's own, its nominators', and what
/// was inherited from parent hotkeys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neuron {
    /// Its number in the subnet.
    pub uid: u16,
    /// The key that signs for it.
    pub hotkey: PublicKey,
    /// The account that owns the hotkey.
    pub coldkey: PublicKey,
    /// Its published address; nothing if none is.
    pub axon: Option<Axon>,
    /// Whether it set weights within the subnet's activity cutoff.
    pub active: bool,
    /// Whether it may set weights for others.
    pub validator_permit: bool,
    /// The stake that decides its weight in consensus: alpha, and TAO at the network's rate, in RAO.
    pub stake: u64,
    /// The part in the subnet's alpha, in RAO.
    pub alpha_stake: u64,
    /// The part in TAO on the root network, in RAO, the network's rate applied.
    pub tao_stake: u64,
    /// Its alpha of the last epoch, in RAO.
    pub emission: u64,
    /// Its share of the miners' part, of 65535.
    pub incentive: u16,
    /// Its share of the validators' part, of 65535.
    pub dividends: u16,
    /// The score on which validators agree, of 65535.
    pub consensus: u16,
    /// How much of its weights others agreed with, of 65535.
    pub validator_trust: u16,
    /// The block of its last weights (or commit), or of its registration.
    pub last_update: u64,
    /// The block at which it was registered.
    pub registered_at: u64,
}

impl Encode for Neuron {
    fn encode_to<T: parity_scale_codec::Output + ?Sized>(&self, out: &mut T) {
        let Self { uid, hotkey, coldkey, axon, active, validator_permit, stake, alpha_stake, tao_stake, .. } = self;
        (uid, hotkey.0, coldkey.0, axon, active, validator_permit, stake, alpha_stake, tao_stake).encode_to(out);
        let Self { emission, incentive, dividends, consensus, validator_trust, last_update, registered_at, .. } = self;
        (emission, incentive, dividends, consensus, validator_trust, last_update, registered_at).encode_to(out);
    }
}

impl Decode for Neuron {
    fn decode<I: parity_scale_codec::Input>(input: &mut I) -> Result<Self, parity_scale_codec::Error> {
        let (uid, hotkey, coldkey, axon) = Decode::decode(input)?;
        let (active, validator_permit, stake, alpha_stake, tao_stake) = Decode::decode(input)?;
        let (emission, incentive, dividends, consensus) = Decode::decode(input)?;
        let (validator_trust, last_update, registered_at) = Decode::decode(input)?;
        Ok(Self {
            uid,
            hotkey: PublicKey(hotkey),
            coldkey: PublicKey(coldkey),
            axon,
            active,
            validator_permit,
            stake,
            alpha_stake,
            tao_stake,
            emission,
            incentive,
            dividends,
            consensus,
            validator_trust,
            last_update,
            registered_at,
        })
    }
}
