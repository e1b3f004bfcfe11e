//! The chain as a whole: started, told what to do, and stopped.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use jsonrpsee::server::{ServerHandle, stop_channel};
use sp_core::H256;
use tokio::sync::watch;

use crate::change::Change;
use crate::error::LocalnetError;
use crate::genesis::{self, Genesis};
use crate::layer::{self, Layer, SPEC_VERSION};
use crate::metadata::{self, Part};
use crate::node::chain::Chain;
use crate::node::door::{self, Door};
use crate::node::fault::{Fault, Faults};
use crate::node::pool::Refusal;
use crate::node::rpc;

/// When blocks are made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BlockTime {
    /// As soon as there is a transaction, and not otherwise.
    #[default]
    Instant,
    /// One in each such time; finney's is 12 s.
    Every(Duration),
}

/// What a development chain is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The TCP port on 127.0.0.1; 0 is a free one.
    pub port: u16,
    /// When blocks are made.
    pub block_time: BlockTime,
    /// How many blocks the newest final one is behind the newest.
    pub finality_lag: u32,
    /// Which layer refuses what a call would not do.
    pub layer: Layer,
    /// What the first block has in it.
    pub genesis: Genesis,
    /// What it calls itself. Chains with different names have different first blocks.
    pub name: String,
    /// Chains with different seeds have different first blocks, too: what was signed for one is good on no other. A test
    /// may leave it at 0; a chain that others come to know by its port takes one that was never there before.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            port: 0,
            block_time: BlockTime::default(),
            finality_lag: 0,
            layer: Layer::default(),
            genesis: Genesis::default(),
            name: "Soma Localnet".to_owned(),
            seed: 0,
        }
    }
}

/// What the questions and the chain's owner share.
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) faults: Faults,
    pub(crate) door: Arc<Door>,
    chain: Mutex<Chain>,
    block_time: BlockTime,
    /// The number of the newest block.
    news: watch::Sender<u32>,
}

impl Node {
    /// A chain that nobody has asked yet.
    pub(crate) fn new(config: Config) -> Result<Self, LocalnetError> {
        let state = genesis::build(&config.genesis, (&config.name, config.seed), config.layer)?;
        Ok(Self {
            name: config.name,
            faults: Faults::default(),
            door: Arc::new(Door::default()),
            chain: Mutex::new(Chain::new(state, config.finality_lag)),
            block_time: config.block_time,
            news: watch::Sender::new(0),
        })
    }

    pub(crate) fn chain(&self) -> MutexGuard<'_, Chain> {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes whenever there is a block.
    pub(crate) fn news(&self) -> watch::Receiver<u32> {
        self.news.subscribe()
    }

    pub(crate) fn submit(&self, transaction: &[u8]) -> Result<H256, Refusal> {
        let hash = self.chain().submit(transaction)?;
        if self.block_time == BlockTime::Instant && !self.faults.frozen() {
            self.advance(1);
        }
        Ok(hash)
    }

    /// Makes blocks out of what waits.
    pub(crate) fn advance(&self, blocks: u32) {
        for _ in 0..blocks {
            if let Err(error) = self.make(|| Ok(())) {
                tracing::error!(%error, "no block could be made");
            }
        }
    }

    pub(crate) fn change(&self, changes: &[Change]) -> Result<(), LocalnetError> {
        self.make(|| changes.iter().try_for_each(Change::apply))
    }

    fn make(&self, change: impl Fn() -> Result<(), LocalnetError>) -> Result<(), LocalnetError> {
        let head = {
            let mut chain = self.chain();
            chain.make(change)?;
            chain.head()
        };
        self.news.send_replace(head);
        Ok(())
    }

    pub(crate) fn fault(&self, fault: &Fault) {
        self.faults.add(fault);
        let made = match fault {
            Fault::DropSockets => return self.door.drop_all(),
            Fault::HalfOpen => return self.door.hold(),
            Fault::Prune => return self.chain().prune(),
            Fault::Upgrade => self.make(|| {
                layer::set_spec_version(SPEC_VERSION.saturating_add(1));
                Ok(())
            }),
            Fault::WithoutCall { name } => self.lose(Part::Call, name),
            Fault::WithoutStorage { name } => self.lose(Part::Storage, name),
            Fault::WithoutApi { name } => self.lose(Part::Method, name),
            _ => Ok(()),
        };
        if let Err(error) = made {
            tracing::error!(%error, ?fault, "the fault could not be made");
        }
    }

