//! `soma chain register`: a uid for the hotkey, paid for by the coldkey.

use std::process::ExitCode;

use soma_chain::Request;
use soma_chain::write::{Coldkey, Register};

use super::errand::{Errand, Mode, Signatory};
use super::place::Place;
use super::{amount, consent, keys, purse, report};
use crate::cli::RegisterFlags;
use crate::error::SomaError;

const COMMAND: &str = "chain register";

/// Registers it.
pub async fn register(flags: &RegisterFlags) -> miette::Result<ExitCode> {
    let place = Place::settle(&flags.chain)?;
    let most = flags.max_cost.as_deref().map(most).transpose()?;
    let hotkey = match &flags.hotkey {
        Some(hotkey) => keys::named("--hotkey", hotkey, COMMAND)?,
        None => keys::hotkey(&place.wallet)?,
    };
    let coldkey = keys::coldkey(&place.wallet)?;
    let request = Request::Register(Register { most, ..Register::new(place.netuid, hotkey) });
    let errand = Errand::new(&flags.chain, &place, Signatory::Coldkey(coldkey), Mode::of(flags.spend.dry_run)).await?;
    let agree = |plan: &_| consent::ask(&report::question(plan, &place.network()), flags.spend);
    let open = async || Ok(Coldkey::new(purse::open(&place.wallet, &flags.chain.wallet, &coldkey).await?));
    errand.run(&request, agree, open).await
}

/// The most that it may cost, in RAO.
fn most(text: &str) -> Result<u64, SomaError> {
    let argument = |problem| SomaError::Argument { what: "--max-cost", problem, command: COMMAND };
    amount::parse(text).map(|most| most.0).map_err(argument)
}
