//! Shards: the cells that one thread, or a few of them, add to.

use std::marker::PhantomData;

use once_cell::race::OnceBox;

use super::allocator::{PAGE_CELLS, PAGES};
use super::cells::ExclusiveCells;
use crate::sync::{AtomicU64, Ordering, zeroed};

/// Cells that a shard has from the start: 512 KiB of address space, of which the operating system backs with memory
/// only the pages that are touched.
pub(super) const NEAR_CELLS: usize = if cfg!(loom) { 16 } else { 64 * 1024 };

pub(super) type Near = [AtomicU64; NEAR_CELLS];
type Page = [AtomicU64; PAGE_CELLS];

/// The cells of the thread that has the shard's lease, or of all threads that share it.
pub(super) struct Shard {
    /// The first cells, which are found without a look at `pages`. Cell 0 belongs to no series and holds the shard's
    /// lease: it is read with every recording, and so should be near.
    near: Box<Near>,
    pages: [OnceBox<Page>; PAGES],
}

/// The cell that holds a shard's [`Lease`].
const LEASE: usize = 0;

/// The right of a thread to a shard, in one word: how many leases of the shard were before, the number of the shard, and in
/// the lowest bit whether another thread requests it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Lease(u64);

impl Lease {
    const REQUESTED: u64 = 1;
    const NUMBER_BITS: u32 = 16;

    /// The lease in the handle of a shared shard. It differs from the lease in the cell of any shard.
    const NONE: Self = Self(u64::MAX);

    fn first(number: usize) -> Self {
        Self((number as u64) << 1)
    }

    fn next(self) -> Self {
        Self((self.0 & !Self::REQUESTED) + (1 << Self::NUMBER_BITS))
    }

    /// Returns the number of the shard.
    pub(super) fn number(self) -> usize {
        (self.0 as usize & ((1 << Self::NUMBER_BITS) - 1)) >> 1
    }

    pub(super) fn is_requested(self) -> bool {
        self.0 & Self::REQUESTED != 0
    }

    /// Returns true if both are the same lease, requested or not.
    pub(super) fn is(self, other: Self) -> bool {
        (self.0 ^ other.0) & !Self::REQUESTED == 0
    }
}

impl Shard {
    pub(super) fn new(number: usize) -> Self {
        let near: Box<Near> = zeroed();
        near[LEASE].store(Lease::first(number).0, Ordering::Relaxed);
        Self { near, pages: [const { OnceBox::new() }; PAGES] }
    }

    /// Returns the current lease.
    pub(super) fn lease(&self) -> Lease {
        read_lease(&self.near)
    }

    /// Ends the current lease: the handles that its thread may still have do not fit the next one.
    pub(super) fn end_lease(&self) {
        self.near[LEASE].store(self.lease().next().0, Ordering::Relaxed);
    }

    /// Marks the current lease as requested, and returns it.
    pub(super) fn request(&self) -> Lease {
        Lease(self.near[LEASE].fetch_or(Lease::REQUESTED, Ordering::Relaxed))
    }

    /// Removes the mark of [`request`](Self::request).
    pub(super) fn answer(&self) {
        self.near[LEASE].fetch_and(!Lease::REQUESTED, Ordering::Relaxed);
    }

    /// Returns a handle for the thread that has the current lease.
    pub(super) fn leased(&'static self) -> ShardHandle {
        let lease = Lease(self.lease().0 & !Lease::REQUESTED);
        ShardHandle { near: &self.near, lease, not_send: PhantomData }
    }

    /// Returns a handle for a thread that shares the shard with others.
    pub(super) fn shared(&'static self) -> ShardHandle {
        ShardHandle { near: &self.near, lease: Lease::NONE, not_send: PhantomData }
    }

    /// Returns the cells from `offset` on for a reader, or `None` if their page was never recorded in.
    pub(super) fn recorded(&self, offset: u32) -> Option<&[AtomicU64]> {
        let offset = offset as usize;
        if offset < NEAR_CELLS {
            return Some(&self.near[offset..]);
        }
        self.pages[offset / PAGE_CELLS].get().map(|page| &page[offset % PAGE_CELLS..])
    }

    /// Returns the cells from `offset` on, which lie beyond the near cells.
    pub(super) fn in_page(&self, offset: usize) -> &[AtomicU64] {
        &self.pages[offset / PAGE_CELLS].get_or_init(zeroed)[offset % PAGE_CELLS..]
    }
}

#[inline]
fn read_lease(near: &Near) -> Lease {
    // Relaxed suffices. A thread must notice the end of its own lease, and it ended it itself. A request by another thread
    // may be noticed late.
    Lease(near[LEASE].load(Ordering::Relaxed))
}

