//! From a call to its final block, over a WebSocket to a process of its own whose blocks come at once.

use std::time::Instant;

use soma_chain::{Client, Endpoints, Network, Policy};
use subxt::config::DefaultExtrinsicParamsBuilder;
use subxt::dynamic::{self, Value};
use subxt_rpcs::methods::legacy::TransactionStatus;
use subxt_signer::sr25519::{Keypair, dev};

use crate::error::HarnessError;
use crate::neuron::Bench;
use crate::rpc::Chain;

/// What signed calls took.
#[derive(Clone, Debug, Default)]
pub struct Finality {
    /// Milliseconds from asking for the nonce to the final block: nonce, signature, pool, block, finality.
    pub calls: Vec<f64>,
}

/// Sends so many calls, one after the other.
///
/// # Errors
/// [`HarnessError::Output`] when one is refused.
pub async fn measure(bench: &Bench, count: usize) -> Result<Finality, HarnessError> {
    let chain = Chain::start(bench, &["--block-time", "instant", "--json"])?;
    let endpoints = Endpoints::parse(&chain.url()).map_err(odd)?;
    let client = Client::connect(endpoints, Policy::of(Network::Local)).await.map_err(odd)?;
    let (key, mut calls) = (dev::alice(), Vec::with_capacity(count));
    // The first is unmeasured: it registers the hotkey that the others stake on.
    let hotkey = || Value::from_bytes(key.public_key().0);
    send(&client, &key, "burned_register", vec![Value::u128(1), hotkey()]).await?;
    for _ in 0..count {
        let begun = Instant::now();
        send(&client, &key, "add_stake", vec![hotkey(), Value::u128(1), Value::u128(1_000_000_000)]).await?;
        calls.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    chain.end("TERM")?;
    Ok(Finality { calls })
}

/// Signs and sends a call, and waits until it is final.
async fn send(client: &Client, key: &Keypair, name: &str, arguments: Vec<Value>) -> Result<(), HarnessError> {
    let nonce = client.next_nonce(key.public_key().0).await.map_err(odd)?;
    let at = client.online().at_current_block().await.map_err(odd)?;
    let params = DefaultExtrinsicParamsBuilder::new().nonce(nonce).immortal().build();
    let call = dynamic::transaction("SubtensorModule", name, arguments);
    let mut signable = at.transactions().create_signable_offline(&call, params).map_err(odd)?;
    let bytes = signable.sign(key).map_err(odd)?.into_encoded();
    let mut statuses = client.rpc().author_submit_and_watch_extrinsic(&bytes).await.map_err(odd)?;
    loop {
        match statuses.next().await {
            Some(Ok(TransactionStatus::Finalized(_))) => return Ok(()),
            Some(Ok(TransactionStatus::Ready | TransactionStatus::InBlock(_))) => {}
            other => return Err(HarnessError::Output { what: name.to_owned(), output: format!("{other:?}") }),
        }
    }
}

fn odd(error: impl std::fmt::Display) -> HarnessError {
    HarnessError::Output { what: "the chain".to_owned(), output: error.to_string() }
}
