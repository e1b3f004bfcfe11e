//! `SubtensorModule`, as a client sees it: names, types, indexes and hashers are finney's at spec 393, what the calls do is
//! in [`crate::rules`].

#![allow(missing_docs, reason = "the items are finney's, and FRAME makes many more out of them")]
#![allow(
    clippy::expect_used,
    clippy::too_many_arguments,
    clippy::module_inception,
    clippy::enum_variant_names,
    reason = "finney's arguments and names, and what FRAME's macros write"
)]

pub mod errors;
pub mod events;
pub mod neurons;
pub mod subnets;

pub use self::pallet::*;

use frame_support::pallet_macros::import_section;

/// The longest commit of timelocked weights.
pub type MaxCommitBytes = frame_support::traits::ConstU32<5_000>;

#[import_section(crate::pallet::errors::errors)]
#[import_section(crate::pallet::events::events)]
#[import_section(crate::pallet::neurons::neurons)]
#[import_section(crate::pallet::subnets::subnets)]
#[frame_support::pallet]
pub mod pallet {
    use frame_support::dispatch::Pays;
    use frame_support::pallet_prelude::*;
    use frame_support::traits::{ConstBool, ConstI16, ConstU8, ConstU16, ConstU64};
    use frame_system::pallet_prelude::*;
    use sp_core::H256;
    use sp_core::crypto::AccountId32;

    use super::MaxCommitBytes;
    use crate::pallet::defaults::{AlphaBounds, NoAccount, Symbol};
    use crate::rules::{Endpoint, Rules};
    use crate::types::*;

    /// Half a microsecond of a reference machine, in picoseconds; what every transaction costs is more.
    const WORK: Weight = Weight::from_parts(500_000, 0);

    #[pallet::pallet]
    #[pallet::without_storage_info]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config:
        frame_system::Config<AccountId = AccountId32, Nonce = u32> + pallet_balances::Config<Balance = u64>
    {
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(block: BlockNumberFor<T>) -> Weight {
            crate::epoch::step::<T>(TryInto::<u64>::try_into(block).unwrap_or(u64::MAX));
            Weight::zero()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        #[pallet::call_index(0)]
        #[pallet::weight((WORK, DispatchClass::Normal, Pays::No))]
        pub fn set_weights(
            origin: OriginFor<T>,
            netuid: u16,
            dests: Vec<u16>,
            weights: Vec<u16>,
            version_key: u64,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            Rules::<T>::said(Rules::<T>::set_weights(&hotkey, netuid, 0, dests, weights, version_key))
        }

        #[pallet::call_index(2)]
        #[pallet::weight((WORK, DispatchClass::Normal, Pays::Yes))]
        pub fn add_stake(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            netuid: u16,
            amount_staked: u64,
        ) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Rules::<T>::said(Rules::<T>::add_stake(&coldkey, &hotkey, netuid, amount_staked))
        }

        #[pallet::call_index(4)]
        #[pallet::weight((WORK, DispatchClass::Normal, Pays::No))]
        pub fn serve_axon(
            origin: OriginFor<T>,
            netuid: u16,
            version: u32,
            ip: u128,
            port: u16,
            ip_type: u8,
            protocol: u8,
            placeholder1: u8,
            placeholder2: u8,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            let axon = AxonInfo { block: 0, version, ip, port, ip_type, protocol, placeholder1, placeholder2 };
            Rules::<T>::said(Rules::<T>::serve_axon(&hotkey, netuid, axon, None))
        }

        #[pallet::call_index(5)]
        #[pallet::weight((WORK, DispatchClass::Normal, Pays::No))]
        pub fn serve_prometheus(
            origin: OriginFor<T>,
            netuid: u16,
            version: u32,
            ip: u128,
            port: u16,
            ip_type: u8,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            Rules::<T>::said(Rules::<T>::serve_prometheus(&hotkey, netuid, version, Endpoint { ip, port, ip_type }))
        }

        #[pallet::call_index(7)]
        #[pallet::weight((WORK, DispatchClass::Normal, Pays::Yes))]
        pub fn burned_register(origin: OriginFor<T>, netuid: u16, hotkey: T::AccountId) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Rules::<T>::said(Rules::<T>::burned_register(&coldkey, &hotkey, netuid))
        }

        #[pallet::call_index(40)]
        #[pallet::weight((WORK, DispatchClass::Normal, Pays::No))]
        pub fn serve_axon_tls(
            origin: OriginFor<T>,
            netuid: u16,
            version: u32,
            ip: u128,
            port: u16,
            ip_type: u8,
            protocol: u8,
            placeholder1: u8,
            placeholder2: u8,
            certificate: Vec<u8>,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            let axon = AxonInfo { block: 0, version, ip, port, ip_type, protocol, placeholder1, placeholder2 };
            Rules::<T>::said(Rules::<T>::serve_axon(&hotkey, netuid, axon, Some(certificate)))
        }

        #[pallet::call_index(59)]
        #[pallet::weight((WORK, DispatchClass::Normal, Pays::Yes))]
        pub fn register_network(origin: OriginFor<T>, hotkey: T::AccountId) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Rules::<T>::said(Rules::<T>::register_network(&coldkey, &hotkey))
        }

        #[pallet::call_index(92)]
        #[pallet::weight((WORK, DispatchClass::Normal, Pays::Yes))]
        pub fn start_call(origin: OriginFor<T>, netuid: u16) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Rules::<T>::said(Rules::<T>::start_call(&coldkey, netuid))
        }

        #[pallet::call_index(119)]
        #[pallet::weight((WORK, DispatchClass::Normal, Pays::No))]
        pub fn set_mechanism_weights(
            origin: OriginFor<T>,
            netuid: u16,
            mecid: u8,
            dests: Vec<u16>,
            weights: Vec<u16>,
            version_key: u64,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            Rules::<T>::said(Rules::<T>::set_weights(&hotkey, netuid, mecid, dests, weights, version_key))
        }
    }
}

/// The defaults of storages that are not a number.
pub mod defaults {
    use frame_support::traits::Get;
    use sp_core::crypto::AccountId32;

    /// The account of zeros: nobody.
    pub struct NoAccount;

    impl Get<AccountId32> for NoAccount {
        fn get() -> AccountId32 {
            AccountId32::new([0; 32])
        }
    }

    /// A small tau.
    pub struct Symbol;

    impl Get<Vec<u8>> for Symbol {
        fn get() -> Vec<u8> {
            "\u{1d70f}".as_bytes().to_vec()
        }
    }

    /// The bounds of liquid alpha, low and high, of 65535.
    pub struct AlphaBounds;

    impl Get<(u16, u16)> for AlphaBounds {
        fn get() -> (u16, u16) {
            (45_875, 58_982)
        }
    }
}
