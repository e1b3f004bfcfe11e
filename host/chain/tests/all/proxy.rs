//! An endpoint in front of a chain's own, which says something else where a test wants it to: a node on a fork, one that
//! is behind, one that forgets.

use std::sync::Arc;
use std::time::Duration;

use jsonrpsee::RpcModule;
use jsonrpsee::server::{Server, ServerHandle};
use jsonrpsee::types::ErrorObjectOwned;
use serde_json::Value;
use subxt_rpcs::client::{JsonrpseeRpcClient, RawValue, RpcClientT, jsonrpsee_client};

/// The questions that a client of ours asks.
const METHODS: [&str; 13] = [
    "author_submitExtrinsic",
    "chain_getBlock",
    "chain_getBlockHash",
    "chain_getFinalizedHead",
    "chain_getHeader",
    "state_call",
    "state_getKeysPaged",
    "state_getMetadata",
    "state_getRuntimeVersion",
    "state_getStorage",
    "state_queryStorageAt",
    "system_accountNextIndex",
    "system_health",
];

/// What becomes of a question.
pub enum Say {
    /// The chain answers.
    Through,
    /// The chain answers, and the answer takes a while.
    After(Duration),
    /// This is the answer.
    This(Value),
    /// This is the error.
    Refusal(i32, String),
    /// There is no answer.
    Nothing,
}

type Says = Box<dyn Fn(&str, &[Value]) -> Say + Send + Sync>;

struct Behind {
    chain: JsonrpseeRpcClient,
    says: Says,
}

/// Answers until it is dropped.
pub struct Proxy {
    url: String,
    server: ServerHandle,
}

impl Proxy {
    pub async fn before(url: &str, says: impl Fn(&str, &[Value]) -> Say + Send + Sync + 'static) -> Self {
        let behind = Behind { chain: jsonrpsee_client(url).await.unwrap(), says: Box::new(says) };
        let mut module = RpcModule::new(behind);
        for method in METHODS {
            let answers = async move |params: Option<String>, behind: Arc<Behind>| behind.answer(method, params).await;
            module
                .register_async_method(method, move |params, behind, _| {
                    answers(params.as_str().map(str::to_owned), behind)
                })
                .unwrap();
        }
        let server = Server::builder().build("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", server.local_addr().unwrap());
        Self { url, server: server.start(module) }
    }

    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.server.stop();
    }
}

impl Behind {
    async fn answer(&self, method: &str, params: Option<String>) -> Result<Value, ErrorObjectOwned> {
        let list = params.as_deref().map(|params| serde_json::from_str::<Vec<Value>>(params).unwrap());
        match (self.says)(method, &list.unwrap_or_default()) {
            Say::Through => {}
            Say::After(pause) => tokio::time::sleep(pause).await,
            Say::This(answer) => return Ok(answer),
            Say::Refusal(code, message) => return Err(ErrorObjectOwned::owned(code, message, None::<()>)),
            Say::Nothing => std::future::pending().await,
        }
        let params = params.map(|params| RawValue::from_string(params).unwrap());
        match self.chain.request_raw(method, params).await {
            Ok(answer) => Ok(serde_json::from_str(answer.get()).unwrap()),
            Err(subxt_rpcs::Error::User(error)) => Err(ErrorObjectOwned::owned(error.code, error.message, error.data)),
            Err(error) => Err(ErrorObjectOwned::owned(-32603, error.to_string(), None::<()>)),
        }
    }
}
