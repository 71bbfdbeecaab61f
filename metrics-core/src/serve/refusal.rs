//! The counter of refused connections.

use crate::builtin::{ExporterFamily, FamilyId as _, REASON, REFUSAL_REASONS};
use crate::error::RegisterError;
use crate::family::Metric;
use crate::instance::AgentMetrics;
use crate::label::{Domain, Domains, LabelField, LabelSet, LabelValue};
use crate::metric::Counter;

/// The reason why a connection was refused or cut off; described at [`Exporter`](super::Exporter).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RefusalReason {
    Late,
    Incomplete,
    Crowded,
    Slow,
    HeadTooLarge,
    BodyTooLarge,
    Malformed,
    Unauthorized,
    ForeignHost,
}

impl LabelValue for RefusalReason {
    const VALUES: &'static [&'static str] = REFUSAL_REASONS;

    fn index(self) -> usize {
        self as usize
    }
}

#[derive(Clone, Copy)]
struct ReasonLabels {
    reason: RefusalReason,
}

impl LabelSet for ReasonLabels {
    const NAMES: &'static [&'static str] = &[REASON.name];
    const DOMAINS: &'static [Domain] = &[RefusalReason::DOMAIN];

    fn index(&self, domains: &Domains) -> usize {
        domains.fold(0, 0, &self.reason)
    }
}

/// The counter `agent_metrics_exporter_refused_total` of an instance, which all exporters of the instance share.
#[derive(Clone)]
pub(super) struct RefusedConnections(Counter<ReasonLabels>);

impl RefusedConnections {
    /// Returns the instance's counter, which the first exporter registers.
    pub(super) fn for_instance(metrics: &AgentMetrics) -> Result<Self, RegisterError> {
        metrics.extension(|| {
            let counter: Counter<ReasonLabels> = Metric::build(&ExporterFamily::Refused.family().spec());
            metrics.register(&[counter.handle().0])?;
            Ok(Self(counter))
        })
    }

    /// Counts one refused connection.
    pub(super) fn count(&self, reason: RefusalReason) {
        self.0.with(ReasonLabels { reason }).inc();
    }
}
