//! Storages, metadata and runtime interfaces.

use std::sync::Arc;

use jsonrpsee::core::{RegisterMethodError, SubscriptionResult};
use jsonrpsee::types::Params;
use jsonrpsee::{PendingSubscriptionSink, SubscriptionMessage};
use parity_scale_codec::Decode;
use serde_json::{Value, json};
use sp_version::RuntimeVersion;

use super::{Answer, At, Hex, Module, gate, no_state, refused};
use crate::localnet::Node;

/// The most keys of one answer, as a node has it.
const MOST_KEYS: u32 = 1_000;

pub(super) fn add(module: &mut Module) -> Result<(), RegisterMethodError> {
    for name in ["state_getStorage", "state_getStorageAt"] {
        module.register_async_method(name, |params, node, _| async move { storage(params, &node).await })?;
    }
    module.register_async_method("state_getKeysPaged", |params, node, _| async move { keys(params, &node).await })?;
    module
        .register_async_method("state_queryStorageAt", |params, node, _| async move { query(params, &node).await })?;
    module.register_async_method("state_call", |params, node, _| async move { call(params, &node).await })?;
    module
        .register_async_method("state_getMetadata", |params, node, _| async move { metadata(params, &node).await })?;
    for name in ["state_getRuntimeVersion", "chain_getRuntimeVersion"] {
        module.register_async_method(name, |params, node, _| async move {
            gate(&node).await;
            version(&node, params.sequence().optional_next()?)
        })?;
    }
    module.register_subscription(
        "state_subscribeRuntimeVersion",
        "state_runtimeVersion",
        "state_unsubscribeRuntimeVersion",
        |_, sink, node, _| follow(sink, node),
    )?;
    module.register_subscription(
        "state_subscribeStorage",
        "state_storage",
        "state_unsubscribeStorage",
        |params, sink, node, _| async move {
            let keys = params.one::<Vec<Hex>>();
            watch(keys, sink, node).await
        },
    )?;
    Ok(())
}

async fn storage(params: Params<'static>, node: &Node) -> Answer<Option<Hex>> {
    gate(node).await;
    let mut params = params.sequence();
    let (key, at): (Hex, At) = (params.next()?, params.optional_next()?);
    let chain = node.chain();
    Ok(chain.state(at).map_err(no_state)?.top.get(&key.0).cloned().map(Hex))
}

async fn keys(params: Params<'static>, node: &Node) -> Answer<Vec<Hex>> {
    gate(node).await;
    let mut params = params.sequence();
    let (prefix, count): (Hex, u32) = (params.next()?, params.next()?);
    let (after, at): (Option<Hex>, At) = (params.optional_next()?, params.optional_next()?);
    if count > MOST_KEYS {
        return Err(refused(4002, format!("count exceeds maximum value. value: {count}, max: {MOST_KEYS}")));
    }
    let first = match after {
        Some(Hex(after)) => std::ops::Bound::Excluded(after),
        None => std::ops::Bound::Included(prefix.0.clone()),
    };
    let chain = node.chain();
    let all = chain.state(at).map_err(no_state)?.top.range((first, std::ops::Bound::Unbounded));
    let ours = all.map(|(key, _)| key).skip_while(|key| **key < prefix.0).take_while(|key| key.starts_with(&prefix.0));
    Ok(ours.take(usize::try_from(count).unwrap_or(usize::MAX)).cloned().map(Hex).collect())
}

async fn query(params: Params<'static>, node: &Node) -> Answer<Value> {
    gate(node).await;
    let mut params = params.sequence();
    let (keys, at): (Vec<Hex>, At) = (params.next()?, params.optional_next()?);
    let values = values(node, &keys, at)?;
    let changes: Vec<_> = keys.iter().zip(values).collect();
    Ok(json!([{ "block": at.unwrap_or_else(|| node.chain().newest()), "changes": changes }]))
}

/// What is stored under each key.
fn values(node: &Node, keys: &[Hex], at: At) -> Answer<Vec<Option<Hex>>> {
    let chain = node.chain();
    let state = chain.state(at).map_err(no_state)?;
    Ok(keys.iter().map(|key| state.top.get(&key.0).cloned().map(Hex)).collect())
}

/// Sends what is stored under the keys, and again whatever of it is another.
async fn watch(keys: Answer<Vec<Hex>>, pending: PendingSubscriptionSink, node: Arc<Node>) -> SubscriptionResult {
    let keys = match keys {
        Ok(keys) => keys,
        Err(error) => {
            pending.reject(error).await;
            return Ok(());
        }
    };
    let mut news = node.news();
    let sink = pending.accept().await?;
    let mut sent: Option<Vec<Option<Hex>>> = None;
    loop {
        gate(&node).await;
        let block = node.chain().newest();
        let now = values(&node, &keys, Some(block))?;
        let known = |place: usize| sent.as_ref().and_then(|sent| sent.get(place));
        let pairs = keys.iter().zip(&now).enumerate();
        let changes: Vec<_> =
            pairs.filter(|(place, (_, value))| known(*place) != Some(value)).map(|(_, pair)| pair).collect();
        if !changes.is_empty() {
            let message = json!({ "block": block, "changes": changes });
            sink.send(SubscriptionMessage::from(serde_json::value::to_raw_value(&message)?)).await?;
        }
        sent = Some(now);
        tokio::select! {
            changed = news.changed() => changed?,
            () = sink.closed() => return Ok(()),
        }
    }
}

async fn call(params: Params<'static>, node: &Node) -> Answer<Hex> {
    gate(node).await;
    let mut params = params.sequence();
    let (method, arguments): (String, Hex) = (params.next()?, params.next()?);
    ask(node, &method, &arguments.0, params.optional_next()?).map(Hex)
}

/// Asks the runtime, in Substrate's words when it does not answer.
fn ask(node: &Node, method: &str, arguments: &[u8], at: At) -> Answer<Vec<u8>> {
    match node.chain().call(method, arguments, at).map_err(no_state)? {
        Ok(Some(answer)) => Ok(answer),
        Ok(None) => {
            Err(refused(4003, format!("Client error: Execution failed: Other: Exported method {method} is not found")))
        }
        Err(panic) => Err(refused(4003, format!("Client error: Execution failed: Runtime panicked: {panic}"))),
    }
}

async fn metadata(params: Params<'static>, node: &Node) -> Answer<Hex> {
    gate(node).await;
    let opaque = ask(node, "Metadata_metadata", &[], params.sequence().optional_next()?)?;
    Vec::<u8>::decode(&mut opaque.as_slice()).map(Hex).map_err(|error| refused(4003, error.to_string()))
}

fn version(node: &Node, at: At) -> Answer<RuntimeVersion> {
    let answer = ask(node, "Core_version", &[], at)?;
    RuntimeVersion::decode(&mut answer.as_slice()).map_err(|error| refused(4003, error.to_string()))
}

/// Sends the version, and again whenever it is another.
async fn follow(pending: PendingSubscriptionSink, node: Arc<Node>) -> SubscriptionResult {
    let mut news = node.news();
    let sink = pending.accept().await?;
    let mut sent = None;
    loop {
        gate(&node).await;
        let now = version(&node, None)?;
        if sent.as_ref() != Some(&now) {
            sink.send(SubscriptionMessage::from(serde_json::value::to_raw_value(&now)?)).await?;
            sent = Some(now);
        }
        tokio::select! {
            changed = news.changed() => changed?,
            () = sink.closed() => return Ok(()),
        }
    }
}
