//! Shards: the cells of one recording thread, and how a thread gets them.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::AtomicUsize;
use std::sync::{Mutex, PoisonError};

use once_cell::race::OnceBox;

use super::allocator::{PAGE_CELLS, PAGES};
use crate::sync::{AtomicU64, Ordering, add_saturating, zeroed};

/// Exclusive shards that can exist.
const EXCLUSIVE_SHARDS: usize = 64;

/// Cells that a shard has from the start: 512 KiB of address space, of which the operating system backs with memory
/// only the pages that are touched.
const NEAR_CELLS: usize = if cfg!(loom) { 16 } else { 64 * 1024 };

type Near = [AtomicU64; NEAR_CELLS];
type Page = [AtomicU64; PAGE_CELLS];

/// The cells of one thread, or of all threads that have no exclusive shard.
pub(crate) struct Shard {
    /// The first cells, which are found without a look at `pages`. Cell 0 belongs to no series and holds the shard's
    /// id: it is read with every recording, and so should be near.
    near: Box<Near>,
    pages: [OnceBox<Page>; PAGES],
}

/// The cell that holds a shard's [`ShardId`].
const ID: usize = 0;

/// The number of a shard and, in the lowest bit, whether threads share it.
#[derive(Clone, Copy)]
struct ShardId(u64);

impl ShardId {
    const SHARED: Self = Self(1);

    fn exclusive(number: usize) -> Self {
        Self((number as u64) << 1)
    }

    /// Reads the id from a shard's near cells. It was written before the shard was published and never changes, so
    /// that a relaxed load suffices.
    #[inline]
    fn read(near: &Near) -> Self {
        Self(near[ID].load(Ordering::Relaxed))
    }

    #[inline]
    fn is_shared(self) -> bool {
        self.0 & 1 != 0
    }

    fn shard(self) -> Option<&'static Shard> {
        if self.is_shared() { SHARDS.shared.get() } else { SHARDS.exclusive[(self.0 >> 1) as usize].get() }
    }
}

impl Shard {
    fn new(id: ShardId) -> Self {
        let near: Box<Near> = zeroed();
        near[ID].store(id.0, Ordering::Relaxed);
        Self { near, pages: [const { OnceBox::new() }; PAGES] }
    }

    /// Returns the cells from `offset` on for a reader, or `None` if their page was never recorded in.
    pub(super) fn recorded(&self, offset: u32) -> Option<&[AtomicU64]> {
        let offset = offset as usize;
        if offset < NEAR_CELLS {
            return Some(&self.near[offset..]);
        }
        self.pages[offset / PAGE_CELLS].get().map(|page| &page[offset % PAGE_CELLS..])
    }
}

/// The current thread's shard. It stays on its thread, since additions to an exclusive shard are only right there.
#[derive(Clone, Copy)]
pub struct ShardHandle {
    near: &'static Near,
    not_send: PhantomData<*const ()>,
}

impl std::fmt::Debug for ShardHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShardHandle").finish_non_exhaustive()
    }
}

impl ShardHandle {
    fn new(shard: &'static Shard) -> Self {
        Self { near: &shard.near, not_send: PhantomData }
    }

    /// Returns the cells of the range that begins at `offset`, if they are near and no other thread writes them.
    /// Adding is cheapest there.
    #[inline]
    pub(super) fn exclusive(self, offset: u32) -> Option<ExclusiveCells> {
        if ShardId::read(self.near).is_shared() {
            return None;
        }
        let offset = offset as usize;
        (offset < NEAR_CELLS).then_some(ExclusiveCells { near: self.near, offset })
    }

    /// Returns the cells of the range that begins at `offset`, near or in a page, exclusive or shared.
    pub(super) fn cells(self, offset: u32) -> AnyCells {
        let offset = offset as usize;
        let id = ShardId::read(self.near);
        let cells = if offset < NEAR_CELLS { &self.near[offset..] } else { Self::in_page(id, offset) };
        AnyCells { cells, shared: id.is_shared() }
    }

    fn in_page(id: ShardId, offset: usize) -> &'static [AtomicU64] {
        match id.shard() {
            Some(shard) => &shard.pages[offset / PAGE_CELLS].get_or_init(zeroed)[offset % PAGE_CELLS..],
            None => unreachable!("a handle refers to an existing shard"),
        }
    }
}

/// Cells that can be added to. Each addition is a release operation: a reader that sees it by an acquire load also
/// sees every addition that happened before it, in whichever shard.
///
/// A sum that would exceed the largest number becomes that number and stays there, so that no counter ever decreases.
pub(crate) trait Cells: Copy {
    fn add(self, cell: usize, amount: u64);

    /// Adds to a cell that holds the bits of an `f64`.
    fn add_f64(self, cell: usize, amount: f64);

    /// Sets a cell to `value` if that is larger. Readers take the largest value of all shards.
    fn raise(self, cell: usize, value: u64);

