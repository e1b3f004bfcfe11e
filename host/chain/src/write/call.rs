//! The calls that this crate sends, each as bytes, as named values, and as people read it.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use parity_scale_codec::Encode;
use soma_protocol::ss58::PublicKey;
use soma_wallet::signer::HotkeyCall;
use soma_wallet::signer::extrinsic::PALLET_INDEX;
use subxt::ext::scale_value::{Composite, Value};

use crate::amount::Tao;

/// A call of `SubtensorModule`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// One that the hotkey makes, in its own process.
    Hotkey(HotkeyCall),
    /// One that the coldkey pays for.
    Coldkey(ColdkeyCall),
}

/// A call that a coldkey makes. Its SCALE encoding is the call without the pallet's index.
#[derive(Debug, Clone, PartialEq, Eq, Encode)]
pub enum ColdkeyCall {
    /// `add_stake`: TAO becomes the subnet's alpha, behind a hotkey.
    #[codec(index = 2)]
    AddStake {
        /// Behind whom.
        hotkey: [u8; 32],
        /// The subnet; 0 keeps it TAO.
        netuid: u16,
        /// In RAO of TAO.
        amount: u64,
    },
    /// `burned_register`: a uid for a hotkey, at the price of the moment.
    #[codec(index = 7)]
    BurnedRegister {
        /// The subnet.
        netuid: u16,
        /// Who gets the uid.
        hotkey: [u8; 32],
    },
}

impl ColdkeyCall {
    /// The call's name in the metadata.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::AddStake { .. } => "add_stake",
            Self::BurnedRegister { .. } => "burned_register",
        }
    }

    /// The call as it stands in an extrinsic: the pallet's index, the call's, the arguments.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![PALLET_INDEX];
        self.encode_to(&mut bytes);
        bytes
    }

    fn parts(&self) -> Vec<Part> {
        match self {
            Self::AddStake { hotkey, netuid, amount } => {
                vec![
                    ("hotkey", Kind::Account(*hotkey)),
                    number("netuid", *netuid),
                    ("amount_staked", Kind::Rao(*amount)),
                ]
            }
            Self::BurnedRegister { netuid, hotkey } => {
                vec![number("netuid", *netuid), ("hotkey", Kind::Account(*hotkey))]
            }
        }
    }
}

/// An argument with the name that the metadata has for it.
type Part = (&'static str, Kind);

/// What kind of thing an argument is.
enum Kind {
    Number(u128),
    Rao(u64),
    /// An address as a number, and 4 or 6.
    Address(u128, u8),
    Account([u8; 32]),
    Numbers(Vec<u16>),
    Bytes(Vec<u8>),
}

fn number(name: &'static str, number: impl Into<u128>) -> Part {
    (name, Kind::Number(number.into()))
}

fn numbers(name: &'static str, numbers: &[u16]) -> Part {
    (name, Kind::Numbers(numbers.to_vec()))
}

fn bytes(name: &'static str, bytes: &[u8]) -> Part {
    (name, Kind::Bytes(bytes.to_vec()))
}

impl From<HotkeyCall> for Call {
    fn from(call: HotkeyCall) -> Self {
        Self::Hotkey(call)
    }
}

impl From<ColdkeyCall> for Call {
    fn from(call: ColdkeyCall) -> Self {
        Self::Coldkey(call)
    }
}

impl Call {
    /// The call's name in the metadata.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hotkey(call) => call.name(),
            Self::Coldkey(call) => call.name(),
        }
    }

    /// The call as it stands in an extrinsic: the pallet's index, the call's, the arguments.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Hotkey(call) => call.bytes(),
            Self::Coldkey(call) => call.bytes(),
        }
    }

    /// The arguments in the call's order, by the names that the metadata has for them, as people read them.
    #[must_use]
    pub fn arguments(&self) -> Vec<(&'static str, String)> {
        self.parts().into_iter().map(|(name, kind)| (name, kind.to_string())).collect()
    }

    /// The arguments for subxt, which encodes them as the metadata wants them.
    #[must_use]
    pub fn values(&self) -> Composite<()> {
        Composite::named(self.parts().into_iter().map(|(name, kind)| (name, kind.value())))
    }

    /// The names of the arguments in their order.
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.parts().into_iter().map(|(name, _)| name).collect()
    }

    fn parts(&self) -> Vec<Part> {
        match self {
            Self::Hotkey(call) => hotkey_parts(call),
            Self::Coldkey(call) => call.parts(),
        }
    }
}

