//! The leases of shards to threads.
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

use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use once_cell::race::OnceBox;

use super::shard::{Lease, Shard};
use crate::sync::Mutex;

/// Exclusive shards that can exist.
const MAX_EXCLUSIVE: usize = 96;
/// Shared shards that can exist.
const MAX_SHARED: usize = 8;

/// The time after which the owner of a requested shard is taken for idle.
const IDLE: Duration = Duration::from_millis(200);

/// Every shard that was ever made. They are few and live as long as the process, since their counts must stay.
pub(super) struct Shards {
    exclusive: [OnceBox<Shard>; MAX_EXCLUSIVE],
    shared: [OnceBox<Shard>; MAX_SHARED],
    /// The number of threads that can run at once.
    pub(super) parallelism: usize,
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
pub(super) struct Request {
    lease: Lease,
    since: Instant,
}

impl Shards {
    /// Creates the shards of a process in which `parallelism` threads can run at once.
    pub(super) fn new(parallelism: usize) -> Self {
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

    /// Returns all shards, for a reader.
    pub(super) fn all(&self) -> impl Iterator<Item = &Shard> {
        self.all_exclusive().chain(self.shared.iter().map_while(OnceBox::get))
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
    pub(super) fn take(&'static self, request: &mut Option<Request>, now: Instant) -> Option<&'static Shard> {
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
    pub(super) fn keep(&self, shard: &Shard) -> bool {
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
    pub(super) fn give_back(&self, shard: &Shard) {
        let number = shard.lease().number();
        self.with_leases(|leases| {
            leases.replaced.retain(|replaced| *replaced != number);
            shard.end_lease();
            leases.free.push(number);
        });
    }

    /// Returns the shard of a handle.
    pub(super) fn get(&self, number: usize) -> &Shard {
        let shard = match number.checked_sub(MAX_EXCLUSIVE) {
            None => self.exclusive[number].get(),
            Some(number) => self.shared[number].get(),
        };
        shard.unwrap_or_else(|| unreachable!("a handle refers to an existing shard"))
    }

    /// Returns a shared shard for a new thread.
    pub(super) fn share(&self) -> &Shard {
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
}

/// Run with `RUSTFLAGS="--cfg loom" cargo test --release -p agent-metrics --lib model`.
#[cfg(all(test, loom))]
mod model {
    use loom::thread;

    use super::*;
    use crate::storage::{Cells, ShardHandle};

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
        let all = shards.all();
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
