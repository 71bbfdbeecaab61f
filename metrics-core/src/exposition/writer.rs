//! The interface of all formats: families one after another, each with a head and samples.

use crate::name::MetricKind;
use crate::sample::{OtelName, Visitor};

/// The description of a family, which precedes its samples.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: MetricKind,
    pub(crate) unit: Option<&'a str>,
    pub(crate) help: &'a str,
    #[cfg_attr(not(feature = "otlp"), allow(dead_code, reason = "no other protocol sends it"))]
    pub(crate) otel: Option<OtelName>,
    /// The registry has already added its labels to the samples, since it gathered them.
    pub(crate) gathered: bool,
}

/// A visitor of families with their samples.
pub(crate) trait FamilyVisitor: Visitor {
    /// Begins a family, whose samples follow. A family without samples is left out of the output.
    fn open(&mut self, head: &Head<'_>);

    /// Sets the time of the next samples, in milliseconds since 1970.
    fn set_timestamp(&mut self, milliseconds: Option<i64>);

    /// Ends the family.
    fn close(&mut self);
}

/// Writes an exposition in one format.
pub(super) trait FamilyWriter: FamilyVisitor + Send {
    /// Ends the exposition.
    fn finish(&mut self) {}

    /// Returns the number of bytes that can be taken now.
    fn ready(&self) -> usize;

    /// Takes the output since the last call, all of which can be sent. If a family is open, the rest of it is part of the
    /// next output.
    fn take(&mut self) -> Vec<u8>;

    /// Returns the output that was not taken.
    fn into_bytes(self: Box<Self>) -> Vec<u8>;
}
