//! Transactions that wait for their block.

use std::collections::BTreeMap;

use parity_scale_codec::Encode;
use sp_core::H256;
use sp_core::crypto::AccountId32;
use sp_runtime::traits::{BlakeTwo256, Hash};
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError, UnknownTransaction};

use crate::runtime::Extrinsic;

/// A transaction that waits.
pub(crate) struct Waiting {
    pub(crate) extrinsic: Extrinsic,
    pub(crate) hash: H256,
}

/// Why a transaction is not taken, with the codes of Substrate's `author` methods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// 1001: not a transaction.
    Format(String),
    /// 1010: the runtime says no.
    Invalid(InvalidTransaction),
    /// 1011: the runtime cannot say.
    Unknown(UnknownTransaction),
    /// 1013: it is here already.
    Known,
    /// 1014: another one with this account and nonce is here.
    Priority,
}

impl Refusal {
    pub(crate) fn code(&self) -> i32 {
        match self {
            Self::Format(_) => 1001,
            Self::Invalid(_) => 1010,
            Self::Unknown(_) => 1011,
            Self::Known => 1013,
            Self::Priority => 1014,
        }
    }

    pub(crate) fn message(&self) -> String {
        match self {
            Self::Format(error) => format!("Extrinsic has invalid format: {error}"),
            Self::Invalid(_) => "Invalid Transaction".to_owned(),
            Self::Unknown(_) => "Unknown Transaction Validity".to_owned(),
            Self::Known => "Transaction Already Imported".to_owned(),
            Self::Priority => "Priority is too low".to_owned(),
        }
    }

    pub(crate) fn data(&self) -> Option<String> {
        match self {
            Self::Invalid(InvalidTransaction::Custom(number)) => Some(format!("Custom error: {number}")),
            Self::Invalid(reason) => Some(<&'static str>::from(*reason).to_owned()),
            Self::Unknown(reason) => Some(<&'static str>::from(*reason).to_owned()),
            _ => None,
        }
    }
}

impl From<TransactionValidityError> for Refusal {
    fn from(error: TransactionValidityError) -> Self {
        match error {
            TransactionValidityError::Invalid(reason) => Self::Invalid(reason),
            TransactionValidityError::Unknown(reason) => Self::Unknown(reason),
        }
    }
}

/// What waits, by account and nonce: so an account's transactions come into blocks in their order.
#[derive(Default)]
pub(crate) struct Pool(BTreeMap<(AccountId32, u32), Waiting>);

impl Pool {
    /// Keeps a transaction that the runtime holds valid.
    pub(crate) fn add(&mut self, who: AccountId32, nonce: u32, extrinsic: Extrinsic) -> Result<H256, Refusal> {
        let hash = BlakeTwo256::hash(&extrinsic.encode());
        match self.0.get(&(who.clone(), nonce)) {
            Some(same) if same.hash == hash => return Err(Refusal::Known),
            Some(_) => return Err(Refusal::Priority),
            None => {}
        }
        self.0.insert((who, nonce), Waiting { extrinsic, hash });
        Ok(hash)
    }

    /// The nonce after those of an account that wait without a gap from `next` on.
    pub(crate) fn next_nonce(&self, who: &AccountId32, next: u32) -> u32 {
        (next..u32::MAX).find(|nonce| !self.0.contains_key(&(who.clone(), *nonce))).unwrap_or(u32::MAX)
    }

    /// Takes all out, in the order for a block.
    pub(crate) fn take(&mut self) -> Vec<Waiting> {
        std::mem::take(&mut self.0).into_values().collect()
    }

    /// Puts back one that has to wait for a nonce before its own.
    pub(crate) fn put_back(&mut self, who: AccountId32, nonce: u32, waiting: Waiting) {
        self.0.entry((who, nonce)).or_insert(waiting);
    }

    /// What waits, as it was sent.
    pub(crate) fn encoded(&self) -> Vec<Vec<u8>> {
        self.0.values().map(|waiting| waiting.extrinsic.encode()).collect()
    }
}

/// Who signed a transaction, and with which nonce.
pub(crate) fn signer(extrinsic: &Extrinsic) -> Option<(AccountId32, u32)> {
    use sp_runtime::generic::Preamble;
    let Preamble::Signed(sp_runtime::MultiAddress::Id(who), _, ((.., nonce, _), _)) = &extrinsic.preamble else {
        return None;
    };
    Some((who.clone(), nonce.0))
}
