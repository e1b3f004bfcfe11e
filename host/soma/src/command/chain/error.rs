//! What `soma chain` refuses by itself, before the chain is asked to do anything.

use miette::Diagnostic;
use thiserror::Error;

/// A command that goes no further.
#[derive(Debug, Error, Diagnostic)]
pub enum ChainCommandError {
    /// No terminal, and no word in advance.
    #[error("there is no terminal to ask whether the coldkey shall pay")]
    #[diagnostic(
        code(soma::spend::nobody_to_ask),
        help("say so in advance: --yes; --dry-run shows what it would cost")
    )]
    NobodyToAsk,

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

    /// The coldkey's file and its public half are of two accounts.
    #[error("the coldkey's file is that of {file}, and coldkeypub.txt says {public}")]
    #[diagnostic(
        code(soma::spend::other_coldkey),
        help(
            "put the right coldkeypub.txt beside it: soma wallet regen --coldkey --ss58 5F... --overwrite; or name the right wallet"
        )
    )]
    OtherColdkey {
        /// ss58 of the secret.
        file: String,
        /// ss58 of the public file.
        public: String,
    },

    /// The thread that opens the key is gone.
    #[error("the coldkey could not be opened: {0}")]
    #[diagnostic(code(soma::spend::not_opened), help("a fault in soma itself: please report it; nothing was sent"))]
    NotOpened(String),

    /// Two runs went about the same left-over, and the other one was first.
    #[error("another run has finished the {call} that an earlier one had left: what came of it is told there")]
    #[diagnostic(
        code(soma::spend::finished_elsewhere),
        help(
            "look first whether it did what you want (`soma chain balance`, `soma chain metagraph`): running this again sends it anew"
        )
    )]
    FinishedElsewhere {
        /// Pallet and call.
        call: String,
    },

    /// Nobody said where the axon is reached.
    #[error("nobody said where the axon is reached")]
    #[diagnostic(
        code(soma::serve::no_external_address),
        help("name the public address: --axon.external_ip ADDRESS, or external_ip under [axon] of soma.toml")
    )]
    NoExternalAddress,

    /// A weight that cannot be read.
    #[error("{given:?} is no weight: {problem}")]
    #[diagnostic(
        code(soma::weights::argument),
        help("write UID=WEIGHT, as in 0=0.7 3=0.3; weights are numbers from 0 on")
    )]
    Weight {
        /// As it was written.
        given: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl ChainCommandError {
    /// Whether running the same again later can help with nothing changed here.
    pub fn passes(&self) -> bool {
        matches!(self, ChainCommandError::FinishedElsewhere { .. })
    }
}
