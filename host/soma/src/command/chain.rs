//! `soma chain`: reads the chain for people and programs, and writes to it.
//!
//! The hotkey signs in a process of its own, as in `soma run`. The coldkey is opened here and nowhere else: by `register`
//! and `stake`, after the price was shown and agreed to, and for one signature; while that call becomes final it is
//! forgotten already.
//!
//! - `place`: which chain, subnet and wallet; `keys`: whose account; `amount`, `table`: how amounts and tables are written
//! - `metagraph`, `hyperparameters`, `balance`: read; `register`, `stake`: spend; `serve`, `weights`: the hotkey's own
//! - `errand`: the way of a command that writes; `earlier`: what an interrupted one left; `consent`: the question before spending; `purse`: the coldkey;
//!   `patience`: waiting; `report`: what came of it
//! - `error`: what is refused before the chain is asked

mod amount;
mod balance;
mod consent;
mod earlier;
pub mod errand;
pub mod error;
mod hyperparameters;
mod keys;
mod metagraph;
mod patience;
pub mod place;
mod purse;
mod register;
mod report;
mod serve;
mod stake;
mod table;
mod weights;

use std::process::ExitCode;

use crate::cli::ChainCommand;

/// Does one of them.
pub async fn chain(command: ChainCommand) -> miette::Result<ExitCode> {
    let done = |()| ExitCode::SUCCESS;
    match command {
        ChainCommand::Metagraph(flags) => metagraph::metagraph(&flags).await.map(done),
        ChainCommand::Hyperparameters(flags) => hyperparameters::hyperparameters(&flags).await.map(done),
        ChainCommand::Balance(flags) => balance::balance(&flags).await.map(done),
        ChainCommand::Register(flags) => register::register(&flags).await,
        ChainCommand::Stake(flags) => stake::stake(&flags).await,
        ChainCommand::Serve(flags) => serve::serve(&flags).await,
        ChainCommand::Weights(flags) => weights::weights(&flags).await,
    }
}
