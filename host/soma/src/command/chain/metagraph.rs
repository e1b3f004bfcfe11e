//! `soma chain metagraph`: the neurons of a subnet.

use std::cmp::Reverse;
use std::net::SocketAddr;

use serde::Serialize;
use soma_chain::{Metagraph, Neuron, Tao};

use super::place::Place;
use super::table::{Side, Table};
use crate::cli::{MetagraphFlags, Order};
use crate::output::say;

/// What all scores of the chain are parts of.
const WHOLE: f64 = 65_535.0;

/// The answer as JSON.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    network: &'a str,
    netuid: u16,
    block: u64,
    hash: String,
    /// Neurons of the subnet; `neurons` may show fewer.
    size: usize,
    neurons: Vec<Row>,
}

/// One neuron. Amounts are in RAO, scores from 0 to 1.
#[derive(Debug, Serialize)]
struct Row {
    uid: u16,
    hotkey: String,
    coldkey: String,
    stake_rao: u64,
    alpha_stake_rao: u64,
    tao_stake_rao: u64,
    emission_rao: u64,
    incentive: f64,
    dividends: f64,
    consensus: f64,
    validator_trust: f64,
    validator_permit: bool,
    active: bool,
    axon: Option<SocketAddr>,
    last_update: u64,
    registered_at: u64,
}

/// Shows it.
pub async fn metagraph(flags: &MetagraphFlags) -> miette::Result<()> {
    let place = Place::settle(&flags.chain)?;
    let at = place.connect().await?.at_finalized().await?;
    let metagraph = at.metagraph(place.netuid).await?;
    let (network, chosen) = (place.network(), chosen(&metagraph, flags.sort, flags.limit));
    if flags.chain.json {
        let answer = Answer {
            network: &network,
            netuid: metagraph.netuid(),
            block: metagraph.block(),
            hash: format!("{:?}", metagraph.hash()),
            size: metagraph.neurons().len(),
            neurons: chosen.into_iter().map(Row::of).collect(),
        };
        return Ok(crate::output::json(&answer)?);
    }
    table(&chosen, metagraph.block()).print()?;
    say!("")?;
    let (size, block) = (metagraph.neurons().len(), metagraph.block());
    Ok(say!("{} of {size} neurons, subnet {} of {network} at block {block}", chosen.len(), metagraph.netuid())?)
}

fn chosen(metagraph: &Metagraph, order: Order, limit: Option<usize>) -> Vec<&Neuron> {
    let mut neurons: Vec<&Neuron> = metagraph.neurons().iter().collect();
    // Sorting is stable: equal ones stay in the order of their uids.
    match order {
        Order::Uid => {}
        Order::Stake => neurons.sort_by_key(|neuron| Reverse(neuron.stake)),
        Order::Incentive => neurons.sort_by_key(|neuron| Reverse(neuron.incentive)),
        Order::Dividends => neurons.sort_by_key(|neuron| Reverse(neuron.dividends)),
        Order::Emission => neurons.sort_by_key(|neuron| Reverse(neuron.emission)),
    }
    neurons.truncate(limit.unwrap_or(usize::MAX));
    neurons
}

fn table(neurons: &[&Neuron], block: u64) -> Table {
    let mut table = Table::new(&[
        ("uid", Side::Right),
        ("stake", Side::Right),
        ("incentive", Side::Right),
        ("dividends", Side::Right),
        ("emission", Side::Right),
        ("permit", Side::Left),
        ("updated", Side::Right),
        ("axon", Side::Left),
        ("hotkey", Side::Left),
    ]);
    for neuron in neurons {
        table.row([
            neuron.uid.to_string(),
            format!("{:.3}", Tao(neuron.stake)),
            format!("{:.5}", part(neuron.incentive)),
            format!("{:.5}", part(neuron.dividends)),
            format!("{:.5}", Tao(neuron.emission)),
            if neuron.validator_permit { "yes".to_owned() } else { "-".to_owned() },
            format!("{} ago", block.saturating_sub(neuron.last_update)),
            address(neuron).map_or_else(|| "-".to_owned(), |address| address.to_string()),
            neuron.hotkey.to_ss58(),
        ]);
    }
    table
}

