//! Structs with `derive(Metrics)` in the global instance.

use std::sync::Arc;

use super::global::InGlobal;
use crate::instance::registration::MetricsStruct;

/// A struct of metrics that is registered in the global instance at its first use.
pub struct GlobalMetrics<M: 'static>(InGlobal<Arc<M>>);

impl<M: MetricsStruct> GlobalMetrics<M> {
    /// Creates the value; nothing is registered yet.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self(InGlobal::new())
    }

    /// Returns the struct, and registers it if this is the first use. If that fails, the fault hook gets the error, and the
    /// metrics record without being exposed.
    #[track_caller]
    pub fn get(&'static self) -> &'static M {
        self.0.get(|metrics| M::__register(metrics).map(Arc::new), |_| Arc::new(M::__detached()))
    }
}

debug_by_name! { GlobalMetrics [M] [M]; }
