//! Who was cut off, and why: part of the toolkit's own health.

use crate::error::RegisterError;
use crate::family::{Metric, Spec};
use crate::instance::AgentMetrics;
use crate::label::{Domain, Domains, LabelField, LabelSet, LabelValue};
use crate::metric::Counter;

/// Why a connection was closed without what it asked for; described at [`Exporter`](super::Exporter).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reason {
    Late,
    Incomplete,
    Crowded,
    Slow,
    HeadTooLarge,
    BodyTooLarge,
    Malformed,
    Unauthorized,
}

impl LabelValue for Reason {
    const VALUES: &'static [&'static str] = &[
        "late",
        "incomplete",
        "crowded",
        "slow",
        "head_too_large",
        "body_too_large",
        "malformed",
        "unauthorized",
    ];

    fn index(self) -> usize {
        self as usize
    }
}

#[derive(Clone, Copy)]
struct ReasonLabels {
    reason: Reason,
}

impl LabelSet for ReasonLabels {
    const NAMES: &'static [&'static str] = &["reason"];
    const DOMAINS: &'static [Domain] = &[Reason::DOMAIN];

    fn index(&self, domains: &Domains) -> usize {
        domains.fold(0, 0, &self.reason)
    }
}

/// `agent_metrics_exporter_refused_total` of an instance, which all of its exporters share.
#[derive(Clone)]
pub(super) struct Refused(Counter<ReasonLabels>);

impl Refused {
    pub(super) fn of(metrics: &AgentMetrics) -> Result<Self, RegisterError> {
        metrics.extension(|| {
            let counter: Counter<ReasonLabels> = Metric::build(&Spec::new(
                "agent_metrics_exporter_refused_total",
                "Connections of the exporter that were closed without what they asked for.",
            ));
            metrics.register(&[counter.handle().0])?;
            Ok(Self(counter))
        })
    }

    pub(super) fn count(&self, reason: Reason) {
        self.0.with(ReasonLabels { reason }).inc();
    }
}
