//! The runtime: FRAME's own pallets and ours with the indexes of finney, and finney's transaction extensions in their order.

#![allow(missing_docs, reason = "FRAME's macros make the items")]

use frame_support::derive_impl;
use frame_support::parameter_types;
use frame_support::traits::{ConstU32, ConstU64, VariantCountOf};
use frame_support::weights::{ConstantMultiplier, Weight, WeightToFee};
use pallet_transaction_payment::FungibleAdapter;
use sp_core::crypto::AccountId32;
use sp_runtime::generic;
use sp_runtime::traits::BlakeTwo256;
use sp_runtime::{MultiAddress, MultiSignature};
use sp_version::RuntimeVersion;

use crate::extensions::{
    CheckNonce, CheckShieldedTxValidity, DrandPriority, SubtensorTransactionExtension, SudoTransactionExtension,
};

pub type Header = generic::Header<u32, BlakeTwo256>;
pub type Extension = (
    (
        frame_system::CheckNonZeroSender<Runtime>,
        frame_system::CheckSpecVersion<Runtime>,
        frame_system::CheckTxVersion<Runtime>,
        frame_system::CheckGenesis<Runtime>,
        frame_system::CheckMortality<Runtime>,
        CheckNonce,
        frame_system::CheckWeight<Runtime>,
    ),
    (
        pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
        SudoTransactionExtension<Runtime>,
        CheckShieldedTxValidity<Runtime>,
        SubtensorTransactionExtension<Runtime>,
        DrandPriority<Runtime>,
        frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
    ),
);
pub type Extrinsic = generic::UncheckedExtrinsic<MultiAddress<AccountId32, ()>, RuntimeCall, MultiSignature, Extension>;
pub type Block = generic::Block<Header, Extrinsic>;
pub type Executive =
    frame_executive::Executive<Runtime, Block, frame_system::ChainContext<Runtime>, Runtime, AllPalletsWithSystem>;

/// The version of a transaction's form, and of the interfaces behind it.
const TRANSACTION_VERSION: u32 = 1;

/// What an account needs at least to exist, in RAO; finney's.
pub const EXISTENTIAL_DEPOSIT: u64 = 500;

parameter_types! {
    pub Version: RuntimeVersion = RuntimeVersion {
        spec_name: "node-subtensor".into(),
        impl_name: "soma-localnet".into(),
        authoring_version: 1,
        spec_version: crate::layer::spec_version(),
        impl_version: 1,
        apis: crate::interface::RUNTIME_API_VERSIONS,
        transaction_version: TRANSACTION_VERSION,
        system_version: 1,
    };
}

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeSlashReason,
        RuntimeLockId,
        RuntimeTask,
        RuntimeViewFunction
    )]
    pub struct Runtime;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;
    #[runtime::pallet_index(2)]
    pub type Timestamp = pallet_timestamp;
    #[runtime::pallet_index(5)]
    pub type Balances = pallet_balances;
    #[runtime::pallet_index(6)]
    pub type TransactionPayment = pallet_transaction_payment;
    #[runtime::pallet_index(7)]
    pub type SubtensorModule = crate::pallet;
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
    type Block = Block;
    type AccountId = AccountId32;
    type Lookup = sp_runtime::traits::AccountIdLookup<AccountId32, ()>;
    type AccountData = pallet_balances::AccountData<u64>;
    type BlockHashCount = ConstU32<4096>;
    type Version = Version;
    type DbWeight = ();
}

impl pallet_timestamp::Config for Runtime {
    type Moment = u64;
    type OnTimestampSet = ();
    type MinimumPeriod = ConstU64<1>;
    type WeightInfo = ();
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Runtime {
    type AccountStore = System;
    type ExistentialDeposit = ConstU64<EXISTENTIAL_DEPOSIT>;
    type RuntimeEvent = RuntimeEvent;
    type RuntimeHoldReason = RuntimeHoldReason;
    type RuntimeFreezeReason = RuntimeFreezeReason;
    type MaxFreezes = VariantCountOf<RuntimeFreezeReason>;
}

impl pallet_transaction_payment::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type OnChargeTransaction = FungibleAdapter<Balances, ()>;
    type WeightToFee = Fee;
    type LengthToFee = ConstantMultiplier<u64, ConstU64<100>>;
    type FeeMultiplierUpdate = ();
    type OperationalFeeMultiplier = frame_support::traits::ConstU8<5>;
    type WeightInfo = ();
}

impl crate::pallet::Config for Runtime {}

/// A transaction of a coldkey costs about 0.0003 TAO: a RAO for each nanosecond.
pub struct Fee;

impl WeightToFee for Fee {
    type Balance = u64;

    fn weight_to_fee(weight: &Weight) -> u64 {
        weight.ref_time() / 1_000
    }
}

/// What FRAME says of this runtime.
pub(crate) fn metadata() -> sp_metadata_ir::MetadataIR {
    Runtime::metadata_ir()
}
