//! What every format does: families one after another, each a head and its samples.

use crate::name::MetricKind;
use crate::sample::{OtelName, Visitor};

/// A family as it is announced.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: MetricKind,
    pub(crate) unit: Option<&'a str>,
    pub(crate) help: &'a str,
    #[cfg_attr(not(feature = "otlp"), allow(dead_code, reason = "told by no other protocol"))]
    pub(crate) otel: Option<OtelName>,
    /// Whether the registry's labels are on its samples already, as on those that it gathered.
    pub(crate) gathered: bool,
}

/// Whoever is shown families.
pub(crate) trait FamilyVisitor: Visitor {
    /// Begins a family; its samples follow. Of one without samples nothing is written.
    fn open(&mut self, head: &Head<'_>);

    /// The time of the next samples, in milliseconds since 1970.
    fn set_timestamp(&mut self, milliseconds: Option<i64>);

    /// Ends the family.
    fn close(&mut self);
}

/// Writes an exposition in one format.
pub(super) trait FamilyWriter: FamilyVisitor + Send {
    /// Ends the exposition.
    fn finish(&mut self) {}

    /// How many bytes could be taken now.
    fn ready(&self) -> usize;

    /// What was written since the last time, all of which can be sent. A family may be open; the
    /// rest of it then comes with what is taken next.
    fn take(&mut self) -> Vec<u8>;

    /// All that was written and not taken.
    fn into_bytes(self: Box<Self>) -> Vec<u8>;
}
