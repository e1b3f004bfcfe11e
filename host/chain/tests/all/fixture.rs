//! A chain with a client, a writer, and development keys.

use std::time::Duration;

use soma_chain::write::{Coldkey, Sign, SignError};
use soma_chain::{
    Call, Client, Endpoints, Journal, LagPolicy, Network, Plan, Policy, Proposal, Receipt, Request, WriteError,
    WritePolicy, Writer,
};
use soma_localnet::{Account, Change, Config, Genesis, Layer, Localnet, Member, Switch, account};
use soma_protocol::signature::Crypto;
use soma_protocol::ss58::PublicKey;
use soma_wallet::Keypair;
use soma_wallet::signer::Terms;
use soma_wallet::signer::extrinsic::payload;
use tempfile::TempDir;

/// The subnet of these tests.
pub const NETUID: u16 = 1;

/// A chain with what writes to it.
pub struct Chain {
    pub net: Localnet,
    pub client: Client,
    pub writer: Writer,
    pub folder: TempDir,
}

impl Chain {
    pub async fn start(config: Config) -> Self {
        let net = Localnet::start(config).unwrap();
        let client = connect(&[&net.url()]).await;
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&client, &folder, policy());
        Self { net, client, writer, folder }
    }

    /// Subnet 1 with two validators of 600 and 400 alpha (uids 0 and 1) and two miners (2 and 3), which refuses in the layer.
    pub async fn with_neurons(layer: Layer) -> Self {
        Self::start(Config { genesis: neurons(), layer, ..Config::default() }).await
    }

    pub fn change(&self, change: Change) {
        self.net.change(&[change]).unwrap();
    }

    /// A writer over the same connection and journal that waits for so long.
    pub fn patient(&self, patience: Duration) -> Writer {
        writer(&self.client, &self.folder, WritePolicy { patience, ..policy() })
    }

    pub async fn proposal(&self, who: &str, request: impl Into<Request>) -> Result<Proposal, WriteError> {
        self.writer.plan(&key(who), &request.into()).await
    }

    pub async fn plan(&self, who: &str, request: impl Into<Request>) -> Plan {
        match self.proposal(who, request).await.unwrap() {
            Proposal::Send(plan) => *plan,
            Proposal::Unneeded(reason) => panic!("nothing to send: {reason}"),
        }
    }

    /// Plans and sends with the development key.
    pub async fn write(&self, who: &str, request: impl Into<Request>) -> Result<Receipt, WriteError> {
        let plan = self.plan(who, request).await;
        self.send(who, &plan).await
    }

    pub async fn send(&self, who: &str, plan: &Plan) -> Result<Receipt, WriteError> {
        match plan.call() {
            Call::Hotkey(_) => self.writer.send(plan, &Hotkey::new(who)).await,
            Call::Coldkey(_) => self.writer.send(plan, &coldkey(who)).await,
        }
    }

    /// How many signed extrinsics the chain has, in all blocks.
    pub async fn extrinsics(&self) -> usize {
        let client = connect(&[&self.net.url()]).await;
        let mut count = 0;
        for number in 1..=self.net.head() {
            let hash = client.rpc().chain_get_block_hash(Some(number.into())).await.unwrap().unwrap();
            let block = client.rpc().chain_get_block(Some(hash)).await.unwrap().unwrap();
            // The first of each block tells it the time.
            count += block.block.extrinsics.len() - 1;
        }
        count
    }

    /// How many extrinsics wait in the node's pool.
    pub async fn waiting(&self) -> usize {
        let client = subxt_rpcs::RpcClient::from_insecure_url(&self.net.url()).await.unwrap();
        let waiting: Vec<String> = client.request("author_pendingExtrinsics", subxt_rpcs::rpc_params![]).await.unwrap();
        waiting.len()
    }

    /// How many extrinsics the journal keeps.
    pub fn kept(&self) -> usize {
        let files = std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|extension| extension == "json")).count()
    }
}

/// Bounds that make a test with a dead endpoint short.
pub fn quick() -> Policy {
    Policy {
        connect: Duration::from_secs(6),
        request: Duration::from_secs(3),
        lag: LagPolicy::Any,
        pause: (Duration::from_millis(10), Duration::from_millis(50)),
    }
}

pub fn policy() -> WritePolicy {
    WritePolicy { period: 16, patience: Duration::from_secs(20), lock: Duration::from_secs(5) }
}

pub fn endpoints(urls: &[&str]) -> Endpoints {
    Endpoints::new(Network::Local, urls).unwrap()
}

pub async fn connect(urls: &[&str]) -> Client {
    Client::connect(endpoints(urls), quick()).await.unwrap()
}

pub fn writer(client: &Client, folder: &TempDir, policy: WritePolicy) -> Writer {
    Writer::new(client.clone(), Journal::open(folder.path()).unwrap(), policy)
}

pub fn pair(uri: &str) -> Keypair {
    Keypair::from_uri(uri).unwrap()
}

pub fn key(uri: &str) -> PublicKey {
    pair(uri).public_key()
}

pub fn coldkey(uri: &str) -> Coldkey {
    Coldkey::new(pair(uri))
}

pub fn public(uri: &str) -> Account {
    account(uri).unwrap()
}

pub fn alpha(whole: u64) -> u64 {
    whole * soma_localnet::TAO
}

/// A hotkey in this process. It does something after it has signed: at that moment nothing is kept or sent yet.
pub struct Hotkey<F = fn()> {
    pair: Keypair,
    then: F,
}

impl Hotkey {
    pub fn new(uri: &str) -> Self {
        Self { pair: pair(uri), then: || {} }
    }
}

impl<F: Fn() + Sync> Hotkey<F> {
    pub fn then(uri: &str, then: F) -> Self {
        Self { pair: pair(uri), then }
    }
}

impl<F: Fn() + Sync> Sign for Hotkey<F> {
    fn account(&self) -> PublicKey {
        self.pair.public_key()
    }

    fn crypto(&self) -> Crypto {
        self.pair.crypto()
    }

    async fn sign(&self, call: &Call, terms: &Terms) -> Result<[u8; 64], SignError> {
        let Call::Hotkey(hotkey) = call else {
            return Err(SignError::WrongKey { key: "hotkey", call: call.name() });
        };
        let signature = self.pair.sign(&payload(hotkey, terms)?);
        (self.then)();
        Ok(signature)
    }
}

pub fn neurons() -> Genesis {
    let mut genesis = Genesis::development();
    let member = |name: &str, stake| Member { hotkey: public(name), coldkey: public("//Alice"), stake: alpha(stake) };
    genesis.subnets[0].members = vec![member("//v0", 600), member("//v1", 400), member("//m2", 0), member("//m3", 0)];
    genesis.subnets[0].changes = (0..2).map(|uid| Change::Permit { netuid: NETUID, uid, permit: Switch::On }).collect();
    genesis
}

/// Waits until something is so, for ten seconds at most.
pub async fn until<F: AsyncFnMut() -> bool>(what: &str, mut so: F) {
    for _ in 0..500 {
        if so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it never came: {what}");
}
