//! A chain, and a client of it.

use std::sync::Arc;

use soma_localnet::{Account, Change, Config, Genesis, Layer, Localnet, Member, account};
use subxt::backend::LegacyBackend;
use subxt::config::{DefaultExtrinsicParamsBuilder, RpcConfigFor};
use subxt::dynamic::{self, Value};
use subxt::{OnlineClient, SubstrateConfig};
use subxt_rpcs::client::RpcClient;
use subxt_rpcs::methods::legacy::LegacyRpcMethods;
use subxt_signer::SecretUri;
use subxt_signer::sr25519::Keypair;

pub type Online = OnlineClient<SubstrateConfig>;
pub type Rpc = LegacyRpcMethods<RpcConfigFor<SubstrateConfig>>;

/// A chain with a client.
pub struct Chain {
    pub net: Localnet,
    pub client: Online,
    pub rpc: Rpc,
    pub raw: RpcClient,
}

/// Why a transaction is not in a final block with success.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// The pool said no: the code, and its data.
    Pool(i32, String),
    /// The call said no: the error's name.
    Call(String),
}

impl Chain {
    pub async fn start(config: Config) -> Self {
        let net = Localnet::start(config).unwrap();
        let (client, rpc, raw) = connect(&net.url()).await;
        Self { net, client, rpc, raw }
    }

    /// Subnet 1 with two validators of 600 and 400 alpha (uids 0 and 1) and two miners (2 and 3), which refuses in the layer.
    pub async fn with_neurons(layer: Layer) -> Self {
        Self::start(Config { genesis: neurons(), layer, ..Config::default() }).await
    }

    /// Signs and sends a call of `SubtensorModule`, and waits until it is final.
    pub async fn call(&self, who: &str, name: &str, arguments: Vec<Value>) -> Result<(), Refused> {
        let bytes = self.signed(who, name, arguments).await;
        let hash = match self.rpc.author_submit_extrinsic(&bytes).await {
            Ok(hash) => hash,
            Err(error) => return Err(pool(error)),
        };
        let at = self.client.at_current_block().await.unwrap();
        let extrinsics = at.extrinsics().fetch().await.unwrap();
        let ours =
            extrinsics.iter().map(|one| one.unwrap()).find(|one| one.hash() == hash).expect("it is in the block");
        let events = ours.events().await.unwrap();
        let failed = events.iter().map(|event| event.unwrap()).find(|event| event.event_name() == "ExtrinsicFailed");
        match failed {
            None => Ok(()),
            Some(event) => {
                let error =
                    subxt::error::DispatchError::decode_from(event.field_bytes(), at.metadata().clone()).unwrap();
                let subxt::error::DispatchError::Module(error) = error else { panic!("{error:?}") };
                Err(Refused::Call(error.details().unwrap().variant.name.clone()))
            }
        }
    }

    /// A call, signed with the account's next nonce.
    pub async fn signed(&self, who: &str, name: &str, arguments: Vec<Value>) -> Vec<u8> {
        let key = key(who);
        let nonce = self.rpc.system_account_next_index(&key.public_key().to_account_id()).await.unwrap();
        let params = DefaultExtrinsicParamsBuilder::new().nonce(nonce).immortal().build();
        let at = self.client.at_current_block().await.unwrap();
        let call = dynamic::transaction("SubtensorModule", name, arguments);
        let mut signable = at.transactions().create_signable_offline(&call, params).unwrap();
        signable.sign(&key).unwrap().into_encoded()
    }
}

pub async fn connect(url: &str) -> (Online, Rpc, RpcClient) {
    let raw = RpcClient::from_insecure_url(url).await.unwrap();
    let backend = LegacyBackend::builder().build(raw.clone());
    let client = OnlineClient::from_backend(Arc::new(backend)).await.unwrap();
    (client, LegacyRpcMethods::new(raw.clone()), raw)
}

/// What a JSON-RPC error says that the pool gave.
pub fn pool(error: subxt_rpcs::Error) -> Refused {
    let subxt_rpcs::Error::User(error) = error else { panic!("{error:?}") };
    let data = error.data.map(|data| data.get().trim_matches('"').to_owned()).unwrap_or_default();
    Refused::Pool(error.code, data)
}

pub fn key(uri: &str) -> Keypair {
    Keypair::from_uri(&uri.parse::<SecretUri>().unwrap()).unwrap()
}

pub fn public(uri: &str) -> Account {
    account(uri).unwrap()
}

/// An account as an argument of a call.
pub fn argument(uri: &str) -> Value {
    Value::from_bytes(key(uri).public_key().0)
}

pub fn alpha(whole: u64) -> u64 {
    whole * soma_localnet::TAO
}

pub fn neurons() -> Genesis {
    let mut genesis = Genesis::development();
    let member = |name: &str, stake| Member { hotkey: public(name), coldkey: public("//Alice"), stake: alpha(stake) };
    genesis.subnets[0].members = vec![member("//v0", 600), member("//v1", 400), member("//m2", 0), member("//m3", 0)];
    genesis.subnets[0].changes =
        (0..2).map(|uid| Change::Permit { netuid: 1, uid, permit: soma_localnet::Switch::On }).collect();
    genesis
}

/// The list of numbers as an argument of a call.
pub fn list(numbers: &[u128]) -> Value {
    Value::unnamed_composite(numbers.iter().map(|number| Value::u128(*number)))
}