/// A thread's access to a shard. It stays on its thread, since additions to an exclusive shard are only right there.
///
/// A thread may give its shard back while one of its functions still has a handle: the function called the code of the user,
/// which recorded. Therefore every addition compares the lease of the handle with the one in the shard, and an old handle
/// stands for the shard that the thread has now.
#[derive(Clone, Copy)]
pub struct ShardHandle {
    near: &'static Near,
    lease: Lease,
    not_send: PhantomData<*const ()>,
}

impl std::fmt::Debug for ShardHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShardHandle").finish_non_exhaustive()
    }
}

impl ShardHandle {
    /// Returns the cells of the range that begins at `offset`, if they are near and no other thread writes them.
    /// Adding is cheapest there. The cells must be used before the thread calls any code that may record.
    #[inline]
    pub(super) fn exclusive(self, offset: u32) -> Option<ExclusiveCells> {
        if read_lease(self.near) != self.lease {
            return None;
        }
        let offset = offset as usize;
        (offset < NEAR_CELLS).then_some(ExclusiveCells { near: self.near, offset })
    }

    /// Returns the lease that the shard has now.
    pub(super) fn lease_now(self) -> Lease {
        read_lease(self.near)
    }

    /// Returns true if the thread had an exclusive shard, but gave it back.
    pub(super) fn is_old(self) -> bool {
        !self.is_shared() && !self.lease_now().is(self.lease)
    }

    pub(super) fn is_shared(self) -> bool {
        self.lease == Lease::NONE
    }

    pub(super) fn near_cells(self) -> &'static Near {
        self.near
    }
}

/// Run with `RUSTFLAGS="--cfg loom" cargo test --release -p agent-metrics --lib model`.
#[cfg(all(test, loom))]
mod model {
    use loom::thread;

    use super::*;
    use crate::storage::Cells;

    const STARTED: u32 = 1;
    const ENDED: u32 = 2;
    const BUCKETS: std::ops::Range<u32> = 3..5;

    /// Leaks shards, since the shards of threads live as long as the process.
    fn shards<const N: usize>() -> [&'static Shard; N] {
        std::array::from_fn(|number| &*Box::leak(Box::new(Shard::new(number))))
    }

    fn read(shards: &[&Shard], offset: u32) -> u64 {
        let cells = shards.iter().filter_map(|shard| shard.recorded(offset));
        cells.map(|cells| cells[0].load(Ordering::Acquire)).sum()
    }

    /// Records one call in the order of `CallShape`: its start, its end, its bucket.
    fn call(shard: ShardHandle, bucket: u32) {
        let cells = shard.cells(0);
        cells.add(STARTED as usize, 1);
        cells.add(ENDED as usize, 1);
        cells.add((BUCKETS.start + bucket) as usize, 1);
    }

    /// Reads in the order of a scrape: the buckets, the ends, the starts.
    fn check(shards: &[&Shard]) {
        let count: u64 = BUCKETS.map(|at| read(shards, at)).sum();
        let ended = read(shards, ENDED);
        let started = read(shards, STARTED);
        assert!(count <= ended, "{count} observations of {ended} ends");
        assert!(ended <= started, "{ended} ends of {started} starts");
    }

    #[test]
    fn a_scrape_sees_no_end_without_its_start() {
        loom::model(|| {
            let shards = shards::<2>();
            let threads = [0, 1].map(|n| thread::spawn(move || call(shards[n].leased(), n as u32)));
            check(&shards);
            for thread in threads {
                thread.join().unwrap();
            }
            assert_eq!([STARTED, ENDED, 3, 4].map(|at| read(&shards, at)), [2, 2, 1, 1]);
        });
    }

    #[test]
    fn threads_that_share_a_shard_lose_no_additions() {
        loom::model(|| {
            let shards = shards::<1>();
            let threads = [0, 1].map(|_| thread::spawn(move || call(shards[0].shared(), 0)));
            check(&shards);
            for thread in threads {
                thread.join().unwrap();
            }
            assert_eq!([STARTED, ENDED, 3].map(|at| read(&shards, at)), [2, 2, 2]);
        });
    }

    #[test]
    fn threads_that_share_a_float_sum_lose_no_additions() {
        loom::model(|| {
            let [shard] = shards::<1>();
            let threads = [0.5, 0.25].map(|amount| {
                thread::spawn(move || shard.shared().cells(0).add_f64(STARTED as usize, amount))
            });
            for thread in threads {
                thread.join().unwrap();
            }
            assert_eq!(f64::from_bits(read(&[shard], STARTED)), 0.75);
        });
    }

    #[test]
    fn the_largest_value_of_a_shared_cell_stays() {
        loom::model(|| {
            let [shard] = shards::<1>();
            let threads = [7, 5].map(|value| thread::spawn(move || shard.shared().cells(0).raise(1, value)));
            for thread in threads {
                thread.join().unwrap();
            }
            assert_eq!(read(&[shard], STARTED), 7);
        });
    }
}
