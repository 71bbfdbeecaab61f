//! The task that encloses what runs now, and its running totals.
//!
//! The totals travel with the task's future: they are put in this thread's place when the future is
//! polled and taken back when it returns, so that they follow it across `.await` and across threads
//! on any executor.

use std::cell::Cell;

/// What a task has done so far.
///
/// Eight bytes, `Option` included, since it lies in every task's future; past 65,535 LLM calls in a
/// task that marks no steps, further ones are no steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ledger {
    steps: u32,
    llm_calls: u16,
    /// Whether no other task encloses this one.
    root: bool,
}

thread_local! {
    static CURRENT: Cell<Option<Ledger>> = const { Cell::new(None) };
}

impl Ledger {
    /// The ledger of a task that begins here.
    #[inline]
    pub(crate) fn begin() -> Self {
        Self { steps: 0, llm_calls: 0, root: CURRENT.get().is_none() }
    }

    /// The steps that were marked, or, in a task that marked none, its LLM calls.
    pub(crate) fn steps(self) -> u32 {
        if self.steps > 0 { self.steps } else { u32::from(self.llm_calls) }
    }

    pub(crate) fn is_root(self) -> bool {
        self.root
    }
}

/// Exchanges the current task's ledger with this one: once to enter a task, once to leave it.
#[inline]
pub(crate) fn swap(ledger: &mut Option<Ledger>) {
    *ledger = CURRENT.replace(*ledger);
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
