//! `soma chain serve`: the axon's address, published without a running host.

use std::process::ExitCode;

use soma_chain::Request;
use soma_chain::write::ServeAxon;

use super::errand::{Errand, Mode, Signatory};
use super::error::ChainCommandError;
use super::place::Place;
use super::{consent, keys};
use crate::cli::ServeFlags;

/// Publishes it.
pub async fn serve(flags: &ServeFlags) -> miette::Result<ExitCode> {
    let place = Place::settle(&flags.chain)?;
    let address = place.file.external(flags.external_ip, flags.external_port, flags.port);
    let address = address.ok_or(ChainCommandError::NoExternalAddress)?;
    let hotkey = keys::hotkey(&place.wallet)?;
    let request = Request::ServeAxon(ServeAxon::new(place.netuid, address));
    let errand = Errand::new(&flags.chain, &place, Signatory::Hotkey(hotkey), Mode::of(flags.dry_run)).await?;
    errand.run(&request, consent::not_needed, async || keys::signer(&place.wallet, &flags.chain.wallet).await).await
}
