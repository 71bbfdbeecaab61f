//! The system allocator with optional counting.
#![allow(clippy::cast_possible_wrap)]
#![allow(unsafe_code)] // A global allocator has no safe form.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

/// A global allocator that counts while counting is on.
pub(crate) struct Counting;

// Off except during memory measurements, so that peers that allocate don't pay for the counting.
static ON: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static LIVE_BYTES: AtomicI64 = AtomicI64::new(0);

fn count(allocations: u64, bytes: i64) {
    if ON.load(Ordering::Relaxed) {
        ALLOCATIONS.fetch_add(allocations, Ordering::Relaxed);
        LIVE_BYTES.fetch_add(bytes, Ordering::Relaxed);
    }
}

// SAFETY: every call is passed unchanged to the system allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as i64);
        // SAFETY: see the impl.
        unsafe { System.alloc(layout) }
    }

    // Forwarded, since the system returns large zeroed blocks without touching them.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as i64);
        // SAFETY: see the impl.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(0, -(layout.size() as i64));
        // SAFETY: see the impl.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(1, size as i64 - layout.size() as i64);
        // SAFETY: see the impl.
        unsafe { System.realloc(at, layout, size) }
    }
}

/// Allocations made by `run`, and the bytes that it left allocated.
pub(crate) fn counted<T>(run: impl FnOnce() -> T) -> (T, u64, i64) {
    let (allocations, bytes) = (ALLOCATIONS.load(Ordering::Relaxed), LIVE_BYTES.load(Ordering::Relaxed));
    ON.store(true, Ordering::Relaxed);
    let value = run();
    ON.store(false, Ordering::Relaxed);
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - allocations;
    (value, allocations, LIVE_BYTES.load(Ordering::Relaxed) - bytes)
}
