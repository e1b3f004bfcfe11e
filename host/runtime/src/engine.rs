//! The engine that serves, its clock of epochs, and the threads that guests run on.
//!
//! Guests never run on the threads that accept connections: a guest that computes takes its own thread and
//! not the server's. Every millisecond the epoch moves on; a running guest then has its CPU time checked and
//! yields, so that no guest holds a thread for longer than that.
//!
//! What bounds it: the pool holds at most `INSTANCES` instances at once; address space for them is reserved
//! at start (no memory is used for it), and each instance's memory is bounded by its [`Budget`](crate::Budget).

use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use wasmtime::component::Linker;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Strategy};

use crate::budget::{STACK, TABLE, cores};
use crate::capability;
use crate::conduct::Ledger;
use crate::cores::{CoreShares, stay};
use crate::error::LoadError;
use crate::gates::Gates;
use crate::instances::{Room, SMALL};
use crate::state::HostState;

/// Component instances alive at once.
const INSTANCES: u32 = 1024;
/// The pool only counts core instances (their memory is not reserved): they are never what runs out first.
const CORE_INSTANCES: u32 = INSTANCES * CORE_INSTANCES_EACH;
/// QuickJS guests have three memories; most have one.
const MEMORIES: u32 = INSTANCES * 2;
/// Of one component. Python is linked when it is instantiated, of its library, its extension modules and their stubs:
/// 38 by componentize-py 0.25.1. The other known tool chains need a few.
const CORE_INSTANCES_EACH: u32 = 48;
/// Memories, and tables, of one component.
const MEMORIES_EACH: u32 = 4;
/// The largest memory that an operator can grant: what 32-bit guests can address.
pub(crate) const LARGEST_MEMORY: usize = 4 << 30;
/// Idle instances of all versions together; the others are for requests.
const IDLE: usize = INSTANCES as usize / 2;
/// Memory that stays mapped between the instances of a slot of the pool, so that a small guest starts without a
/// system call.
const KEEP_RESIDENT: usize = SMALL.0 as usize;
/// Warm slots of the pool for each plugin, in each shard of the pool: one for its instance, and one because a slot may be
/// on its way back when the next request needs one.
const WARM_EACH: usize = 2;
/// And so many more: an old version that drains needs slots too, and at most four of one slot do.
const WARM_MORE: usize = 4;
/// Wasmtime divides its pools by the machine's cores, into at most so many shards. A thread looks for a slot in its own.
const SHARDS: usize = 16;
/// How often running guests are interrupted.
const TICK: Duration = Duration::from_millis(1);
/// Stack of the fibre around them, host frames included.
const FIBRE_STACK: usize = 1 << 20;

/// The engine that serves. Cloning gives another handle to the same one.
#[derive(Clone)]
pub struct GuestEngine {
    shared: Arc<Shared>,
}

struct Shared {
    engine: Engine,
    linker: Linker<HostState>,
    gates: Arc<Gates>,
    ledger: Ledger,
    cores: CoreShares,
    room: Arc<Room>,
    handle: Handle,
    threads: Option<tokio::runtime::Runtime>,
}

/// The settings that decide what compiled code looks like, for the server and for the compiling child.
pub(crate) fn code_config() -> Config {
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .wasm_component_model(true)
        .epoch_interruption(true)
        .concurrency_support(false)
        .max_wasm_stack(STACK.as_u64() as usize)
        .async_stack_size(FIBRE_STACK)
        .memory_reservation(LARGEST_MEMORY as u64);
    config
}

/// Slots of the pool that keep the image of the component that they served last.
///
/// A request for another component that finds no slot of its own has to map its image, which is a system call: so there
/// have to be some for each plugin. More than that only cost memory. The pool opens new slots until there are so many
/// before it uses one again that belongs to nobody, and each keeps up to `KEEP_RESIDENT`, also when its component is gone:
/// each swap would add some.
fn warm_slots(plugins: usize) -> u32 {
    let each = plugins.saturating_mul(WARM_EACH).saturating_add(WARM_MORE);
    u32::try_from(each.saturating_mul(cores().min(SHARDS))).unwrap_or(u32::MAX).min(INSTANCES)
}

