//! Whether the runtime reads an extrinsic as we write it, found out before anything is signed.
//!
//! The signer has its calls' numbers and its extensions in its code, because it trusts nobody's metadata. Here they are
//! held against the metadata: each argument is encoded by subxt as the runtime wants it, and in the end the whole payload,
//! and both have to be the signer's to the byte. What differs is told by name.

use miette::Diagnostic;
use scale_encode::{EncodeAsFields, Field};
use scale_info::{PortableRegistry, TypeDef};
use soma_protocol::signature::Crypto;
use soma_protocol::ss58::PublicKey;
use soma_wallet::signer::Terms;
use subxt::SubstrateConfig;
use subxt::client::OfflineClientAtBlockT;
use subxt::config::DefaultExtrinsicParamsBuilder;
use subxt::ext::scale_value::Composite;
use subxt::metadata::Metadata;
use subxt::transactions::{DynamicPayload, SignableTransaction, TransactionsClient};
use subxt::utils::{AccountId32, H256, MultiSignature};
use thiserror::Error;

use super::call::Call;
use super::error::WriteError;
use crate::at::PALLET;
use crate::error::ChainError;
use crate::words::shortened;

/// The transaction extensions that we write something for, in their order. All others have to be empty.
const EXTENSIONS: [&str; 7] = [
    "CheckSpecVersion",
    "CheckTxVersion",
    "CheckGenesis",
    "CheckMortality",
    "CheckNonce",
    "ChargeTransactionPayment",
    "CheckMetadataHash",
];

/// How deep types are looked into for something that is not empty; real ones have two or three layers.
const DEEPEST: u8 = 16;

/// How many types are looked at for that, over all extensions; those of finney take some hundred.
const MOST: u32 = 10_000;

/// The runtime reads extrinsics otherwise than we write them. Nothing was signed.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[diagnostic(
    code(soma::chain::drift),
    help("the runtime is newer than this version of soma: look for a newer one; nothing was signed or sent")
)]
pub enum DriftError {
    /// The call has other numbers.
    #[error("{call} is call {found:?} of this runtime, and the signer knows it as {known:?}")]
    Moved {
        /// The call's name.
        call: &'static str,
        /// Pallet and call in the metadata.
        found: (u8, u8),
        /// Pallet and call in the signer.
        known: (u8, u8),
    },
    /// The call has other arguments.
    #[error("{call} has other arguments on this runtime: {detail}")]
    Arguments {
        /// The call's name.
        call: &'static str,
        /// What differs.
        detail: String,
    },
    /// An extension wants something that we do not write, or one that we write for is gone or elsewhere.
    #[error("transaction extension {name} is not as the signer writes it")]
    Extension {
        /// The first that differs.
        name: String,
    },
    /// The payload as a whole differs.
    #[error("the runtime wants another payload for {call} than the signer signs: {detail}")]
    Payload {
        /// The call's name.
        call: &'static str,
        /// What is known of it.
        detail: String,
    },
}

/// Holds a call and the extensions against the metadata of a runtime with this spec version.
///
/// # Errors
/// [`ChainError::Missing`] for a call that is not there, [`DriftError`] for what differs.
pub fn check(metadata: &Metadata, spec: u32, call: &Call) -> Result<(), WriteError> {
    let missing = || ChainError::Missing { what: format!("call {PALLET}.{}", call.name()), spec };
    let pallet = metadata.pallet_by_name(PALLET).ok_or_else(missing)?;
    let variant = pallet.call_variant_by_name(call.name()).ok_or_else(missing)?;
    let bytes = call.bytes();
    let (known, written) = match bytes.as_slice() {
        [pallet, call, written @ ..] => ((*pallet, *call), written),
        _ => return Err(arguments(call, "it has no bytes".to_owned()).into()),
    };
    let found = (pallet.call_index(), variant.index);
    if found != known {
        return Err(DriftError::Moved { call: call.name(), found, known }.into());
    }
    let names: Vec<&str> = variant.fields.iter().map(|field| field.name.as_deref().unwrap_or_default()).collect();
    if names != call.names() {
        return Err(arguments(call, format!("they are {}", names.join(", "))).into());
    }
    let mut fields = variant.fields.iter().map(|field| Field::new(field.ty.id, field.name.as_deref()));
    let wanted = call.values().encode_as_fields(&mut fields, metadata.types());
    let wanted = wanted.map_err(|error| arguments(call, error.to_string()))?;
    if wanted != written {
        return Err(arguments(call, "their types differ".to_owned()).into());
    }
    Ok(check_extensions(metadata)?)
}

/// Holds what is signed for a call against what the runtime of this block checks.
///
/// # Errors
/// [`DriftError::Payload`] unless they are the same to the byte.
pub fn check_payload<C: OfflineClientAtBlockT<SubstrateConfig>>(
    transactions: &TransactionsClient<SubstrateConfig, C>,
    call: &Call,
    terms: &Terms,
) -> Result<(), WriteError> {
    Unsigned::new(transactions, call, &dynamic(call), terms).map(|_| ())
}

fn arguments(call: &Call, detail: String) -> DriftError {
    DriftError::Arguments { call: call.name(), detail: shortened(&detail) }
}

