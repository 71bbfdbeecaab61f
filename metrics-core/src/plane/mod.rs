//! Where every count lives: a plane of 64-bit words with a row for a series and a column for a
//! thread.
//!
//! A thread that records owns a column. Nobody else writes there, so that adding is a plain load
//! and store of an atomic: no locked instruction, no line shared with another core. Reading a
//! series is adding up its row over all columns; readers take no lock that a writer waits for.
//!
//! The rule for memory: a thread gets its column at its first recording and hands it on when it
//! ends, with what was counted in it, to the next thread that asks. A column holds only the pages
//! in which its threads recorded. Past [`EXCLUSIVE_COLUMNS`] threads at once, further threads share
//! one column and pay for locked additions. A series of `w` words thus costs `8 * w` bytes for each
//! thread that has recorded next to it.

mod column;
mod exemplars;
mod row;
mod rows;
mod windows;

pub use column::Writer;
pub(crate) use column::{Any, Words, writer};
pub(crate) use exemplars::{Exemplar, Exemplars};
pub(crate) use row::Row;
pub(crate) use windows::{MOST_BUCKETS, Window, Windows};

/// How many rows found no room in the plane: what is recorded in them isn't exposed.
pub(crate) fn rows_without_room() -> u64 {
    rows::without_room()
}

/// Threads that may own a column at one time.
pub(crate) const EXCLUSIVE_COLUMNS: usize = 64;

/// Words that a column has from the start: 512 KiB of address space, of which the operating system
/// backs what is touched.
#[cfg(not(loom))]
pub(crate) const NEAR_WORDS: usize = 64 * 1024;
#[cfg(loom)]
pub(crate) const NEAR_WORDS: usize = 16;

/// Words in a page: 32 KiB. The longest row fits in one page.
#[cfg(not(loom))]
pub(crate) const PAGE_WORDS: usize = 4096;
#[cfg(loom)]
pub(crate) const PAGE_WORDS: usize = 16;

/// Words that all series of the process can have.
pub(crate) const PLANE_WORDS: usize = PAGE_WORDS * PAGES;

/// Pages in a column: with [`PAGE_WORDS`] some eight million words, 800,000 histograms of 8 buckets.
#[cfg(not(loom))]
pub(crate) const PAGES: usize = 2048;
#[cfg(loom)]
pub(crate) const PAGES: usize = 1;
