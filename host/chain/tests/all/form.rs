//! Our bytes against those that subxt makes from metadata: of the development chain, and of finney where its metadata is.

use std::path::PathBuf;
use std::sync::Arc;

use soma_chain::write::form::{check, check_payload};
use soma_chain::write::{ColdkeyCall, DriftError};
use soma_chain::{Call, ChainError, WriteError, shape};
use soma_localnet::{Fault, Layer};
use soma_wallet::signer::{HotkeyCall, Terms};
use subxt::SubstrateConfig;
use subxt::client::{OfflineClient, OfflineClientAtBlockT};
use subxt::config::substrate::SpecVersionForRange;
use subxt::metadata::Metadata;
use subxt::transactions::TransactionsClient;
use subxt::utils::H256;

use crate::fixture::{Chain, connect};

/// One of every call that is sent or can be signed.
fn every_call() -> Vec<Call> {
    let (netuid, version, ip, port, ip_type) = (7, 1, 0xcb00_7107_u128, 8091, 4);
    let (protocol, placeholder1, placeholder2) = (4, 5, 6);
    let (dests, weights) = (vec![0, 1, 1023], vec![1, 300, 65_535]);
    let (commit, reveal_round, commit_reveal_version) = (vec![1; 700], 1 << 40, 4);
    let hotkey = [9; 32];
    vec![
        HotkeyCall::ServeAxon { netuid, version, ip, port, ip_type, protocol, placeholder1, placeholder2 }.into(),
        HotkeyCall::ServeAxonTls {
            netuid,
            version,
            ip: u128::MAX - 1,
            port,
            ip_type: 6,
            protocol,
            placeholder1,
            placeholder2,
            certificate: vec![1; 65],
        }
        .into(),
        HotkeyCall::ServePrometheus { netuid, version, ip, port, ip_type }.into(),
        HotkeyCall::SetWeights { netuid, dests: dests.clone(), weights: weights.clone(), version_key: 5 }.into(),
        HotkeyCall::SetMechanismWeights { netuid, mecid: 3, dests, weights, version_key: u64::MAX }.into(),
        HotkeyCall::CommitWeights { netuid, commit_hash: [3; 32] }.into(),
        HotkeyCall::RevealWeights { netuid, uids: vec![1], values: vec![2], salt: vec![3, 4], version_key: 5 }.into(),
        HotkeyCall::CommitTimelockedWeights { netuid, commit: commit.clone(), reveal_round, commit_reveal_version }
            .into(),
        HotkeyCall::CommitTimelockedMechanismWeights { netuid, mecid: 1, commit, reveal_round, commit_reveal_version }
            .into(),
        ColdkeyCall::AddStake { hotkey, netuid, amount: u64::MAX }.into(),
        ColdkeyCall::BurnedRegister { netuid, hotkey }.into(),
    ]
}

fn terms(genesis: H256, spec_version: u32, transaction_version: u32) -> impl Iterator<Item = Terms> {
    let all = [(0, 4, 0), (5, 64, 100), (1 << 20, 256, 6_852_690)];
    all.into_iter().map(move |(nonce, period, birth)| Terms {
        nonce,
        birth,
        checkpoint: [8; 32],
        period,
        genesis: genesis.0,
        spec_version,
        transaction_version,
    })
}

fn agree<C: OfflineClientAtBlockT<SubstrateConfig>>(
    transactions: &TransactionsClient<SubstrateConfig, C>,
    metadata: &Metadata,
    call: &Call,
    terms: &Terms,
) {
    check(metadata, terms.spec_version, call).unwrap();
    check_payload(transactions, call, terms).unwrap();
    let ours = transactions.call_data(&subxt::dynamic::transaction("SubtensorModule", call.name(), call.values()));
    assert_eq!(ours.unwrap(), call.bytes(), "{call}");
}

