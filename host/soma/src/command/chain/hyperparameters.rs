//! `soma chain hyperparameters`: a subnet's rules.

use serde::Serialize;
use soma_chain::{Epoch, EpochSource, Hyperparameters, Tao};

use super::place::Place;
use super::table::{Side, Table};
use crate::cli::ChainFlags;
use crate::output::say;

/// What all scores and shares of the chain are parts of.
const WHOLE: f64 = 65_535.0;

/// The answer as JSON. Amounts are in RAO, times in blocks, shares of 65535.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    network: &'a str,
    netuid: u16,
    block: u64,
    epoch: EpochAnswer,
    hyperparameters: &'a Hyperparameters,
}

/// Where the subnet is in its epoch.
#[derive(Debug, Serialize)]
struct EpochAnswer {
    next_block: Option<u64>,
    blocks_left: Option<u64>,
    blocks_since_last: u64,
    /// How `next_block` was found.
    source: &'static str,
}

/// Shows them.
pub async fn hyperparameters(flags: &ChainFlags) -> miette::Result<()> {
    let place = Place::settle(flags)?;
    let at = place.connect().await?.at_finalized().await?;
    let (rules, epoch) = (at.hyperparameters(place.netuid).await?, at.epoch(place.netuid).await?);
    let network = place.network();
    if flags.json {
        let answer = Answer {
            network: &network,
            netuid: place.netuid,
            block: at.number(),
            epoch: EpochAnswer::of(&epoch),
            hyperparameters: &rules,
        };
        return Ok(crate::output::json(&answer)?);
    }
    table(&rules, &epoch).print()?;
    say!("")?;
    Ok(say!("subnet {} of {network} at block {}", place.netuid, at.number())?)
}

impl EpochAnswer {
    fn of(epoch: &Epoch) -> EpochAnswer {
        EpochAnswer {
            next_block: epoch.next,
            blocks_left: epoch.blocks_left(),
            blocks_since_last: epoch.since_step,
            source: match epoch.source {
                EpochSource::Runtime => "runtime",
                EpochSource::LastEpoch => "last-epoch",
                EpochSource::Legacy => "legacy-formula",
            },
        }
    }
}

fn table(rules: &Hyperparameters, epoch: &Epoch) -> Table {
    let mut table = Table::new(&[("rule", Side::Left), ("value", Side::Right), ("what it means", Side::Left)]);
    let next = epoch.blocks_left().map_or("no epochs".to_owned(), |left| format!("the next one begins in {left}"));
    let mut row = |name: &str, value: String, meaning: &str| table.row([name.to_owned(), value, meaning.to_owned()]);
    row("tempo", rules.tempo.to_string(), &format!("blocks of an epoch; {next}"));
    row("weights_rate_limit", rules.weights_rate_limit.to_string(), "blocks between two weights of one validator");
    row("min_allowed_weights", rules.min_allowed_weights.to_string(), "the least number of weights at once");
    row("max_weights_limit", rules.max_weights_limit.to_string(), &share(rules.max_weights_limit));
    row("weights_version", rules.weights_version.to_string(), "the least version key of weights; 0 takes any");
    row("commit_reveal", yes(rules.commit_reveal), "whether weights are committed first and revealed later");
    row("commit_reveal_period", rules.commit_reveal_period.to_string(), "epochs from commit to reveal");
    if let Some(version) = rules.commit_reveal_version {
        row("commit_reveal_version", version.to_string(), "the version that a commit has to name");
    }
    row("serving_rate_limit", rules.serving_rate_limit.to_string(), "blocks between two addresses of one axon");
    row("immunity_period", rules.immunity_period.to_string(), "blocks for which a new neuron stays");
    row("activity_cutoff", rules.activity_cutoff.to_string(), "blocks without weights until a validator is inactive");
    row("max_validators", rules.max_validators.to_string(), "the most neurons with a validator permit");
    row("kappa", rules.kappa.to_string(), "weights are cut to what this share of stake agrees on, of 65535");
    row("rho", rules.rho.to_string(), "a constant of the consensus");
    row("registration_allowed", yes(rules.registration_allowed), "whether new neurons may register");
    row("max_registrations_per_block", rules.max_registrations_per_block.to_string(), "the most in one block");
    row("burn", Tao(rules.burn).to_string(), "TAO that a registration costs now");
    row("min_burn", Tao(rules.min_burn).to_string(), "TAO, the least that it may cost");
    row("max_burn", Tao(rules.max_burn).to_string(), "TAO, the most that it may cost");
    table
}

fn share(limit: u16) -> String {
    if limit == u16::MAX {
        return "the largest share of one weight, of 65535: no limit".to_owned();
    }
    format!("the largest share of one weight, of 65535: {:.1} %", f64::from(limit) / WHOLE * 100.0)
}

fn yes(so: bool) -> String {
    if so { "yes".to_owned() } else { "no".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_shown_as_a_share() {
        assert!(share(u16::MAX).ends_with("no limit"));
        assert!(share(6553).ends_with("10.0 %"));
    }
}