    fn lose(&self, part: Part, name: &str) -> Result<(), LocalnetError> {
        self.make(|| {
            metadata::lose(part, name);
            Ok(())
        })
    }

    pub(crate) fn clear(&self) {
        let restored = self.make(|| {
            metadata::restore();
            Ok(())
        });
        if let Err(error) = restored {
            tracing::error!(%error, "the metadata could not be restored");
        }
        self.faults.clear();
        self.door.release();
    }

    /// Makes a block in each such time.
    async fn beat(self: Arc<Self>, every: Duration) {
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        ticks.tick().await;
        loop {
            ticks.tick().await;
            if !self.faults.frozen() {
                self.advance(1);
            }
        }
    }
}

/// A development chain that runs on a thread of its own, until it is stopped or dropped. Its state is in memory.
pub struct Localnet {
    node: Arc<Node>,
    address: SocketAddr,
    stop: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Localnet {
    /// Starts a chain; it answers when this returns.
    ///
    /// # Errors
    /// [`LocalnetError::Listen`], [`LocalnetError::Genesis`], [`LocalnetError::Change`] of a subnet's changes, or
    /// [`LocalnetError::Thread`].
    pub fn start(config: Config) -> Result<Self, LocalnetError> {
        let port = config.port;
        let node = Arc::new(Node::new(config)?);
        let (listener, address) =
            door::listen(port).map_err(|(address, source)| LocalnetError::Listen { address, source })?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("localnet")
            .enable_all()
            .build()
            .map_err(LocalnetError::Thread)?;
        let (stop, handle) = stop_channel();
        let methods = rpc::methods(Arc::clone(&node)).map_err(|error| LocalnetError::Genesis(error.to_string()))?;
        let door = Arc::clone(&node.door);
        let beating = Arc::clone(&node);
        let serve = async move {
            let listener = tokio::net::TcpListener::from_std(listener);
            if let BlockTime::Every(every) = beating.block_time {
                tokio::spawn(beating.beat(every));
            }
            match listener {
                Ok(listener) => door::answer(listener, door, methods.into(), stop).await,
                Err(error) => tracing::error!(%error, "the socket cannot be used"),
            }
        };
        let thread = std::thread::Builder::new()
            .name("localnet".to_owned())
            .spawn(move || {
                runtime.block_on(serve);
                runtime.shutdown_background();
            })
            .map_err(LocalnetError::Thread)?;
        Ok(Self { node, address, stop: handle, thread: Some(thread) })
    }

    /// Where it answers: `ws://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// The hash of the first block, as `0x` and hexadecimal digits.
    #[must_use]
    pub fn genesis(&self) -> String {
        format!("{:?}", self.node.chain().hash(0).unwrap_or_default())
    }

    /// Makes something go wrong.
    pub fn fault(&self, fault: Fault) {
        self.node.fault(&fault);
    }

    /// Ends every lasting fault.
    pub fn clear(&self) {
        self.node.clear();
    }

    /// Makes so many blocks now.
    pub fn advance(&self, blocks: u32) {
        self.node.advance(blocks);
    }

    /// Changes the state from outside, in a block of its own.
    ///
    /// # Errors
    /// [`LocalnetError::Change`] of the first change that makes no sense; nothing is changed then.
    pub fn change(&self, changes: &[Change]) -> Result<(), LocalnetError> {
        self.node.change(changes)
    }

    /// The number of the newest block.
    #[must_use]
    pub fn head(&self) -> u32 {
        self.node.chain().head()
    }

    /// The number of the newest final block.
    #[must_use]
    pub fn finalized(&self) -> u32 {
        self.node.chain().finalized()
    }

    /// Ends it; its port is free when this returns.
    pub fn stop(self) {}
}

impl Drop for Localnet {
    fn drop(&mut self) {
        let _ = self.stop.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