fn pool(plugins: usize) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(INSTANCES)
        .max_core_instances_per_component(CORE_INSTANCES_EACH)
        .max_memories_per_component(MEMORIES_EACH)
        .max_tables_per_component(MEMORIES_EACH)
        .total_core_instances(CORE_INSTANCES)
        .total_memories(MEMORIES)
        .total_tables(MEMORIES)
        .total_stacks(INSTANCES)
        .max_memory_size(LARGEST_MEMORY)
        .table_elements(TABLE)
        .max_unused_warm_slots(warm_slots(plugins))
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(64 << 10)
        .async_stack_keep_resident(64 << 10);
    pool
}

impl GuestEngine {
    /// Starts the engine, its epoch clock and `threads` threads for guests (the machine's cores when none).
    ///
    /// `plugins` are expected to serve at the same time. It decides how much memory stays ready for instances; more plugins
    /// than that are served as well, but a fresh instance may then cost a system call.
    ///
    /// # Errors
    /// [`LoadError::Engine`] when the machine has no room for the pool of instances or for the threads.
    pub fn start(threads: Option<NonZeroUsize>, plugins: usize) -> Result<GuestEngine, LoadError> {
        let mut config = code_config();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(plugins)));
        let engine = Engine::new(&config).map_err(|error| LoadError::Engine(format!("{error:#}")))?;
        let linker = capability::linker(&engine).map_err(|error| LoadError::Engine(format!("{error:#}")))?;
        let failed = |error: std::io::Error| LoadError::Engine(error.to_string());
        let count = threads.map_or_else(cores, NonZeroUsize::get);
        let threads = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(count)
            .thread_name("guest")
            .enable_time()
            .build()
            .map_err(failed)?;
        let clock = engine.weak();
        std::thread::Builder::new()
            .name("epoch".into())
            .spawn(move || {
                while let Some(engine) = clock.upgrade() {
                    engine.increment_epoch();
                    drop(engine);
                    std::thread::sleep(TICK);
                }
            })
            .map_err(failed)?;
        let shared = Shared {
            engine,
            linker,
            gates: Arc::new(Gates::new(cores())),
            ledger: Ledger::default(),
            cores: CoreShares::new(count),
            room: Arc::new(Room::new(IDLE)),
            handle: threads.handle().clone(),
            threads: Some(threads),
        };
        Ok(GuestEngine { shared: Arc::new(shared) })
    }

    /// The wasmtime engine.
    pub fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    pub(crate) fn linker(&self) -> &Linker<HostState> {
        &self.shared.linker
    }

    /// The counters of all slots.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }

    /// What bounds the gate hooks of all plugins together.
    pub(crate) fn gates(&self) -> &Arc<Gates> {
        &self.shared.gates
    }

    /// What one slot may have of the guests' threads.
    pub(crate) fn cores(&self) -> &CoreShares {
        &self.shared.cores
    }

    /// Room for the idle instances of all versions.
    pub(crate) fn room(&self) -> &Arc<Room> {
        &self.shared.room
    }

    /// The guests' threads.
    pub(crate) fn handle(&self) -> &Handle {
        &self.shared.handle
    }

    /// Whether requests wait for one of the guests' threads.
    pub(crate) fn is_busy(&self) -> bool {
        self.shared.handle.metrics().global_queue_depth() > 0
    }

    /// Runs a call on the guests' threads. When the returned task is dropped the call is dropped too.
    pub fn spawn<T: Send + 'static>(&self, call: impl Future<Output = T> + Send + 'static) -> GuestTask<T> {
        GuestTask { task: self.shared.handle.spawn(stay(call)) }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // A runtime may not be dropped, and so waited for, inside of another one.
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }
}

/// A call that runs on the guests' threads for as long as somebody waits for it.
pub struct GuestTask<T> {
    task: JoinHandle<T>,
}

/// The call's result; none when the host shuts down or the call panicked.
impl<T> Future for GuestTask<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        Pin::new(&mut self.task).poll(context).map(Result::ok)
    }
}

impl<T> Drop for GuestTask<T> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warm_slots_follow_the_number_of_plugins_up_to_the_size_of_the_pool() {
        let shards = cores().min(SHARDS) as u32;
        assert_eq!(warm_slots(1), (6 * shards).min(INSTANCES));
        assert_eq!(warm_slots(10), (24 * shards).min(INSTANCES));
        for many in [100_000, usize::MAX] {
            assert_eq!(warm_slots(many), INSTANCES);
        }
    }
}
