//! Atomics and locks, which `loom` replaces to try every interleaving of the threads in a model.

#[cfg(loom)]
pub(crate) use loom::sync::Mutex;
#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU64, Ordering, fence};
#[cfg(not(loom))]
pub(crate) use std::sync::Mutex;
#[cfg(not(loom))]
pub(crate) use std::sync::OnceLock;
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{AtomicU64, Ordering, fence};

/// Adds to an atomic with `Release` ordering, up to `max` and not past it, so that no sum wraps around. Returns the value
/// before.
#[inline]
pub(crate) fn add_saturating(sum: &AtomicU64, amount: u64, max: u64) -> u64 {
    let add = |sum: u64| Some(sum.saturating_add(amount).min(max));
    // `add` always returns a value, so the update succeeds.
    sum.fetch_update(Ordering::Release, Ordering::Relaxed, add).unwrap_or_else(|sum| sum)
}

/// Allocates atomics that are all 0. The operating system backs only the pages that are touched.
#[cfg(not(loom))]
#[allow(clippy::unnecessary_box_returns)] // The array is far too large for a stack.
pub(crate) fn zeroed<const N: usize>() -> Box<[AtomicU64; N]> {
    bytemuck::zeroed_box()
}

#[cfg(loom)]
#[allow(clippy::unnecessary_box_returns)] // The array is far too large for a stack.
pub(crate) fn zeroed<const N: usize>() -> Box<[AtomicU64; N]> {
    Box::new(std::array::from_fn(|_| AtomicU64::new(0)))
}

/// A value that is set once. `loom` sees when it was published: a reader that the publication did not reach finds nothing.
#[cfg(loom)]
#[derive(Debug)]
pub(crate) struct OnceLock<T> {
    value: std::sync::OnceLock<T>,
    is_set: AtomicU64,
}

#[cfg(loom)]
impl<T> OnceLock<T> {
    pub(crate) fn new() -> Self {
        Self { value: std::sync::OnceLock::new(), is_set: AtomicU64::new(0) }
    }

    pub(crate) fn get(&self) -> Option<&T> {
        if self.is_set.load(Ordering::Acquire) == 0 { None } else { self.value.get() }
    }

    pub(crate) fn get_or_init(&self, init: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.get() {
            return value;
        }
        let value = self.value.get_or_init(init);
        self.is_set.store(1, Ordering::Release);
        value
    }
}
