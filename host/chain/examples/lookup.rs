//! What a look-up by hotkey costs in a metagraph of 1,024 neurons, beside a map from addresses.
//!
//! `cargo run --release -p soma-chain --example lookup`

use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use soma_chain::{Metagraph, Neuron};
use soma_protocol::ss58::PublicKey;
use subxt::utils::H256;

const NEURONS: u16 = 1024;

/// Look-ups of one measurement; a measurement takes some milliseconds.
const LOOKUPS: u32 = 200_000;

/// Measurements, of which the median counts.
const ROUNDS: usize = 21;

fn main() {
    let neurons: Vec<Neuron> = (0..NEURONS).map(neuron).collect();
    let Some(metagraph) = Metagraph::new(1, 1, H256::zero(), neurons.clone()) else { return };
    let by_address: HashMap<String, Neuron> = neurons.iter().map(|neuron| (neuron.hotkey.to_ss58(), *neuron)).collect();
    // In an order that is not that of the uids, and one unknown key for each known one.
    let order = (0..u64::from(NEURONS)).map(|step| step * 611 % u64::from(NEURONS));
    let keys: Vec<PublicKey> = order.flat_map(|number| [key(number), key(number + 2_000_000)]).collect();
    let addresses: Vec<String> = keys.iter().map(PublicKey::to_ss58).collect();

    println!("memory of the metagraph: {} bytes", metagraph.memory());
    report("metagraph, by public key", || found(&keys, |key| metagraph.by_hotkey(key).is_some()));
    report("map, by address", || found(&addresses, |address| by_address.contains_key(address)));
    report("map, by public key as an address", || found(&keys, |key| by_address.contains_key(&key.to_ss58())));
}

/// Looks up each key in turn and counts what is found.
fn found<K>(keys: &[K], known: impl Fn(&K) -> bool) -> u32 {
    (0..LOOKUPS).zip(keys.iter().cycle()).fold(0, |count, (_, key)| count + u32::from(known(black_box(key))))
}

fn report(name: &str, measured: impl Fn() -> u32) {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            black_box(measured());
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let median = times.get(ROUNDS / 2).copied().unwrap_or_default();
    println!("{name}: {:.0} ns", median.as_secs_f64() * 1e9 / f64::from(LOOKUPS));
}

/// A key that looks like one: all bytes differ from key to key.
fn key(number: u64) -> PublicKey {
    let mut bytes = [0; 32];
    let mut state = number.wrapping_add(1);
    for chunk in bytes.chunks_exact_mut(8) {
        state = state.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29) ^ 0x5bd1_e995;
        chunk.copy_from_slice(&state.to_le_bytes());
    }
    PublicKey(bytes)
}

fn neuron(uid: u16) -> Neuron {
    Neuron {
        uid,
        hotkey: key(u64::from(uid)),
        coldkey: key(u64::from(uid) + 1_000_000),
        axon: None,
        active: true,
        validator_permit: false,
        stake: 0,
        alpha_stake: 0,
        tao_stake: 0,
        emission: 0,
        incentive: 0,
        dividends: 0,
        consensus: 0,
        validator_trust: 0,
        last_update: 0,
        registered_at: 0,
    }
}
