//! `soma localnet`: a chain for development, until it is stopped.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use miette::IntoDiagnostic;
use serde::Serialize;
use soma_localnet::{Account, Config, DEVELOPERS, Genesis, Localnet, TAO};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{BlockTime, LocalnetFlags};
use crate::output::say;

/// What an account of `--fund` has, in RAO: as much as a development account.
const FORTUNE: u64 = 1_000_000 * TAO;
/// The subnet that is there from the beginning.
const NETUID: u16 = 1;
/// Where `--network local` looks.
const USUAL_PORT: u16 = 9944;

/// What is printed when the chain is ready.
#[derive(Serialize)]
struct Ready {
    url: String,
    genesis: String,
    netuid: u16,
    accounts: Vec<Funded>,
}

/// An account that can pay.
#[derive(Serialize)]
struct Funded {
    /// The text that its key is made of; nothing for an account of `--fund`.
    uri: Option<String>,
    address: String,
    balance_rao: u64,
}

/// Runs it until SIGINT or SIGTERM.
pub async fn localnet(flags: &LocalnetFlags) -> miette::Result<()> {
    // Before it is ready: whoever is told so may stop it at once.
    let mut interrupt = signal(SignalKind::interrupt()).into_diagnostic()?;
    let mut terminate = signal(SignalKind::terminate()).into_diagnostic()?;
    let block_time = match flags.block_time {
        BlockTime::Instant => soma_localnet::BlockTime::Instant,
        BlockTime::Every(pause) => soma_localnet::BlockTime::Every(pause),
    };
    let genesis = genesis(&flags.fund);
    let accounts = genesis.accounts.iter().map(Funded::new).collect();
    let finality_lag = flags.finality_lag;
    let config = Config { port: flags.port, block_time, finality_lag, genesis, seed: seed(), ..Config::default() };
    let net = tokio::task::spawn_blocking(move || Localnet::start(config)).await.into_diagnostic()??;
    let ready = Ready { url: net.url(), genesis: net.genesis(), netuid: NETUID, accounts };
    if flags.json {
        say!("{}", serde_json::to_string(&ready).into_diagnostic()?)?;
    } else {
        ready.tell(flags)?;
    }
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    tokio::task::spawn_blocking(move || net.stop()).await.into_diagnostic()
}

/// The time of the start in ns: a chain that was started again is another one, with the same accounts and block numbers.
fn seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    u64::try_from(now).unwrap_or_default()
}

/// The development accounts and subnet, and who else has funds.
fn genesis(fund: &[Account]) -> Genesis {
    let mut genesis = Genesis::development();
    let known: BTreeSet<&Account> = genesis.accounts.iter().map(|(account, _)| account).collect();
    let more: BTreeSet<&Account> = fund.iter().filter(|account| !known.contains(account)).collect();
    let more: Vec<(Account, u64)> = more.into_iter().map(|account| (account.clone(), FORTUNE)).collect();
    genesis.accounts.extend(more);
    genesis
}

impl Funded {
    fn new((account, balance_rao): &(Account, u64)) -> Self {
        let uris = DEVELOPERS.iter().map(|name| format!("//{name}"));
        let uri = uris.into_iter().find(|uri| soma_localnet::account(uri).as_ref() == Some(account));
        Self { uri, address: account.to_string(), balance_rao: *balance_rao }
    }
}

impl Ready {
    fn tell(&self, flags: &LocalnetFlags) -> miette::Result<()> {
        // Not the URL alone: a chain that is known by that only is refused when it was made anew.
        let elsewhere = format!("local --subtensor.chain_endpoint {}", self.url);
        let network = if flags.port == USUAL_PORT { "local" } else { elsewhere.as_str() };
        let pace = match flags.block_time {
            BlockTime::Instant => "a block for each transaction".to_owned(),
            BlockTime::Every(pause) => format!("a block each {} s", pause.as_secs_f64()),
        };
        say!("A chain for development at {}: {pace}. Ctrl-C ends it, and its state with it.", self.url)?;
        say!("")?;
        say!("  {:<10} {:<48} TAO", "account", "address")?;
        for Funded { uri, address, balance_rao } in &self.accounts {
            say!("  {:<10} {address} {}", uri.as_deref().unwrap_or("--fund"), balance_rao / TAO)?;
        }
        say!("")?;
        say!("Everybody can sign for an account with a // name: its key is made of the name.")?;
        say!(
            "Subnet {} has no neurons, an epoch each 20 blocks, and no rate limits. In another terminal:",
            self.netuid
        )?;
        say!("")?;
        if flags.fund.is_empty() {
            say!("  soma localnet --fund SS58            this again, with TAO for your coldkey")?;
        }
        say!("  soma chain register --network {network} --netuid {}", self.netuid)?;
        say!("  soma run --network {network} --netuid {} --axon.external_ip 127.0.0.2", self.netuid)?;
        say!("  soma chain metagraph --network {network} --netuid {}", self.netuid)?;
        say!("")?;
        say!("Funds, stake, settings and faults while it runs: see `soma_change` and `soma_fault` in docs/chain.md.")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_named_has_funds_once() {
        let (alice, new) = (soma_localnet::account("//Alice").unwrap(), soma_localnet::account("//new").unwrap());
        let genesis = genesis(&[new.clone(), alice, new.clone()]);
        assert_eq!(genesis.accounts.len(), DEVELOPERS.len() + 1);
        assert_eq!(genesis.accounts.last(), Some(&(new, FORTUNE)));
        let uris: Vec<Option<String>> = genesis.accounts.iter().map(|one| Funded::new(one).uri).collect();
        assert_eq!((uris[0].as_deref(), uris[6].as_deref()), (Some("//Alice"), None));
    }
}
