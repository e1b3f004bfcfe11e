//! The node itself.

use jsonrpsee::core::RegisterMethodError;
use serde_json::json;
use sp_core::crypto::AccountId32;

use super::{Answer, Module, gate, refused};

/// The number of the addresses' form, and of the coin's places.
const SS58_FORMAT: u16 = 42;
const DECIMALS: u8 = 9;

pub(super) fn add(module: &mut Module) -> Result<(), RegisterMethodError> {
    module.register_async_method("system_chain", |_, node, _| async move {
        gate(&node).await;
        Answer::Ok(node.name.clone())
    })?;
    module.register_async_method("system_name", |_, node, _| async move {
        gate(&node).await;
        Answer::Ok("soma-localnet")
    })?;
    module.register_async_method("system_version", |_, node, _| async move {
        gate(&node).await;
        Answer::Ok(env!("CARGO_PKG_VERSION"))
    })?;
    module.register_async_method("system_chainType", |_, node, _| async move {
        gate(&node).await;
        Answer::Ok("Development")
    })?;
    module.register_async_method("system_properties", |_, node, _| async move {
        gate(&node).await;
        Answer::Ok(json!({ "ss58Format": SS58_FORMAT, "tokenDecimals": DECIMALS, "tokenSymbol": "TAO" }))
    })?;
    module.register_async_method("system_health", |_, node, _| async move {
        gate(&node).await;
        Answer::Ok(json!({ "peers": 0, "isSyncing": node.faults.behind(), "shouldHavePeers": false }))
    })?;
    for name in ["system_accountNextIndex", "account_nextIndex"] {
        module.register_async_method(name, |params, node, _| async move {
            gate(&node).await;
            let text: String = params.one()?;
            let account: AccountId32 =
                text.parse().map_err(|error: &str| refused(-32602, format!("not an ss58 address: {error}")))?;
            let next = node.chain().next_nonce(&account);
            Answer::Ok(if node.faults.staleness() { next.saturating_sub(1) } else { next })
        })?;
    }
    Ok(())
}
