//! Observers of tasks: callbacks at the end of each task, and the set of tasks in flight.

#![cfg_attr(not(feature = "live"), allow(dead_code, reason = "only the live page lists the tasks in flight"))]

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use super::totals::TaskTotals;
use crate::clock::{self, Ticks};
use crate::faults::FaultReporter;
use crate::status::Status;

/// A task that has ended, as [`AgentMetrics::on_task_end`](crate::AgentMetrics::on_task_end) reports it.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct EndedTask {
    /// The type of the task.
    pub task_type: String,
    /// The status with which it ended.
    pub status: Status,
    /// The time from its start to its end.
    pub duration: Duration,
    /// Its totals, with the tasks in it. Costs that are recorded after its end are missing.
    pub totals: TaskTotals,
    /// True if it was not started inside another task.
    pub is_root: bool,
}

type EndHook = Arc<dyn Fn(&EndedTask) + Send + Sync>;

/// The ledger of a task in flight.
pub(crate) trait InFlight: Send + Sync {
    /// Returns the totals up to now.
    fn totals_so_far(&self) -> TaskTotals;
}

/// A task in flight.
#[derive(Clone)]
pub(crate) struct Started {
    pub(crate) number: u64,
    pub(crate) task_type: Box<str>,
    pub(crate) at: Ticks,
    pub(crate) is_root: bool,
    pub(crate) ledger: Arc<dyn InFlight>,
}

/// The observers of an instance's tasks. Without any, a task costs two relaxed loads.
#[derive(Default)]
pub(crate) struct TaskObservers {
    has_hooks: AtomicBool,
    hooks: RwLock<Vec<EndHook>>,
    lists_in_flight: AtomicBool,
    started: AtomicU64,
    /// The tasks in flight by the address of their ledger, in several parts so that threads rarely wait for each other.
    in_flight: [Mutex<HashMap<usize, Started>>; PARTS],
}

const PARTS: usize = 16;

/// The largest number of tasks in one part. Further tasks are measured, but not listed.
const MAX_IN_PART: usize = 256;

impl TaskObservers {
    /// Adds a callback for the ends of tasks.
    pub(crate) fn add_hook(&self, hook: impl Fn(&EndedTask) + Send + Sync + 'static) {
        self.hooks.write().unwrap_or_else(PoisonError::into_inner).push(Arc::new(hook));
        self.has_hooks.store(true, Ordering::Release);
    }

    /// Lists tasks that start from now on until they end.
    pub(crate) fn list_in_flight(&self) {
        self.lists_in_flight.store(true, Ordering::Relaxed);
    }

    fn part(&self, key: usize) -> std::sync::MutexGuard<'_, HashMap<usize, Started>> {
        // The lowest bits of an address are zero.
        self.in_flight[(key >> 6) % PARTS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the start of a task, if tasks in flight are listed.
    #[inline]
    pub(crate) fn start<L: InFlight + 'static>(
        &self,
        ledger: &Arc<L>,
        task_type: &str,
        at: Ticks,
        is_root: bool,
    ) {
        if self.lists_in_flight.load(Ordering::Relaxed) {
            self.note_start(ledger.clone(), task_type, at, is_root);
        }
    }

    #[cold]
    fn note_start<L: InFlight + 'static>(&self, ledger: Arc<L>, task_type: &str, at: Ticks, is_root: bool) {
        let key = Arc::as_ptr(&ledger) as usize;
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let started = Started { number, task_type: task_type.into(), at, is_root, ledger };
        let mut part = self.part(key);
        if part.len() < MAX_IN_PART {
            part.insert(key, started);
        }
    }

    /// Notes the end of a task and calls the callbacks.
    #[inline]
    pub(crate) fn end<L>(&self, ledger: &Arc<L>, ended: impl FnOnce() -> EndedTask, faults: &FaultReporter) {
        if self.lists_in_flight.load(Ordering::Relaxed) {
            self.note_end(Arc::as_ptr(ledger) as usize);
        }
        if self.has_hooks.load(Ordering::Acquire) {
            self.call_hooks(&ended(), faults);
        }
    }

    #[cold]
    fn note_end(&self, key: usize) {
        // The handle to the ledger is dropped after the lock is released.
        let ended = self.part(key).remove(&key);
        drop(ended);
    }

    #[cold]
    fn call_hooks(&self, ended: &EndedTask, faults: &FaultReporter) {
        let hooks = self.hooks.read().unwrap_or_else(PoisonError::into_inner).clone();
        for hook in hooks {
            faults.caught(|| hook(ended));
        }
    }

    /// Returns the tasks in flight, the oldest first.
    pub(crate) fn in_flight(&self) -> Vec<Started> {
        let mut started: Vec<Started> = Vec::new();
        for part in &self.in_flight {
            started.extend(part.lock().unwrap_or_else(PoisonError::into_inner).values().cloned());
        }
        started.sort_by_key(|task| task.number);
        started
    }
}

impl Started {
    /// Returns the time since the start, in seconds.
    pub(crate) fn age(&self) -> f64 {
        clock::nanos(clock::now().since(self.at)) as f64 / 1e9
    }
}

impl fmt::Debug for TaskObservers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskObservers").finish_non_exhaustive()
    }
}
