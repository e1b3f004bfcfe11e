//! The development chain of the demo: its subnet, the miner's registration, and the miner as a validator finds it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::json;
use soma_chain::{Client, Endpoints, Metagraph, Policy, Tao};
use soma_dendrite::{Dendrite, SynapseOptions, SynapseTarget};
use soma_e2e::account::{self, ALICE, Account, BOB, CHARLIE, DAVE, RECORDED_AXON, RECORDED_CALLER};
use soma_e2e::neuron::Bench;
use soma_e2e::{HarnessError, process};
use soma_localnet::{Config, Genesis, Localnet, Member, TAO};
use soma_protocol::ss58::PublicKey;

use crate::report::{Outcome, Report};

/// The subnet of the demo.
pub const NETUID: u16 = 1;
/// Who is registered at the beginning, with how much stake in whole alpha. The others hold nothing.
const MEMBERS: [(Account, u64); 5] =
    [(BOB, 2000), (DAVE, 300), (RECORDED_CALLER, 50), (RECORDED_AXON, 20), (CHARLIE, 0)];
/// How often the metagraph is read until the miner's address is there.
const LOOK: Duration = Duration::from_millis(100);

/// A development chain in this process.
pub struct Chain {
    net: Localnet,
    ready: Duration,
}

impl Chain {
    /// Starts it: subnet 1, with a block for each transaction.
    pub fn start() -> Result<Chain, HarnessError> {
        let started = Instant::now();
        let mut genesis = Genesis::development();
        for subnet in &mut genesis.subnets {
            for (who, stake) in MEMBERS {
                subnet.members.push(Member { hotkey: key(who)?, coldkey: key(ALICE)?, stake: stake * TAO });
            }
        }
        let net = Localnet::start(Config { genesis, ..Config::default() }).map_err(odd("the development chain"))?;
        Ok(Chain { net, ready: started.elapsed() })
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        self.net.url()
    }

    /// Prints where it is and who is on it.
    pub fn describe(&self) {
        println!(
            "  {}, ready in {} ms; subnet {NETUID}, a block for each transaction",
            self.url(),
            self.ready.as_millis()
        );
        for (who, stake) in MEMBERS {
            println!("  {}: {} alpha behind {}", who.name, stake, who.hotkey);
        }
    }

    /// `soma chain register`: the coldkey of `//Alice` pays for its hotkey.
    pub fn register(&self, bench: &Bench, report: &mut Report) -> Result<(), HarnessError> {
        account::write_coldkey(&bench.wallets(), ALICE)?;
        let mut command = bench.soma()?;
        command.args(["chain", "register", "--yes", "--subtensor.network", &self.url()]);
        bench.name_wallet(&mut command, ALICE);
        let done = process::run("soma chain register", &mut command)?;
        let said = done.stdout.trim().replace('\n', "\n         ");
        let said = if done.status.success() { said } else { done.stderr };
        report.check(
            Outcome::of(done.status.success()),
            "soma chain register",
            &said,
            "the coldkey signed once, here and nowhere else",
        );
        Ok(())
    }

    /// Looks the miner up in the metagraph, and asks it there.
    pub fn find(&self, dendrite: &Dendrite, report: &mut Report) -> Result<(), HarnessError> {
        let runtime = crate::runtime()?;
        let (address, shown) = runtime.block_on(self.published())?;
        report.check(
            Outcome::Passed,
            "the metagraph, as a validator reads it",
            &shown,
            "soma run has published its address",
        );
        let answer = runtime.block_on(ask(dendrite, address))?;
        let (status, text) = answer;
        let right = status == Some(200) && text.contains("HELLO WORLD");
        report.check(Outcome::of(right), "a query to that address", &text, "Bob asks as a validator does");
        Ok(())
    }

    /// The miner's address on the chain, and how its neuron reads.
    async fn published(&self) -> Result<(SocketAddr, String), HarnessError> {
        let endpoints = Endpoints::parse(&self.url()).map_err(odd("the endpoint"))?;
        let policy = Policy::of(endpoints.network());
        let client = Client::connect(endpoints, policy).await.map_err(odd("connecting to the chain"))?;
        let alice = PublicKey::from_ss58(ALICE.hotkey).map_err(odd("an address"))?;
        let deadline = Instant::now() + process::LIMIT;
        loop {
            let at = client.at_finalized().await.map_err(odd("reading the chain"))?;
            let metagraph = at.metagraph(NETUID).await.map_err(odd("reading the metagraph"))?;
            if let Some(found) = found(&metagraph, &alice) {
                return Ok(found);
            }
            if Instant::now() > deadline {
                let what = "an address on the chain".to_owned();
                return Err(HarnessError::TooSlow { what, limit: process::LIMIT, output: String::new() });
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// A development account, or any other, as the chain has it.
fn key(who: Account) -> Result<soma_localnet::Account, HarnessError> {
    let key = PublicKey::from_ss58(who.hotkey).map_err(odd("an address"))?;
    Ok(soma_localnet::Account::new(key.0))
}

fn found(metagraph: &Metagraph, hotkey: &PublicKey) -> Option<(SocketAddr, String)> {
    let neuron = metagraph.by_hotkey(hotkey)?;
    let address = neuron.axon?.address()?;
    let stake = Tao(neuron.stake);
    Some((address, format!("block {}: uid {}, axon {address}, stake {stake}", metagraph.block(), neuron.uid)))
}

async fn ask(dendrite: &Dendrite, address: SocketAddr) -> Result<(Option<i64>, String), HarnessError> {
    let target = SynapseTarget::new(&address.to_string(), ALICE.hotkey, "TextGeneration").map_err(odd("a target"))?;
    let fields = json!({"prompt": "hello world", "temperature": 0}).as_object().cloned().unwrap_or_default();
    let answer = dendrite.synapse(&target, fields, &SynapseOptions::default()).await.map_err(odd("a query"))?;
    let status = answer.synapse.status_code.map(i64::from);
    let text = answer.synapse.fields.map(serde_json::Value::Object).unwrap_or_default();
    Ok((status, text.to_string()))
}

/// An error of what is under test, as one of the harness.
pub fn odd<E: std::fmt::Display>(what: &str) -> impl FnOnce(E) -> HarnessError + use<E> {
    let what = what.to_owned();
    move |error| HarnessError::Output { what, output: error.to_string() }
}
