//! The runtime's interfaces: what `state_call` reaches by name.

#![allow(missing_docs, reason = "the interfaces are Substrate's and finney's, and their macros make many items")]

use frame_support::pallet_prelude::TypeInfo;
use parity_scale_codec::{Decode, Encode};
use sp_api::impl_runtime_apis;
use sp_core::OpaqueMetadata;
use sp_core::crypto::AccountId32;
use sp_runtime::ExtrinsicInclusionMode;
use sp_version::RuntimeVersion;

use crate::runtime::{Block, Executive, Extrinsic, Header, Runtime, System, TransactionPayment};
use crate::views::hyperparameters::{self, SubnetHyperparams, SubnetHyperparamsV2};
use crate::views::metagraph::{self, Metagraph, SelectiveMetagraph};
use crate::views::neuron::{self, NeuronInfo, NeuronInfoLite};
use crate::views::state::{self, SubnetState};

pub use self::declared::*;

/// A transaction as finney's interface takes it: in a wrapper that adds no bytes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Wrapped(Extrinsic);

mod declared {
    use super::*;

    sp_api::decl_runtime_apis! {
        pub trait AccountNonceApi {
            fn account_nonce(account: AccountId32) -> u32;
        }

        pub trait TransactionPaymentApi {
            fn query_info(uxt: Wrapped, len: u32) -> pallet_transaction_payment::RuntimeDispatchInfo<u64>;
        }

        pub trait NeuronInfoRuntimeApi {
            fn get_neurons(netuid: u16) -> Vec<NeuronInfo>;
            fn get_neuron(netuid: u16, uid: u16) -> Option<NeuronInfo>;
            fn get_neurons_lite(netuid: u16) -> Vec<NeuronInfoLite>;
            fn get_neuron_lite(netuid: u16, uid: u16) -> Option<NeuronInfoLite>;
        }

        pub trait SubnetInfoRuntimeApi {
            fn get_subnet_hyperparams(netuid: u16) -> Option<SubnetHyperparams>;
            fn get_subnet_hyperparams_v2(netuid: u16) -> Option<SubnetHyperparamsV2>;
            fn get_metagraph(netuid: u16) -> Option<Metagraph>;
            fn get_mechagraph(netuid: u16, mecid: u8) -> Option<Metagraph>;
            fn get_selective_metagraph(netuid: u16, metagraph_indexes: Vec<u16>) -> Option<SelectiveMetagraph>;
            fn get_selective_mechagraph(netuid: u16, subid: u8, metagraph_indexes: Vec<u16>) -> Option<SelectiveMetagraph>;
            fn get_subnet_state(netuid: u16) -> Option<SubnetState>;
        }

        pub trait SubnetRegistrationRuntimeApi {
            fn get_network_registration_cost() -> u64;
        }
    }
}

impl_runtime_apis! {
    impl sp_api::Core<Block> for Runtime {
        fn version() -> RuntimeVersion {
            crate::runtime::Version::get()
        }

        fn execute_block(block: <Block as sp_runtime::traits::Block>::LazyBlock) {
            Executive::execute_block(block);
        }

        fn initialize_block(header: &Header) -> ExtrinsicInclusionMode {
            Executive::initialize_block(header)
        }
    }

    impl sp_api::Metadata<Block> for Runtime {
        fn metadata() -> OpaqueMetadata {
            crate::metadata::at(crate::metadata::OLDEST).unwrap_or_else(|| OpaqueMetadata::new(Vec::new()))
        }

        fn metadata_at_version(version: u32) -> Option<OpaqueMetadata> {
            crate::metadata::at(version)
        }

        fn metadata_versions() -> Vec<u32> {
            crate::metadata::VERSIONS.to_vec()
        }
    }

    impl crate::interface::AccountNonceApi<Block> for Runtime {
        fn account_nonce(account: AccountId32) -> u32 {
            System::account_nonce(account)
        }
    }

    impl crate::interface::TransactionPaymentApi<Block> for Runtime {
        fn query_info(uxt: Wrapped, len: u32) -> pallet_transaction_payment::RuntimeDispatchInfo<u64> {
            TransactionPayment::query_info(uxt.0, len)
        }
    }

    impl crate::interface::NeuronInfoRuntimeApi<Block> for Runtime {
        fn get_neurons(netuid: u16) -> Vec<NeuronInfo> {
            neuron::all_whole(netuid)
        }

        fn get_neuron(netuid: u16, uid: u16) -> Option<NeuronInfo> {
            neuron::whole(netuid, uid)
        }

        fn get_neurons_lite(netuid: u16) -> Vec<NeuronInfoLite> {
            neuron::all_lite(netuid)
        }

        fn get_neuron_lite(netuid: u16, uid: u16) -> Option<NeuronInfoLite> {
            neuron::lite(netuid, uid)
        }
    }

    impl crate::interface::SubnetInfoRuntimeApi<Block> for Runtime {
        fn get_subnet_hyperparams(netuid: u16) -> Option<SubnetHyperparams> {
            hyperparameters::first(netuid)
        }

        fn get_subnet_hyperparams_v2(netuid: u16) -> Option<SubnetHyperparamsV2> {
            hyperparameters::second(netuid)
        }

        fn get_metagraph(netuid: u16) -> Option<Metagraph> {
            metagraph::whole(netuid)
        }

        fn get_mechagraph(netuid: u16, mecid: u8) -> Option<Metagraph> {
            metagraph::whole(netuid).filter(|_| mecid == 0)
        }

        fn get_selective_metagraph(netuid: u16, metagraph_indexes: Vec<u16>) -> Option<SelectiveMetagraph> {
            metagraph::selective(netuid, &metagraph_indexes)
        }

        fn get_selective_mechagraph(netuid: u16, subid: u8, metagraph_indexes: Vec<u16>) -> Option<SelectiveMetagraph> {
            metagraph::selective(netuid, &metagraph_indexes).filter(|_| subid == 0)
        }

        fn get_subnet_state(netuid: u16) -> Option<SubnetState> {
            state::state(netuid)
        }
    }

    impl crate::interface::SubnetRegistrationRuntimeApi<Block> for Runtime {
        fn get_network_registration_cost() -> u64 {
            crate::pallet::NetworkMinLockCost::<Runtime>::get()
        }
    }
}
