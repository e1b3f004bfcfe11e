//! Blocks and states. Each block is made over a copy of the state before it.

use std::collections::{BTreeMap, HashMap};
use std::time::{SystemTime, UNIX_EPOCH};

use parity_scale_codec::Decode;
use sp_core::H256;
use sp_core::crypto::AccountId32;
use sp_runtime::Storage;
use sp_runtime::traits::{BlakeTwo256, Hash, Header as _};
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionSource, TransactionValidityError};
use sp_state_machine::BasicExternalities;

use super::panic;
use super::pool::{self, Pool, Refusal, Waiting};
use crate::error::LocalnetError;
use crate::runtime::{Block, Executive, Extrinsic, Header, RuntimeCall, System};

/// The states of this many blocks are kept, as a node without an archive does.
const STATES: u32 = 256;

/// Blocks are found by hash and by number; there are no forks.
pub(crate) struct Chain {
    blocks: Vec<Block>,
    numbers: HashMap<H256, u32>,
    states: BTreeMap<u32, Storage>,
    pool: Pool,
    places: HashMap<H256, Place>,
    finality_lag: u32,
    clock: u64,
}

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It is in the block with this number.
    Block(u32),
    /// The runtime would not have it in a block any more.
    Dropped,
}

/// Why a state cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoState {
    /// There is no such block.
    Unknown(H256),
    /// The block is too old.
    Discarded(H256),
}

impl Chain {
    pub(crate) fn new(mut genesis: Storage, finality_lag: u32) -> Self {
        let root = crate::genesis::root(&mut genesis);
        let header = Header::new(
            0,
            BlakeTwo256::ordered_trie_root(Vec::new(), sp_runtime::StateVersion::V1),
            root,
            H256::zero(),
            Default::default(),
        );
        let numbers = HashMap::from([(header.hash(), 0)]);
        let blocks = vec![Block { header, extrinsics: Vec::new() }];
        Self {
            blocks,
            numbers,
            states: BTreeMap::from([(0, genesis)]),
            pool: Pool::default(),
            places: HashMap::new(),
            finality_lag,
            clock: 0,
        }
    }