fn part(score: u16) -> f64 {
    f64::from(score) / WHOLE
}

fn address(neuron: &Neuron) -> Option<SocketAddr> {
    neuron.axon.as_ref().and_then(soma_chain::Axon::address)
}

impl Row {
    fn of(neuron: &Neuron) -> Row {
        Row {
            uid: neuron.uid,
            hotkey: neuron.hotkey.to_ss58(),
            coldkey: neuron.coldkey.to_ss58(),
            stake_rao: neuron.stake,
            alpha_stake_rao: neuron.alpha_stake,
            tao_stake_rao: neuron.tao_stake,
            emission_rao: neuron.emission,
            incentive: part(neuron.incentive),
            dividends: part(neuron.dividends),
            consensus: part(neuron.consensus),
            validator_trust: part(neuron.validator_trust),
            validator_permit: neuron.validator_permit,
            active: neuron.active,
            axon: address(neuron),
            last_update: neuron.last_update,
            registered_at: neuron.registered_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use soma_chain::Axon;
    use soma_protocol::ss58::PublicKey;

    use super::*;

    fn neuron(uid: u16, stake: u64, incentive: u16) -> Neuron {
        Neuron {
            uid,
            hotkey: PublicKey([uid.to_le_bytes()[0]; 32]),
            coldkey: PublicKey([9; 32]),
            axon: Some(Axon { ip: 0xcb00_7107, port: 8091, ip_type: 4, ..Axon::default() }),
            active: true,
            validator_permit: uid == 1,
            stake,
            alpha_stake: stake,
            tao_stake: 0,
            emission: 1_500_000_000,
            incentive,
            dividends: 0,
            consensus: 0,
            validator_trust: 0,
            last_update: 90,
            registered_at: 1,
        }
    }

    fn metagraph() -> Metagraph {
        let neurons = vec![neuron(0, 5, 3), neuron(1, 7_000_000_000, 65_535), neuron(2, 5, 3)];
        Metagraph::new(1, 100, Default::default(), neurons).unwrap()
    }

    #[test]
    fn the_largest_comes_first_and_equals_stay_in_order() {
        let metagraph = metagraph();
        let uids = |order, limit| chosen(&metagraph, order, limit).iter().map(|neuron| neuron.uid).collect::<Vec<_>>();
        assert_eq!(uids(Order::Uid, None), [0, 1, 2]);
        assert_eq!(uids(Order::Stake, None), [1, 0, 2]);
        assert_eq!(uids(Order::Incentive, Some(2)), [1, 0]);
        assert_eq!(uids(Order::Emission, Some(0)), [0_u16; 0]);
    }

    #[test]
    fn a_row_has_what_a_validator_looks_for() {
        let metagraph = metagraph();
        let lines = table(&chosen(&metagraph, Order::Uid, None), 100).lines();
        let words: Vec<&str> = lines[2].split_whitespace().collect();
        assert_eq!(words[..7], ["1", "7.000", "1.00000", "0.00000", "1.50000", "yes", "10"]);
        assert_eq!(words[8..], ["203.0.113.7:8091", &PublicKey([1; 32]).to_ss58()]);
    }

    #[test]
    fn the_json_has_addresses_as_text_and_amounts_in_rao() {
        let row = serde_json::to_value(Row::of(&neuron(1, 7, 65_535))).unwrap();
        assert_eq!(row["axon"], "203.0.113.7:8091");
        assert_eq!((row["stake_rao"].as_u64(), row["incentive"].as_f64()), (Some(7), Some(1.0)));
        let silent = Neuron { axon: None, ..neuron(1, 7, 0) };
        assert!(serde_json::to_value(Row::of(&silent)).unwrap()["axon"].is_null());
    }
}
