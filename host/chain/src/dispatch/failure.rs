//! What the runtime says when an extrinsic fails in its block.

use subxt::ext::scale_value::scale::decode_as_type;
use subxt::ext::scale_value::{Composite, Primitive, Value, ValueDef};
use subxt::metadata::Metadata;

use super::{Fault, Layer};

/// The fault in the bytes of a `DispatchError`. An error of a pallet is named by the metadata of the block that it
/// happened in, because its number means something else in other releases. Bytes that cannot be read are a fault without
/// a name of the chain's.
#[must_use]
pub fn fault(bytes: &[u8], metadata: &Metadata) -> Fault {
    named(bytes, metadata).unwrap_or_else(|| {
        let said = format!(
            "its error cannot be read: 0x{}",
            hex::encode(bytes.get(..bytes.len().min(32)).unwrap_or_default())
        );
        Fault::named(Layer::Dispatch, "Undecodable", &said)
    })
}

fn named(bytes: &[u8], metadata: &Metadata) -> Option<Fault> {
    let ty = metadata.dispatch_error_ty()?;
    let value = decode_as_type(&mut &*bytes, ty, metadata.types()).ok()?;
    let ValueDef::Variant(kind) = value.value else { return None };
    if kind.name == "Module" {
        let (pallet, error) = module(&kind.values)?;
        let pallet = metadata.pallet_by_error_index(pallet)?;
        let variant = pallet.error_variant_by_index(error)?;
        return Some(Fault::named(Layer::Dispatch, &variant.name, &variant.docs.join(" ")));
    }
    // Of `Token(FundsUnavailable)` the inner name says more.
    let inner = kind.values.values().find_map(|value| match &value.value {
        ValueDef::Variant(inner) => Some(inner.name.clone()),
        _ => None,
    });
    let name = inner.unwrap_or(kind.name);
    Some(Fault::named(Layer::Dispatch, &name, ""))
}

/// The indexes of the pallet and of the error. They are two fields, in a struct or not; the error's bytes are one number
/// in old runtimes and four now, of which the first counts.
fn module(fields: &Composite<u32>) -> Option<(u8, u8)> {
    let mut numbers = Vec::new();
    for value in fields.values() {
        collect(value, &mut numbers);
    }
    match numbers.as_slice() {
        [pallet, error, ..] => Some((*pallet, *error)),
        _ => None,
    }
}

fn collect(value: &Value<u32>, into: &mut Vec<u8>) {
    match &value.value {
        ValueDef::Primitive(Primitive::U128(number)) => into.extend(u8::try_from(*number)),
        ValueDef::Composite(fields) => fields.values().for_each(|value| collect(value, into)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::*;
    use crate::dispatch::{Retry, table};

    fn finney() -> Option<Metadata> {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/finney-393.scale");
        let Ok(bytes) = std::fs::read(&path) else {
            println!("skipped: there is no {}", path.display());
            return None;
        };
        Some(Metadata::decode_from(&bytes).unwrap())
    }

    #[test]
    fn errors_of_the_pallet_are_found_by_name() {
        let Some(metadata) = finney() else { return };
        let pallet = metadata.pallet_by_name("SubtensorModule").unwrap();
        let index = pallet.error_index();
        let variants = pallet.error_variants().unwrap();
        for variant in variants {
            let fault = fault(&[3, index, variant.index, 0, 0, 0], &metadata);
            assert_eq!(fault.name, variant.name);
        }
        let named = |name: &str| {
            let variant = variants.iter().find(|variant| variant.name == name).unwrap();
            fault(&[3, index, variant.index, 0, 0, 0], &metadata)
        };
        assert_eq!(named("SettingWeightsTooFast").retry, Retry::Later);
        assert_eq!(named("CommitRevealEnabled").retry, Retry::Mend);
        // CommittingWeightsTooFast was 96 and 78 before, SubnetNotExists 90 and 73.
        assert_eq!(fault(&[3, index, 80, 0, 0, 0], &metadata).name, "CommittingWeightsTooFast");
        assert_eq!(fault(&[3, index, 75, 0, 0, 0], &metadata).name, "SubnetNotExists");
    }

    #[test]
    fn errors_of_substrate_are_found_by_their_inner_name() {
        let Some(metadata) = finney() else { return };
        assert_eq!(fault(&[7, 0], &metadata).name, "FundsUnavailable");
        assert_eq!(fault(&[2], &metadata).name, "BadOrigin");
        assert_eq!(fault(&[255], &metadata).name, "Undecodable");
    }

    #[test]
    fn the_names_of_the_table_are_subtensors() {
        let Some(metadata) = finney() else { return };
        let variants = metadata.pallet_by_name("SubtensorModule").unwrap().error_variants().unwrap();
        let there = |name: &str| variants.iter().any(|variant| variant.name == name);
        for entry in table::TABLE.iter().filter(|entry| entry.origin == table::Origin::Pallet) {
            assert!(there(entry.name), "{}", entry.name);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_some_fault(bytes in prop::collection::vec(any::<u8>(), 0..12)) {
            let Some(metadata) = finney() else { return Ok(()) };
            prop_assert!(!fault(&bytes, &metadata).name.is_empty());
        }
    }
}
