//! Transactions.

use std::sync::Arc;
use std::time::Duration;

use jsonrpsee::core::{RegisterMethodError, SubscriptionResult};
use jsonrpsee::types::ErrorObjectOwned;
use jsonrpsee::{PendingSubscriptionSink, SubscriptionMessage};
use serde_json::{Value, json};
use sp_core::H256;
use sp_runtime::transaction_validity::InvalidTransaction;

use super::{Answer, Hex, Module, gate};
use crate::localnet::Node;
use crate::node::chain::Place;
use crate::node::pool::Refusal;

/// How long a question waits whose connection is gone.
const GONE: Duration = Duration::from_secs(1);

pub(super) fn add(module: &mut Module) -> Result<(), RegisterMethodError> {
    module.register_async_method("author_submitExtrinsic", |params, node, _| async move {
        gate(&node).await;
        submit(&node, params.one()?).await
    })?;
    module.register_async_method("author_pendingExtrinsics", |_, node, _| async move {
        gate(&node).await;
        Answer::Ok(node.chain().waiting().into_iter().map(Hex).collect::<Vec<_>>())
    })?;
    module.register_subscription(
        "author_submitAndWatchExtrinsic",
        "author_extrinsicUpdate",
        "author_unwatchExtrinsic",
        |params, sink, node, _| async move {
            let transaction = params.one::<Hex>();
            watch(transaction, sink, node).await
        },
    )?;
    Ok(())
}

async fn submit(node: &Node, transaction: Hex) -> Answer<H256> {
    let outcome = match node.faults.refusal() {
        Some(number) => Err(Refusal::Invalid(InvalidTransaction::Custom(number))),
        None => node.submit(&transaction.0),
    };
    if node.faults.takes_answer() {
        node.door.drop_all();
        tokio::time::sleep(GONE).await;
    }
    outcome.map_err(|refusal| ErrorObjectOwned::owned(refusal.code(), refusal.message(), refusal.data()))
}

async fn watch(transaction: Answer<Hex>, pending: PendingSubscriptionSink, node: Arc<Node>) -> SubscriptionResult {
    gate(&node).await;
    let mut news = node.news();
    let outcome = match transaction {
        Ok(transaction) => submit(&node, transaction).await,
        Err(error) => Err(error),
    };
    let hash = match outcome {
        Ok(hash) => hash,
        Err(error) => {
            pending.reject(error).await;
            return Ok(());
        }
    };
    let sink = pending.accept().await?;
    let send = |status: Value| {
        let message = serde_json::value::to_raw_value(&status).map(SubscriptionMessage::from);
        async { SubscriptionResult::Ok(sink.send(message?).await?) }
    };
    send(json!("ready")).await?;
    let mut included = false;
    loop {
        gate(&node).await;
        match standing(&node, hash) {
            Standing::Waits => {}
            Standing::Dropped => return send(json!("invalid")).await,
            Standing::Included { block, last } => {
                if !std::mem::replace(&mut included, true) {
                    send(json!({ "inBlock": block })).await?;
                }
                if last {
                    return send(json!({ "finalized": block })).await;
                }
            }
        }
        tokio::select! {
            changed = news.changed() => changed?,
            () = sink.closed() => return Ok(()),
        }
    }
}

/// Where a transaction is.
enum Standing {
    Waits,
    Dropped,
    Included { block: H256, last: bool },
}

fn standing(node: &Node, transaction: H256) -> Standing {
    let chain = node.chain();
    match chain.place(transaction) {
        None => Standing::Waits,
        Some(Place::Dropped) => Standing::Dropped,
        Some(Place::Block(number)) => {
            Standing::Included { block: chain.hash(number).unwrap_or_default(), last: number <= chain.finalized() }
        }
    }
}
