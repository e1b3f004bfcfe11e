//! The extrinsics that a hotkey signs, and the bytes of each.
//!
//! The signer has no metadata, so nothing that the parent says about the chain decides what a byte means: the list of
//! calls, their pallet and call indexes and the form of their arguments are constants of this file. They are those of
//! subtensor's `SubtensorModule`, whose calls carry fixed indexes. A parent that was taken over can have weights, serving
//! data and commits signed, for any subnet; on a chain with these indexes it cannot have a transfer, a stake movement, a
//! batch or a proxy call signed, because no intent spells one. A chain that moved an index refuses such an extrinsic or
//! reads it as another call of this form; the parent compares with the metadata before it asks.
//!
//! Which chain it is, the parent says, and on some other chain pallet 7 may be one that moves funds. So a signer process
//! signs for the chain of its first extrinsic alone. A parent that was taken over before that one can still choose: a
//! hotkey that owns something on another chain is not safe from it.
//!
//! What follows the call is constant too, apart from [`Terms`]: no tip, no metadata hash, and always mortal. So a
//! signature is of no use to anybody after [`LONGEST_PERIOD`] blocks.

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use parity_scale_codec::{Compact, Encode};
use serde::{Deserialize, Serialize};

use super::intent::IntentError;

/// The pallet of every call of the list.
pub const PALLET: &str = "SubtensorModule";

/// Its index in the runtime.
pub const PALLET_INDEX: u8 = 7;

/// Most weights in one call. A subnet of the live chain has at most 1,024 neurons; a frame has room for these.
pub const MOST_WEIGHTS: usize = 4096;

/// Most bytes of a timelocked commit; the chain's own limit.
pub const LONGEST_COMMIT: usize = 5000;

/// Most bytes of a certificate: one for its algorithm, then the key.
pub const LONGEST_CERTIFICATE: usize = 65;

/// Most numbers in the salt of a commit.
pub const LONGEST_SALT: usize = 256;

/// Blocks that an extrinsic may be valid for, at most (51 minutes of 12 s blocks).
pub const LONGEST_PERIOD: u16 = 256;

/// Blocks that an extrinsic has to be valid for, at least: the encoding knows no shorter one.
pub const SHORTEST_PERIOD: u16 = 4;

/// Payloads of more bytes than this are hashed before they are signed, as every Substrate chain has it.
const LONGEST_PLAIN: usize = 256;

