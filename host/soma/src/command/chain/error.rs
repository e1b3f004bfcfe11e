//! What `soma chain` refuses by itself, before the chain is asked to do anything.

use miette::Diagnostic;
use thiserror::Error;

/// A command that goes no further.
#[derive(Debug, Error, Diagnostic)]
pub enum ChainCommandError {
    /// No terminal, and no word in advance.
    #[error("there is no terminal to ask whether the coldkey shall pay")]
    #[diagnostic(code(soma::spend::nobody_to_ask), help("say so in advance: --yes; --dry-run shows what it would cost"))]
    NobodyToAsk,

    /// More than the owner said.
    #[error("the registration costs {price} TAO now, more than --max-cost {limit}")]
    #[diagnostic(
        code(soma::spend::too_expensive),
        help("wait until it is cheaper (the price falls while nobody registers), or allow more with --max-cost")
    )]
    TooExpensive {
        /// In TAO.
        price: String,
        /// In TAO.
        limit: String,
    },

    /// Not enough to pay with.
    #[error("{account} has {free} TAO, and this takes {needed}")]
    #[diagnostic(
        code(soma::spend::no_funds),
        help("send TAO to this coldkey first; `soma chain balance` shows what it has")
    )]
    NoFunds {
        /// The coldkey.
        account: String,
        /// In TAO.
        free: String,
        /// In TAO.
        needed: String,
    },

    /// The wallet does not say which coldkey it has.
    #[error("wallet {wallet} has no public half of a coldkey")]
    #[diagnostic(
        code(soma::spend::no_coldkey),
        help("write its address: soma wallet regen --coldkey --ss58 5F...; or name the account")
    )]
    NoColdkey {
        /// The wallet's name.
        wallet: String,
    },

    /// The file of the hotkey tells no address.
    #[error("the file of hotkey {hotkey} does not tell its address")]
    #[diagnostic(
        code(soma::spend::no_hotkey),
        help("name the address: --hotkey 5F...; or write it beside: soma wallet regen --ss58 5F...")
    )]
    NoHotkey {
        /// The hotkey's name.
        hotkey: String,
    },

    /// No such hotkey.
    #[error("{hotkey} is not registered on subnet {netuid} of {network}")]
    #[diagnostic(
        code(soma::spend::not_registered),
        help("register it: soma chain register; or name the right --netuid, --network or wallet")
    )]
    NotRegistered {
        /// The hotkey.
        hotkey: String,
        /// The subnet.
        netuid: u16,
        /// The network.
        network: String,
    },
}
