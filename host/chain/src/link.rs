//! One JSON-RPC connection at a time, to the best of several endpoints.
//!
//! Everything above (subxt's backend and client, the RPC methods) sees one client that is always there. Below it there is
//! at most one open WebSocket. What bounds it:
//!
//! - Every question has a time-out. One that runs out closes the connection: a half-open socket looks just so.
//! - A question that only reads is asked again on a new connection, at the next endpoint, once for each endpoint. A
//!   question that submits is asked **once**: whoever sent it must find out whether it arrived.
//! - An endpoint that failed rests for a while that doubles with each failure. While all of them rest, questions fail at
//!   once with the remembered reason, so that an outage costs neither waiting callers nor a storm of connections.
//! - A new connection is used only when its node serves the same chain and is not behind.

pub(crate) mod carried;
mod probe;
mod rest;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use subxt::utils::H256;
use subxt_rpcs::client::{JsonrpseeRpcClient, RawRpcFuture, RawRpcSubscription, RawValue, RpcClientT};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::error::ChainError;
use crate::network::{Endpoint, Endpoints};
use crate::policy::Policy;
use crate::words::shortened;
use carried::{carry, carry_refusal};
use rest::Rest;

/// The connection of one [`Client`](crate::Client).
pub(crate) struct Link {
    endpoints: Endpoints,
    policy: Policy,
    /// The chain's first block: the network's, or that of the first endpoint that was connected to.
    genesis: OnceLock<H256>,
    open: ArcSwapOption<Open>,
    dialing: Mutex<Dialing>,
}

/// One open connection.
struct Open {
    index: usize,
    /// Which of all connections of this link it is.
    count: u64,
    endpoint: Endpoint,
    socket: JsonrpseeRpcClient,
}

/// What is known of the endpoints; locked while a connection is made, so that only one is made at a time.
struct Dialing {
    rests: Vec<Rest>,
    /// The endpoint to try first.
    next: usize,
    /// How many connections were made.
    made: u64,
    /// The highest block number that any endpoint has shown.
    highest: u64,
}

impl Link {
    /// A link that connects when it is first asked something.
    pub(crate) fn new(endpoints: Endpoints, policy: Policy) -> Self {
        let genesis = OnceLock::new();
        if let Some(known) = endpoints.network().genesis() {
            let _ = genesis.set(known);
        }
        let rests = endpoints.urls().iter().map(|_| Rest::default()).collect();
        Self {
            endpoints,
            policy,
            genesis,
            open: ArcSwapOption::empty(),
            dialing: Mutex::new(Dialing { rests, next: 0, made: 0, highest: 0 }),
        }
    }

    /// Demands a first block, for a chain whose network does not say it.
    ///
    /// # Errors
    /// [`ChainError::WrongChain`] if another one is known already.
    pub(crate) fn pin(&self, genesis: H256) -> Result<(), ChainError> {
        let known = *self.genesis.get_or_init(|| genesis);
        if known == genesis {
            return Ok(());
        }
        Err(ChainError::WrongChain {
            endpoint: self.endpoints.urls().first().map(ToString::to_string).unwrap_or_default(),
            expected: hex::encode(genesis),
            found: hex::encode(known),
        })
    }

    /// The endpoint of the open connection.
    pub(crate) fn endpoint(&self) -> Option<Endpoint> {
        self.open.load().as_ref().filter(|open| open.socket.is_connected()).map(|open| open.endpoint.clone())
    }

    /// Which of all connections the open one is. One that is made anew, to the same endpoint too, is another.
    pub(crate) fn connection(&self) -> Option<u64> {
        self.live().map(|open| open.count)
    }

    /// The policy that this link keeps.
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The network that was asked for, and its endpoints.
    pub(crate) fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Makes sure that there is a connection.
    pub(crate) async fn connect(&self) -> Result<(), ChainError> {
        self.opened().await.map(drop)
    }

    /// Closes the connection because its node cannot be used now; the next question goes to the next endpoint.
    pub(crate) async fn leave(&self, reason: ChainError) {
        if let Some(open) = self.open.load_full() {
            self.close(&open, reason).await;
        }
    }

