//! The chain as one handle: connected, at a block, with its metadata.

use std::sync::Arc;

use subxt::backend::LegacyBackend;
use subxt::config::RpcConfigFor;
use subxt::utils::H256;
use subxt::{OnlineClient, SubstrateConfig};
use subxt_rpcs::client::RpcClient;
use subxt_rpcs::methods::legacy::LegacyRpcMethods;

use crate::at::At;
use crate::convert;
use crate::error::ChainError;
use crate::link::Link;
use crate::link::carried::remembering;
use crate::network::{Endpoint, Endpoints};
use crate::policy::Policy;

/// How many storage entries are asked for at once when a map is read; nodes allow up to 1,000.
const PAGE: u32 = 500;

/// The subxt client that [`Client`] holds.
pub type Online = OnlineClient<SubstrateConfig>;

/// The JSON-RPC methods, over the same connection as everything else.
pub type Rpc = LegacyRpcMethods<RpcConfigFor<SubstrateConfig>>;

/// A connection to a chain. Cloning is cheap and gives the same connection.
///
/// It connects again by itself, to the next endpoint when one fails. The metadata belongs to the block that is asked for:
/// the first block of a new spec version makes the client fetch it anew.
#[derive(Clone)]
pub struct Client {
    link: Arc<Link>,
    online: Online,
    rpc: Rpc,
}

impl Client {
    /// Connects to the first endpoint that can be used. Takes at most `policy.connect` for each endpoint.
    ///
    /// # Errors
    /// [`ChainError`] if none can be used: down, of another chain, behind. [`ChainError::passes`] says whether trying again
    /// may help.
    pub async fn connect(endpoints: Endpoints, policy: Policy) -> Result<Self, ChainError> {
        Self::dial(Link::new(endpoints, policy)).await
    }

    /// Connects as [`connect`](Self::connect) does, and refuses every chain whose first block is not `genesis`: for a chain
    /// that is known only by its URL, and was seen before.
    ///
    /// # Errors
    /// As [`connect`](Self::connect); [`ChainError::WrongChain`] too when `genesis` is not that of the network.
    pub async fn connect_to(endpoints: Endpoints, policy: Policy, genesis: H256) -> Result<Self, ChainError> {
        let link = Link::new(endpoints, policy);
        link.pin(genesis)?;
        Self::dial(link).await
    }

    async fn dial(link: Link) -> Result<Self, ChainError> {
        let link = Arc::new(link);
        link.connect().await?;
        let client = RpcClient::new(Arc::clone(&link));
        let rpc = LegacyRpcMethods::new(client.clone());
        let backend = LegacyBackend::builder().storage_page_size(PAGE).build(client);
        let online = OnlineClient::from_backend(Arc::new(backend)).await.map_err(convert::online)?;
        Ok(Self { link, online, rpc })
    }

    /// The newest finalised block: what a neuron acts on.
    ///
    /// # Errors
    /// [`ChainError`] if the endpoints do not answer or the runtime's metadata cannot be read.
    pub async fn at_finalized(&self) -> Result<At, ChainError> {
        let (block, last) = remembering(self.online.at_current_block()).await;
        let block = block.map_err(|error| convert::at_block(error, last))?;
        Ok(At::new(self.clone(), block))
    }

    /// The newest block, which a fork may still take back.
    ///
    /// # Errors
    /// As [`at_finalized`](Self::at_finalized).
    pub async fn at_best(&self) -> Result<At, ChainError> {
        let hash =
            self.rpc.chain_get_block_hash(None).await.map_err(|error| convert::rpc("chain_getBlockHash", error))?;
        let hash = hash.ok_or_else(|| ChainError::UnknownBlock { block: "newest".to_owned() })?;
        self.at(hash).await
    }

    /// The block with this hash.
    ///
    /// # Errors
    /// As [`at_finalized`](Self::at_finalized), and [`ChainError::UnknownBlock`] or [`ChainError::StatePruned`].
    pub async fn at(&self, hash: H256) -> Result<At, ChainError> {
        match remembering(self.online.at_block(hash)).await {
            (Ok(block), _) => Ok(At::new(self.clone(), block)),
            (Err(error), last) => Err(self.explained(hash, convert::at_block(error, last)).await),
        }
    }

    /// subxt's client, for building transactions. `tx()` there pins a nonce at a finalised block: take
    /// [`next_nonce`](Self::next_nonce) instead.
    #[must_use]
    pub fn online(&self) -> &Online {
        &self.online
    }

    /// The JSON-RPC methods. An `author_` method is sent once; all others are asked again at the next endpoint when a
    /// connection fails.
    #[must_use]
    pub fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    /// The nonce of the next transaction of an account, the ones that wait in the node's pool included.
    ///
    /// # Errors
    /// [`ChainError`] if the endpoints do not answer.
    pub async fn next_nonce(&self, account: [u8; 32]) -> Result<u64, ChainError> {
        let account = subxt::utils::AccountId32(account);
        self.rpc
            .system_account_next_index(&account)
            .await
            .map_err(|error| convert::rpc("system_accountNextIndex", error))
    }

    /// The hash of the chain's first block.
    #[must_use]
    pub fn genesis(&self) -> H256 {
        self.online.genesis_hash()
    }

    /// The network and the endpoints that were asked for.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        self.link.endpoints()
    }

    /// The policy that this client keeps.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        self.link.policy()
    }

    /// The endpoint of the open connection; nothing while there is none.
    #[must_use]
    pub fn endpoint(&self) -> Option<Endpoint> {
        self.link.endpoint()
    }

    /// Which of all connections that were made the open one is; nothing while there is none.
    pub(crate) fn connection(&self) -> Option<u64> {
        self.link.connection()
    }

    /// Asks whether the connected node is with the chain; one that is behind is left for the next endpoint.
    ///
    /// # Errors
    /// [`ChainError::NodeBehind`], or that the endpoints do not answer.
    pub async fn check_lag(&self) -> Result<(), ChainError> {
        self.link.check_lag().await
    }

    /// Leaves the connected node for the next endpoint, for a reason that only the caller sees (a pruned state, a stalled
    /// subscription).
    pub async fn leave(&self, reason: ChainError) {
        self.link.leave(reason).await;
    }

    /// Finds out whether a refusal means that the node has let go of this block: then a question that every chain answers
    /// is refused at it too. Error codes do not tell, they are the same for all faults of a runtime.
    pub(crate) async fn explained(&self, hash: H256, error: ChainError) -> ChainError {
        if !matches!(error, ChainError::Refused { .. }) {
            return error;
        }
        let block = format!("{hash:?}");
        match self.rpc.chain_get_header(Some(hash)).await {
            Ok(None) => return ChainError::UnknownBlock { block },
            Ok(Some(_)) => {}
            Err(_) => return error,
        }
        match self.rpc.state_get_runtime_version(Some(hash)).await {
            Err(subxt_rpcs::Error::User(_)) => ChainError::StatePruned { block },
            _ => error,
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("endpoints", self.endpoints()).field("endpoint", &self.endpoint()).finish()
    }
}
