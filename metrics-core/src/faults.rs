//! The fault reporter of an instance: it counts faults and passes them to the fault hook.

use std::any::Any;
use std::collections::BTreeSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::error::Fault;

pub(crate) type Hook = Box<dyn Fn(&Fault) + Send + Sync>;

/// Counts the faults of one instance and passes them to its hook.
#[derive(Default)]
pub struct FaultReporter {
    hook: Option<Hook>,
    callback_panics: AtomicU64,
    skipped_families: AtomicU64,
    /// The names of skipped families that were reported.
    reported_families: Mutex<BTreeSet<String>>,
}

/// The number of skipped families that are reported.
const MAX_REPORTED: usize = 128;

/// Drops the payload of a panic. If that drop panics as well, the second payload is leaked.
pub(crate) fn forget_panic(panic: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        std::mem::forget(again);
    }
}

/// A part of an instance whose faults are reported.
pub trait ReportsFaults {
    /// The reporter of the instance.
    fn faults(&self) -> &FaultReporter;
}

impl fmt::Debug for FaultReporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultReporter")
            .field("callback_panics", &self.callback_panics())
            .finish_non_exhaustive()
    }
}

impl FaultReporter {
    pub(crate) fn new(hook: Option<Hook>) -> Self {
        Self { hook, ..Self::silent() }
    }

    /// Creates a reporter without a hook.
    pub(crate) const fn silent() -> Self {
        Self {
            hook: None,
            callback_panics: AtomicU64::new(0),
            skipped_families: AtomicU64::new(0),
            reported_families: Mutex::new(BTreeSet::new()),
        }
    }

    pub(crate) fn report(&self, fault: &Fault) {
        if let Some(hook) = &self.hook {
            // A panic of the hook itself can't be reported.
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| hook(fault))) {
                forget_panic(panic);
            }
        }
    }

    /// Runs user-defined code. A panic is counted and reported, and doesn't reach the caller of the tracked function.
    pub(crate) fn caught<T>(&self, read: impl FnOnce() -> T) -> Option<T> {
        let panic = match catch_unwind(AssertUnwindSafe(read)) {
            Ok(read) => return Some(read),
            Err(panic) => panic,
        };
        self.callback_panicked(&*panic);
        forget_panic(panic);
        None
    }

    #[cold]
    fn callback_panicked(&self, panic: &(dyn Any + Send)) {
        self.callback_panics.fetch_add(1, Ordering::Relaxed);
        let message = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic without a message".to_owned());
        self.report(&Fault::CallbackPanicked { message });
    }

    /// Counts a family of a foreign collector that is left out of an exposition, and reports it once.
    #[cold]
    pub(crate) fn family_skipped(&self, family: &str, sample: &str, existing: &str) {
        self.skipped_families.fetch_add(1, Ordering::Relaxed);
        let mut reported = self.reported_families.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = reported.len() < MAX_REPORTED && reported.insert(family.to_owned());
        // The hook may scrape.
        drop(reported);
        if is_new {
            let (family, sample, existing) = (family.to_owned(), sample.to_owned(), existing.to_owned());
            self.report(&Fault::FamilySkipped { family, sample, existing });
        }
    }

    pub(crate) fn skipped_families(&self) -> u64 {
        self.skipped_families.load(Ordering::Relaxed)
    }

    pub(crate) fn callback_panics(&self) -> u64 {
        self.callback_panics.load(Ordering::Relaxed)
    }
}
