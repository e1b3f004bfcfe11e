//! `soma:neuron/response`: the pieces of a streamed answer on their way to the server.
//!
//! A store has at most one stream, for the request that it was made for; the handle that a guest holds only
//! says that it has it. When the hook returns the outlet is taken away, and a handle that was kept answers
//! `closed`.
//!
//! What bounds it: [`ROOM`] bytes wait for the server (or one larger piece); beyond that a write waits, and when
//! nothing was taken for the budget's `drain` the stream is over. The whole answer has a budget in bytes. A
//! write that was refused is the last: a guest that tries again is ended.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use wasmtime::component::Resource;

use crate::bindings::response::{Host, HostResponseStream, WriteError};
use crate::budget::Budget;
use crate::state::{Exhausted, HostState};

/// Bytes on their way to the server, so that guest and network work at the same time.
const ROOM: u32 = 256 << 10;
/// What a piece costs of the room at least: small ones are not free.
const SMALLEST: u32 = 1 << 10;

/// The guest's handle.
pub struct ResponseStream;

/// A piece of the answer. It takes room until it is dropped.
pub struct Piece {
    /// What was written; never empty.
    pub bytes: Bytes,
    _room: OwnedSemaphorePermit,
}

/// Why a write was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The server does not want any more: the caller hung up.
    Gone,
    /// Nothing was taken for too long.
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
    pulse: Arc<Pulse>,
    left: u64,
    largest: u64,
    drain: Duration,
    broken: Option<Broken>,
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
            pulse: Arc::new(Pulse::new()),
            left: budget.stream.0,
            largest: budget.output.0,
            drain: budget.drain,
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

    async fn write(&mut self, chunk: Vec<u8>) -> wasmtime::Result<Result<(), WriteError>> {
        if self.broken.is_some() {
            return Err(wasmtime::Error::new(Exhausted::Stream));
        }
        match self.send(chunk).await {
            Ok(()) => Ok(Ok(())),
            Err(broken) => {
                self.broken = Some(broken);
                Ok(Err(if broken == Broken::Limit { WriteError::Limit } else { WriteError::Closed }))
            }
        }
    }

    async fn send(&mut self, chunk: Vec<u8>) -> Result<(), Broken> {
        let size = chunk.len() as u64;
        if size == 0 {
            return Ok(());
        }
        self.left = self.left.checked_sub(size).filter(|_| size <= self.largest).ok_or(Broken::Limit)?;
        let cost = u32::try_from(size).unwrap_or(u32::MAX).clamp(SMALLEST, ROOM);
        let room = match self.room.clone().try_acquire_many_owned(cost) {
            Ok(room) => room,
            Err(_) => self.wait_for_room(cost).await?,
        };
        self.pulse.beat(false);
        self.pieces.send(Piece { bytes: chunk.into(), _room: room }).map_err(|_| Broken::Gone)
    }

    async fn wait_for_room(&self, cost: u32) -> Result<OwnedSemaphorePermit, Broken> {
        self.pulse.beat(true);
        tokio::select! {
            // The room is never closed.
            room = self.room.clone().acquire_many_owned(cost) => room.map_err(|_| Broken::Gone),
            () = self.pieces.closed() => Err(Broken::Gone),
            () = tokio::time::sleep(self.drain) => Err(Broken::Stalled),
        }
    }
}

impl Host for HostState {}

impl HostResponseStream for HostState {
    async fn write(&mut self, _: Resource<ResponseStream>, chunk: Vec<u8>) -> wasmtime::Result<Result<(), WriteError>> {
        match &mut self.outlet {
            Some(outlet) => outlet.write(chunk).await,
            None => Ok(Err(WriteError::Closed)),
        }
    }

    /// The outlet stays until the hook returns: dropping the handle early is not the end of the answer.
    fn drop(&mut self, _: Resource<ResponseStream>) -> wasmtime::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytesize::ByteSize;

    fn budget() -> Budget {
        Budget { stream: ByteSize(1000), output: ByteSize(600), drain: Duration::from_millis(50), ..Budget::default() }
    }

    #[tokio::test]
    async fn pieces_come_out_until_the_budget_is_used_up_and_a_refused_write_is_the_last() {
        let (mut outlet, mut out) = Outlet::open(&budget());
        assert!(matches!(outlet.write(vec![1; 600]).await, Ok(Ok(()))));
        assert!(matches!(outlet.write(Vec::new()).await, Ok(Ok(()))));
        assert!(matches!(outlet.write(vec![2; 400]).await, Ok(Ok(()))));
        assert!(matches!(outlet.write(vec![3; 1]).await, Ok(Err(WriteError::Limit))));
        let error = outlet.write(vec![3; 1]).await.unwrap_err();
        assert_eq!(error.downcast_ref::<Exhausted>(), Some(&Exhausted::Stream));
        assert_eq!(outlet.broken(), Some(Broken::Limit));
        drop(outlet);
        let mut sizes = Vec::new();
        while let Some(piece) = out.recv().await {
            sizes.push(piece.bytes.len());
        }
        assert_eq!(sizes, [600, 400]);
    }

    #[tokio::test]
    async fn a_piece_has_a_largest_size() {
        let (mut outlet, _out) = Outlet::open(&budget());
        assert!(matches!(outlet.write(vec![1; 601]).await, Ok(Err(WriteError::Limit))));
    }

    #[tokio::test]
    async fn nobody_who_takes_is_not_the_same_as_nobody_there() {
        let roomy = Budget { stream: ByteSize::gib(1), output: ByteSize::mib(1), ..budget() };
        let (mut outlet, mut out) = Outlet::open(&roomy);
        assert!(matches!(outlet.write(vec![1; ROOM as usize]).await, Ok(Ok(()))));
        let start = Instant::now();
        assert!(matches!(outlet.write(vec![1]).await, Ok(Err(WriteError::Closed))));
        assert!(start.elapsed() >= roomy.drain);
        assert_eq!(outlet.broken(), Some(Broken::Stalled));

        let (mut next, next_out) = Outlet::open(&roomy);
        drop(next_out);
        assert!(matches!(next.write(vec![1]).await, Ok(Err(WriteError::Closed))));
        assert_eq!(next.broken(), Some(Broken::Gone));
        assert!(out.recv().await.is_some());
    }

    #[tokio::test]
    async fn waiting_for_the_caller_is_not_silence() {
        let patient = Budget { drain: Duration::from_secs(60), stream: ByteSize::gib(1), ..Budget::default() };
        let (mut outlet, mut out) = Outlet::open(&patient);
        let pulse = outlet.pulse();
        outlet.send(vec![1; ROOM as usize]).await.unwrap();
        let limit = Duration::from_millis(60);
        tokio::select! {
            sent = outlet.send(vec![1]) => panic!("{sent:?}"),
            () = pulse.silent(limit) => panic!("it waits"),
            () = tokio::time::sleep(3 * limit) => {}
        }
        drop(out.recv().await);
        outlet.send(vec![1]).await.unwrap();
        let start = Instant::now();
        pulse.silent(limit).await;
        assert!(start.elapsed() >= limit / 2);
    }
}
