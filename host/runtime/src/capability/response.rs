//! `soma:neuron/response`: the pieces of a streamed answer on their way to the server.
//!
//! A store has at most one stream, for the request that it was made for; the handle that a guest holds only
//! says that it has it. When the hook returns the outlet is taken away, and a handle that was kept answers
//! `closed`.
//!
//! What bounds it: [`ROOM`] bytes wait for the server; beyond that a write waits, and when the caller takes less
//! than [`LEAST_RATE`] over the budget's `drain` of such waiting the stream is over. The whole answer has a budget
//! in bytes. A write that was refused is the last: a guest that tries again is ended.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceType, WasmList};

use super::INTERFACE_VERSION;
use crate::bindings::response::WriteError;
use crate::budget::Budget;
use crate::state::{Exhausted, HostState};

/// Bytes on their way to the server, so that guest and network work at the same time.
const ROOM: u32 = 256 << 10;
/// What a piece costs of the room at least: small ones are not free.
const SMALLEST: u32 = 1 << 10;
/// A larger write goes on its way in parts of so many bytes: what is taken is known part by part, and at
/// [`LEAST_RATE`] a part has to be taken well within the budget's `drain`.
const PART: usize = 8 << 10;
/// Bytes per second that the caller takes at least while the guest waits. The slowest modem took more.
const LEAST_RATE: u64 = 1 << 10;
/// Steps in which a stretch of `drain` moves on; what was taken within one of them is one sum.
const STEPS: u32 = 100;

/// The guest's handle.
pub struct ResponseStream;

/// A piece of the answer. It takes room until it is dropped.
pub struct Piece {
    /// What was written; never empty.
    pub bytes: Bytes,
    _room: Room,
}

/// The room of one piece. Dropping it says that the piece was taken.
struct Room {
    size: u64,
    taken: Arc<AtomicU64>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Room {
    fn drop(&mut self) {
        self.taken.fetch_add(self.size, Ordering::Relaxed);
    }
}

/// Why a write was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The server does not want any more: the caller hung up.
    Gone,
    /// Too little was taken for too long.
    Stalled,
    /// The answer, or a piece of it, is larger than it may be.
    Limit,
}

/// When the guest last got something through.
pub struct Pulse(Mutex<Beat>);

struct Beat {
    last: Instant,
    /// It waits for the caller; that is not idleness.
    waiting: bool,
}

/// The host's end of the stream.
pub struct Outlet {
    pieces: mpsc::UnboundedSender<Piece>,
    room: Arc<Semaphore>,
    /// Bytes of all pieces that were taken.
    taken: Arc<AtomicU64>,
    pulse: Arc<Pulse>,
    left: u64,
    largest: u64,
    drain: Drain,
    broken: Option<Broken>,
}

/// How fast the caller takes what the guest waits to write. Its clock runs only while the guest waits.
struct Drain {
    /// Of waiting, over which the rate is looked at.
    span: Duration,
    /// Bytes to be taken in any such span.
    least: u64,
    waited: Duration,
    /// Bytes that were counted.
    seen: u64,
    /// The latest bytes taken, by the step of the clock: the fewest entries that hold `least` together.
    takes: VecDeque<(u32, u64)>,
    /// Of `takes`.
    sum: u64,
}

impl Drain {
    fn new(span: Duration) -> Drain {
        let least = u64::try_from(span.as_millis()).unwrap_or(u64::MAX).saturating_mul(LEAST_RATE) / 1000;
        // Nobody has taken anything before the first span is over.
        Drain { span, least, waited: Duration::ZERO, seen: 0, takes: [(0, least)].into(), sum: least }
    }

    /// The guest waited for so long, and by now the caller has taken so many bytes in all.
    fn advance(&mut self, waited: Duration, taken: u64) {
        self.waited += waited;
        let step = u32::try_from(self.waited.as_nanos() / self.step().as_nanos().max(1)).unwrap_or(u32::MAX);
        let fresh = taken.saturating_sub(self.seen);
        self.seen = taken;
        match self.takes.back_mut() {
            Some((last, bytes)) if *last == step => *bytes += fresh,
            _ if fresh == 0 => {}
            _ => self.takes.push_back((step, fresh)),
        }
        self.sum += fresh;
        while let Some((_, bytes)) = self.takes.front().filter(|(_, bytes)| self.sum - bytes >= self.least) {
            self.sum -= bytes;
            self.takes.pop_front();
        }
    }

    /// How long the guest may still wait if nothing more is taken: since the oldest entry `least` was not reached.
    fn left(&self) -> Duration {
        let since = self.takes.front().map_or(Duration::ZERO, |(step, _)| self.step() * step.saturating_add(1));
        (since + self.span).saturating_sub(self.waited)
    }

    fn step(&self) -> Duration {
        self.span / STEPS
    }
}

impl Pulse {
    fn new() -> Pulse {
        Pulse(Mutex::new(Beat { last: Instant::now(), waiting: false }))
    }

    fn beat(&self, waiting: bool) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Beat { last: Instant::now(), waiting };
    }

    /// How long the guest may still be silent.
    fn left(&self, limit: Duration) -> Duration {
        let beat = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if beat.waiting { limit } else { limit.saturating_sub(beat.last.elapsed()) }
    }

    /// Returns when the guest has been silent for so long.
    pub async fn silent(&self, limit: Duration) {
        loop {
            match self.left(limit) {
                Duration::ZERO => return,
                left => tokio::time::sleep(left).await,
            }
        }
    }
}