    /// Returns the value of a cell in this shard. For cells that are not added up.
    fn get(self, cell: usize) -> u64;

    /// Replaces the value of a cell in this shard. For cells that are not added up.
    fn set(self, cell: usize, value: u64);
}

/// Near cells that no other thread writes.
#[derive(Clone, Copy)]
pub(crate) struct ExclusiveCells {
    near: &'static Near,
    offset: usize,
}

impl ExclusiveCells {
    /// Masks the index instead of checking it: a range lies in one page, so one that begins near ends near.
    #[inline]
    fn cell(self, cell: usize) -> &'static AtomicU64 {
        &self.near[(self.offset + cell) & (NEAR_CELLS - 1)]
    }
}

// The load and the store of these three are not one atomic operation. Between them another writer's addition would be
// lost, but there is none: only the owner of an exclusive shard writes its cells.

#[inline]
fn add_alone(cell: &AtomicU64, amount: u64) {
    let (sum, exceeds) = cell.load(Ordering::Relaxed).overflowing_add(amount);
    cell.store(if exceeds { saturated() } else { sum }, Ordering::Release);
}

/// The number of additions that were cut because the sum would have exceeded the largest number.
static SATURATED: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

/// Returns the number of additions that were cut because the sum would have exceeded the largest number.
pub(crate) fn saturated_additions() -> u64 {
    SATURATED.load(std::sync::atomic::Ordering::Relaxed)
}

/// Counts an addition that is cut, and returns the largest number.
#[cold]
fn saturated() -> u64 {
    SATURATED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    u64::MAX
}

#[inline]
fn add_f64_alone(cell: &AtomicU64, amount: f64) {
    let sum = f64::from_bits(cell.load(Ordering::Relaxed)) + amount;
    cell.store(sum.to_bits(), Ordering::Release);
}

#[inline]
fn raise_alone(cell: &AtomicU64, value: u64) {
    if cell.load(Ordering::Relaxed) < value {
        cell.store(value, Ordering::Release);
    }
}

impl Cells for ExclusiveCells {
    #[inline]
    fn add(self, cell: usize, amount: u64) {
        add_alone(self.cell(cell), amount);
    }

    #[inline]
    fn add_f64(self, cell: usize, amount: f64) {
        add_f64_alone(self.cell(cell), amount);
    }

    #[inline]
    fn raise(self, cell: usize, value: u64) {
        raise_alone(self.cell(cell), value);
    }

    #[inline]
    fn get(self, cell: usize) -> u64 {
        self.cell(cell).load(Ordering::Acquire)
    }

    fn set(self, cell: usize, value: u64) {
        self.cell(cell).store(value, Ordering::Release);
    }
}

/// Cells in any shard and any page, which other threads may write if the shard is shared.
#[derive(Clone, Copy)]
pub(crate) struct AnyCells {
    cells: &'static [AtomicU64],
    shared: bool,
}

impl Cells for AnyCells {
    fn add(self, cell: usize, amount: u64) {
        if self.shared {
            // A read-modify-write operation continues the release sequence of the additions before it. So a reader
            // that sees this addition also sees what the other threads of the shard recorded before theirs.
            if add_saturating(&self.cells[cell], amount, u64::MAX).checked_add(amount).is_none() {
                saturated();
            }
        } else {
            add_alone(&self.cells[cell], amount);
        }
    }

    fn add_f64(self, cell: usize, amount: f64) {
        if !self.shared {
            return add_f64_alone(&self.cells[cell], amount);
        }
        let add = |bits| Some((f64::from_bits(bits) + amount).to_bits());
        // `add` always returns a value, so the update succeeds.
        let _ = self.cells[cell].fetch_update(Ordering::Release, Ordering::Relaxed, add);
    }

    fn raise(self, cell: usize, value: u64) {
        if !self.shared {
            return raise_alone(&self.cells[cell], value);
        }
        let raised = |known| (known < value).then_some(value);
        // The update fails when the cell has a larger value, and then nothing is to be done.
        let _ = self.cells[cell].fetch_update(Ordering::Release, Ordering::Relaxed, raised);
    }

    fn get(self, cell: usize) -> u64 {
        self.cells[cell].load(Ordering::Acquire)
    }

    fn set(self, cell: usize, value: u64) {
        self.cells[cell].store(value, Ordering::Release);
    }
}

/// Every shard that was ever made. They are few and live as long as the process, since their counts must stay.
struct Shards {
    exclusive: [OnceBox<Shard>; EXCLUSIVE_SHARDS],
    shared: OnceBox<Shard>,
    /// Numbers of the exclusive shards that no thread has now.
    free: Mutex<Vec<usize>>,
    /// The length of `free`, readable without the lock. It is only a hint: a thread that reads an old value takes
    /// the lock needlessly, or records once in the shared shard.
    free_count: AtomicUsize,
}