/// A call of `SubtensorModule` that a hotkey makes. Its SCALE encoding is the call without the pallet's index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum HotkeyCall {
    /// `set_weights`, where the runtime has no mechanisms.
    #[codec(index = 0)]
    SetWeights {
        /// The subnet.
        netuid: u16,
        /// The neurons, at most [`MOST_WEIGHTS`].
        dests: Vec<u16>,
        /// A weight for each.
        weights: Vec<u16>,
        /// The version of the subnet's code.
        version_key: u64,
    },
    /// `serve_axon`.
    #[codec(index = 4)]
    ServeAxon {
        /// The subnet.
        netuid: u16,
        /// The version of the serving code; 0 withdraws the axon.
        version: u32,
        /// The address as a number; over the socket in decimal digits, because JSON numbers are shorter.
        #[serde(with = "decimal")]
        ip: u128,
        /// The port.
        port: u16,
        /// 4 or 6.
        ip_type: u8,
        /// What is spoken there; 4 by convention.
        protocol: u8,
        /// Not used.
        placeholder1: u8,
        /// Not used.
        placeholder2: u8,
    },
    /// `serve_prometheus`.
    #[codec(index = 5)]
    ServePrometheus {
        /// The subnet.
        netuid: u16,
        /// The version of the serving code.
        version: u32,
        /// The address as a number.
        #[serde(with = "decimal")]
        ip: u128,
        /// The port.
        port: u16,
        /// 4 or 6.
        ip_type: u8,
    },
    /// `serve_axon_tls`.
    #[codec(index = 40)]
    ServeAxonTls {
        /// The subnet.
        netuid: u16,
        /// The version of the serving code.
        version: u32,
        /// The address as a number.
        #[serde(with = "decimal")]
        ip: u128,
        /// The port.
        port: u16,
        /// 4 or 6.
        ip_type: u8,
        /// What is spoken there; 4 by convention.
        protocol: u8,
        /// Not used.
        placeholder1: u8,
        /// Not used.
        placeholder2: u8,
        /// One byte for the algorithm, then the key; at most [`LONGEST_CERTIFICATE`] bytes.
        certificate: Vec<u8>,
    },
    /// `commit_weights`: the salted hash of the oldest form of commit-reveal.
    #[codec(index = 96)]
    CommitWeights {
        /// The subnet.
        netuid: u16,
        /// BLAKE2b-256 over what will be revealed.
        commit_hash: [u8; 32],
    },
    /// `reveal_weights`.
    #[codec(index = 97)]
    RevealWeights {
        /// The subnet.
        netuid: u16,
        /// The neurons, at most [`MOST_WEIGHTS`].
        uids: Vec<u16>,
        /// A weight for each.
        values: Vec<u16>,
        /// At most [`LONGEST_SALT`] numbers.
        salt: Vec<u16>,
        /// The version of the subnet's code.
        version_key: u64,
    },
    /// `commit_timelocked_weights`.
    #[codec(index = 113)]
    CommitTimelockedWeights {
        /// The subnet.
        netuid: u16,
        /// The encrypted weights, at most [`LONGEST_COMMIT`] bytes.
        commit: Vec<u8>,
        /// The drand round that opens them.
        reveal_round: u64,
        /// The form of the commit.
        commit_reveal_version: u16,
    },
    /// `commit_timelocked_mechanism_weights`.
    #[codec(index = 118)]
    CommitTimelockedMechanismWeights {
        /// The subnet.
        netuid: u16,
        /// The mechanism.
        mecid: u8,
        /// The encrypted weights, at most [`LONGEST_COMMIT`] bytes.
        commit: Vec<u8>,
        /// The drand round that opens them.
        reveal_round: u64,
        /// The form of the commit.
        commit_reveal_version: u16,
    },
    /// `set_mechanism_weights`.
    #[codec(index = 119)]
    SetMechanismWeights {
        /// The subnet.
        netuid: u16,
        /// The mechanism.
        mecid: u8,
        /// The neurons, at most [`MOST_WEIGHTS`].
        dests: Vec<u16>,
        /// A weight for each.
        weights: Vec<u16>,
        /// The version of the subnet's code.
        version_key: u64,
    },
}

impl HotkeyCall {
    /// The call's name in the metadata.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::SetWeights { .. } => "set_weights",
            Self::ServeAxon { .. } => "serve_axon",
            Self::ServePrometheus { .. } => "serve_prometheus",
            Self::ServeAxonTls { .. } => "serve_axon_tls",
            Self::CommitWeights { .. } => "commit_weights",
            Self::RevealWeights { .. } => "reveal_weights",
            Self::CommitTimelockedWeights { .. } => "commit_timelocked_weights",
            Self::CommitTimelockedMechanismWeights { .. } => "commit_timelocked_mechanism_weights",
            Self::SetMechanismWeights { .. } => "set_mechanism_weights",
        }
    }

    /// The call as it stands in an extrinsic: the pallet's index, the call's, the arguments.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![PALLET_INDEX];
        self.encode_to(&mut bytes);
        bytes
    }

    /// Checks the bounds that keep one signature cheap; what the chain thinks of the values is the chain's affair.
    fn check(&self) -> Result<(), IntentError> {
        match self {
            Self::SetWeights { dests, weights, .. } | Self::SetMechanismWeights { dests, weights, .. } => {
                at_most("dests", dests.len(), MOST_WEIGHTS, "at most 4096 neurons")?;
                at_most("weights", weights.len(), MOST_WEIGHTS, "at most 4096 weights")
            }
            Self::RevealWeights { uids, values, salt, .. } => {
                at_most("uids", uids.len(), MOST_WEIGHTS, "at most 4096 neurons")?;
                at_most("values", values.len(), MOST_WEIGHTS, "at most 4096 weights")?;
                at_most("salt", salt.len(), LONGEST_SALT, "at most 256 numbers")
            }
            Self::CommitTimelockedWeights { commit, .. } | Self::CommitTimelockedMechanismWeights { commit, .. } => {
                at_most("commit", commit.len(), LONGEST_COMMIT, "at most 5000 bytes")
            }
            Self::ServeAxonTls { certificate, .. } => {
                at_most("certificate", certificate.len(), LONGEST_CERTIFICATE, "at most 65 bytes")
            }
            Self::ServeAxon { .. } | Self::ServePrometheus { .. } | Self::CommitWeights { .. } => Ok(()),
        }
    }
}

