//! The metadata that a client reads: FRAME's, and on demand with something missing or moved.

use frame_metadata::RuntimeMetadata;
use frame_support::storage::unhashed;
use scale_info::form::MetaForm;
use scale_info::{MetaType, Path, PortableRegistry, Type, TypeDef, TypeDefVariant, TypeInfo, Variant};
use sp_core::OpaqueMetadata;
use sp_metadata_ir::{PalletMetadataIR, into_version};

use parity_scale_codec::{Decode, Encode};

use crate::layer;
use crate::pallet::{Call, Error};
use crate::runtime::{self, Runtime};

/// The versions that are had.
pub(crate) const VERSIONS: [u32; 3] = [14, 15, 16];

/// The version of `state_getMetadata`.
pub(crate) const OLDEST: u32 = 14;

/// Where this crate has the runtime.
const MODULE: &str = "runtime";

/// Ours among the pallets.
const PALLET: &str = "SubtensorModule";

const LOST_KEY: &[u8] = b"soma:lost";

/// What a runtime can be without.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Part {
    /// A call of our pallet.
    Call,
    /// A storage of our pallet.
    Storage,
    /// A method of a runtime interface, named as `state_call` names it.
    Method,
}

/// Takes a part out of the metadata of this state.
pub(crate) fn lose(part: Part, name: &str) {
    let mut all: Vec<(Part, String)> = unhashed::get_or_default(LOST_KEY);
    all.push((part, name.to_owned()));
    unhashed::put(LOST_KEY, &all);
}

/// Gives back all that was taken out.
pub(crate) fn restore() {
    unhashed::kill(LOST_KEY);
}

/// The names of the parts of this kind that are gone.
fn lost(part: Part) -> Vec<String> {
    let all: Vec<(Part, String)> = unhashed::get_or_default(LOST_KEY);
    all.into_iter().filter(|(kind, _)| *kind == part).map(|(_, name)| name).collect()
}

/// Whether the runtime still answers this method, given that it ever did.
pub(crate) fn answers(method: &str) -> bool {
    !lost(Part::Method).iter().any(|gone| gone == method)
}

/// The metadata of this state in a version; nothing for a version that is not had.
pub(crate) fn at(version: u32) -> Option<OpaqueMetadata> {
    let mut metadata = runtime::metadata();
    if let Some(pallet) = metadata.pallets.iter_mut().find(|pallet| pallet.name == PALLET) {
        change(pallet);
    }
    for api in &mut metadata.apis {
        api.methods.retain(|method| answers(&format!("{}_{}", api.name, method.name)));
    }
    let mut metadata = into_version(metadata, version)?;
    match &mut metadata.1 {
        RuntimeMetadata::V14(metadata) => shorten(&mut metadata.types),
        RuntimeMetadata::V15(metadata) => shorten(&mut metadata.types),
        RuntimeMetadata::V16(metadata) => shorten(&mut metadata.types),
        _ => {}
    }
    Some(OpaqueMetadata::new(metadata.encode()))
}

/// Gives the runtime's own types a path of two parts, as finney's have: some clients know `*::RuntimeEvent` and not
/// `*::*::RuntimeEvent`.
fn shorten(types: &mut PortableRegistry) {
    for portable in &mut types.types {
        let segments = &mut portable.ty.path.segments;
        if segments.iter().map(String::as_str).take(2).eq([env!("CARGO_CRATE_NAME"), MODULE]) {
            segments.remove(1);
        }
    }
}

fn change(pallet: &mut PalletMetadataIR) {
    let gone = lost(Part::Storage);
    if let Some(storage) = &mut pallet.storage {
        storage.entries.retain(|entry| !gone.iter().any(|name| name == entry.name));
    }
    if let (false, Some(calls)) = (lost(Part::Call).is_empty(), &mut pallet.calls) {
        calls.ty = MetaType::new::<FewerCalls>();
    }
    if let (true, Some(error)) = (layer::upgraded(), &mut pallet.error) {
        error.ty = MetaType::new::<MovedErrors>();
    }
}

/// The calls without those that are lost.
struct FewerCalls;

impl TypeInfo for FewerCalls {
    type Identity = Self;

    fn type_info() -> Type {
        let gone = lost(Part::Call);
        let all = variants_of::<Call<Runtime>>().into_iter();
        let kept = all.filter(|variant| !gone.iter().any(|name| name == variant.name));
        of_variants("Call", kept.collect())
    }
}

/// The errors, each with the next higher index, and a new one before them all.
struct MovedErrors;

impl TypeInfo for MovedErrors {
    type Identity = Self;

    fn type_info() -> Type {
        let moved = variants_of::<Error<Runtime>>().into_iter().map(|mut variant| {
            variant.index = variant.index.saturating_add(1);
            variant
        });
        let new = Variant { name: "CameWithTheUpgrade", fields: Vec::new(), index: 0, docs: Vec::new() };
        of_variants("Error", std::iter::once(new).chain(moved).collect())
    }
}

fn variants_of<V: TypeInfo>() -> Vec<Variant<MetaForm>> {
    match V::type_info().type_def {
        TypeDef::Variant(definition) => definition.variants,
        _ => Vec::new(),
    }
}

fn of_variants(name: &'static str, variants: Vec<Variant<MetaForm>>) -> Type {
    Type::new(Path::new(name, PALLET), [], TypeDefVariant::new(variants), Vec::new())
}
