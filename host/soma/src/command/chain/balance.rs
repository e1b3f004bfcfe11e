//! `soma chain balance`: what an account has, and what is staked behind the wallet's hotkey.

use serde::Serialize;
use soma_chain::{At, Tao};
use soma_protocol::ss58::PublicKey;

use super::keys;
use super::place::Place;
use crate::cli::BalanceFlags;
use crate::output::say;

/// The answer as JSON. Amounts are in RAO.
#[derive(Debug, Serialize)]
struct Answer {
    network: String,
    block: u64,
    account: String,
    free_rao: u64,
    reserved_rao: u64,
    frozen_rao: u64,
    hotkey: Option<HotkeyAnswer>,
}

/// The wallet's hotkey on one subnet.
#[derive(Debug, Serialize)]
struct HotkeyAnswer {
    hotkey: String,
    netuid: u16,
    uid: Option<u16>,
    /// All stake on it, in RAO of the subnet's alpha.
    alpha_rao: u64,
}

/// Shows it.
pub async fn balance(flags: &BalanceFlags) -> miette::Result<()> {
    let place = Place::settle(&flags.chain)?;
    let (account, hotkey) = match &flags.account {
        Some(account) => (keys::named("SS58", account, "chain balance")?, None),
        // A wallet with a coldkey alone has no stake to show.
        None => (keys::coldkey(&place.wallet)?, keys::hotkey(&place.wallet).ok()),
    };
    let at = place.connect().await?.at_finalized().await?;
    let balance = at.balance(&account).await?;
    let hotkey = match hotkey {
        Some(hotkey) => Some(staked(&at, place.netuid, &hotkey).await?),
        None => None,
    };
    let answer = Answer {
        network: place.network(),
        block: at.number(),
        account: account.to_ss58(),
        free_rao: balance.free,
        reserved_rao: balance.reserved,
        frozen_rao: balance.frozen,
        hotkey,
    };
    if flags.chain.json { Ok(crate::output::json(&answer)?) } else { print(&answer) }
}

async fn staked(at: &At, netuid: u16, hotkey: &PublicKey) -> miette::Result<HotkeyAnswer> {
    Ok(HotkeyAnswer {
        hotkey: hotkey.to_ss58(),
        netuid,
        uid: at.uid(netuid, hotkey).await?,
        alpha_rao: at.stake(hotkey, netuid).await?,
    })
}

fn print(answer: &Answer) -> miette::Result<()> {
    say!("{} of {} at block {}", answer.account, answer.network, answer.block)?;
    say!("  free      {} TAO", Tao(answer.free_rao))?;
    for (name, rao) in [("reserved", answer.reserved_rao), ("frozen", answer.frozen_rao)] {
        if rao > 0 {
            say!("  {name:<8}  {} TAO", Tao(rao))?;
        }
    }
    if let Some(hotkey) = &answer.hotkey {
        let uid = hotkey.uid.map_or_else(|| "not registered".to_owned(), |uid| format!("uid {uid}"));
        say!("hotkey {}: {uid} on subnet {}", hotkey.hotkey, hotkey.netuid)?;
        say!("  staked    {} alpha", Tao(hotkey.alpha_rao))?;
    }
    Ok(())
}
