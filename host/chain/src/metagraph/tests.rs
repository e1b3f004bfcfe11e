//! The metagraph against answers of the real chain, and against an ordinary map.

use std::collections::HashMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use scale_decode::DecodeAsType;
use soma_protocol::ss58::PublicKey;
use subxt::metadata::Metadata;
use subxt::utils::H256;

use super::Metagraph;
use super::answer::Answer;
use crate::error::ChainError;
use crate::neuron::Neuron;
use crate::recorded;

/// The bytes of a recorded answer of a runtime API of subnet 1.
fn bytes_of(method: &str) -> Option<Vec<u8>> {
    let file = recorded::file(&format!("recorded/rec_SubnetInfoRuntimeApi_{method}.hex"))?;
    let file: serde_json::Value = serde_json::from_slice(&file).unwrap();
    Some(hex::decode(file["result"].as_str().unwrap().trim_start_matches("0x")).unwrap())
}

/// The metadata and the answer that the property test changes, read once.
fn recorded_answer() -> Option<&'static (Metadata, Vec<u8>)> {
    static READ: LazyLock<Option<(Metadata, Vec<u8>)>> = LazyLock::new(|| {
        let metadata = recorded::metadata()?;
        Some((metadata, bytes_of("get_selective_mechagraph")?))
    });
    READ.as_ref()
}

/// A recorded answer, whole, decoded with the types of finney 393.
fn answer<T: DecodeAsType>(method: &str) -> Option<T> {
    let metadata = recorded::metadata()?;
    let bytes = bytes_of(method)?;
    let api = metadata.runtime_api_trait_by_name("SubnetInfoRuntimeApi").unwrap();
    let ty = api.method_by_name(method).unwrap().output_ty();
    let mut rest = bytes.as_slice();
    let decoded = T::decode_as_type(&mut rest, ty, metadata.types()).unwrap();
    assert_eq!(rest.len(), 0, "bytes are left over");
    Some(decoded)
}

fn of_finney() -> Option<Metagraph> {
    let answer: Option<Answer> = answer("get_selective_mechagraph")?;
    Some(answer.unwrap().columns(Vec::new()).unwrap().metagraph(1, 6_852_690, H256::zero()).unwrap())
}

#[test]
fn a_recorded_metagraph_decodes_whole() {
    let Some(metagraph) = of_finney() else { return };
    println!("1,024 neurons take {} bytes", metagraph.memory());
    assert_eq!(metagraph.neurons().len(), 1024);
    assert_eq!(metagraph.neurons().iter().filter(|neuron| neuron.axon.is_some()).count(), 827);
    assert_eq!(metagraph.neurons().iter().filter(|neuron| neuron.validator_permit).count(), 12);
    assert!(metagraph.memory() < 2_000_000);
    for neuron in metagraph.neurons() {
        assert_eq!(metagraph.by_hotkey(&neuron.hotkey), Some(neuron));
        assert_eq!(metagraph.neuron(neuron.uid), Some(neuron));
    }
    assert_eq!(metagraph.by_hotkey(&PublicKey([7; 32])), None);
    assert_eq!(metagraph.neuron(1024), None);
}

#[test]
fn the_bytes_of_an_answer_are_read_whole_or_refused() {
    let (Some(file), Some(metadata)) = (
        recorded::file("recorded/rec_SubnetInfoRuntimeApi_get_selective_mechagraph.hex"),
        recorded::file("finney-393.scale"),
    ) else {
        return;
    };
    let metadata = Metadata::decode_from(&metadata).unwrap();
    let file: serde_json::Value = serde_json::from_slice(&file).unwrap();
    let bytes = hex::decode(file["result"].as_str().unwrap().trim_start_matches("0x")).unwrap();
    let read = |bytes: &[u8]| Metagraph::from_answer(1, 6_852_690, H256::zero(), bytes, &metadata);
    assert_eq!(read(&bytes).ok(), of_finney());
    assert!(matches!(read(&[0]), Err(ChainError::NoSubnet { netuid: 1 })));
    assert!(matches!(read(&[bytes.as_slice(), &[0]].concat()), Err(ChainError::Undecodable { .. })));
    assert!(matches!(read(&bytes[..bytes.len() - 1]), Err(ChainError::Undecodable { .. })));
}

/// Another answer of the same node about the same block.
#[derive(DecodeAsType)]
struct State {
    hotkeys: Vec<[u8; 32]>,
    coldkeys: Vec<[u8; 32]>,
    active: Vec<bool>,
    validator_permit: Vec<bool>,
    last_update: Vec<u64>,
    emission: Vec<u64>,
    dividends: Vec<u16>,
    incentives: Vec<u16>,
    consensus: Vec<u16>,
    block_at_registration: Vec<u64>,
    alpha_stake: Vec<u64>,
    tao_stake: Vec<u64>,
    total_stake: Vec<u64>,
}