fn hotkey_parts(call: &HotkeyCall) -> Vec<Part> {
    match call {
        HotkeyCall::SetWeights { netuid, dests, weights, version_key } => vec![
            number("netuid", *netuid),
            numbers("dests", dests),
            numbers("weights", weights),
            number("version_key", *version_key),
        ],
        HotkeyCall::SetMechanismWeights { netuid, mecid, dests, weights, version_key } => vec![
            number("netuid", *netuid),
            number("mecid", *mecid),
            numbers("dests", dests),
            numbers("weights", weights),
            number("version_key", *version_key),
        ],
        HotkeyCall::ServePrometheus { netuid, version, ip, port, ip_type } => vec![
            number("netuid", *netuid),
            number("version", *version),
            ("ip", Kind::Address(*ip, *ip_type)),
            number("port", *port),
            number("ip_type", *ip_type),
        ],
        HotkeyCall::ServeAxon { netuid, version, ip, port, ip_type, protocol, placeholder1, placeholder2 } => {
            axon_parts(*netuid, *version, (*ip, *port, *ip_type), [*protocol, *placeholder1, *placeholder2])
        }
        HotkeyCall::ServeAxonTls {
            netuid,
            version,
            ip,
            port,
            ip_type,
            protocol,
            placeholder1,
            placeholder2,
            certificate,
        } => {
            let mut parts =
                axon_parts(*netuid, *version, (*ip, *port, *ip_type), [*protocol, *placeholder1, *placeholder2]);
            parts.push(bytes("certificate", certificate));
            parts
        }
        commit @ (HotkeyCall::CommitWeights { .. }
        | HotkeyCall::RevealWeights { .. }
        | HotkeyCall::CommitTimelockedWeights { .. }
        | HotkeyCall::CommitTimelockedMechanismWeights { .. }) => commit_parts(commit),
    }
}

fn axon_parts(netuid: u16, version: u32, (ip, port, ip_type): (u128, u16, u8), rest: [u8; 3]) -> Vec<Part> {
    let [protocol, placeholder1, placeholder2] = rest;
    vec![
        number("netuid", netuid),
        number("version", version),
        ("ip", Kind::Address(ip, ip_type)),
        number("port", port),
        number("ip_type", ip_type),
        number("protocol", protocol),
        number("placeholder1", placeholder1),
        number("placeholder2", placeholder2),
    ]
}

fn commit_parts(call: &HotkeyCall) -> Vec<Part> {
    match call {
        HotkeyCall::CommitWeights { netuid, commit_hash } => {
            vec![number("netuid", *netuid), bytes("commit_hash", commit_hash)]
        }
        HotkeyCall::RevealWeights { netuid, uids, values, salt, version_key } => vec![
            number("netuid", *netuid),
            numbers("uids", uids),
            numbers("values", values),
            numbers("salt", salt),
            number("version_key", *version_key),
        ],
        HotkeyCall::CommitTimelockedWeights { netuid, commit, reveal_round, commit_reveal_version } => vec![
            number("netuid", *netuid),
            bytes("commit", commit),
            number("reveal_round", *reveal_round),
            number("commit_reveal_version", *commit_reveal_version),
        ],
        HotkeyCall::CommitTimelockedMechanismWeights { netuid, mecid, commit, reveal_round, commit_reveal_version } => {
            vec![
                number("netuid", *netuid),
                number("mecid", *mecid),
                bytes("commit", commit),
                number("reveal_round", *reveal_round),
                number("commit_reveal_version", *commit_reveal_version),
            ]
        }
        _ => Vec::new(),
    }
}

impl Kind {
    fn value(self) -> Value<()> {
        match self {
            Self::Number(number) | Self::Address(number, _) => Value::u128(number),
            Self::Rao(rao) => Value::u128(rao.into()),
            Self::Account(account) => Value::from_bytes(account),
            Self::Numbers(numbers) => {
                Value::unnamed_composite(numbers.into_iter().map(|number| Value::u128(number.into())))
            }
            Self::Bytes(bytes) => Value::from_bytes(bytes),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Rao(rao) => write!(f, "{rao} RAO ({})", Tao(*rao)),
            Self::Address(ip, 4) => match u32::try_from(*ip) {
                Ok(bits) => write!(f, "{}", Ipv4Addr::from_bits(bits)),
                Err(_) => write!(f, "{ip}"),
            },
            Self::Address(ip, _) => write!(f, "{}", Ipv6Addr::from_bits(*ip)),
            Self::Account(account) => write!(f, "{}", PublicKey(*account)),
            Self::Numbers(numbers) => write!(f, "{numbers:?}"),
            Self::Bytes(bytes) => write!(f, "0x{}", hex::encode(bytes)),
        }
    }
}

/// `SubtensorModule.serve_axon(netuid=1, ip=203.0.113.7, ...)`
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arguments: Vec<String> = self.arguments().iter().map(|(name, value)| format!("{name}={value}")).collect();
        write!(f, "{}.{}({})", crate::at::PALLET, self.name(), arguments.join(", "))
    }
}
