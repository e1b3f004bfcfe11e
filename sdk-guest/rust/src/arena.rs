//! The allocator: a static arena first, the growth of the memory only when it is used up.
//!
//! Why: the usual allocator of this target asks for more memory at its first allocation. For a host that makes a
//! fresh instance for each request that is a system call for each request, under a lock that all threads share. With
//! the arena an ordinary request never grows its memory, and with the small stack that the build asks for
//! (64 KiB) the whole memory that the host has to reset is about 192 KiB.
//!
//! What bounds it: [`ARENA`] bytes without growth; above that the memory grows by what is needed, [`STEP`] pages at least,
//! until the host's budget ends it.

#![allow(unsafe_code, reason = "a global allocator hands out raw memory; each block says why it is sound")]

use std::alloc::Layout;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

use talc::base::Talc;
use talc::base::binning::Binning;
use talc::cell::TalcSyncCell;
use talc::source::Source;
use talc::wasm::WasmBinning;

/// 64 KiB hold the parsed and the written form of a request of some ten KiB. A larger request grows the memory, which costs
/// it a few system calls; a larger arena would cost every request the time to reset it.
const ARENA: usize = 64 * 1024;
const PAGE: usize = 64 * 1024;
/// Pages of one growth: each is a system call, whatever its size.
const STEP: usize = 2;
/// What the allocator itself may need round one block: its chunk header, a heap's base, and rounding.
const OVERHEAD: usize = 256;

static mut MEMORY: [MaybeUninit<u8>; ARENA] = [MaybeUninit::uninit(); ARENA];

#[global_allocator]
static ALLOCATOR: TalcSyncCell<ArenaThenGrow, WasmBinning> = TalcSyncCell::new_wasm(ArenaThenGrow::Unused);

/// Where the memory comes from next.
#[derive(Debug)]
enum ArenaThenGrow {
    /// The arena has not been handed over yet.
    Unused,
    /// The arena is in use, the memory was not grown.
    Arena,
    /// The memory was grown up to here.
    Grown(NonNull<u8>),
}

// SAFETY: `acquire` calls no allocator and uses no type that allocates.
unsafe impl Source for ArenaThenGrow {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        if matches!(talc.source, Self::Unused) {
            talc.source = Self::Arena;
            // SAFETY: nobody else names MEMORY, and this branch is taken once.
            return unsafe { talc.claim((&raw mut MEMORY).cast(), ARENA) }.map(drop).ok_or(());
        }
        let needed =
            layout.size().checked_add(layout.align()).and_then(|bytes| bytes.checked_add(OVERHEAD)).ok_or(())?;
        let pages = needed.div_ceil(PAGE).max(STEP);
        let before = std::arch::wasm32::memory_grow::<0>(pages);
        if before == usize::MAX {
            return Err(());
        }
        let start = (before * PAGE) as *mut u8;
        let end = match talc.source {
            Self::Grown(end) if end.as_ptr() == start => {
                // SAFETY: the heap that ends at `end` is ours, and the pages behind it were just made.
                unsafe { talc.extend(end, start.wrapping_add(pages * PAGE)) }
            }
            // Something else grew the memory in between: a heap of its own.
            // SAFETY: the pages were just made, nobody else knows them.
            _ => unsafe { talc.claim(start, pages * PAGE) }.ok_or(())?,
        };
        talc.source = Self::Grown(end);
        Ok(())
    }
}