    pub(crate) fn head(&self) -> u32 {
        u32::try_from(self.blocks.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    pub(crate) fn finalized(&self) -> u32 {
        self.head().saturating_sub(self.finality_lag)
    }

    pub(crate) fn hash(&self, number: u32) -> Option<H256> {
        Some(self.by_number(number)?.header.hash())
    }

    pub(crate) fn block(&self, hash: H256) -> Option<&Block> {
        self.by_number(*self.numbers.get(&hash)?)
    }

    fn by_number(&self, number: u32) -> Option<&Block> {
        self.blocks.get(usize::try_from(number).ok()?)
    }

    /// The hash of the newest block, or of the newest final one.
    pub(crate) fn newest(&self) -> H256 {
        self.hash(self.head()).unwrap_or_default()
    }

    /// The state after a block; the newest without a hash.
    pub(crate) fn state(&self, at: Option<H256>) -> Result<&Storage, NoState> {
        let hash = at.unwrap_or_else(|| self.newest());
        let number = self.numbers.get(&hash).ok_or(NoState::Unknown(hash))?;
        self.states.get(number).ok_or(NoState::Discarded(hash))
    }

    /// Runs something over a copy of a state; what it changes is forgotten. A panic of the runtime comes out as its text.
    pub(crate) fn with_state<R>(
        &self,
        at: Option<H256>,
        run: impl FnOnce() -> R,
    ) -> Result<Result<R, String>, NoState> {
        let mut copy = self.state(at)?.clone();
        Ok(panic::caught(|| BasicExternalities::execute_with_storage(&mut copy, run)))
    }

    /// Takes a transaction into the pool.
    pub(crate) fn submit(&mut self, bytes: &[u8]) -> Result<H256, Refusal> {
        let mut rest = bytes;
        let extrinsic = Extrinsic::decode(&mut rest).map_err(|error| Refusal::Format(error.to_string()))?;
        let Some((who, nonce)) = pool::signer(&extrinsic) else {
            return Err(Refusal::Invalid(InvalidTransaction::BadProof));
        };
        let checked = self.validate(&extrinsic)?;
        checked.map_err(Refusal::from)?;
        self.pool.add(who, nonce, extrinsic)
    }

    fn validate(&self, extrinsic: &Extrinsic) -> Result<Result<(), TransactionValidityError>, Refusal> {
        let newest = self.newest();
        let verdict = self.with_state(None, || {
            Executive::validate_transaction(TransactionSource::External, extrinsic.clone(), newest).map(|_| ())
        });
        match verdict {
            Ok(Ok(verdict)) => Ok(verdict),
            Ok(Err(panic)) => Err(Refusal::Format(panic)),
            Err(_) => Err(Refusal::Invalid(InvalidTransaction::Call)),
        }
    }

    /// The nonce for an account's next transaction, those that wait counted.
    pub(crate) fn next_nonce(&self, who: &AccountId32) -> u32 {
        let next = match self.with_state(None, || System::account_nonce(who)) {
            Ok(Ok(nonce)) => nonce,
            _ => 0,
        };
        self.pool.next_nonce(who, next)
    }

    /// The transactions that wait, as they were sent.
    pub(crate) fn waiting(&self) -> Vec<Vec<u8>> {
        self.pool.encoded()
    }

    /// Makes the next block out of what waits, and of changes from outside.
    ///
    /// # Errors
    /// What a change says; there is no new block then, and what waits goes on waiting.
    pub(crate) fn make(&mut self, change: impl Fn() -> Result<(), LocalnetError>) -> Result<(), LocalnetError> {
        if let Ok(Ok(Err(error))) = self.with_state(None, &change) {
            return Err(error);
        }
        let number = self.head().saturating_add(1);
        let waiting: Vec<Waiting> = self.pool.take();
        let mut state = self.states.get(&self.head()).cloned().unwrap_or_default();
        let (header, clock) = (new_header(number, self.newest()), self.tick());
        let (block, places) = BasicExternalities::execute_with_storage(&mut state, || {
            Executive::initialize_block(&header);
            let mut block = Block { header, extrinsics: Vec::new() };
            let mut places = Vec::new();
            let timed = include(&mut block, clock);
            debug_assert!(timed.is_ok(), "the clock only goes forward");
            let changed = change();
            for one in waiting {
                places.push((include(&mut block, one.extrinsic.clone()), one));
            }
            block.header = Executive::finalize_block();
            changed.map(|()| (block, places))
        })?;
        for (included, one) in places {
            match (included, pool::signer(&one.extrinsic)) {
                (Ok(()), _) => drop(self.places.insert(one.hash, Place::Block(number))),
                (Err(InvalidTransaction::Future), Some((who, nonce))) => self.pool.put_back(who, nonce, one),
                (Err(_), _) => drop(self.places.insert(one.hash, Place::Dropped)),
            }
        }
        self.keep(block, state);
        Ok(())
    }

    /// What became of a transaction; nothing while it waits.
    pub(crate) fn place(&self, transaction: H256) -> Option<Place> {
        self.places.get(&transaction).copied()
    }

    /// The extrinsic that tells a block its time: now, and at least a millisecond after the block before.
    fn tick(&mut self) -> Extrinsic {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_millis()).unwrap_or_default();
        self.clock = u64::try_from(now).unwrap_or(u64::MAX).max(self.clock.saturating_add(1));
        Extrinsic::new_bare(RuntimeCall::Timestamp(pallet_timestamp::Call::set { now: self.clock }))
    }

    fn keep(&mut self, block: Block, state: Storage) {
        let number = block.header.number;
        self.numbers.insert(block.header.hash(), number);
        self.blocks.push(block);
        self.states.insert(number, state);
        self.states.retain(|kept, _| kept.saturating_add(STATES) > number);
    }

    /// Forgets every state but the newest.
    pub(crate) fn prune(&mut self) {
        let head = self.head();
        self.states.retain(|number, _| *number == head);
    }

    /// Answers a question to the runtime by its name; nothing when the runtime has no such question.
    pub(crate) fn call(
        &self,
        method: &str,
        arguments: &[u8],
        at: Option<H256>,
    ) -> Result<Result<Option<Vec<u8>>, String>, NoState> {
        self.with_state(at, || match crate::metadata::answers(method) {
            true => crate::interface::api::dispatch(method, arguments),
            false => None,
        })
    }
}

/// Puts a transaction into a block; the state is untouched when the runtime will not have it.
fn include(block: &mut Block, extrinsic: Extrinsic) -> Result<(), InvalidTransaction> {
    sp_io::storage::start_transaction();
    match Executive::apply_extrinsic(extrinsic.clone()) {
        Ok(_) => {
            sp_io::storage::commit_transaction();
            block.extrinsics.push(extrinsic);
            Ok(())
        }
        Err(error) => {
            sp_io::storage::rollback_transaction();
            Err(match error {
                TransactionValidityError::Invalid(reason) => reason,
                TransactionValidityError::Unknown(_) => InvalidTransaction::Call,
            })
        }
    }
}

fn new_header(number: u32, parent: H256) -> Header {
    Header::new(number, H256::zero(), H256::zero(), parent, Default::default())
}

#[cfg(test)]
mod tests {
    use parity_scale_codec::Encode;
    use proptest::prelude::*;
    use sp_core::{Pair, sr25519};
    use sp_runtime::generic::Era;
    use sp_runtime::{MultiAddress, MultiSignature};

    use super::*;
    use crate::extensions::CheckNonce;
    use crate::genesis::{Genesis, Member};
    use crate::layer::Layer;
    use crate::pallet::Call;
    use crate::runtime::{Extension, Runtime};

