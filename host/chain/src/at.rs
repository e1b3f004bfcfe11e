//! One block of the chain, and how its state is read.

use std::collections::HashMap;
use std::time::Duration;

use scale_decode::DecodeAsType;
use subxt::SubstrateConfig;
use subxt::client::OnlineClientAtBlock;
use subxt::ext::frame_decode::runtime_apis::IntoEncodableValues as Arguments;
use subxt::ext::frame_decode::storage::{IntoDecodableValues, IntoEncodableValues};
use subxt::metadata::{Metadata, StorageEntryMetadata};
use subxt::utils::H256;

use crate::client::Client;
use crate::convert;
use crate::error::ChainError;

/// The pallet that holds almost all of subtensor.
pub const PALLET: &str = "SubtensorModule";

/// How many keys are asked for in one question.
const KEYS: usize = 500;

/// subxt's client at one block.
pub type Block = OnlineClientAtBlock<SubstrateConfig>;

/// The state of the chain at one block, with the metadata of the runtime that the block has.
#[derive(Clone)]
pub struct At {
    client: Client,
    block: Block,
}

impl At {
    pub(crate) fn new(client: Client, block: Block) -> Self {
        Self { client, block }
    }

    /// The client that this block came from.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// subxt's own handle of the block.
    #[must_use]
    pub fn block(&self) -> &Block {
        &self.block
    }

