//! What the runtime says when an extrinsic fails in its block.

use scale_info::form::PortableForm;
use scale_info::{PortableRegistry, TypeDef, Variant};
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

/// Only the first three bytes are read, and by hand: types of a hostile node could make a decoder ask for any amount of
/// memory.
fn named(bytes: &[u8], metadata: &Metadata) -> Option<Fault> {
    match kind(bytes, metadata.types(), metadata.dispatch_error_ty()?)? {
        Kind::Module { pallet, error } => {
            let pallet = metadata.pallet_by_error_index(pallet)?;
            let variant = pallet.error_variant_by_index(error)?;
            Some(Fault::named(Layer::Dispatch, &variant.name, &variant.docs.join(" ")))
        }
        Kind::Named(name) => Some(Fault::named(Layer::Dispatch, name, "")),
    }
}

/// What a `DispatchError` is.
#[derive(Debug, PartialEq, Eq)]
enum Kind<'a> {
    /// An error of a pallet. Its number is one byte in old runtimes and four now, of which the first counts.
    Module { pallet: u8, error: u8 },
    /// One of Substrate's own; of `Token(FundsUnavailable)` the inner name, which says more.
    Named(&'a str),
}

fn kind<'a>(bytes: &[u8], types: &'a PortableRegistry, ty: u32) -> Option<Kind<'a>> {
    let (outer, rest) = bytes.split_first()?;
    let outer = variant(types, ty, *outer)?;
    if outer.name == "Module" {
        let [pallet, error, ..] = *rest else { return None };
        return Some(Kind::Module { pallet, error });
    }
    let inner = outer.fields.first().zip(rest.first());
    let inner = inner.and_then(|(field, index)| variant(types, field.ty.id, *index));
    Some(Kind::Named(inner.map_or(&outer.name, |inner| &inner.name)))
}

/// The variant of an enum with this index.
fn variant(types: &PortableRegistry, ty: u32, index: u8) -> Option<&Variant<PortableForm>> {
    let TypeDef::Variant(kinds) = &types.resolve(ty)?.type_def else { return None };
    kinds.variants.iter().find(|variant| variant.index == index)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dispatch::{Retry, table};
    use crate::recorded;

    #[test]
    fn errors_of_the_pallet_are_found_by_name() {
        let Some(metadata) = recorded::metadata() else { return };
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
        let Some(metadata) = recorded::metadata() else { return };
        assert_eq!(fault(&[7, 0], &metadata).name, "FundsUnavailable");
        assert_eq!(fault(&[2], &metadata).name, "BadOrigin");
        assert_eq!(fault(&[255], &metadata).name, "Undecodable");
    }

    #[test]
    fn the_names_of_the_table_are_subtensors() {
        let Some(metadata) = recorded::metadata() else { return };
        let variants = metadata.pallet_by_name("SubtensorModule").unwrap().error_variants().unwrap();
        let there = |name: &str| variants.iter().any(|variant| variant.name == name);
        for entry in table::TABLE.iter().filter(|entry| entry.origin == table::Origin::Pallet) {
            assert!(there(entry.name), "{}", entry.name);
        }
    }

    #[test]
    fn types_of_a_hostile_node_ask_for_no_memory() {
        /// As `DispatchError`, with fields that a decoder would make room for.
        #[derive(scale_info::TypeInfo)]
        #[expect(dead_code, reason = "only its description is used")]
        enum Hostile {
            Other([(); 0]),
            Module(Vec<()>),
            Token(Inner),
        }
        #[derive(scale_info::TypeInfo)]
        #[expect(dead_code, reason = "only its description is used")]
        enum Inner {
            Funds,
        }
        let mut registry = scale_info::Registry::new();
        let ty = registry.register_type(&scale_info::meta_type::<Hostile>()).id;
        let mut types = PortableRegistry::from(registry);
        for ty in &mut types.types {
            if let TypeDef::Array(array) = &mut ty.ty.type_def {
                array.len = u32::MAX;
            }
        }
        assert_eq!(kind(&[0, 1, 2], &types, ty), Some(Kind::Named("Other")));
        // A length of 2^62.
        let long = [1, 0x13, 0, 0, 0, 0, 0, 0, 0, 0x40];
        assert_eq!(kind(&long, &types, ty), Some(Kind::Module { pallet: 0x13, error: 0 }));
        assert_eq!(kind(&[2, 0], &types, ty), Some(Kind::Named("Funds")));
        assert_eq!(kind(&[2, 9], &types, ty), Some(Kind::Named("Token")));
        for none in [&[][..], &[1], &[1, 0], &[9]] {
            assert_eq!(kind(none, &types, ty), None, "{none:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_some_fault(bytes in prop::collection::vec(any::<u8>(), 0..12)) {
            let Some(metadata) = recorded::metadata() else { return Ok(()) };
            prop_assert!(!fault(&bytes, &metadata).name.is_empty());
        }
    }
}
