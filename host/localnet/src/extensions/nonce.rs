//! The check of a nonce. FRAME's own refuses accounts that do not exist; a hotkey has no funds and need not exist to
//! sign, so subtensor has one that lets them.

use frame_support::pallet_prelude::*;
use scale_info::TypeInfo;
use sp_core::crypto::AccountId32;
use sp_runtime::traits::{
    AsSystemOriginSigner, DispatchInfoOf, DispatchOriginOf, Implication, TransactionExtension, ValidateResult,
};
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionSource, TransactionValidityError};

use crate::runtime::{RuntimeCall, System};

/// The number of transactions that an account has sent before.
#[derive(Encode, Decode, DecodeWithMemTracking, Clone, Debug, Eq, PartialEq, TypeInfo)]
pub struct CheckNonce(#[codec(compact)] pub u32);

impl TransactionExtension<RuntimeCall> for CheckNonce {
    const IDENTIFIER: &'static str = "CheckNonce";
    type Implicit = ();
    type Val = Option<AccountId32>;
    type Pre = ();

    sp_runtime::impl_tx_ext_default!(RuntimeCall; weight);

    fn validate(
        &self,
        origin: DispatchOriginOf<RuntimeCall>,
        _: &RuntimeCall,
        _: &DispatchInfoOf<RuntimeCall>,
        _: usize,
        _: Self::Implicit,
        _: &impl Implication,
        _: TransactionSource,
    ) -> ValidateResult<Self::Val, RuntimeCall> {
        let Some(who) = origin.as_system_origin_signer().cloned() else {
            return Ok((ValidTransaction::default(), None, origin));
        };
        let next = System::account_nonce(&who);
        if self.0 < next {
            return Err(InvalidTransaction::Stale.into());
        }
        let requires = match self.0.checked_sub(1) {
            Some(before) if self.0 > next => vec![(&who, before).encode()],
            _ => Vec::new(),
        };
        let validity =
            ValidTransaction { requires, provides: vec![(&who, self.0).encode()], ..ValidTransaction::default() };
        Ok((validity, Some(who), origin))
    }

    fn prepare(
        self,
        who: Self::Val,
        _: &DispatchOriginOf<RuntimeCall>,
        _: &RuntimeCall,
        _: &DispatchInfoOf<RuntimeCall>,
        _: usize,
    ) -> Result<Self::Pre, TransactionValidityError> {
        let Some(who) = who else { return Ok(()) };
        if self.0 > System::account_nonce(&who) {
            return Err(InvalidTransaction::Future.into());
        }
        System::inc_account_nonce(&who);
        Ok(())
    }
}
