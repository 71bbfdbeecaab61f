//! What is reported of a model's call from inside it, and how that finds its call.
//!
//! The call keeps a box of facts, which is put in this thread's place when its body runs and taken back
//! when it returns: so it is found across `.await` and on any executor, and a future holds no more than
//! a pointer. The boxes are used again, so that in the steady state none is allocated.

use std::cell::{Cell, RefCell};

use super::held::BundleHandle;
use crate::builtin::{CallFacts, LlmSeries};

/// The facts of one call while it is not running.
#[derive(Default)]
pub(super) struct Facts(Option<Box<CallFacts>>);

/// Boxes that a thread keeps.
const KEPT: usize = 64;

thread_local! {
    /// Those of the innermost call that runs here.
    static CURRENT: Cell<Facts> = const { Cell::new(Facts(None)) };
    #[allow(clippy::vec_box)] // It is the boxes that are kept.
    static UNUSED: RefCell<Vec<Box<CallFacts>>> = const { RefCell::new(Vec::new()) };
}

impl Facts {
    /// For a call that starts.
    #[inline]
    pub(super) fn take(series: BundleHandle<LlmSeries>) -> Self {
        let unused = UNUSED.try_with(|unused| unused.borrow_mut().pop());
        let mut facts: Box<CallFacts> = unused.ok().flatten().unwrap_or_default();
        facts.set_series(series);
        Self(Some(facts))
    }

    /// Exchanges them with the current call's, on entering the body and on leaving it.
    #[inline]
    pub(super) fn swap(&mut self) {
        let mine = Self(self.0.take());
        // Out of reach only while the thread's locals are being destroyed: then they stay with the call.
        let kept = Cell::new(Some(mine));
        let other = CURRENT.try_with(|current| kept.take().map(|mine| current.replace(mine)));
        if let Some(facts) = other.ok().flatten().or_else(|| kept.take()) {
            *self = facts;
        }
    }

    /// What was said of the call, which may be gone in the last moments of a thread.
    #[inline]
    pub(super) fn known(&mut self) -> &mut CallFacts {
        self.0.get_or_insert_default()
    }
}

impl Drop for Facts {
    #[inline]
    fn drop(&mut self) {
        if let Some(mut facts) = self.0.take() {
            facts.clear();
            let _ = UNUSED.try_with(|unused| {
                let mut unused = unused.borrow_mut();
                if unused.len() < KEPT {
                    unused.push(facts);
                }
            });
        }
    }
}

/// Tells the innermost call that runs on this thread, if one does. `tell` must not run the user's code, which
/// could ask for the call in its turn.
pub(super) fn tell(tell: impl FnOnce(&mut CallFacts)) {
    let _ = CURRENT.try_with(|current| {
        let mut facts = current.take();
        if let Some(facts) = facts.0.as_deref_mut() {
            tell(facts);
        }
        current.set(facts);
    });
}
