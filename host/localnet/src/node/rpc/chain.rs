//! Blocks.

use std::sync::Arc;

use jsonrpsee::core::{RegisterMethodError, SubscriptionResult};
use jsonrpsee::types::Params;
use jsonrpsee::{PendingSubscriptionSink, SubscriptionMessage};
use parity_scale_codec::Encode;
use serde::Deserialize;
use serde_json::{Value, json};
use sp_core::H256;

use super::{Answer, At, Hex, Module, gate, refused};
use crate::localnet::Node;
use crate::node::chain::Chain;

pub(super) fn add(module: &mut Module) -> Result<(), RegisterMethodError> {
    for name in ["chain_getBlockHash", "chain_getHead"] {
        module.register_async_method(name, |params, node, _| async move { hash(params, &node).await })?;
    }
    module.register_async_method("chain_getHeader", |params, node, _| async move { header(params, &node).await })?;
    module.register_async_method("chain_getBlock", |params, node, _| async move { block(params, &node).await })?;
    for name in ["chain_getFinalizedHead", "chain_getFinalisedHead"] {
        module.register_async_method(name, |_, node, _| async move {
            gate(&node).await;
            let chain = node.chain();
            Answer::Ok(chain.hash(chain.finalized()))
        })?;
    }
    let heads = [
        ("chain_subscribeNewHeads", "chain_newHead", "chain_unsubscribeNewHeads", Chain::head as fn(&Chain) -> u32),
        ("chain_subscribeAllHeads", "chain_allHead", "chain_unsubscribeAllHeads", Chain::head),
        ("chain_subscribeFinalizedHeads", "chain_finalizedHead", "chain_unsubscribeFinalizedHeads", Chain::finalized),
    ];
    for (subscribe, notify, unsubscribe, newest) in heads {
        module.register_subscription(subscribe, notify, unsubscribe, move |_, sink, node, _| {
            follow(sink, node, newest)
        })?;
    }
    Ok(())
}

/// A block's number, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Numbers {
    One(Number),
    Several(Vec<Number>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Plain(u32),
    Hex(String),
}

impl Number {
    fn read(&self) -> Answer<u32> {
        match self {
            Self::Plain(number) => Ok(*number),
            Self::Hex(text) => u32::from_str_radix(text.strip_prefix("0x").unwrap_or(text), 16)
                .map_err(|_| refused(-32602, "a block number is a number or hexadecimal digits")),
        }
    }
}

async fn hash(params: Params<'static>, node: &Node) -> Answer<Value> {
    gate(node).await;
    let numbers: Option<Numbers> = params.sequence().optional_next()?;
    let chain = node.chain();
    Ok(match numbers {
        None => json!(chain.newest()),
        Some(Numbers::One(number)) => json!(chain.hash(number.read()?)),
        Some(Numbers::Several(numbers)) => {
            let hashes = numbers.iter().map(|number| Ok(chain.hash(number.read()?)));
            json!(hashes.collect::<Answer<Vec<Option<H256>>>>()?)
        }
    })
}

async fn header(params: Params<'static>, node: &Node) -> Answer<Value> {
    gate(node).await;
    let at: At = params.sequence().optional_next()?;
    let chain = node.chain();
    Ok(json!(chain.block(at.unwrap_or_else(|| chain.newest())).map(|block| &block.header)))
}

async fn block(params: Params<'static>, node: &Node) -> Answer<Value> {
    gate(node).await;
    let at: At = params.sequence().optional_next()?;
    let chain = node.chain();
    let block = chain.block(at.unwrap_or_else(|| chain.newest()));
    Ok(json!(block.map(|block| {
        let extrinsics: Vec<Hex> = block.extrinsics.iter().map(|extrinsic| Hex(extrinsic.encode())).collect();
        json!({ "block": { "header": block.header, "extrinsics": extrinsics }, "justifications": null })
    })))
}

/// Sends the newest header, and every later one.
async fn follow(pending: PendingSubscriptionSink, node: Arc<Node>, newest: fn(&Chain) -> u32) -> SubscriptionResult {
    let mut news = node.news();
    let sink = pending.accept().await?;
    let mut sent: Option<u32> = None;
    loop {
        gate(&node).await;
        let unsent = headers(&node.chain(), sent, newest);
        for header in unsent {
            sent = Some(header.number);
            sink.send(SubscriptionMessage::from(serde_json::value::to_raw_value(&header)?)).await?;
        }
        tokio::select! {
            changed = news.changed() => changed?,
            () = sink.closed() => return Ok(()),
        }
    }
}

fn headers(chain: &Chain, sent: Option<u32>, newest: fn(&Chain) -> u32) -> Vec<crate::runtime::Header> {
    let newest = newest(chain);
    let first = sent.map_or(newest, |sent| sent.saturating_add(1));
    let hashes = (first..=newest).filter_map(|number| chain.hash(number));
    hashes.filter_map(|hash| chain.block(hash)).map(|block| block.header.clone()).collect()
}
