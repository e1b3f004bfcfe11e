//! A metagraph of 1,024 neurons: decoded from what a node of finney said, held in memory, looked up, and read from a chain.

use std::collections::HashMap;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use serde_json::Value;
use soma_chain::metagraph::Metagraph;
use soma_chain::{Client, Endpoints, MetagraphHandle, Network, Policy, SnapshotPolicy};
use soma_localnet::{Account, Config, DEVELOPERS, Genesis, Localnet, Member};
use soma_protocol::ss58::PublicKey;
use subxt::metadata::Metadata;
use subxt::utils::H256;

use crate::error::HarnessError;

/// Neurons of a full subnet.
pub const NEURONS: u16 = 1024;
/// Look-ups of one measurement; one takes some milliseconds.
const LOOKUPS: u32 = 200_000;
/// The recorded answer: which question, and of which block of finney.
const RECORDED: &str = "recorded/rec_SubnetInfoRuntimeApi_get_selective_mechagraph.hex";
const BLOCK: u64 = 6_852_690;

/// What was measured; one value for each round.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Milliseconds to decode the recorded answer; empty where it is not at hand.
    pub decode: Vec<f64>,
    /// Neurons of the recorded answer.
    pub decoded: usize,
    /// Megabytes that the metagraph takes (1 MB is 1,000,000 bytes).
    pub megabytes: f64,
    /// Nanoseconds of a look-up by public key, half of them of unknown ones.
    pub lookup: Vec<f64>,
    /// The same in a map from addresses to neurons, for comparison.
    pub map: Vec<f64>,
    /// Nanoseconds to get hold of the newest metagraph, while two threads do so.
    pub hold: Vec<f64>,
    /// Milliseconds to read 1,024 neurons from a development chain.
    pub read: Vec<f64>,
}

/// A development chain in this process, whose subnet 1 is full.
///
/// # Errors
/// [`HarnessError::Output`] when it does not start.
pub fn chain() -> Result<Localnet, HarnessError> {
    let mut genesis = Genesis::development();
    let coldkey = soma_localnet::account(&format!("//{}", DEVELOPERS[0]));
    let member = |number: u16| {
        let stake = u64::from(number) * 1_000_000_000;
        Some(Member { hotkey: Account::new(key(u64::from(number)).0), coldkey: coldkey.clone()?, stake })
    };
    for subnet in &mut genesis.subnets {
        subnet.members = (0..NEURONS).filter_map(member).collect();
    }
    Localnet::start(Config { genesis, ..Config::default() }).map_err(odd)
}

/// Measures on the chain at `url`.
///
/// # Errors
/// [`HarnessError::Output`] when the chain does not answer.
pub async fn measure(url: &str, rounds: usize, progress: &mut impl FnMut(&str)) -> Result<Graph, HarnessError> {
    let endpoints = || Endpoints::parse(url).map_err(odd);
    let client = Client::connect(endpoints()?, Policy::of(Network::Local)).await.map_err(odd)?;
    let mut graph = Graph::default();
    let mut newest = client.at_finalized().await.map_err(odd)?.metagraph(1).await.map_err(odd)?;
    for _ in 0..rounds {
        let begun = Instant::now();
        newest = client.at_finalized().await.map_err(odd)?.metagraph(1).await.map_err(odd)?;
        graph.read.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    if newest.neurons().len() != usize::from(NEURONS) {
        return Err(odd(format!("{} neurons", newest.neurons().len())));
    }
    let handle = MetagraphHandle::spawn(endpoints()?, Policy::of(Network::Local), 1, SnapshotPolicy::default());
    handle.first().await.map_err(odd)?;
    match recorded() {
        Some((metadata, answer)) => {
            for _ in 0..rounds {
                let begun = Instant::now();
                newest = Metagraph::from_answer(1, BLOCK, H256::zero(), &answer, &metadata).map_err(odd)?;
                graph.decode.push(begun.elapsed().as_secs_f64() * 1e3);
            }
            graph.decoded = newest.neurons().len();
        }
        None => {
            progress("skipped: the recorded answer of finney is not at hand; look-ups are in the localnet's metagraph")
        }
    }
    graph.megabytes = newest.memory() as f64 / 1e6;
    tokio::task::block_in_place(|| graph.look_up(&newest, &handle, rounds));
    Ok(graph)
}

impl Graph {
    fn look_up(&mut self, metagraph: &Metagraph, handle: &MetagraphHandle, rounds: usize) {
        let count = u64::from(NEURONS);
        let known: Vec<PublicKey> = metagraph.neurons().iter().map(|neuron| neuron.hotkey).collect();
        // In an order that is not that of the uids, and one unknown key for each known one.
        let order = (0..count).filter_map(|step| known.get(usize::try_from(step * 611 % count).ok()?));
        let keys: Vec<PublicKey> = order.zip(2_000_000..).flat_map(|(known, number)| [*known, key(number)]).collect();
        let addresses: Vec<String> = keys.iter().map(PublicKey::to_ss58).collect();
        let map: HashMap<String, u16> =
            metagraph.neurons().iter().map(|neuron| (neuron.hotkey.to_ss58(), neuron.uid)).collect();
        for _ in 0..rounds {
            self.lookup.push(each(&keys, |key| metagraph.by_hotkey(key).is_some()));
            self.map.push(each(&addresses, |address| map.contains_key(address)));
            self.hold.push(std::thread::scope(|scope| {
                let beside = scope.spawn(|| each(&keys, |_| handle.current().is_some()));
                let mine = each(&keys, |_| handle.current().is_some());
                mine.max(beside.join().unwrap_or_default())
            }));
        }
    }
}

/// Nanoseconds that one of these takes, over all of them in turn.
fn each<K>(keys: &[K], known: impl Fn(&K) -> bool) -> f64 {
    let begun = Instant::now();
    let found = (0..LOOKUPS).zip(keys.iter().cycle()).filter(|(_, key)| known(black_box(key))).count();
    black_box(found);
    begun.elapsed().as_secs_f64() * 1e9 / f64::from(LOOKUPS)
}

/// What a node of finney said about subnet 1, and the metadata to read it with. They are not part of the repository.
fn recorded() -> Option<(Metadata, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let metadata = Metadata::decode_from(&std::fs::read(folder.join("finney-393.scale")).ok()?).ok()?;
    let file: Value = serde_json::from_slice(&std::fs::read(folder.join(RECORDED)).ok()?).ok()?;
    let answer = hex::decode(file.get("result")?.as_str()?.trim_start_matches("0x")).ok()?;
    Some((metadata, answer))
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

fn odd(error: impl std::fmt::Display) -> HarnessError {
    HarnessError::Output { what: "the chain".to_owned(), output: error.to_string() }
}
