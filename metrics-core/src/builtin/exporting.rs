//! The tables of the families about pushes and about the built-in exporter, which belong to the toolkit's own health.
//!
//! `push` and `serve` record them. The tables are here because `promql!` and the catalogue read all tables in one place.

use super::declaration::{BuiltinFamily, BuiltinLabel, builtin_families};

/// The ways in which a push can end, in the order of the enum in `push`.
#[cfg(feature = "_push")]
pub(crate) const PUSH_OUTCOMES: [&str; 3] = ["success", "unavailable", "rejected"];

/// The reasons for which the exporter closes a connection without an answer, in the order of the enum in `serve`.
#[cfg(feature = "serve")]
pub(crate) const REFUSAL_REASONS: &[&str] = &[
    "late",
    "incomplete",
    "crowded",
    "slow",
    "head_too_large",
    "body_too_large",
    "malformed",
    "unauthorized",
    "foreign_host",
];

#[cfg(feature = "_push")]
pub(crate) const TARGET: BuiltinLabel = BuiltinLabel::open("target");
#[cfg(feature = "_push")]
const OUTCOME: BuiltinLabel = BuiltinLabel::closed("outcome", &PUSH_OUTCOMES);
#[cfg(feature = "serve")]
pub(crate) const REASON: BuiltinLabel = BuiltinLabel::closed("reason", REFUSAL_REASONS);

#[cfg(feature = "_push")]
builtin_families! {
    /// The families about pushes.
    pub(crate) enum PushFamily in Health {
        Pushes => BuiltinFamily::counter(
            "agent_metrics_pushes_total",
            "Pushes that ended, by outcome, including retries.",
        )
        .labels(&[TARGET, OUTCOME]),
        Samples => BuiltinFamily::counter("agent_metrics_push_samples_total", "Samples that a target accepted.")
            .labels(&[TARGET]),
        Lag => BuiltinFamily::gauge(
            "agent_metrics_push_lag_seconds",
            "Age of the values that were last accepted, or time since pushing started.",
        )
        .labels(&[TARGET]),
        Duration => BuiltinFamily::summary(
            "agent_metrics_push_duration_seconds",
            "Time to read and push all samples.",
        )
        .labels(&[TARGET]),
    }
}

#[cfg(feature = "serve")]
builtin_families! {
    /// The families about the built-in exporter.
    pub(crate) enum ExporterFamily in Health {
        Refused => BuiltinFamily::counter(
            "agent_metrics_exporter_refused_total",
            "Connections of the exporter that were refused or cut off, by reason.",
        )
        .labels(&[REASON]),
    }
}