#[test]
fn every_call_is_written_as_finney_reads_it() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/finney-393.scale");
    let Ok(bytes) = std::fs::read(&path) else {
        println!("skipped: there is no {}", path.display());
        return;
    };
    let metadata = Arc::new(Metadata::decode_from(&bytes).unwrap());
    let genesis = H256([7; 32]);
    let (spec_version, transaction_version) = (shape::SPEC_VERSION, 1);
    let config = SubstrateConfig::builder()
        .set_genesis_hash(genesis)
        .set_metadata_for_spec_versions([(spec_version, Arc::clone(&metadata))])
        .set_spec_version_for_block_ranges([SpecVersionForRange {
            block_range: 0..u64::MAX,
            spec_version,
            transaction_version,
        }])
        .build();
    let at = OfflineClient::new_with_config(config).at_block(1u64).unwrap();
    for call in every_call() {
        for terms in terms(genesis, spec_version, transaction_version) {
            agree(&at.transactions(), &metadata, &call, &terms);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_that_is_sent_is_written_as_the_chain_reads_it() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let at = chain.client.at_finalized().await.unwrap();
    let (spec, transaction) = (at.spec_version(), at.block().transaction_version());
    let sent = every_call().into_iter().filter(|call| at.has_call("SubtensorModule", call.name()));
    let mut count = 0;
    for call in sent {
        for terms in terms(chain.client.genesis(), spec, transaction) {
            agree(&at.block().transactions(), at.metadata(), &call, &terms);
        }
        count += 1;
    }
    assert_eq!(count, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_gone_is_told_by_name() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    chain.net.fault(Fault::WithoutCall { name: "serve_axon".to_owned() });
    let client = connect(&[&chain.net.url()]).await;
    let at = client.at_finalized().await.unwrap();
    for call in every_call() {
        let checked = check(at.metadata(), at.spec_version(), &call);
        if call.name() == "serve_axon" {
            let expected = ChainError::Missing { what: "call SubtensorModule.serve_axon".to_owned(), spec: 393 };
            assert!(matches!(checked, Err(WriteError::Chain(missing)) if missing == expected));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_versions_and_another_genesis_are_drift() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let at = chain.client.at_finalized().await.unwrap();
    let (spec, transaction) = (at.spec_version(), at.block().transaction_version());
    let (genesis, call) = (chain.client.genesis(), every_call().remove(0));
    for wrong in
        [(genesis, spec + 1, transaction), (genesis, spec, transaction + 1), (H256([1; 32]), spec, transaction)]
    {
        let terms = terms(wrong.0, wrong.1, wrong.2).next().unwrap();
        let error = check_payload(&at.block().transactions(), &call, &terms).unwrap_err();
        assert!(matches!(error, WriteError::Drift(DriftError::Payload { .. })), "{error:?}");
    }
}

/// The chain's metadata with one byte string in place of another of the same length.
async fn changed(chain: &Chain, from: &[u8], to: &[u8]) -> Metadata {
    assert_eq!(from.len(), to.len());
    let mut bytes = chain.client.rpc().state_get_metadata(None).await.unwrap().into_raw();
    let places: Vec<usize> = (0..bytes.len() - from.len()).filter(|place| bytes[*place..].starts_with(from)).collect();
    assert!(!places.is_empty());
    for place in places {
        bytes[place..place + to.len()].copy_from_slice(to);
    }
    Metadata::decode_from(&bytes).unwrap()
}

fn drift(metadata: &Metadata, call: &Call) -> DriftError {
    match check(metadata, 393, call) {
        Err(WriteError::Drift(drift)) => drift,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_that_nobody_knows_is_drift_unless_it_is_empty() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let call = every_call().remove(0);
    let other = changed(&chain, b"CheckMetadataHash", b"CheckMetadataHaze").await;
    assert_eq!(drift(&other, &call), DriftError::Extension { name: "CheckMetadataHaze".to_owned() });
    let empty = changed(&chain, b"DrandPriority", b"DrandPriorite").await;
    check(&empty, 393, &call).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_with_other_arguments_is_drift() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let other = changed(&chain, b"placeholder1", b"placeholder7").await;
    let DriftError::Arguments { call: "serve_axon", detail } = drift(&other, &every_call().remove(0)) else { panic!() };
    assert!(detail.contains("placeholder7"), "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_with_another_number_is_drift() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let call: Call = ColdkeyCall::BurnedRegister { netuid: 1, hotkey: [9; 32] }.into();
    let bytes = chain.client.rpc().state_get_metadata(None).await.unwrap().into_raw();
    let name = b"burned_register";
    let place = (0..bytes.len()).find(|place| bytes[*place..].starts_with(name)).unwrap() + name.len();
    // Behind the arguments, of which each has a name and a type, stands the call's number, 7.
    let moved = (place..place + 120).filter(|place| bytes[*place] == 7).filter_map(|place| {
        let mut bytes = bytes.clone();
        bytes[place] = 77;
        match check(&Metadata::decode_from(&bytes).ok()?, 393, &call) {
            Err(WriteError::Drift(drift)) => Some(drift),
            _ => None,
        }
    });
    let expected = DriftError::Moved { call: "burned_register", found: (7, 77), known: (7, 7) };
    assert!(moved.into_iter().any(|drift| drift == expected));
}