    /// The block's number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.block.block_number()
    }

    /// The block's hash.
    #[must_use]
    pub fn hash(&self) -> H256 {
        self.block.block_hash()
    }

    /// The runtime's spec version at the block.
    #[must_use]
    pub fn spec_version(&self) -> u32 {
        self.block.spec_version()
    }

    /// The runtime's metadata at the block.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        self.block.metadata_ref()
    }

    /// When the block was made, by its author's clock, since 1970.
    ///
    /// # Errors
    /// As [`storage`](Self::storage).
    pub async fn time(&self) -> Result<Duration, ChainError> {
        let made: Option<u64> = self.storage("Timestamp", "Now", ()).await?;
        Ok(Duration::from_millis(made.unwrap_or_default()))
    }

    /// Whether the runtime has this storage.
    #[must_use]
    pub fn has_storage(&self, pallet: &str, entry: &str) -> bool {
        let storage = self.metadata().pallet_by_name(pallet).and_then(|pallet| pallet.storage());
        storage.and_then(|storage| storage.entry_by_name(entry)).is_some()
    }

    /// Whether the runtime has this runtime API.
    #[must_use]
    pub fn has_api(&self, api: &str, method: &str) -> bool {
        self.metadata().runtime_api_trait_by_name(api).and_then(|api| api.method_by_name(method)).is_some()
    }

    /// Whether the runtime has this call.
    #[must_use]
    pub fn has_call(&self, pallet: &str, call: &str) -> bool {
        self.metadata().pallet_by_name(pallet).and_then(|pallet| pallet.call_variant_by_name(call)).is_some()
    }

    /// The [`ChainError::Missing`] of an item, for instance `storage SubtensorModule.Uids`.
    #[must_use]
    pub fn missing(&self, what: impl Into<String>) -> ChainError {
        ChainError::Missing { what: what.into(), spec: self.spec_version() }
    }

    /// A storage value, or the default that the runtime has for it; nothing when it has neither.
    ///
    /// # Errors
    /// [`ChainError::Missing`] without such a storage, [`ChainError::Undecodable`] when it has another type,
    /// [`ChainError::StatePruned`] when the node has let go of the block, or that the endpoints do not answer.
    pub async fn storage<K, V>(&self, pallet: &str, entry: &str, keys: K) -> Result<Option<V>, ChainError>
    where
        K: IntoEncodableValues + IntoDecodableValues + Send,
        V: DecodeAsType,
    {
        let what = format!("storage {pallet}.{entry}");
        if !self.has_storage(pallet, entry) {
            return Err(self.missing(what));
        }
        let storage = self.block.storage();
        let entry = storage
            .entry(subxt::dynamic::storage::<K, V>(pallet, entry))
            .map_err(|error| convert::storage(&what, error))?;
        let value = match entry.try_fetch(keys).await {
            Ok(value) => value.or_else(|| entry.default_value()),
            Err(error) => return Err(self.explained(convert::storage(&what, error)).await),
        };
        value.map(|value| value.decode()).transpose().map_err(|error| convert::undecodable(&what, &error))
    }

    /// All entries of a map of a subnet: whole storage keys (they end with the last part of the key, because the hashers
    /// in use keep it) and values.
    ///
    /// At most `most` entries are read; a map with more is an error, because a node that never stops must not fill our
    /// memory.
    ///
    /// # Errors
    /// As [`storage`](Self::storage).
    pub async fn entries<V: DecodeAsType>(
        &self,
        pallet: &str,
        entry: &str,
        netuid: u16,
        most: usize,
    ) -> Result<Vec<(Vec<u8>, V)>, ChainError> {
        let what = format!("storage {pallet}.{entry}");
        if !self.has_storage(pallet, entry) {
            return Err(self.missing(what));
        }
        // The second part is never encoded here, so its type does not matter.
        let address = subxt::dynamic::storage::<(u16, u16), V>(pallet, entry);
        let mut found = match self.block.storage().iter(address, (netuid,)).await {
            Ok(found) => found,
            Err(error) => return Err(self.explained(convert::storage(&what, error)).await),
        };
        let mut read = Vec::new();
        while let Some(item) = found.next().await {
            let item = match item {
                Ok(item) => item,
                Err(error) => return Err(self.explained(convert::storage(&what, error)).await),
            };
            if read.len() >= most {
                return Err(ChainError::Undecodable { what, detail: format!("it has more than {most} entries") });
            }
            let value = item.value().decode().map_err(|error| convert::undecodable(&what, &error))?;
            read.push((item.key_bytes().to_vec(), value));
        }
        Ok(read)
    }

    /// The answer of a runtime API.
    ///
    /// # Errors
    /// As [`storage`](Self::storage).
    pub async fn api<A, R>(&self, api: &str, method: &str, arguments: A) -> Result<R, ChainError>
    where
        A: Arguments + Send,
        R: DecodeAsType,
    {
        let what = format!("runtime API {api}.{method}");
        if !self.has_api(api, method) {
            return Err(self.missing(what));
        }
        let payload = subxt::dynamic::runtime_api_call::<A, R>(api, method, arguments);
        match self.block.runtime_apis().call(payload).await {
            Ok(answer) => Ok(answer),
            Err(error) => Err(self.explained(convert::api(&what, error)).await),
        }
    }

    /// The values of many keys of one storage, in the order of the keys; nothing where the chain has nothing.
    ///
    /// # Errors
    /// As [`storage`](Self::storage).
    pub async fn many<K, V>(&self, pallet: &str, entry: &str, keys: Vec<K>) -> Result<Vec<Option<V>>, ChainError>
    where
        K: IntoEncodableValues + IntoDecodableValues + Send,
        V: DecodeAsType,
    {
        let what = format!("storage {pallet}.{entry}");
        let storage = self.metadata().pallet_by_name(pallet).and_then(|pallet| pallet.storage());
        let Some(ty) = storage.and_then(|storage| storage.entry_by_name(entry)).map(StorageEntryMetadata::value_ty)
        else {
            return Err(self.missing(what));
        };
        let address = subxt::dynamic::storage::<K, V>(pallet, entry);
        let entry = self.block.storage().entry(address).map_err(|error| convert::storage(&what, error))?;
        let keys: Vec<Vec<u8>> = keys
            .into_iter()
            .map(|key| entry.fetch_key(key).map_err(|error| convert::storage(&what, error)))
            .collect::<Result<_, _>>()?;
        let mut found = HashMap::new();
        for page in keys.chunks(KEYS) {
            let asked =
                self.client.rpc().state_query_storage_at(page.iter().map(Vec::as_slice), Some(self.hash())).await;
            let sets = match asked {
                Ok(sets) => sets,
                Err(error) => return Err(self.explained(convert::rpc(&what, error)).await),
            };
            let changes = sets.into_iter().flat_map(|set| set.changes);
            found.extend(changes.filter_map(|(key, value)| Some((key.0, value?.0))));
        }
        let types = self.metadata().types();
        let decoded = |bytes: Vec<u8>| V::decode_as_type(&mut bytes.as_slice(), ty, types);
        keys.iter()
            .map(|key| found.remove(key).map(decoded).transpose().map_err(|error| convert::undecodable(&what, &error)))
            .collect()
    }

    /// An error, with the cause found out where an error code does not tell it.
    async fn explained(&self, error: ChainError) -> ChainError {
        self.client.explained(self.hash(), error).await
    }
}
