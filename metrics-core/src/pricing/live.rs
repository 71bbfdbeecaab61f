//! The prices of a live instance.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Price, PriceSlot, PriceTable};

/// The table in force. Its lock is held for a moment, at a model's first call and to replace the table.
pub(crate) struct Prices(Mutex<Arc<PriceTable>>);

impl Prices {
    pub(crate) fn new(table: PriceTable) -> Self {
        Self(Mutex::new(Arc::new(table)))
    }

    pub(crate) fn now(&self) -> Arc<PriceTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether this table is still in force.
    pub(crate) fn is(&self, table: &Arc<PriceTable>) -> bool {
        Arc::ptr_eq(&self.now(), table)
    }

    /// Puts another table in force. The slots must be settled afterwards.
    pub(crate) fn replace(&self, table: PriceTable) {
        let mut table = Arc::new(table);
        std::mem::swap(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), &mut table);
    }

    /// Brings a slot to the table in force. It is looked up without the lock, as it may run the user's code;
    /// so when the table was replaced meanwhile, once more.
    pub(crate) fn settle(&self, slot: &PriceSlot, resolve: impl Fn(&PriceTable) -> Option<Price>) {
        loop {
            let table = self.now();
            slot.set(resolve(&table).as_ref());
            if self.is(&table) {
                return;
            }
        }
    }
}
