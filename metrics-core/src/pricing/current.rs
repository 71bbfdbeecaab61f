//! The price table of a metrics instance, which can be replaced at run time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::atomic_price::AtomicPrice;
use super::table::PriceTable;
use super::tariff::Quote;

/// The current price table. Its lock is held only to copy or swap the pointer, at a model's first call and when the
/// table is replaced.
pub(crate) struct CurrentPrices(Mutex<Arc<PriceTable>>);

impl CurrentPrices {
    pub(crate) fn new(table: PriceTable) -> Self {
        Self(Mutex::new(Arc::new(table)))
    }

    /// Returns the current table.
    pub(crate) fn now(&self) -> Arc<PriceTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns true if this table is still the current one.
    pub(crate) fn is(&self, table: &Arc<PriceTable>) -> bool {
        Arc::ptr_eq(&self.now(), table)
    }

    /// Replaces the table. The caller must then call [`refresh`](Self::refresh) for the price of every known model.
    pub(crate) fn replace(&self, table: PriceTable) {
        let mut table = Arc::new(table);
        std::mem::swap(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), &mut table);
    }

    /// Sets a model's price to the one in the current table.
    ///
    /// `resolve` may run the user's code, so it is called without the lock. Another thread could therefore replace the
    /// table between the look-up and the store, and refresh this price before the outdated one is stored. To prevent that
    /// the outdated price remains, the table is compared after the store, and if it was replaced, the look-up is repeated.
    pub(crate) fn refresh(&self, price: &AtomicPrice, resolve: impl Fn(&PriceTable) -> Option<Quote>) {
        loop {
            let table = self.now();
            price.set(resolve(&table).as_ref());
            if self.is(&table) {
                return;
            }
        }
    }
}

/// The clock that decides which of a model's prices applies; `None` for the system's clock.
#[derive(Clone, Default)]
pub(crate) struct PriceClock(pub(crate) Option<Arc<dyn Fn() -> SystemTime + Send + Sync>>);