/// Whether the extensions that are not empty are the ones that we write for.
fn check_extensions(metadata: &Metadata) -> Result<(), DriftError> {
    let mut left = MOST;
    let full = metadata.extrinsic().transaction_extensions_to_use_for_encoding().filter(|extension| {
        let mut is_empty = |ty| is_empty(metadata.types(), ty, DEEPEST, &mut left);
        !(is_empty(extension.extra_ty()) && is_empty(extension.additional_ty()))
    });
    let names: Vec<&str> = full.map(|extension| extension.identifier()).collect();
    let differs = (0..names.len().max(EXTENSIONS.len())).find(|place| names.get(*place) != EXTENSIONS.get(*place));
    match differs {
        None => Ok(()),
        Some(place) => {
            let name = names.get(place).or(EXTENSIONS.get(place)).copied().unwrap_or_default();
            Err(DriftError::Extension { name: shortened(name) })
        }
    }
}

/// Whether a type encodes to nothing. One that takes too long to say is taken for one that does not.
fn is_empty(types: &PortableRegistry, ty: u32, depth: u8, left: &mut u32) -> bool {
    let (Some(ty), Some(depth), Some(fewer)) = (types.resolve(ty), depth.checked_sub(1), left.checked_sub(1)) else {
        return false;
    };
    *left = fewer;
    match &ty.type_def {
        TypeDef::Composite(composite) => composite.fields.iter().all(|field| is_empty(types, field.ty.id, depth, left)),
        TypeDef::Tuple(tuple) => tuple.fields.iter().all(|field| is_empty(types, field.id, depth, left)),
        TypeDef::Array(array) => array.len == 0 || is_empty(types, array.type_param.id, depth, left),
        _ => false,
    }
}

/// A call as subxt takes it.
pub(super) type Dynamic = DynamicPayload<Composite<()>>;

/// An extrinsic without its signature, which subxt encodes as the runtime wants it.
pub(super) struct Unsigned<'call, C> {
    call: &'call Call,
    payload: Vec<u8>,
    signable: SignableTransaction<'call, SubstrateConfig, C, Dynamic>,
}

/// A call as subxt takes it.
pub(super) fn dynamic(call: &Call) -> Dynamic {
    subxt::dynamic::transaction(PALLET, call.name(), call.values())
}

impl<'call, C: OfflineClientAtBlockT<SubstrateConfig>> Unsigned<'call, C> {
    /// Makes it for these terms. Refused unless what the key's side will sign is what the runtime checks.
    pub(super) fn new(
        transactions: &TransactionsClient<SubstrateConfig, C>,
        call: &'call Call,
        dynamic: &'call Dynamic,
        terms: &Terms,
    ) -> Result<Self, WriteError> {
        let differs = |detail: String| DriftError::Payload { call: call.name(), detail: shortened(&detail) };
        let params = DefaultExtrinsicParamsBuilder::new()
            .nonce(terms.nonce)
            .mortal_from_unchecked(terms.period.into(), terms.birth, H256(terms.checkpoint))
            .build();
        let signable =
            transactions.create_signable_offline(dynamic, params).map_err(|error| differs(error.to_string()))?;
        let wanted = signable.signer_payload().map_err(|error| differs(error.to_string()))?;
        let payload = terms.payload(&call.bytes()).map_err(super::sign::SignError::from)?;
        if wanted != payload {
            return Err(differs("the bytes differ".to_owned()).into());
        }
        Ok(Self { call, payload, signable })
    }

    /// What is signed.
    pub(super) fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The extrinsic as it is sent.
    pub(super) fn signed(
        mut self,
        account: &PublicKey,
        crypto: Crypto,
        signature: [u8; 64],
    ) -> Result<Vec<u8>, DriftError> {
        let signature = match crypto {
            Crypto::Sr25519 => MultiSignature::Sr25519(signature),
            Crypto::Ed25519 => MultiSignature::Ed25519(signature),
        };
        let signed = self.signable.sign_with_account_and_signature(&AccountId32(account.0), &signature);
        let signed = signed
            .map_err(|error| DriftError::Payload { call: self.call.name(), detail: shortened(&error.to_string()) })?;
        Ok(signed.into_encoded())
    }
}

#[cfg(test)]
mod tests {
    use scale_info::interner::UntrackedSymbol;
    use scale_info::{Path, PortableType, Type, TypeDefTuple};

    use super::*;

    /// Tuples of 200 of the next type each, the last of nothing.
    fn nested(depth: u32) -> PortableRegistry {
        let types = (0..depth).map(|id| {
            let next = (id + 1 < depth).then(|| UntrackedSymbol::from(id + 1));
            let fields = next.into_iter().cycle().take(200).collect();
            let def = TypeDef::Tuple(TypeDefTuple { fields });
            PortableType {
                id,
                ty: Type {
                    path: Path { segments: Vec::new() },
                    type_params: Vec::new(),
                    type_def: def,
                    docs: Vec::new(),
                },
            }
        });
        PortableRegistry { types: types.collect() }
    }

    #[test]
    fn types_that_are_wide_and_deep_are_given_up() {
        let mut left = MOST;
        assert!(is_empty(&nested(2), 0, DEEPEST, &mut left));
        assert_eq!(left, MOST - 201);
        // 200 to the tenth.
        assert!(!is_empty(&nested(11), 0, DEEPEST, &mut left));
        assert_eq!(left, 0);
    }
}