    /// Asks the open connection whether its node is behind.
    pub(crate) async fn check_lag(&self) -> Result<(), ChainError> {
        let open = self.opened().await?;
        let highest = self.dialing.lock().await.highest;
        let shown = open.endpoint.to_string();
        let lag = probe::lag(&open.socket, &shown, &self.policy, highest);
        match within(&open.endpoint, "chain_getHeader", self.policy.request, lag).await {
            Ok(number) => {
                let mut dialing = self.dialing.lock().await;
                dialing.highest = dialing.highest.max(number);
                Ok(())
            }
            Err(error) => {
                self.close(&open, error.clone()).await;
                Err(error)
            }
        }
    }

    /// The open connection, made now if there is none.
    async fn opened(&self) -> Result<Arc<Open>, ChainError> {
        if let Some(open) = self.live() {
            return Ok(open);
        }
        let mut dialing = self.dialing.lock().await;
        // Somebody else may have made it while we waited for the lock.
        if let Some(open) = self.live() {
            return Ok(open);
        }
        self.open.store(None);
        // Twenty kilobytes of state while it connects, which would lie in every future around it.
        let open = Arc::new(Box::pin(self.dial(&mut dialing)).await?);
        self.open.store(Some(Arc::clone(&open)));
        Ok(open)
    }

    /// The open connection, unless its socket has ended.
    fn live(&self) -> Option<Arc<Open>> {
        self.open.load_full().filter(|open| open.socket.is_connected())
    }

    /// Tries each endpoint once, the ones that rest excepted.
    async fn dial(&self, dialing: &mut Dialing) -> Result<Open, ChainError> {
        let count = self.endpoints.urls().len();
        let mut faults = Vec::new();
        for step in 0..count {
            let index = (dialing.next + step) % count;
            let (Some(endpoint), Some(rest)) = (self.endpoints.urls().get(index), dialing.rests.get_mut(index)) else {
                continue;
            };
            if let Some(reason) = rest.reason(Instant::now()) {
                faults.push(reason);
                continue;
            }
            let made = within(endpoint, "connect", self.policy.connect, self.reach(endpoint, dialing.highest)).await;
            match made {
                Ok((socket, number)) => {
                    rest.end();
                    dialing.next = index;
                    dialing.made = dialing.made.saturating_add(1);
                    dialing.highest = dialing.highest.max(number);
                    tracing::info!(target: "chain", %endpoint, block = number, "connected");
                    return Ok(Open { index, count: dialing.made, endpoint: endpoint.clone(), socket });
                }
                Err(error) => {
                    let pause = rest.begin(Instant::now(), self.policy.pause, error.clone());
                    let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
                    tracing::warn!(target: "chain", %endpoint, %error, pause_ms, "cannot use this endpoint");
                    faults.push(error);
                }
            }
        }
        Err(summary(faults))
    }

    /// Connects to one endpoint and asks whether its node can be used. Gives the newest block's number.
    async fn reach(&self, endpoint: &Endpoint, highest: u64) -> Result<(JsonrpseeRpcClient, u64), ChainError> {
        let shown = endpoint.to_string();
        let socket =
            subxt_rpcs::client::jsonrpsee_client(endpoint.url()).await.map_err(|error| ChainError::EndpointDown {
                endpoint: shown.clone(),
                detail: shortened(&endpoint.hidden_in(&error.to_string())),
            })?;
        let found = probe::genesis(&socket, &shown).await?;
        let expected = *self.genesis.get_or_init(|| found);
        if expected != found {
            return Err(ChainError::WrongChain {
                endpoint: shown,
                expected: hex::encode(expected),
                found: hex::encode(found),
            });
        }
        let number = probe::lag(&socket, &shown, &self.policy, highest).await?;
        Ok((socket, number))
    }

    /// Drops a connection that failed. The next endpoint is tried first; this one only rests when it failed by itself
    /// (`NodeBehind`), because a connection that merely broke can be made again at once.
    async fn close(&self, failed: &Arc<Open>, reason: ChainError) {
        let mut dialing = self.dialing.lock().await;
        let current = self.open.load_full();
        if !current.is_some_and(|open| Arc::ptr_eq(&open, failed)) {
            return;
        }
        self.open.store(None);
        tracing::warn!(target: "chain", endpoint = %failed.endpoint, error = %reason, "left this endpoint");
        dialing.next = (failed.index + 1) % self.endpoints.urls().len().max(1);
        let rests = matches!(reason, ChainError::NodeBehind { .. } | ChainError::NoAnswer { .. });
        if let Some(rest) = dialing.rests.get_mut(failed.index).filter(|_| rests) {
            rest.begin(Instant::now(), self.policy.pause, reason);
        }
    }