#[test]
fn two_answers_about_one_block_agree() {
    let (Some(metagraph), Some(state)) = (of_finney(), answer::<Option<State>>("get_subnet_state")) else { return };
    let state = state.unwrap();
    assert_eq!(state.hotkeys.len(), 1024);
    for (uid, neuron) in metagraph.neurons().iter().enumerate() {
        assert_eq!((neuron.hotkey.0, neuron.coldkey.0), (state.hotkeys[uid], state.coldkeys[uid]));
        assert_eq!((neuron.active, neuron.validator_permit), (state.active[uid], state.validator_permit[uid]));
        assert_eq!((neuron.last_update, neuron.emission), (state.last_update[uid], state.emission[uid]));
        assert_eq!((neuron.dividends, neuron.incentive), (state.dividends[uid], state.incentives[uid]));
        assert_eq!((neuron.consensus, neuron.registered_at), (state.consensus[uid], state.block_at_registration[uid]));
        assert_eq!((neuron.alpha_stake, neuron.tao_stake), (state.alpha_stake[uid], state.tao_stake[uid]));
        assert_eq!(neuron.stake, state.total_stake[uid]);
    }
}

#[test]
fn the_counted_stake_is_alpha_and_a_share_of_tao() {
    let Some(metagraph) = of_finney() else { return };
    let mut shares = Vec::new();
    for neuron in metagraph.neurons().iter().filter(|neuron| neuron.tao_stake > 1_000_000_000_000) {
        #[allow(clippy::cast_precision_loss, reason = "a share is compared to two digits")]
        shares.push((neuron.stake - neuron.alpha_stake) as f64 / neuron.tao_stake as f64);
    }
    assert!(!shares.is_empty());
    assert!(shares.iter().all(|share| (share - 0.18).abs() < 0.001), "{shares:?}");
}

pub(super) fn neuron(uid: u16, hotkey: [u8; 32]) -> Neuron {
    Neuron {
        uid,
        hotkey: PublicKey(hotkey),
        coldkey: PublicKey([1; 32]),
        axon: None,
        active: true,
        validator_permit: uid == 0,
        stake: u64::from(uid) * 1_000_000_000,
        alpha_stake: 5,
        tao_stake: 6,
        emission: 7,
        incentive: 8,
        dividends: 9,
        consensus: 10,
        validator_trust: 11,
        last_update: 12,
        registered_at: 13,
    }
}

#[test]
fn uids_out_of_order_are_refused() {
    let made = |uids: &[u16]| {
        let neurons = uids.iter().map(|uid| neuron(*uid, [0; 32])).collect();
        Metagraph::new(1, 1, H256::zero(), neurons)
    };
    assert!(made(&[]).is_some());
    assert!(made(&[0, 1, 2]).is_some());
    for uids in [&[1][..], &[0, 0], &[0, 2], &[1, 0]] {
        assert!(made(uids).is_none(), "{uids:?}");
    }
}

/// Keys of which many begin with the same bytes.
fn key() -> impl Strategy<Value = [u8; 32]> {
    (0_u8..3, 0_u8..3, any::<u8>()).prop_map(|(front, inner, last)| {
        let mut key = [front; 32];
        key[7] = inner;
        key[31] = last;
        key
    })
}

proptest! {
    #[test]
    fn the_lookup_is_that_of_a_map(keys in prop::collection::vec(key(), 0..200), absent in key()) {
        let neurons: Vec<Neuron> = (0..).zip(&keys).map(|(uid, key)| neuron(uid, *key)).collect();
        let mut map = HashMap::new();
        for neuron in &neurons {
            map.entry(neuron.hotkey.0).or_insert(neuron.uid);
        }
        let metagraph = Metagraph::new(1, 1, H256::zero(), neurons).unwrap();
        for key in keys.iter().chain([&absent]) {
            let found = metagraph.by_hotkey(&PublicKey(*key)).map(|neuron| neuron.uid);
            prop_assert_eq!(found, map.get(key).copied());
        }
    }
}

proptest! {
    #[test]
    fn any_answer_is_a_metagraph_or_refused(
        changed in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        kept in prop_oneof![Just(1.0), 0.0..1.0],
    ) {
        let Some((metadata, bytes)) = recorded_answer() else { return Ok(()) };
        let mut bytes = bytes.clone();
        for (place, byte) in changed {
            *place.get_mut(&mut bytes) = byte;
        }
        bytes.truncate((bytes.len() as f64 * kept) as usize);
        if let Ok(metagraph) = Metagraph::from_answer(1, 1, H256::zero(), &bytes, metadata) {
            prop_assert!(metagraph.neurons().len() <= usize::from(u16::MAX) + 1);
        }
    }
}
