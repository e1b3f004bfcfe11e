//! The first questions on a connection: which chain is it, and is the node with it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use subxt::utils::H256;
use subxt_rpcs::client::{JsonrpseeRpcClient, RawValue, RpcClientT};

use crate::convert;
use crate::error::ChainError;
use crate::policy::{LagPolicy, Policy};
use crate::words::shortened;

/// A node may show a newest block that is this much lower than what another endpoint has shown: nodes hear of a block
/// some seconds apart, and forks of one or two blocks are ordinary.
const BLOCKS_APART: u64 = 20;

/// The storage key of `Timestamp.Now`: the TwoX-128 hashes of both names. It is the same on every Substrate chain.
const TIMESTAMP: &str = "0xf0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb";

/// The JSON-RPC code of a method that the server does not have.
const METHOD_NOT_FOUND: i32 = -32601;

/// The hash of the first block.
pub(super) async fn genesis(socket: &JsonrpseeRpcClient, url: &str) -> Result<H256, ChainError> {
    ask(socket, url, "chain_getBlockHash", "[0]").await
}

/// Refuses a node that is behind; gives the number of its newest block.
///
/// `highest` is the highest block number that any endpoint has shown.
pub(super) async fn lag(
    socket: &JsonrpseeRpcClient,
    url: &str,
    policy: &Policy,
    highest: u64,
) -> Result<u64, ChainError> {
    let behind = |detail| Err(ChainError::NodeBehind { endpoint: url.to_owned(), detail });
    match ask::<Health>(socket, url, "system_health", "[]").await {
        Ok(health) if health.is_syncing => return behind("it is still catching up with the chain".to_owned()),
        // Some public endpoints hide this method.
        Ok(_) | Err(ChainError::Refused { code: METHOD_NOT_FOUND, .. }) => {}
        Err(error) => return Err(error),
    }
    let head: Head = ask(socket, url, "chain_getHeader", "[]").await?;
    let number = head.number(url)?;
    if number.saturating_add(BLOCKS_APART) < highest {
        return behind(format!("its newest block is {number}, and {highest} was seen elsewhere"));
    }
    let LagPolicy::Within(bound) = policy.lag else { return Ok(number) };
    let now: Option<String> = ask(socket, url, "state_getStorage", &format!("[\"{TIMESTAMP}\"]")).await?;
    let age = now.as_deref().and_then(timestamp).map(|made| since_epoch().saturating_sub(made));
    match age {
        Some(age) if age > bound => {
            behind(format!("its newest block {number} is {} s old by this machine's clock", age.as_secs()))
        }
        Some(_) => Ok(number),
        None => behind("it does not say when its newest block was made".to_owned()),
    }
}

/// What of `system_health` matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Health {
    is_syncing: bool,
}

/// What of a header matters here.
#[derive(Deserialize)]
struct Head {
    number: String,
}

impl Head {
    /// The block number, which headers have as hex.
    fn number(&self, url: &str) -> Result<u64, ChainError> {
        let digits = self.number.strip_prefix("0x").unwrap_or(&self.number);
        u64::from_str_radix(digits, 16).map_err(|error| ChainError::Undecodable {
            what: format!("the newest block's number at {url}"),
            detail: error.to_string(),
        })
    }
}

/// The time in a `Timestamp.Now` value: eight bytes, little endian, milliseconds since 1970.
fn timestamp(hex: &str) -> Option<Duration> {
    let bytes = hex::decode(hex.strip_prefix("0x")?).ok()?;
    let bytes: [u8; 8] = bytes.try_into().ok()?;
    Some(Duration::from_millis(u64::from_le_bytes(bytes)))
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Asks one question on this connection and no other.
async fn ask<T: DeserializeOwned>(
    socket: &JsonrpseeRpcClient,
    url: &str,
    method: &str,
    params: &str,
) -> Result<T, ChainError> {
    let undecodable = |error: serde_json::Error| ChainError::Undecodable {
        what: format!("the answer of {url} to {method}"),
        detail: shortened(&error.to_string()),
    };
    let params = RawValue::from_string(params.to_owned()).map_err(undecodable)?;
    match socket.request_raw(method, Some(params)).await {
        Ok(value) => serde_json::from_str(value.get()).map_err(undecodable),
        Err(subxt_rpcs::Error::User(error)) => Err(convert::refused(method, &error)),
        Err(error) => Err(ChainError::ConnectionLost {
            endpoint: url.to_owned(),
            question: method.to_owned(),
            detail: shortened(&error.to_string()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_block_is_read() {
        assert_eq!(timestamp("0xe803000000000000"), Some(Duration::from_secs(1)));
        for wrong in ["", "0x", "e803000000000000", "0xe8030000000000", "0xzz03000000000000"] {
            assert_eq!(timestamp(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_number_of_a_head_is_hex() {
        let number = |text: &str| Head { number: text.to_owned() }.number("ws://x");
        assert_eq!(number("0x10"), Ok(16));
        assert!(matches!(number("0x"), Err(ChainError::Undecodable { .. })));
        assert!(matches!(number("0x10000000000000000"), Err(ChainError::Undecodable { .. })));
    }
}
