//! `soma chain stake`: TAO of the coldkey behind the hotkey.

use std::process::ExitCode;

use soma_chain::Request;
use soma_chain::write::{AddStake, Coldkey};

use super::errand::{Errand, Mode, Signatory};
use super::place::Place;
use super::{amount, consent, keys, purse, report};
use crate::cli::StakeFlags;
use crate::error::SomaError;

const COMMAND: &str = "chain stake";

/// Stakes it.
pub async fn stake(flags: &StakeFlags) -> miette::Result<ExitCode> {
    let place = Place::settle(&flags.chain)?;
    let argument = |problem| SomaError::Argument { what: "--amount", problem, command: COMMAND };
    let amount = amount::parse(&flags.amount).map_err(argument)?.0;
    let hotkey = match &flags.hotkey {
        Some(hotkey) => keys::named("--hotkey", hotkey, COMMAND)?,
        None => keys::hotkey(&place.wallet)?,
    };
    let coldkey = keys::coldkey(&place.wallet)?;
    let request = Request::AddStake(AddStake::new(place.netuid, hotkey, amount));
    let errand = Errand::new(&flags.chain, &place, Signatory::Coldkey(coldkey), Mode::of(flags.spend.dry_run)).await?;
    let agree = |plan: &_| consent::ask(&report::question(plan, &place.network()), flags.spend);
    let open = async || Ok(Coldkey::new(purse::open(&place.wallet, &flags.chain.wallet, &coldkey).await?));
    errand.run(&request, agree, open).await
}
