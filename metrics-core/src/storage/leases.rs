//! Leases: which thread has which shard.
//!
//! A thread that records takes an exclusive shard if one is free, or if fewer were made than threads can run at once. All
//! other threads share a few shards. So the memory of the cells depends on the number of cores, not of threads.
//!
//! A thread that ends gives its shard back. A thread that lives on without recording can't give it back, since an addition
//! is a load and a store, and nothing tells another thread that none is under way. Therefore a thread that records in a
//! shared shard again and again *requests* an exclusive one, by a mark in the cell that the owner reads with every addition.
//! An owner that records notices the mark and removes it. If the mark is still there after [`IDLE`], the owner records
//! rarely or never. The requesting thread then makes one more shard, and the owner gives its own back when it records again.
//! At most half as many such shards are made as threads can run at once.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use once_cell::race::OnceBox;

use super::cells::{AnyCells, NEAR_CELLS};
use super::shard::{Lease, Shard, ShardHandle};
use crate::sync::Mutex;

/// Exclusive shards that can exist.
const MAX_EXCLUSIVE: usize = 96;
/// Shared shards that can exist.
const MAX_SHARED: usize = 8;

/// The time after which the owner of a requested shard is taken for idle.
const IDLE: Duration = Duration::from_millis(200);

/// The recordings of a thread in a shared shard between two requests for an exclusive one.
const BETWEEN_REQUESTS: u32 = 1024;

/// Every shard that was ever made. They are few and live as long as the process, since their counts must stay.
struct Shards {
    exclusive: [OnceBox<Shard>; MAX_EXCLUSIVE],
    shared: [OnceBox<Shard>; MAX_SHARED],
    /// The number of threads that can run at once.
    parallelism: usize,
    leases: Mutex<Leases>,
}

#[derive(Default)]
struct Leases {
    /// The numbers of the exclusive shards that no thread has now.
    free: Vec<usize>,
    /// The numbers of those that an idle thread has, and for which another one was made.
    replaced: Vec<usize>,
}

/// A request for a shard that another thread has.
#[derive(Clone, Copy)]
struct Request {
    lease: Lease,
    since: Instant,
}

static SHARDS: LazyLock<Shards> =
    LazyLock::new(|| Shards::new(thread::available_parallelism().map_or(1, usize::from)));

impl Shards {
    /// Creates the shards of a process in which `parallelism` threads can run at once.
    fn new(parallelism: usize) -> Self {
        Self {
            exclusive: [const { OnceBox::new() }; MAX_EXCLUSIVE],
            shared: [const { OnceBox::new() }; MAX_SHARED],
            parallelism: parallelism.clamp(2, MAX_EXCLUSIVE * 2 / 3),
            leases: Mutex::new(Leases::default()),
        }
    }

