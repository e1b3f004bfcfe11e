//! Flags of `soma localnet`.

use std::time::Duration;

use clap::Args;
use soma_localnet::Account;

/// Longest time between two blocks, in seconds: the real chain's.
const SLOWEST: f64 = 12.0;

/// Flags of `soma localnet`.
#[derive(Clone, Debug, Args)]
pub struct LocalnetFlags {
    /// Port of 127.0.0.1 to listen on; 0 takes a free one. `--network local` looks for it at 9944.
    #[arg(long, default_value_t = 9944, value_name = "PORT")]
    pub port: u16,
    /// Seconds between two blocks, up to 12, or `instant`: a block as soon as there is a transaction.
    #[arg(long, default_value = "1", value_name = "SECONDS", value_parser = block_time)]
    pub block_time: BlockTime,
    /// Blocks that finality lags behind the newest one.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100), value_name = "BLOCKS")]
    pub finality_lag: u32,
    /// Give this account (ss58) a million TAO, as the development accounts have. May be given several times.
    #[arg(long, value_name = "SS58", value_parser = address)]
    pub fund: Vec<Account>,
    /// When it is ready, print one line with one JSON object: url, genesis, accounts, netuid.
    #[arg(long)]
    pub json: bool,
}

/// When a block is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockTime {
    /// As soon as there is a transaction.
    Instant,
    /// At equal intervals.
    Every(Duration),
}

fn address(text: &str) -> Result<Account, String> {
    let key: soma_protocol::ss58::PublicKey =
        text.parse().map_err(|error| format!("{error}; `soma wallet show` prints a coldkey's address"))?;
    Ok(Account::new(key.0))
}

fn block_time(text: &str) -> Result<BlockTime, String> {
    if text == "instant" {
        return Ok(BlockTime::Instant);
    }
    let seconds: f64 = text.parse().map_err(|_| "a number of seconds, or `instant`".to_owned())?;
    if !(0.05..=SLOWEST).contains(&seconds) {
        return Err(format!("from 0.05 to {SLOWEST} seconds, or `instant`"));
    }
    Ok(BlockTime::Every(Duration::from_secs_f64(seconds)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_block_time_is_a_number_of_seconds_or_instant() {
        assert_eq!(block_time("instant"), Ok(BlockTime::Instant));
        assert_eq!(block_time("0.25"), Ok(BlockTime::Every(Duration::from_millis(250))));
        assert_eq!(block_time("12"), Ok(BlockTime::Every(Duration::from_secs(12))));
        for bad in ["", "0", "-1", "12.1", "nan", "inf", "1s"] {
            assert!(block_time(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_account_is_an_address() {
        let alice = address("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY").unwrap();
        assert_eq!(Some(alice), soma_localnet::account("//Alice"));
        assert!(address("//Alice").unwrap_err().contains("soma wallet show"));
    }

    proptest! {
        #[test]
        fn any_text_is_a_block_time_or_refused(text in "(instant|[-+]?[0-9]{0,3}(\\.[0-9]{0,3})?(e[0-9]{1,4})?|.{0,8})") {
            if let Ok(BlockTime::Every(pause)) = block_time(&text) {
                prop_assert!(pause >= Duration::from_millis(50) && pause <= Duration::from_secs(12));
            }
        }
    }
}
