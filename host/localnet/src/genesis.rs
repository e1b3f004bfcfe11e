//! What the first block has in it.

use std::collections::BTreeSet;

use sp_core::crypto::Pair;
use sp_core::sr25519;
use sp_runtime::{BuildStorage, Storage};
use sp_state_machine::BasicExternalities;

use crate::change::{Account, Change, Switch};
use crate::error::LocalnetError;
use crate::layer::{self, Layer};
use crate::pallet::*;
use crate::rules::{Rules, TAO};
use crate::runtime::{BalancesConfig, EXISTENTIAL_DEPOSIT, Runtime, RuntimeGenesisConfig};

/// The names of the development accounts; the key of each is made of `//Name`.
pub const DEVELOPERS: [&str; 6] = ["Alice", "Bob", "Charlie", "Dave", "Eve", "Ferdie"];

/// What each of them has: a million TAO, in RAO.
const FORTUNE: u64 = 1_000_000 * TAO;

/// What consensus counts of TAO on the root network, of 2^64: 18 %. Finney's governance has set this; the default of its
/// runtime is less.
const TAO_WEIGHT: u64 = 3_320_413_933_267_719_290;

/// The public key of an sr25519 key that is made of a text such as `//Alice`.
#[must_use]
pub fn account(uri: &str) -> Option<Account> {
    sr25519::Pair::from_string(uri, None).ok().map(|pair| Account::from(pair.public()))
}

/// The first state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Genesis {
    /// Who has how much, in RAO.
    pub accounts: Vec<(Account, u64)>,
    /// The subnets beside the root network, which is always there.
    pub subnets: Vec<Subnet>,
}

/// A subnet of the first state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnet {
    /// Its number, from 1.
    pub netuid: u16,
    /// Its owner's coldkey.
    pub owner: Account,
    /// Its owner's hotkey, which is exempt from permits.
    pub owner_hotkey: Account,
    /// Its neurons in the order of their uids. There is room for all of them, also where they are more than finney's 256.
    pub members: Vec<Member>,
    /// What differs from the development values, in their order, after the neurons are there.
    pub changes: Vec<Change>,
}

/// A neuron of the first state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its key.
    pub hotkey: Account,
    /// Whose it is.
    pub coldkey: Account,
    /// Its alpha, in RAO.
    pub stake: u64,
}

impl Genesis {
    /// Six funded accounts (`//Alice` to `//Ferdie`, a million TAO each), and subnet 1 without neurons, owned by `//Alice`.
    #[must_use]
    pub fn development() -> Self {
        let accounts: Vec<(Account, u64)> = DEVELOPERS
            .iter()
            .filter_map(|name| account(&format!("//{name}")))
            .map(|account| (account, FORTUNE))
            .collect();
        let subnets = accounts.first().map(|(owner, _)| Subnet::new(1, owner.clone())).into_iter().collect();
        Self { accounts, subnets }
    }
}

impl Default for Genesis {
    fn default() -> Self {
        Self::development()
    }
}

impl Subnet {
    /// A subnet without neurons, whose owner has one key for both.
    #[must_use]
    pub fn new(netuid: u16, owner: Account) -> Self {
        Self { netuid, owner_hotkey: owner.clone(), owner, members: Vec::new(), changes: Vec::new() }
    }

    /// What a development subnet has instead of finney's defaults: an epoch each 20 blocks, plain weights, no pauses, and
    /// registrations for 0.1 TAO in any number.
    fn development(netuid: u16) -> [Change; 6] {
        [
            Change::Tempo { netuid, tempo: 20 },
            Change::CommitReveal { netuid, enabled: Switch::Off },
            Change::WeightsRateLimit { netuid, blocks: 0 },
            Change::ServingRateLimit { netuid, blocks: 0 },
            Change::MinAllowedWeights { netuid, weights: 1 },
            Change::RegistrationTarget { netuid, registrations: 10_000 },
        ]
    }

    fn build(&self) -> Result<(), LocalnetError> {
        Rules::<Runtime>::add_network(&self.owner, &self.owner_hotkey, self.netuid);
        for change in Self::development(self.netuid) {
            change.apply()?;
        }
        Rules::<Runtime>::start(self.netuid);
        let members = u16::try_from(self.members.len()).unwrap_or(u16::MAX);
        let uids = MaxAllowedUids::<Runtime>::get(self.netuid).max(members);
        Change::MaxUids { netuid: self.netuid, uids }.apply()?;
        for Member { hotkey, coldkey, stake } in &self.members {
            let (hotkey, coldkey, netuid) = (hotkey.clone(), coldkey.clone(), self.netuid);
            Change::Register { netuid, hotkey: hotkey.clone(), coldkey }.apply()?;
            Change::Stake { hotkey, netuid, rao: *stake }.apply()?;
        }
        self.changes.iter().try_for_each(Change::apply)
    }
}

/// The state of the first block. The chain's name and seed are in it, so that chains which differ there have different
/// first blocks.
pub(crate) fn build(genesis: &Genesis, (name, seed): (&str, u64), layer: Layer) -> Result<Storage, LocalnetError> {
    check(genesis)?;
    let balances = BalancesConfig { balances: genesis.accounts.clone(), ..Default::default() };
    let config = RuntimeGenesisConfig { balances, ..Default::default() };
    let mut storage = config.build_storage().map_err(LocalnetError::Genesis)?;
    BasicExternalities::execute_with_storage(&mut storage, || {
        frame_support::storage::unhashed::put(b"soma:name", &name.as_bytes().to_vec());
        frame_support::storage::unhashed::put(b"soma:seed", &seed);
        layer::set(layer);
        let nobody = Account::new([0; 32]);
        Rules::<Runtime>::add_network(&nobody, &nobody, 0);
        NetworkRateLimit::<Runtime>::put(0);
        TaoWeight::<Runtime>::put(TAO_WEIGHT);
        genesis.subnets.iter().try_for_each(Subnet::build)
    })?;
    Ok(storage)
}

/// FRAME panics at what is refused here.
fn check(genesis: &Genesis) -> Result<(), LocalnetError> {
    let mut seen = BTreeSet::new();
    for (account, rao) in &genesis.accounts {
        if *rao < EXISTENTIAL_DEPOSIT {
            return Err(LocalnetError::Genesis(format!("{account} has less than {EXISTENTIAL_DEPOSIT} RAO")));
        }
        if !seen.insert(account) {
            return Err(LocalnetError::Genesis(format!("{account} is there twice")));
        }
    }
    let netuids: BTreeSet<u16> = genesis.subnets.iter().map(|subnet| subnet.netuid).collect();
    match netuids.len() == genesis.subnets.len() && !netuids.contains(&0) {
        true => Ok(()),
        false => Err(LocalnetError::Genesis("a subnet is there twice, or has the number 0".to_owned())),
    }
}

/// The root of a state's tree, as the first block's header has it.
pub(crate) fn root(storage: &mut Storage) -> sp_core::H256 {
    BasicExternalities::execute_with_storage(storage, || {
        let root = sp_io::storage::root(sp_runtime::StateVersion::V1);
        sp_core::H256::from_slice(&root)
    })
}
