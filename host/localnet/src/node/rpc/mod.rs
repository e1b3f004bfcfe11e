//! The questions and subscriptions of Substrate's JSON-RPC that clients of subtensor use, and four of our own.
//!
//! # Layout
//! - `chain`: blocks
//! - `state`: storages, metadata, runtime interfaces
//! - `author`: transactions
//! - `system`: the node itself
//! - `develop`: faults, changes and blocks on demand

mod author;
mod chain;
mod develop;
mod state;
mod system;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use jsonrpsee::RpcModule;
use jsonrpsee::types::ErrorObjectOwned;
use serde::Serialize;
use sp_core::H256;

use super::chain::NoState;
use crate::localnet::Node;

/// An answer to a question.
type Answer<V> = Result<V, ErrorObjectOwned>;

/// The context of every question.
type Module = RpcModule<Node>;

/// How often a question that gets no answer looks whether it may now.
const STALL: Duration = Duration::from_millis(20);

/// All that is answered.
pub(crate) fn methods(node: Arc<Node>) -> Result<Module, jsonrpsee::core::RegisterMethodError> {
    let mut module = RpcModule::from_arc(node);
    chain::add(&mut module)?;
    state::add(&mut module)?;
    author::add(&mut module)?;
    system::add(&mut module)?;
    develop::add(&mut module)?;
    let names: Vec<&str> = module.method_names().collect();
    let names = serde_json::json!({ "methods": names });
    module.register_method("rpc_methods", move |_, _, _| names.clone())?;
    Ok(module)
}

/// Waits while questions get no answer.
async fn gate(node: &Node) {
    while node.faults.stalled() {
        tokio::time::sleep(STALL).await;
    }
}

fn refused(code: i32, message: impl Into<String>) -> ErrorObjectOwned {
    ErrorObjectOwned::owned(code, message.into(), None::<()>)
}

/// Substrate's words and code for a state that cannot be read.
fn no_state(error: NoState) -> ErrorObjectOwned {
    refused(
        4003,
        match error {
            NoState::Unknown(hash) => {
                format!("Client error: UnknownBlock: Header was not found in the database: {hash:?}")
            }
            NoState::Discarded(hash) => format!("Client error: UnknownBlock: State already discarded for {hash:?}"),
        },
    )
}

/// Bytes as the JSON-RPC has them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hex(Vec<u8>);

impl Serialize for Hex {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("0x{}", hex::encode(&self.0)))
    }
}

impl<'de> serde::Deserialize<'de> for Hex {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(text.strip_prefix("0x").unwrap_or(&text)).map(Self).map_err(serde::de::Error::custom)
    }
}

/// The block that a question is of, when it names one.
type At = Option<H256>;
