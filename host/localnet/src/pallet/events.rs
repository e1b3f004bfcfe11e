//! The events of the pallet, with finney's indexes.

use frame_support::pallet_macros::pallet_section;

/// Put into the pallet by `import_section`.
#[pallet_section]
mod events {
    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        #[codec(index = 0)]
        NetworkAdded(u16, u16),
        #[codec(index = 2)]
        StakeAdded(AccountId32, AccountId32, u64, u64, u16, u64),
        #[codec(index = 5)]
        WeightsSet(u16, u16),
        #[codec(index = 6)]
        NeuronRegistered(u16, u16, AccountId32),
        #[codec(index = 28)]
        AxonServed(u16, AccountId32),
        #[codec(index = 29)]
        PrometheusServed(u16, AccountId32),
    }
}
