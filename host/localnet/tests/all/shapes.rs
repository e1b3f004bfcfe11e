//! Names, types and indexes against the metadata of finney 393.

use std::path::PathBuf;
use std::sync::Arc;

use subxt::metadata::Metadata;

use crate::fixture::Chain;

/// The pallet that is ours.
const PALLET: &str = "SubtensorModule";

fn finney() -> Option<Metadata> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/finney-393.scale");
    let Ok(bytes) = std::fs::read(&path) else {
        println!("skipped: there is no {}", path.display());
        return None;
    };
    Some(Metadata::decode_from(&bytes).unwrap())
}

async fn ours() -> Arc<Metadata> {
    let chain = Chain::start(Default::default()).await;
    let at = chain.client.at_current_block().await.unwrap();
    at.metadata()
}

/// The same table by which the client tells an operator what his chain has otherwise.
#[tokio::test(flavor = "multi_thread")]
async fn the_client_finds_nothing_that_is_otherwise_than_on_finney() {
    assert_eq!(soma_chain::shape::drift(&*ours().await), []);
    assert!(soma_chain::shape::table().len() > 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_the_client_uses_is_as_finney_has_it() {
    let Some(finney) = finney() else { return };
    let ours = ours().await;
    let otherwise =
        |shape: &&soma_chain::shape::Shape| shape.found(&ours).is_none() || shape.found(&ours) != shape.found(&finney);
    let wrong: Vec<String> = soma_chain::shape::table().iter().filter(otherwise).map(ToString::to_string).collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_the_pallet_has_is_as_finney_has_it() {
    let Some(finney) = finney() else { return };
    let ours = ours().await;
    let (theirs, mine) = (finney.pallet_by_name(PALLET).unwrap(), ours.pallet_by_name(PALLET).unwrap());
    let mut wrong = Vec::new();
    for call in mine.call_variants().unwrap() {
        let same = theirs.call_variant_by_name(&call.name).is_some_and(|other| other.index == call.index);
        if !same || mine.call_hash(&call.name) != theirs.call_hash(&call.name) {
            wrong.push(format!("call {}", call.name));
        }
    }
    for entry in mine.storage().unwrap().entries() {
        if mine.storage_hash(entry.name()) != theirs.storage_hash(entry.name()) {
            wrong.push(format!("storage {}", entry.name()));
        }
    }
    for event in mine.event_variants().unwrap() {
        let same =
            theirs.event_variants().unwrap().iter().any(|other| other.name == event.name && other.index == event.index);
        if !same {
            wrong.push(format!("event {}", event.name));
        }
    }
    let errors = |pallet: &subxt::metadata::PalletMetadata<'_>| -> Vec<(String, u8)> {
        pallet.error_variants().unwrap().iter().map(|error| (error.name.clone(), error.index)).collect()
    };
    assert_eq!(errors(&mine), errors(&theirs));
    for api in ["NeuronInfoRuntimeApi", "SubnetInfoRuntimeApi", "SubnetRegistrationRuntimeApi", "AccountNonceApi"] {
        let theirs = finney.runtime_api_trait_by_name(api).unwrap();
        for method in ours.runtime_api_trait_by_name(api).unwrap().methods() {
            if theirs.method_by_name(method.name()).is_none_or(|other| other.hash() != method.hash()) {
                wrong.push(format!("runtime API {api}.{}", method.name()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_ours_is_as_finney_has_it() {
    let Some(finney) = finney() else { return };
    let ours = ours().await;
    for (pallet, storage) in [("System", "Account"), ("Timestamp", "Now"), ("System", "Number")] {
        let hash = |metadata: &Metadata| metadata.pallet_by_name(pallet).unwrap().storage_hash(storage);
        assert_eq!(hash(&ours), hash(&finney), "{pallet}.{storage}");
    }
    for pallet in ["System", "Timestamp", "Balances", "TransactionPayment", PALLET] {
        let index = |metadata: &Metadata| metadata.pallet_by_name(pallet).unwrap().call_index();
        assert_eq!(index(&ours), index(&finney), "{pallet}");
    }
    let extensions = |metadata: &Metadata| -> Vec<String> {
        let all = metadata.extrinsic().transaction_extensions_to_use_for_encoding();
        all.map(|extension| extension.identifier().to_owned()).collect()
    };
    assert_eq!(extensions(&ours), extensions(&finney));
    assert_eq!(extensions(&ours).len(), 13);
}

/// What the client of the Python SDK goes by: it knows `*::RuntimeEvent`, with one part before the name.
#[tokio::test(flavor = "multi_thread")]
async fn the_runtimes_own_types_have_a_path_of_two_parts() {
    let ours = ours().await;
    let paths: Vec<&[String]> = ours.types().types.iter().map(|ty| ty.ty.path.segments.as_slice()).collect();
    for name in ["RuntimeCall", "RuntimeEvent"] {
        let found = paths.iter().find(|path| path.last().is_some_and(|last| last == name)).unwrap();
        assert_eq!(found.len(), 2, "{found:?}");
    }
}