    fn with_leases<T>(&self, change: impl FnOnce(&mut Leases) -> T) -> T {
        change(&mut self.leases.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn all_exclusive(&self) -> impl Iterator<Item = &Shard> {
        self.exclusive.iter().map_while(OnceBox::get)
    }

    /// Takes an exclusive shard for this thread. If none can be had, requests one that another thread has, or leaves the
    /// earlier `request` standing.
    ///
    /// The new owner adds with a plain load and a plain store. If its load did not see the old owner's last store, the
    /// addition would undo that one. The old owner unlocked the mutex after its last store, and the new owner locks it
    /// before its first load, so the load sees the store.
    fn take(&'static self, request: &mut Option<Request>, now: Instant) -> Option<&'static Shard> {
        self.with_leases(|leases| {
            let shard = match leases.free.pop() {
                Some(number) => Some(self.get(number)),
                None => self.make(leases, *request, now),
            };
            *request = if shard.is_some() { None } else { self.renew(leases, *request, now) };
            shard
        })
    }

    /// The number of exclusive shards that can be made, with those in place of idle threads' shards.
    fn max_exclusive(&self) -> usize {
        self.parallelism + self.parallelism / 2
    }

    /// Makes an exclusive shard if there are too few for the threads that can run at once.
    fn make(
        &'static self,
        leases: &mut Leases,
        request: Option<Request>,
        now: Instant,
    ) -> Option<&'static Shard> {
        let number = self.all_exclusive().count();
        if number >= self.parallelism {
            let request = request.filter(|request| now.duration_since(request.since) >= IDLE)?;
            if number >= self.max_exclusive() || !self.is_open(leases, request) {
                return None;
            }
            leases.replaced.push(request.lease.number());
        }
        Some(self.exclusive[number].get_or_init(|| Box::new(Shard::new(number))))
    }

    /// Returns true if the owner has not answered yet, and its shard has not been replaced.
    fn is_open(&self, leases: &Leases, request: Request) -> bool {
        let number = request.lease.number();
        let lease = self.get(number).lease();
        lease.is(request.lease) && lease.is_requested() && !leases.replaced.contains(&number)
    }

    /// Returns the request if it is still open, and otherwise requests the next shard whose owner is not known to
    /// be idle.
    fn renew(&self, leases: &Leases, request: Option<Request>, now: Instant) -> Option<Request> {
        if request.is_some_and(|request| self.is_open(leases, request)) {
            return request;
        }
        let count = self.all_exclusive().count();
        let first = request.map_or(0, |request| request.lease.number() + 1);
        let next = (first..first + count)
            .map(|number| number % count)
            .find(|number| !leases.replaced.contains(number))?;
        Some(Request { lease: self.get(next).request(), since: now })
    }

    /// Answers a request for this thread's shard. Returns false if the thread has lost the shard: it was taken for idle, and
    /// another shard was made in its place.
    fn keep(&self, shard: &Shard) -> bool {
        let number = shard.lease().number();
        self.with_leases(|leases| {
            shard.answer();
            let Some(at) = leases.replaced.iter().position(|replaced| *replaced == number) else {
                return true;
            };
            leases.replaced.swap_remove(at);
            shard.end_lease();
            leases.free.push(number);
            false
        })
    }

    /// Gives this thread's shard back.
    fn give_back(&self, shard: &Shard) {
        let number = shard.lease().number();
        self.with_leases(|leases| {
            leases.replaced.retain(|replaced| *replaced != number);
            shard.end_lease();
            leases.free.push(number);
        });
    }

    /// Returns the shard of a handle.
    fn get(&self, number: usize) -> &Shard {
        let shard = match number.checked_sub(MAX_EXCLUSIVE) {
            None => self.exclusive[number].get(),
            Some(number) => self.shared[number].get(),
        };
        shard.unwrap_or_else(|| unreachable!("a handle refers to an existing shard"))
    }

    /// Returns a shared shard for a new thread.
    fn share(&self) -> &Shard {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let count = (self.parallelism / 4).clamp(1, MAX_SHARED);
        let mut number = NEXT.fetch_add(1, Ordering::Relaxed) % count;
        // Shards are made in the order of their numbers, so that readers find them all.
        while number > 0 && self.shared[number - 1].get().is_none() {
            number -= 1;
        }
        self.shared[number].get_or_init(|| Box::new(Shard::new(MAX_EXCLUSIVE + number)))
    }
}

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

/// What a thread without an exclusive shard has.
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
    pub(super) fn cells(self, offset: u32) -> AnyCells {
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
    SHARDS.all_exclusive().chain(SHARDS.shared.iter().map_while(OnceBox::get))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn shards(parallelism: usize) -> &'static Shards {
        Box::leak(Box::new(Shards::new(parallelism)))
    }

    fn numbers(taken: [Option<&'static Shard>; 3]) -> [Option<usize>; 3] {
        taken.map(|shard| shard.map(|shard| shard.lease().number()))
    }

    #[test]
    fn as_many_threads_as_run_at_once_have_exclusive_shards() {
        let shards = shards(2);
        let now = Instant::now();
        let taken = [(); 3].map(|()| shards.take(&mut None, now));
        assert_eq!(numbers(taken), [Some(0), Some(1), None]);
        shards.give_back(taken[1].unwrap());
        let taken = [(); 3].map(|()| shards.take(&mut None, now));
        assert_eq!(numbers(taken), [Some(1), None, None]);
    }

    #[test]
    fn a_thread_that_records_keeps_its_shard_when_another_requests_it() {
        let shards = shards(2);
        let (start, mut request) = (Instant::now(), None);
        let owned = [(); 2].map(|()| shards.take(&mut None, start).unwrap());
        for turn in 0..10 {
            assert!(shards.take(&mut request, start + turn * IDLE).is_none());
            let requested = owned.map(|shard| shard.lease().is_requested());
            assert_eq!(requested, [turn % 2 == 0, turn % 2 == 1], "one after the other is requested");
            for shard in owned.iter().filter(|shard| shard.lease().is_requested()) {
                assert!(shards.keep(shard));
            }
        }
        assert_eq!(shards.all_exclusive().count(), 2);
    }

    #[test]
    fn the_shard_of_an_idle_thread_is_replaced_and_given_back_when_the_thread_records_again() {
        let shards = shards(2);
        let (start, mut request) = (Instant::now(), None);
        let [idle, _] = [(); 2].map(|()| shards.take(&mut None, start).unwrap());
        let handle = idle.leased();
        assert!(handle.exclusive(1).is_some());
        assert!(shards.take(&mut request, start).is_none());
        assert!(handle.exclusive(1).is_none(), "the owner notices the request");
        assert!(shards.take(&mut request, start + IDLE / 2).is_none(), "it may be asleep for a moment");
        let taken = shards.take(&mut request, start + IDLE).unwrap();
        assert_eq!(taken.lease().number(), 2);
        assert!(!shards.keep(idle));
        let taken = shards.take(&mut None, start + IDLE).unwrap();
        assert_eq!(taken.lease().number(), 0, "the shard is leased again");
        assert!(handle.exclusive(1).is_none(), "the handles of the earlier lease do not fit");
        assert!(taken.leased().exclusive(1).is_some());
    }

    #[test]
    fn idle_threads_are_replaced_by_half_as_many_shards_as_threads_run_at_once() {
        let shards = shards(4);
        let start = Instant::now();
        let mut requests = [None; 10];
        let mut taken = 0;
        for turn in 0..20 {
            for request in &mut requests {
                taken += usize::from(shards.take(request, start + turn * IDLE).is_some());
            }
        }
        assert_eq!((taken, shards.all_exclusive().count()), (6, 6));
    }

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
        assert!(super::shards().count() <= 3 * SHARDS.parallelism, "{}", super::shards().count());
    }
}

/// Run with `RUSTFLAGS="--cfg loom" cargo test --release -p agent-metrics --lib model`.
#[cfg(all(test, loom))]
mod model {
    use loom::thread;

