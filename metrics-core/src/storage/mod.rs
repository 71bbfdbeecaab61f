//! Where every count lives: a plane of 64-bit words with a row for a series and a shard for a
//! thread.
//!
//! A thread that records owns a shard. Nobody else writes there, so that adding is a plain load
//! and store of an atomic: no locked instruction, no line shared with another core. Reading a
//! series is adding up its row over all shards; readers take no lock that a writer waits for.
//!
//! The rule for memory: a thread gets its shard at its first recording and hands it on when it
//! ends, with what was counted in it, to the next thread that asks. A shard holds only the pages
//! in which its threads recorded. Past [`EXCLUSIVE_SHARDS`] threads at once, further threads share
//! one shard and pay for locked additions. A series of `w` words thus costs `8 * w` bytes for each
//! thread that has recorded next to it.

mod allocator;
mod cell_range;
mod shard;
pub(crate) mod start_times;

pub(crate) use cell_range::{CellOffset, CellRange};
pub use shard::ShardHandle;
pub(crate) use shard::{AnyCells, Cells, writer};

/// How many rows found no room in the plane: what is recorded in them isn't exposed.
pub(crate) fn rows_without_room() -> u64 {
    allocator::without_room()
}

/// Threads that may own a shard at one time.
pub(crate) const EXCLUSIVE_SHARDS: usize = 64;

/// Cells that a shard has from the start: 512 KiB of address space, of which the operating system
/// backs what is touched.
#[cfg(not(loom))]
pub(crate) const NEAR_CELLS: usize = 64 * 1024;
#[cfg(loom)]
pub(crate) const NEAR_CELLS: usize = 16;

/// Cells in a page: 32 KiB. The longest row fits in one page.
#[cfg(not(loom))]
pub(crate) const PAGE_CELLS: usize = 4096;
#[cfg(loom)]
pub(crate) const PAGE_CELLS: usize = 16;

/// Cells that all series of the process can have.
pub(crate) const STORAGE_CELLS: usize = PAGE_CELLS * PAGES;

/// Pages in a shard: with [`PAGE_CELLS`] some eight million words, 800,000 histograms of 8 buckets.
#[cfg(not(loom))]
pub(crate) const PAGES: usize = 2048;
#[cfg(loom)]
pub(crate) const PAGES: usize = 1;