    /// Subnet 1 with one neuron, which owns it; calls are refused in their block.
    fn chain() -> Chain {
        let mut genesis = Genesis::development();
        let alice = crate::genesis::account("//Alice").unwrap();
        let member = Member { hotkey: alice.clone(), coldkey: alice, stake: 1_000 };
        genesis.subnets.iter_mut().for_each(|subnet| subnet.members.push(member.clone()));
        Chain::new(crate::genesis::build(&genesis, ("test", 0), Layer::Dispatch).unwrap(), 0)
    }

    /// A call, signed by `//Alice`.
    fn signed(chain: &Chain, call: RuntimeCall) -> Extrinsic {
        let key = sr25519::Pair::from_string("//Alice", None).unwrap();
        let who = AccountId32::from(key.public());
        let extension: Extension = (
            (
                frame_system::CheckNonZeroSender::new(),
                frame_system::CheckSpecVersion::new(),
                frame_system::CheckTxVersion::new(),
                frame_system::CheckGenesis::new(),
                frame_system::CheckMortality::from(Era::Immortal),
                CheckNonce(chain.next_nonce(&who)),
                frame_system::CheckWeight::new(),
            ),
            (
                pallet_transaction_payment::ChargeTransactionPayment::from(0),
                Default::default(),
                Default::default(),
                Default::default(),
                Default::default(),
                frame_metadata_hash_extension::CheckMetadataHash::new(false),
            ),
        );
        let said = (call.clone(), extension.clone());
        let payload = || sp_runtime::generic::SignedPayload::<RuntimeCall, Extension>::new(said.0, said.1).unwrap();
        let signature = chain.with_state(None, || payload().using_encoded(|bytes| key.sign(bytes))).unwrap().unwrap();
        Extrinsic::new_signed(call, MultiAddress::Id(who), MultiSignature::Sr25519(signature), extension)
    }

    /// Bytes, some of which begin as a signed transaction does.
    fn transaction() -> impl Strategy<Value = Vec<u8>> {
        let beginning =
            prop_oneof![Just(vec![]), Just(vec![0x84]), Just(vec![0x84, 0]), Just(vec![0xff, 0xff, 0x84, 0])];
        (beginning, proptest::collection::vec(any::<u8>(), 0..300)).prop_map(|(mut whole, mut rest)| {
            whole.append(&mut rest);
            whole
        })
    }

    /// A number that is often a good one.
    fn often<N: std::fmt::Debug + Clone + Arbitrary + From<u8> + 'static>() -> impl Strategy<Value = N> {
        prop_oneof![Just(N::from(0)), Just(N::from(1)), any::<N>()]
    }

    fn call() -> impl Strategy<Value = Call<Runtime>> {
        let account = prop_oneof![Just([0; 32]), any::<[u8; 32]>()].prop_map(AccountId32::new);
        let row = || proptest::collection::vec(often::<u16>(), 0..4);
        let weights =
            (often(), often(), row(), row(), often()).prop_map(|(netuid, mecid, dests, weights, version_key)| {
                Call::set_mechanism_weights { netuid, mecid, dests, weights, version_key }
            });
        let stake = (account.clone(), often(), any::<u64>())
            .prop_map(|(hotkey, netuid, amount_staked)| Call::add_stake { hotkey, netuid, amount_staked });
        let serve =
            (often(), any::<u128>(), any::<u16>(), any::<[u8; 5]>(), proptest::collection::vec(any::<u8>(), 0..80));
        let serve = serve.prop_map(
            |(netuid, ip, port, [version, ip_type, protocol, placeholder1, placeholder2], certificate)| {
                let version = version.into();
                Call::serve_axon_tls {
                    netuid,
                    version,
                    ip,
                    port,
                    ip_type,
                    protocol,
                    placeholder1,
                    placeholder2,
                    certificate,
                }
            },
        );
        let register = (often(), account.clone()).prop_map(|(netuid, hotkey)| Call::burned_register { netuid, hotkey });
        let found = account.prop_map(|hotkey| Call::register_network { hotkey });
        let start = often().prop_map(|netuid| Call::start_call { netuid });
        prop_oneof![weights, stake, serve, register, found, start]
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_as_a_transaction(bytes in transaction()) {
            let refusal = chain().submit(&bytes).unwrap_err();
            prop_assert!(matches!(refusal.code(), 1001 | 1010), "{refusal:?}");
        }

        #[test]
        fn any_signed_call_comes_into_a_block(calls in proptest::collection::vec(call(), 1..4)) {
            let mut chain = chain();
            // The runtime knows the hash of the first block, which is signed too, from the second on.
            chain.make(|| Ok(())).unwrap();
            for call in calls {
                let bytes = signed(&chain, call.into()).encode();
                let hash = chain.submit(&bytes).unwrap();
                prop_assert_eq!(chain.submit(&bytes), Err(Refusal::Known));
                chain.make(|| Ok(())).unwrap();
                prop_assert_eq!(chain.place(hash), Some(Place::Block(chain.head())));
            }
        }
    }
}
