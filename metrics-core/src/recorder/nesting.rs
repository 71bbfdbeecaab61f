//! The number of tasks, tools and steps that run on this thread, one inside the other.
//!
//! An LLM call keeps the number with which its body is entered. Another LLM call that starts at the same number is directly
//! inside it: no task, tool or step is between the two.

use std::cell::Cell;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Notes that the body of a task, a tool or a step begins to run on this thread.
#[inline]
pub(super) fn enter() {
    DEPTH.set(DEPTH.get().wrapping_add(1));
}

/// Notes that the body no longer runs on this thread.
#[inline]
pub(super) fn leave() {
    DEPTH.set(DEPTH.get().wrapping_sub(1));
}

/// Returns the number of tasks, tools and steps that run on this thread.
#[inline]
pub(super) fn depth() -> u32 {
    DEPTH.get()
}
