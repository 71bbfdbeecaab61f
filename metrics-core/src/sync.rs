//! Atomics and locks, which `loom` replaces to try every interleaving of the threads in a model.

#[cfg(loom)]
pub(crate) use loom::sync::Mutex;
#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU64, Ordering, fence};
#[cfg(not(loom))]
pub(crate) use std::sync::Mutex;
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{AtomicU64, Ordering, fence};

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
