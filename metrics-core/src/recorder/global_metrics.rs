//! Structs with `derive(Metrics)` in the global instance.

use std::sync::Arc;

use super::global::InGlobal;
use crate::instance::registration::MetricsStruct;

/// The struct as registered in the global metrics, at its first use.
pub struct GlobalMetrics<M: 'static>(InGlobal<Arc<M>>);

impl<M: MetricsStruct> GlobalMetrics<M> {
    /// Not registered yet.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self(InGlobal::new())
    }

    /// Registers it if this is the first use. If that fails the hook is told, and the metrics record
    /// without being exposed.
    #[track_caller]
    pub fn get(&'static self) -> &'static M {
        self.0.get(|metrics| M::__register(metrics).map(Arc::new), |_| Arc::new(M::__detached()))
    }
}
