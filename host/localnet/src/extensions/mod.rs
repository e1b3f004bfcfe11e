//! The transaction extensions that only subtensor has. They encode to nothing; one of them refuses in the pool what the
//! call would refuse in the block.

mod nonce;

pub use self::nonce::CheckNonce;

use std::marker::PhantomData;

use frame_support::dispatch::{DispatchInfo, PostDispatchInfo};
use frame_support::pallet_prelude::*;
use frame_support::traits::IsSubType;
use scale_info::TypeInfo;
use sp_runtime::traits::{AsSystemOriginSigner, DispatchInfoOf, Dispatchable, Implication, TransactionExtension};
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionSource};

use crate::pallet::{Call, Config};
use crate::rules::Rules;

/// An extension of finney's that does nothing here.
macro_rules! silent {
    ($name:ident, $doc:literal) => {
        #[doc = $doc]
        #[derive(Encode, Decode, DecodeWithMemTracking, Clone, Eq, PartialEq, TypeInfo)]
        #[scale_info(skip_type_params(T))]
        pub struct $name<T>(PhantomData<T>);

        impl<T> Default for $name<T> {
            fn default() -> Self {
                Self(PhantomData)
            }
        }

        impl<T> std::fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))
            }
        }

        impl<T: Config + Send + Sync> TransactionExtension<T::RuntimeCall> for $name<T> {
            const IDENTIFIER: &'static str = stringify!($name);
            type Implicit = ();
            type Val = ();
            type Pre = ();

            sp_runtime::impl_tx_ext_default!(T::RuntimeCall; weight validate prepare);
        }
    };
}

silent!(SudoTransactionExtension, "Holds off calls by root that are not root's.");
silent!(CheckShieldedTxValidity, "Holds off shielded transactions that nobody can open.");
silent!(DrandPriority, "Lets drand's pulses go first.");

/// Refuses in the pool, with a number for a reason, what the call would refuse in the block.
#[derive(Encode, Decode, DecodeWithMemTracking, Clone, Eq, PartialEq, TypeInfo)]
#[scale_info(skip_type_params(T))]
pub struct SubtensorTransactionExtension<T>(PhantomData<T>);

impl<T> Default for SubtensorTransactionExtension<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T> std::fmt::Debug for SubtensorTransactionExtension<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SubtensorTransactionExtension")
    }
}

impl<T> TransactionExtension<T::RuntimeCall> for SubtensorTransactionExtension<T>
where
    T: Config + Send + Sync,
    T::RuntimeCall: Dispatchable<Info = DispatchInfo, PostInfo = PostDispatchInfo> + IsSubType<Call<T>>,
    <T::RuntimeCall as Dispatchable>::RuntimeOrigin: AsSystemOriginSigner<T::AccountId> + Clone,
{
    const IDENTIFIER: &'static str = "SubtensorTransactionExtension";
    type Implicit = ();
    type Val = ();
    type Pre = ();

    fn validate(
        &self,
        origin: <T::RuntimeCall as Dispatchable>::RuntimeOrigin,
        call: &T::RuntimeCall,
        _: &DispatchInfoOf<T::RuntimeCall>,
        _: usize,
        _: Self::Implicit,
        _: &impl Implication,
        _: TransactionSource,
    ) -> sp_runtime::traits::ValidateResult<Self::Val, T::RuntimeCall> {
        let refused = match (origin.as_system_origin_signer(), call.is_sub_type()) {
            (Some(who), Some(call)) if crate::layer::pool_checks() => Rules::<T>::check(who, call).err(),
            _ => None,
        };
        match refused {
            Some(refusal) => Err(InvalidTransaction::Custom(crate::rules::pool_code::<T>(refusal)).into()),
            None => Ok((ValidTransaction::default(), (), origin)),
        }
    }

    sp_runtime::impl_tx_ext_default!(T::RuntimeCall; weight prepare);
}
