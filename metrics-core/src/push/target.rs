//! The parts that all targets share: the target as prepared for pushing, and the bodies of its requests.

use std::fmt;

use super::address::Address;
use super::transport::Response;
use crate::error::PushError;
#[cfg(any(feature = "remote-write", feature = "otlp"))]
use crate::exposition::{FamilyVisitor, Walk};
use crate::instance::AgentMetrics;
#[cfg(any(feature = "remote-write", feature = "pushgateway"))]
use crate::name::label_name;

/// A receiver of pushes, by protocol and address: `RemoteWrite`, `Pushgateway` or `Otlp`.
///
/// The trait is sealed.
pub trait Target: sealed::Sealed {
    /// Checks the settings of the target.
    #[doc(hidden)]
    fn prepare(self) -> Result<PreparedTarget, PushError>;
}

pub(super) mod sealed {
    pub trait Sealed {}
}

/// A target whose settings have been checked.
pub struct PreparedTarget {
    /// The name of the push in the metrics, unless the user sets another.
    pub(super) name: &'static str,
    pub(super) address: Address,
    pub(super) headers: &'static [(&'static str, &'static str)],
    /// The maximum length of a request body, unless the user sets another.
    pub(super) max_request_bytes: usize,
    /// Decides whether a request that got this status is worth a retry.
    pub(super) is_temporary: fn(u16) -> bool,
    pub(super) encoder: Box<dyn Encoder>,
}

impl fmt::Debug for PreparedTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, address, .. } = self;
        let address = format_args!("{address}");
        f.debug_struct("PreparedTarget")
            .field("name", name)
            .field("address", &address)
            .finish_non_exhaustive()
    }
}

/// The body of one request.
pub(super) struct RequestBody {
    pub(super) method: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) samples: u64,
}

/// Encodes the registry as the bodies of requests.
pub(super) trait Encoder: Send {
    /// Encodes the whole registry. A body is at most `max_bytes` long before compression, unless a single series is longer
    /// or, in a format that cannot split a family, a single family.
    fn encode(&mut self, metrics: &AgentMetrics, max_bytes: usize) -> Vec<RequestBody>;

    /// Encodes the requests that follow the last push.
    fn encode_end(&mut self, _metrics: &AgentMetrics, _max_bytes: usize) -> Vec<RequestBody> {
        Vec::new()
    }

    /// The target accepted the oldest body without a result.
    ///
    /// # Errors
    /// The message of a target that accepted only a part of it.
    fn accepted(&mut self, _response: &Response) -> Result<(), String> {
        Ok(())
    }

    /// The target refused the oldest body without a result, for good.
    fn refused(&mut self) {}
}

/// Checks labels that a target adds: names must be valid and different, values must not be empty.
#[cfg(any(feature = "remote-write", feature = "pushgateway"))]
pub(super) fn check_labels(setting: &'static str, labels: &[(String, String)]) -> Result<(), PushError> {
    for (at, (name, value)) in labels.iter().enumerate() {
        let refuse = |why| PushError::setting(setting, name, why);
        label_name(name).map_err(|fault| refuse(fault.0))?;
        if labels[..at].iter().any(|(earlier, _)| earlier == name) {
            return Err(refuse("given twice"));
        }
        if value.is_empty() {
            return Err(refuse("its value is empty, which Prometheus treats as an absent label"));
        }
    }
    Ok(())
}

/// Shows all families of an instance's registry to a visitor.
#[cfg(any(feature = "remote-write", feature = "otlp"))]
pub(super) fn walk(metrics: &AgentMetrics, visitor: &mut dyn FamilyVisitor) {
    let mut walk = Walk::new(metrics.registry_ref());
    while walk.step(visitor) {}
}