    /// Asks over one connection after another, as often as is safe for this method, until a node answers. A connection that
    /// breaks or keeps silent is left.
    async fn ask<T, F>(&self, method: &str, question: impl Fn(Arc<Open>) -> F) -> Result<T, subxt_rpcs::Error>
    where
        F: Future<Output = Result<T, subxt_rpcs::Error>>,
    {
        let mut last = None;
        for _ in 0..self.rounds(method) {
            let open = self.opened().await.map_err(carry)?;
            let fault = match timeout(self.policy.request, question(Arc::clone(&open))).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => match transport_fault(error, &open.endpoint, method) {
                    Ok(fault) => fault,
                    Err(answered) => return Err(carry_refusal(method, answered)),
                },
                Err(_) => no_answer(&open.endpoint, method, self.policy.request),
            };
            self.close(&open, fault.clone()).await;
            last = Some(fault);
        }
        Err(carry(last.unwrap_or_else(|| summary(Vec::new()))))
    }

    /// How often a question may be asked: once for what submits; a read once at each endpoint, and once more, because a
    /// connection that had ended unnoticed says nothing about its endpoint.
    fn rounds(&self, method: &str) -> usize {
        match method.starts_with("author_") {
            true => 1,
            false => self.endpoints.urls().len() + 1,
        }
    }
}

impl RpcClientT for Link {
    fn request_raw<'a>(&'a self, method: &'a str, params: Option<Box<RawValue>>) -> RawRpcFuture<'a, Box<RawValue>> {
        Box::pin(self.ask(method, move |open| {
            let params = params.clone();
            async move { open.socket.request_raw(method, params).await }
        }))
    }

    fn subscribe_raw<'a>(
        &'a self,
        sub: &'a str,
        params: Option<Box<RawValue>>,
        unsub: &'a str,
    ) -> RawRpcFuture<'a, RawRpcSubscription> {
        // The stream ends when its connection does.
        Box::pin(self.ask(sub, move |open| {
            let params = params.clone();
            async move { open.socket.subscribe_raw(sub, params, unsub).await }
        }))
    }
}

/// What a failed transport means. `Err` is an answer of the node, which is not our business here.
fn transport_fault(
    error: subxt_rpcs::Error,
    endpoint: &Endpoint,
    method: &str,
) -> Result<ChainError, subxt_rpcs::Error> {
    let detail = match error {
        subxt_rpcs::Error::Client(cause) => cause.to_string(),
        subxt_rpcs::Error::DisconnectedWillReconnect(detail) => detail,
        answered => return Err(answered),
    };
    Ok(ChainError::ConnectionLost {
        endpoint: endpoint.to_string(),
        question: method.to_owned(),
        detail: shortened(&endpoint.hidden_in(&detail)),
    })
}

fn no_answer(endpoint: &Endpoint, method: &str, after: Duration) -> ChainError {
    ChainError::NoAnswer { endpoint: endpoint.to_string(), question: method.to_owned(), after }
}

/// A future with a bound in time.
async fn within<T>(
    endpoint: &Endpoint,
    what: &str,
    limit: Duration,
    future: impl Future<Output = Result<T, ChainError>>,
) -> Result<T, ChainError> {
    timeout(limit, future).await.unwrap_or_else(|_| Err(no_answer(endpoint, what, limit)))
}

/// One error for a round in which every endpoint failed. An endpoint of a wrong chain is told before the others: it is a
/// mistake in the configuration, and waiting mends nothing.
fn summary(mut faults: Vec<ChainError>) -> ChainError {
    if let Some(wrong) = faults.iter().find(|fault| matches!(fault, ChainError::WrongChain { .. })) {
        return wrong.clone();
    }
    match faults.len() {
        1 => faults.remove(0),
        _ => ChainError::AllEndpointsDown {
            detail: faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        },
    }
}
