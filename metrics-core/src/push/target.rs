//! What all engines have in common: bodies of requests, made of what is read from the registry.

use super::address::Address;
use super::transport::Answer;
use crate::error::PushError;
#[cfg(any(feature = "remote-write", feature = "otlp"))]
use crate::exposition::{FamilyVisitor, Walk};
use crate::instance::AgentMetrics;
#[cfg(any(feature = "remote-write", feature = "pushgateway"))]
use crate::name::label_name;

/// A protocol and an address: `RemoteWrite`, `Pushgateway` or `Otlp`.
pub trait Target: sealed::Sealed {
    #[doc(hidden)]
    fn prepare(self) -> Result<Prepared, PushError>;
}

pub(super) mod sealed {
    pub trait Sealed {}
}

/// A target whose settings were found right.
pub struct Prepared {
    /// Its name in the metrics, unless it is given another.
    pub(super) name: &'static str,
    pub(super) address: Address,
    pub(super) headers: &'static [(&'static str, &'static str)],
    /// How long a request's body gets, unless told otherwise.
    pub(super) max_request_bytes: usize,
    /// Which statuses say that the same may be taken later.
    pub(super) is_temporary: fn(u16) -> bool,
    pub(super) encoder: Box<dyn Encoder>,
}

/// The body of one request.
pub(super) struct Body {
    pub(super) method: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) samples: u64,
}

/// Makes bodies.
pub(super) trait Encoder: Send {
    /// Reads everything. A body is not longer than `max_bytes`, uncompressed, unless a single series
    /// or, where a format can't part those, a single family is.
    fn read(&mut self, metrics: &AgentMetrics, max_bytes: usize) -> Vec<Body>;

    /// What is sent after the last push.
    fn farewell(&mut self, _metrics: &AgentMetrics, _max_bytes: usize) -> Vec<Body> {
        Vec::new()
    }

    /// The engine took the first of the bodies that it was not asked about yet; an error is what it says that it left out
    /// of that.
    fn taken(&mut self, _answer: &Answer) -> Result<(), String> {
        Ok(())
    }

    /// The engine refused that body for good, all of it.
    fn refused(&mut self) {}
}

/// Labels that a target adds: each name a label's and given once, each value something.
#[cfg(any(feature = "remote-write", feature = "pushgateway"))]
pub(super) fn check_labels(setting: &'static str, labels: &[(String, String)]) -> Result<(), PushError> {
    for (at, (name, value)) in labels.iter().enumerate() {
        let refuse = |why| PushError::setting(setting, name, why);
        label_name(name).map_err(|fault| refuse(fault.0))?;
        if labels[..at].iter().any(|(earlier, _)| earlier == name) {
            return Err(refuse("given twice"));
        }
        if value.is_empty() {
            return Err(refuse("its value is empty, which Prometheus takes for no label"));
        }
    }
    Ok(())
}

/// Shows everything in an instance's registry.
#[cfg(any(feature = "remote-write", feature = "otlp"))]
pub(super) fn walk(metrics: &AgentMetrics, visitor: &mut dyn FamilyVisitor) {
    let mut walk = Walk::new(metrics.registry_ref());
    while walk.step(visitor) {}
}
