//! What the chain would refuse, found out before anything is sent.

use std::net::IpAddr;

use miette::Diagnostic;
use soma_protocol::ss58::PublicKey;
use thiserror::Error;

use crate::amount::Tao;

/// The chain would refuse this call. Nothing was signed or sent.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum Preflight {
    /// No uid.
    #[error("hotkey {hotkey} is not registered on subnet {netuid}")]
    #[diagnostic(
        code(soma::chain::not_registered),
        help("register it (`soma chain register --netuid {netuid}`), or correct --netuid, the network and the hotkey")
    )]
    NotRegistered {
        /// The subnet.
        netuid: u16,
        /// The hotkey.
        hotkey: PublicKey,
    },

    /// Too few blocks since the last time.
    #[error(
        "{what} of this hotkey changed {since} blocks ago, and subnet {netuid} wants {limit} between: it may in {blocks} blocks"
    )]
    #[diagnostic(
        code(soma::chain::too_soon),
        help("wait {blocks} blocks (about {} s of finney's 12 s blocks); a registration counts as a change of weights", blocks.saturating_mul(12))
    )]
    TooSoon {
        /// `the axon's address` and the like.
        what: &'static str,
        /// The subnet.
        netuid: u16,
        /// Blocks since the last time, as the next block counts them.
        since: u64,
        /// Blocks that have to lie between.
        limit: u64,
        /// Blocks still to wait.
        blocks: u64,
    },

    /// An address that the chain refuses, or that nobody can reach.
    #[error("{address} cannot be published: {reason}")]
    #[diagnostic(
        code(soma::chain::bad_address),
        help(
            "publish the address at which others reach this machine (--axon.external_ip); in tests on one machine 127.0.0.2 will do"
        )
    )]
    Address {
        /// The address.
        address: IpAddr,
        /// Why not.
        reason: &'static str,
    },

    /// Port 0.
    #[error("port 0 cannot be published")]
    #[diagnostic(
        code(soma::chain::bad_port),
        help("publish the port at which others reach this machine (--axon.external_port)")
    )]
    Port,

    /// A certificate that the chain would pass over in silence.
    #[error("a certificate is one byte for its algorithm and 1 to 64 bytes of key, and this has {length} bytes")]
    #[diagnostic(code(soma::chain::bad_certificate), help("give the public key alone, not a whole certificate"))]
    Certificate {
        /// Bytes that were given.
        length: usize,
    },

    /// The subnet takes committed weights only.
    #[error("subnet {netuid} takes committed weights only (commit-reveal is on), and soma cannot commit yet")]
    #[diagnostic(
        code(soma::chain::commit_reveal),
        help(
            "set this subnet's weights with another program until a later version of soma can (`soma chain hyperparameters --netuid {netuid}` shows commit_reveal)"
        )
    )]
    CommitReveal {
        /// The subnet.
        netuid: u16,
    },

    /// Stake below the network's least.
    #[error("consensus counts {} stake behind this hotkey, and weights on subnet {netuid} take {}", Tao(*stake), Tao(*least))]
    #[diagnostic(
        code(soma::chain::too_little_stake),
        help("stake more behind the hotkey: `soma chain stake --netuid {netuid}`")
    )]
    TooLittleStake {
        /// The subnet.
        netuid: u16,
        /// In RAO.
        stake: u64,
        /// In RAO.
        least: u64,
    },

    /// No permit.
    #[error("hotkey {hotkey} has no validator permit on subnet {netuid}, so it may weigh nobody but itself")]
    #[diagnostic(
        code(soma::chain::no_permit),
        help("permits go to those with the most stake when an epoch ends: stake more and wait for the next epoch")
    )]
    NoPermit {
        /// The subnet.
        netuid: u16,
        /// The hotkey.
        hotkey: PublicKey,
    },

    /// A version key below the subnet's.
    #[error("the version key {given} is below {least}, the least that subnet {netuid} takes")]
    #[diagnostic(
        code(soma::chain::version_key),
        help("update the validator's code, or leave the key out: the subnet's own is sent then")
    )]
    VersionKey {
        /// The subnet.
        netuid: u16,
        /// What was given.
        given: u64,
        /// What the subnet takes.
        least: u64,
    },

    /// No such mechanism.
    #[error("subnet {netuid} has no mechanism {mechanism}; it has {count}, from 0 on")]
    #[diagnostic(code(soma::chain::no_mechanism), help("most subnets have only mechanism 0"))]
    NoMechanism {
        /// The subnet.
        netuid: u16,
        /// What was given.
        mechanism: u8,
        /// How many there are.
        count: u8,
    },

    /// The root network.
    #[error("the root network takes neither weights nor registrations of this kind")]
    #[diagnostic(code(soma::chain::root_network), help("give the --netuid of a subnet, from 1 on"))]
    Root,

    /// A uid is there already.
    #[error("hotkey {hotkey} is registered on subnet {netuid} already, as uid {uid}")]
    #[diagnostic(code(soma::chain::already_registered), help("nothing is left to do"))]
    AlreadyRegistered {
        /// The subnet.
        netuid: u16,
        /// The hotkey.
        hotkey: PublicKey,
        /// Its uid.
        uid: u16,
    },

    /// Registration is off.
    #[error("subnet {netuid} takes no registrations now")]
    #[diagnostic(
        code(soma::chain::registration_closed),
        help("ask the subnet's owner when it opens; `soma chain hyperparameters --netuid {netuid}` shows it")
    )]
    RegistrationClosed {
        /// The subnet.
        netuid: u16,
    },

    /// Over the operator's own limit.
    #[error("the registration costs {} TAO now, more than the {} that were allowed", Tao(*price), Tao(*most))]
    #[diagnostic(
        code(soma::chain::too_expensive),
        help("allow more (--max-cost), or wait: the price falls while nobody registers")
    )]
    TooExpensive {
        /// In RAO.
        price: u64,
        /// In RAO.
        most: u64,
    },

    /// Not enough money.
    #[error("{account} has {} TAO to spend, and this takes {}", Tao(*has), Tao(*needs))]
    #[diagnostic(
        code(soma::chain::no_funds),
        help("send TAO to {account} first; `soma chain balance {account}` shows what it has")
    )]
    NoFunds {
        /// Who signs and pays: a coldkey, or a hotkey that pays its own fee.
        account: PublicKey,
        /// In RAO.
        has: u64,
        /// In RAO: price, fee, and what has to stay on an account.
        needs: u64,
    },

    /// The hotkey is somebody else's.
    #[error("hotkey {hotkey} belongs to coldkey {owner}")]
    #[diagnostic(
        code(soma::chain::other_owner),
        help("sign with the coldkey that owns the hotkey, or use another hotkey")
    )]
    OtherOwner {
        /// The hotkey.
        hotkey: PublicKey,
        /// Whose it is.
        owner: PublicKey,
    },

    /// Below what can be staked.
    #[error("{} TAO are too little to stake; the least is {}", Tao(*amount), Tao(*least))]
    #[diagnostic(code(soma::chain::amount_too_low), help("stake more at once"))]
    AmountTooLow {
        /// In RAO.
        amount: u64,
        /// In RAO.
        least: u64,
    },

    /// The subnet has not started.
    #[error("subnet {netuid} has not started, so nothing can be staked on it")]
    #[diagnostic(code(soma::chain::not_started), help("wait until its owner has started it"))]
    NotStarted {
        /// The subnet.
        netuid: u16,
    },

    /// Nobody owns the hotkey.
    #[error("the chain has never seen hotkey {hotkey}")]
    #[diagnostic(
        code(soma::chain::unknown_hotkey),
        help("register it first (`soma chain register`), or correct the address")
    )]
    UnknownHotkey {
        /// The hotkey.
        hotkey: PublicKey,
    },
}

impl Preflight {
    /// Whether waiting alone mends it.
    #[must_use]
    pub fn passes(&self) -> bool {
        matches!(self, Self::TooSoon { .. } | Self::RegistrationClosed { .. })
    }
}
