//! The shard of the current thread.

use std::cell::Cell;
use std::sync::LazyLock;
use std::thread;
use std::time::Instant;

use super::cells::{AnyCells, ExclusiveCells, NEAR_CELLS};
use super::leases::{Request, Shards};
use super::shard::{Shard, ShardHandle};

/// The recordings of a thread in a shared shard between two requests for an exclusive one.
const BETWEEN_REQUESTS: u32 = 1024;

static SHARDS: LazyLock<Shards> =
    LazyLock::new(|| Shards::new(thread::available_parallelism().map_or(1, usize::from)));

thread_local! {
    /// Set only on a thread that has an exclusive shard which no other thread requests.
    static CURRENT: Cell<Option<ShardHandle>> = const { Cell::new(None) };
    static OWNED: Owned = const { Owned(Cell::new(None)) };
    static WAITING: Waiting = const { Waiting::new() };
}

/// The exclusive shard that this thread has. It is given back when the thread ends.
struct Owned(Cell<Option<&'static Shard>>);

impl Owned {
    /// Returns a handle of this thread's exclusive shard, if it has one or can have one.
    fn handle(&self) -> Option<ShardHandle> {
        let kept = self.0.take().filter(|shard| SHARDS.keep(shard));
        let shard = kept.or_else(|| WAITING.with(Waiting::take));
        self.0.set(shard);
        shard.map(Shard::leased)
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // The thread's remaining destructors may record, when another thread has this shard already. Without a handle
        // they record in a shared shard.
        CURRENT.set(None);
        if let Some(shard) = self.0.take() {
            SHARDS.give_back(shard);
        }
    }
}

/// The state of a thread without an exclusive shard: the shard that it shares, and its request for an exclusive one.
struct Waiting {
    shared: Cell<Option<ShardHandle>>,
    request: Cell<Option<Request>>,
    /// The number of recordings until the next request.
    left: Cell<u32>,
}

impl Waiting {
    const fn new() -> Self {
        Self { shared: Cell::new(None), request: Cell::new(None), left: Cell::new(0) }
    }

    /// Takes an exclusive shard, if it is time to try and one can be had.
    fn take(&self) -> Option<&'static Shard> {
        if let Some(left) = self.left.get().checked_sub(1) {
            self.left.set(left);
            return None;
        }
        let mut request = self.request.get();
        let taken = SHARDS.take(&mut request, Instant::now());
        self.request.set(request);
        self.left.set(if taken.is_some() { 0 } else { BETWEEN_REQUESTS });
        taken
    }

    fn shared(&self) -> ShardHandle {
        self.shared.get().unwrap_or_else(|| {
            let handle = SHARDS.share().shared();
            self.shared.set(Some(handle));
            handle
        })
    }
}

/// Returns the current thread's shard.
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
    match OWNED.try_with(Owned::handle).ok().flatten() {
        Some(handle) => {
            let _ = CURRENT.try_with(|current| current.set(Some(handle)));
            handle
        }
        None => WAITING.with(Waiting::shared),
    }
}

impl ShardHandle {
    /// Returns the cells of the range that begins at `offset`, near or in a page, exclusive or shared. They must be used
    /// before the thread calls any code that may record.
    #[inline]
    pub(super) fn cells(self, offset: u32) -> AnyCells {
        match self.exclusive(offset) {
            Some(ExclusiveCells { near, offset }) => AnyCells { cells: &near[offset..], shared: false },
            None => self.other_cells(offset),
        }
    }

    /// Returns cells that are shared or not near, or those of a thread whose shard is requested or was given back.
    #[cold]
    #[inline(never)]
    fn other_cells(self, offset: u32) -> AnyCells {
        if self.is_old() {
            return current_shard().cells(offset);
        }
        if !self.is_shared() && self.lease_now().is_requested() {
            // The thread answers when it next looks for its shard.
            let _ = CURRENT.try_with(|current| current.set(None));
        }
        let offset = offset as usize;
        let cells = if offset < NEAR_CELLS {
            &self.near_cells()[offset..]
        } else {
            SHARDS.get(self.lease_now().number()).in_page(offset)
        };
        AnyCells { cells, shared: self.is_shared() }
    }
}

/// Returns all shards, for a reader.
pub(super) fn shards() -> impl Iterator<Item = &'static Shard> {
    SHARDS.all()
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_counts_of_many_threads_add_up_in_few_shards() {
        let cells = crate::storage::CellRange::new(2);
        thread::scope(|scope| {
            for _ in 0..64 {
                scope.spawn(|| {
                    for _ in 0..10_000 {
                        cells.add(current_shard(), 0, 1);
                        cells.add(current_shard(), 1, 2);
                    }
                });
            }
        });
        assert_eq!([cells.read(0), cells.read(1)], [640_000, 1_280_000]);
        assert!(shards().count() <= 3 * SHARDS.parallelism, "{}", shards().count());
    }
}