static SHARDS: Shards = Shards {
    exclusive: [const { OnceBox::new() }; EXCLUSIVE_SHARDS],
    shared: OnceBox::new(),
    free: Mutex::new(Vec::new()),
    free_count: AtomicUsize::new(0),
};

thread_local! {
    /// Set only on a thread that has an exclusive shard; other threads try to get one each time they record.
    static CURRENT: Cell<Option<ShardHandle>> = const { Cell::new(None) };
    static LEASE: Lease = const { Lease(Cell::new(None)) };
}

impl Shards {
    /// Takes an exclusive shard for this thread: a returned one, or else a new one.
    fn take(&self) -> Option<usize> {
        let all_made = self.exclusive[EXCLUSIVE_SHARDS - 1].get().is_some();
        if all_made && self.free_count.load(Ordering::Relaxed) == 0 {
            return None;
        }
        // The new owner adds with a plain load and a plain store. If its load did not see the old owner's last store,
        // the addition would undo that one. The old owner unlocked this mutex after its last store, and the new owner
        // locks it before its first load, so the load sees the store.
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let returned = free.pop();
        self.free_count.store(free.len(), Ordering::Relaxed);
        returned.or_else(|| {
            let number = self.exclusive.iter().position(|shard| shard.get().is_none())?;
            self.exclusive[number].get_or_init(|| Box::new(Shard::new(ShardId::exclusive(number))));
            Some(number)
        })
    }

    fn give_back(&self, number: usize) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(number);
        self.free_count.store(free.len(), Ordering::Relaxed);
    }
}

/// An exclusive shard's number, given back when its thread ends.
struct Lease(Cell<Option<usize>>);

impl Lease {
    fn take(&self) -> Option<&'static Shard> {
        let number = SHARDS.take()?;
        self.0.set(Some(number));
        SHARDS.exclusive[number].get()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // The thread's remaining destructors may record, when another thread has this shard already. Without a handle
        // they record in the shared shard.
        CURRENT.set(None);
        if let Some(number) = self.0.get() {
            SHARDS.give_back(number);
        }
    }
}

/// Returns the current thread's shard. The handle is valid on this thread until the thread ends.
#[inline]
pub(crate) fn current_shard() -> ShardHandle {
    // The access fails only while the thread's locals are being destroyed.
    match CURRENT.try_with(Cell::get) {
        Ok(Some(shard)) => shard,
        _ => new_handle(),
    }
}

#[cold]
fn new_handle() -> ShardHandle {
    match LEASE.try_with(Lease::take).ok().flatten() {
        Some(exclusive) => {
            let handle = ShardHandle::new(exclusive);
            let _ = CURRENT.try_with(|current| current.set(Some(handle)));
            handle
        }
        None => ShardHandle::new(SHARDS.shared.get_or_init(|| Box::new(Shard::new(ShardId::SHARED)))),
    }
}

/// Returns all shards, for a reader.
pub(super) fn shards() -> impl Iterator<Item = &'static Shard> {
    let exclusive = SHARDS.exclusive.iter().map_while(OnceBox::get);
    exclusive.chain(SHARDS.shared.get())
}

/// Run with `RUSTFLAGS="--cfg loom" cargo test --release -p agent-metrics --lib model`.
#[cfg(all(test, loom))]
mod model {
    use loom::thread;

    use super::*;

    const STARTED: u32 = 1;
    const ENDED: u32 = 2;
    const BUCKETS: std::ops::Range<u32> = 3..5;

    /// Leaks shards, since the shards of threads live as long as the process.
    fn shards<const N: usize>(id: ShardId) -> [&'static Shard; N] {
        std::array::from_fn(|_| &*Box::leak(Box::new(Shard::new(id))))
    }

    fn read(shards: &[&Shard], offset: u32) -> u64 {
        let cells = shards.iter().filter_map(|shard| shard.recorded(offset));
        cells.map(|cells| cells[0].load(Ordering::Acquire)).sum()
    }

    /// Records one call in the order of `CallShape`: its start, its end, its bucket.
    fn call(shard: &'static Shard, bucket: u32) {
        let cells = ShardHandle::new(shard).cells(0);
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
            let shards = shards::<2>(ShardId::exclusive(0));
            let threads = [0, 1].map(|n| thread::spawn(move || call(shards[n], n as u32)));
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
            let shards = shards::<1>(ShardId::SHARED);
            let threads = [0, 1].map(|_| thread::spawn(move || call(shards[0], 0)));
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
            let [shard] = shards::<1>(ShardId::SHARED);
            let threads = [0.5, 0.25].map(|amount| {
                thread::spawn(move || ShardHandle::new(shard).cells(0).add_f64(STARTED as usize, amount))
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
            let [shard] = shards::<1>(ShardId::SHARED);
            let threads =
                [7, 5].map(|value| thread::spawn(move || ShardHandle::new(shard).cells(0).raise(1, value)));
            for thread in threads {
                thread.join().unwrap();
            }
            assert_eq!(read(&[shard], STARTED), 7);
        });
    }
}
