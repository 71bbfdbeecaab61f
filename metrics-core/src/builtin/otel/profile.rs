//! The supported versions of the conventions.

/// A version of OpenTelemetry's GenAI conventions, whose names, units, buckets and attributes are exposed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Profile {
    /// Version 1.41, the last one in the general conventions: the names that most dashboards query today.
    OtelGenAi1_41,
    /// Version 0.1.0, the first one in a repository of their own.
    OtelGenAi0_1,
}