    use super::*;
    use crate::storage::Cells;

    const CELL: usize = 1;

    /// Creates shards with a shared one. Loom does not see that `OnceBox` publishes a shard, so no thread of a model makes one
    /// that another uses.
    fn shards() -> &'static Shards {
        let shards: &'static Shards = Box::leak(Box::new(Shards::new(2)));
        shards.share();
        shards
    }

    /// Adds 1 as a thread does: in its exclusive shard, or else in the shared one.
    fn add(shards: &'static Shards, handle: ShardHandle) {
        match handle.exclusive(CELL as u32) {
            Some(cells) => cells.add(0, 1),
            None => shards.share().shared().cells(0).add(CELL, 1),
        }
    }

    fn sum(shards: &'static Shards) -> u64 {
        let all = shards.all_exclusive().chain(shards.shared.iter().map_while(OnceBox::get));
        all.filter_map(|shard| shard.recorded(CELL as u32))
            .map(|cells| cells[0].load(Ordering::Acquire))
            .sum()
    }

    #[test]
    fn a_shard_of_a_thread_that_ended_is_taken_over_without_a_loss() {
        loom::model(|| {
            let shards = shards();
            let now = Instant::now();
            let [first, second] = [(); 2].map(|()| shards.take(&mut None, now).unwrap());
            let ends = thread::spawn(move || {
                add(shards, first.leased());
                shards.give_back(first);
            });
            add(shards, second.leased());
            match shards.take(&mut None, now) {
                Some(taken) => add(shards, taken.leased()),
                None => add(shards, shards.share().shared()),
            }
            ends.join().unwrap();
            assert_eq!(sum(shards), 3);
        });
    }

    #[test]
    fn an_idle_owner_that_records_again_loses_no_addition_and_undoes_none() {
        loom::model(|| {
            let shards = shards();
            let start = Instant::now();
            let [idle, _other] = [(); 2].map(|()| shards.take(&mut None, start).unwrap());
            let owner = thread::spawn(move || {
                let handle = idle.leased();
                add(shards, handle);
                if idle.lease().is_requested() && !shards.keep(idle) {
                    // A handle from before must not reach the cells, which may have another owner now.
                    add(shards, handle);
                    return 2;
                }
                1
            });
            let mut request = None;
            assert!(shards.take(&mut request, start).is_none());
            let mut added = 0;
            for _ in 0..2 {
                if let Some(taken) = shards.take(&mut request, start + IDLE) {
                    add(shards, taken.leased());
                    added += 1;
                }
            }
            let added = added + owner.join().unwrap();
            assert_eq!(sum(shards), added);
        });
    }
}