impl Outlet {
    /// A stream with these budgets, and where its pieces come out.
    pub fn open(budget: &Budget) -> (Outlet, mpsc::UnboundedReceiver<Piece>) {
        let (pieces, out) = mpsc::unbounded_channel();
        let outlet = Outlet {
            pieces,
            room: Arc::new(Semaphore::new(ROOM as usize)),
            taken: Arc::default(),
            pulse: Arc::new(Pulse::new()),
            left: budget.stream.0,
            largest: budget.output.0,
            drain: Drain::new(budget.drain),
            broken: None,
        };
        (outlet, out)
    }

    /// Tells of the guest's silence.
    pub fn pulse(&self) -> Arc<Pulse> {
        self.pulse.clone()
    }

    /// The guest is called now.
    pub fn begin(&self) {
        self.pulse.beat(false);
    }

    /// Why the stream is over before its end; none when it is not.
    pub fn broken(&self) -> Option<Broken> {
        self.broken
    }

    /// Writes a piece of so many bytes, which are all there unless they are too many.
    async fn write(&mut self, bytes: Bytes, size: u64) -> wasmtime::Result<Result<(), WriteError>> {
        if self.broken.is_some() {
            return Err(wasmtime::Error::new(Exhausted::Stream));
        }
        match self.send(bytes, size).await {
            Ok(()) => Ok(Ok(())),
            Err(broken) => {
                self.broken = Some(broken);
                Ok(Err(if broken == Broken::Limit { WriteError::Limit } else { WriteError::Closed }))
            }
        }
    }

    async fn send(&mut self, mut rest: Bytes, size: u64) -> Result<(), Broken> {
        if size == 0 {
            return Ok(());
        }
        self.left = self.left.checked_sub(size).filter(|_| size <= self.largest).ok_or(Broken::Limit)?;
        while !rest.is_empty() {
            let bytes = rest.split_to(rest.len().min(PART));
            let room = self.make_room(bytes.len()).await?;
            self.pieces.send(Piece { bytes, _room: room }).map_err(|_| Broken::Gone)?;
        }
        Ok(())
    }

    async fn make_room(&mut self, size: usize) -> Result<Room, Broken> {
        let cost = u32::try_from(size).unwrap_or(ROOM).clamp(SMALLEST, ROOM);
        let permit = match self.room.clone().try_acquire_many_owned(cost) {
            Ok(permit) => permit,
            Err(_) => self.wait_for_room(cost).await?,
        };
        self.pulse.beat(false);
        Ok(Room { size: size as u64, taken: self.taken.clone(), _permit: permit })
    }

    async fn wait_for_room(&mut self, cost: u32) -> Result<OwnedSemaphorePermit, Broken> {
        self.pulse.beat(true);
        let room = self.room.clone().acquire_many_owned(cost);
        tokio::pin!(room);
        self.drain.advance(Duration::ZERO, self.taken.load(Ordering::Relaxed));
        loop {
            let start = Instant::now();
            let got = tokio::select! {
                // The room is never closed.
                room = &mut room => Some(room.map_err(|_| Broken::Gone)),
                () = self.pieces.closed() => Some(Err(Broken::Gone)),
                () = tokio::time::sleep(self.drain.left()) => None,
            };
            self.drain.advance(start.elapsed(), self.taken.load(Ordering::Relaxed));
            match got {
                Some(got) => return got,
                None if self.drain.left().is_zero() => return Err(Broken::Stalled),
                None => {}
            }
        }
    }
}

/// Links the interface.
pub fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    let mut interface = linker.instance(&format!("soma:neuron/response@{INTERFACE_VERSION}"))?;
    // The outlet stays until the hook returns: dropping the handle early is not the end of the answer.
    interface.resource("response-stream", ResourceType::host::<ResponseStream>(), |_, _| Ok(()))?;
    interface.func_wrap_async(
        "[method]response-stream.write",
        |mut store: StoreContextMut<'_, HostState>, (stream, chunk): (Resource<ResponseStream>, WasmList<u8>)| {
            Box::new(async move {
                store.data().admit(chunk.len())?;
                // A piece that is too large is not copied either.
                let kept = chunk.as_le_slice(&store).get(..chunk.len().min(store.data().largest_piece()));
                let bytes = Bytes::copy_from_slice(kept.unwrap_or_default());
                let written = store.data_mut().write(&stream, bytes, chunk.len() as u64).await?;
                Ok((written,))
            })
        },
    )
}

impl HostState {
    /// Bytes that are looked at of a piece: as many as it may have.
    fn largest_piece(&self) -> usize {
        let largest = self.outlet.as_ref().map_or(0, |outlet| outlet.largest);
        usize::try_from(largest).unwrap_or(usize::MAX)
    }

    /// Writes a piece of so many bytes, which are all there unless they are too many.
    async fn write(
        &mut self,
        stream: &Resource<ResponseStream>,
        bytes: Bytes,
        size: u64,
    ) -> wasmtime::Result<Result<(), WriteError>> {
        // A handle that was kept from an earlier call must not reach this call's caller.
        match &mut self.outlet {
            Some(outlet) if stream.rep() == self.streams => outlet.write(bytes, size).await,
            _ => Ok(Err(WriteError::Closed)),
        }
    }
}

#[cfg(test)]
mod tests;
