//! The task that encloses what runs now, and its running totals.
//!
//! The totals travel with the task's future: they are put in this thread's place when the future is
//! polled and taken back when it returns, so that they follow it across `.await` and across threads
//! on any executor.

use std::cell::Cell;

/// What a task has done so far.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Ledger {
    steps: u32,
    llm_calls: u32,
}

thread_local! {
    static CURRENT: Cell<Option<Ledger>> = const { Cell::new(None) };
}

impl Ledger {
    /// The steps that were marked, or, in a task that marked none, its LLM calls.
    pub(crate) fn steps(self) -> u32 {
        if self.steps > 0 { self.steps } else { self.llm_calls }
    }
}

/// Exchanges the current task's ledger with this one: once to enter a task, once to leave it.
#[inline]
pub(crate) fn swap(ledger: &mut Option<Ledger>) {
    *ledger = CURRENT.replace(*ledger);
}

/// Whether a task encloses what runs now.
#[inline]
pub(crate) fn in_task() -> bool {
    CURRENT.get().is_some()
}

#[inline]
fn update(change: impl FnOnce(&mut Ledger)) {
    if let Some(mut ledger) = CURRENT.get() {
        change(&mut ledger);
        CURRENT.set(Some(ledger));
    }
}

#[inline]
pub(crate) fn add_step() {
    update(|ledger| ledger.steps = ledger.steps.saturating_add(1));
}

#[inline]
pub(crate) fn add_llm_call() {
    update(|ledger| ledger.llm_calls = ledger.llm_calls.saturating_add(1));
}
