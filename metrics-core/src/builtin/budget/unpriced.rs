//! The calls of models without a price that were charged to a budget.

use std::sync::PoisonError;

use super::window::Window;
use crate::sync::{AtomicU64, Mutex, Ordering};

/// What a budget does after a call of a model without a price, whose cost is unknown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Unpriced {
    /// The budget counts as spent: of a budget per task for the rest of the task, of a rolling one until the call has left
    /// the window.
    #[default]
    Refuse,
    /// The call counts as free.
    Allow,
}

/// The calls of models without a price.
pub(super) struct UnpricedCalls {
    count: AtomicU64,
    /// 1 if calls are refused after one of a model without a price, otherwise 0.
    refuses: AtomicU64,
    /// The moment at which the last of the calls leaves a rolling window, in ticks since the budget was created; 0 before the
    /// first.
    until: AtomicU64,
    /// The model of the last call.
    model: Mutex<String>,
}

impl Default for UnpricedCalls {
    fn default() -> Self {
        Self {
            count: AtomicU64::new(0),
            refuses: AtomicU64::new(1),
            until: AtomicU64::new(0),
            model: Mutex::new(String::new()),
        }
    }
}

impl UnpricedCalls {
    pub(super) fn set_reaction(&self, reaction: Unpriced) {
        self.refuses.store(u64::from(reaction == Unpriced::Refuse), Ordering::Relaxed);
    }

    pub(super) fn is_refused(&self) -> bool {
        self.refuses.load(Ordering::Relaxed) != 0
    }

    /// Counts a call. Returns true for the first one.
    pub(super) fn add(&self, model: &str, window: Option<&Window>) -> bool {
        model.clone_into(&mut self.model.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(window) = window {
            self.until.fetch_max(window.end_of_window(), Ordering::Release);
        }
        self.count.fetch_add(1, Ordering::Relaxed) == 0
    }

    /// Returns whether calls are refused because a call in the window was one of a model without a price.
    pub(super) fn is_within(&self, window: &Window) -> bool {
        let until = self.until.load(Ordering::Acquire);
        until > 0 && self.is_refused() && window.ticks() < until
    }

    /// Returns the model of the last call.
    pub(super) fn model(&self) -> String {
        self.model.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}