fn at_most(field: &'static str, length: usize, most: usize, expected: &'static str) -> Result<(), IntentError> {
    if length <= most { Ok(()) } else { Err(IntentError::Field { field, expected }) }
}

/// Where and when an extrinsic is valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Terms {
    /// The hotkey's count of extrinsics.
    pub nonce: u64,
    /// The number of the block from which on it is valid.
    pub birth: u64,
    /// That block's hash.
    pub checkpoint: [u8; 32],
    /// Blocks that it is valid for: a power of two from [`SHORTEST_PERIOD`] to [`LONGEST_PERIOD`].
    pub period: u16,
    /// The hash of the chain's first block.
    pub genesis: [u8; 32],
    /// The runtime's version.
    pub spec_version: u32,
    /// The version of the form of its extrinsics.
    pub transaction_version: u32,
}

impl Terms {
    /// The bytes that are signed for a call, given as it stands in an extrinsic. The signer process takes no such bytes:
    /// this is for a key that a command of its owner holds itself.
    ///
    /// # Errors
    /// [`IntentError::Field`] for a period that is none.
    pub fn payload(&self, call: &[u8]) -> Result<Vec<u8>, IntentError> {
        self.check()?;
        let mut bytes = call.to_vec();
        self.extra(&mut bytes);
        self.implicit(&mut bytes);
        if bytes.len() > LONGEST_PLAIN {
            return Ok(Blake2b::<U32>::digest(&bytes).to_vec());
        }
        Ok(bytes)
    }

    fn check(&self) -> Result<(), IntentError> {
        let holds = self.period.is_power_of_two() && (SHORTEST_PERIOD..=LONGEST_PERIOD).contains(&self.period);
        let expected = "a power of two from 4 to 256";
        if holds { Ok(()) } else { Err(IntentError::Field { field: "period", expected }) }
    }

    /// The two bytes that say how long it is valid: the period's exponent in the low four bits, the phase above.
    fn era(&self) -> [u8; 2] {
        let phase = u16::try_from(self.birth % u64::from(self.period.max(1))).unwrap_or_default();
        let exponent = u16::try_from(self.period.trailing_zeros()).unwrap_or_default().saturating_sub(1);
        ((phase << 4) | exponent).to_le_bytes()
    }

    /// What stands in the extrinsic after the signature: era, nonce, tip, mode of the metadata hash. The eight other
    /// extensions of the chain are empty.
    fn extra(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.era());
        Compact(self.nonce).encode_to(bytes);
        Compact(0_u64).encode_to(bytes);
        bytes.push(0);
    }

    /// What is signed and does not travel: versions, genesis, checkpoint, no metadata hash.
    fn implicit(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.spec_version.to_le_bytes());
        bytes.extend(self.transaction_version.to_le_bytes());
        bytes.extend(self.genesis);
        bytes.extend(self.checkpoint);
        bytes.push(0);
    }
}

/// The bytes that a hotkey signs for a call. They start with the pallet's index (7, a control character) or are a hash
/// of 32 bytes; every other intent's message starts with a printable character and is longer.
///
/// # Errors
/// [`IntentError::Field`] for a call or a period over its bounds.
pub fn payload(call: &HotkeyCall, terms: &Terms) -> Result<Vec<u8>, IntentError> {
    call.check()?;
    terms.payload(&call.bytes())
}

/// A 128-bit number in JSON.
mod decimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(number: &u128, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(number)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u128, D::Error> {
        let digits = String::deserialize(from)?;
        digits.parse().map_err(|_| D::Error::custom("not a number of 128 bits"))
    }
}
