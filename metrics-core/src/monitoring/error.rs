//! Errors of generating and writing the files.

use std::fmt;

/// The error of generating or writing the monitoring files. No file was written.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum MonitoringError {
    /// A number in the settings is out of range.
    Setting {
        /// The field, such as `thresholds.error_ratio`.
        field: &'static str,
        /// The given value.
        given: String,
        /// The allowed values.
        expected: String,
    },
    /// The settings name an alert that does not exist.
    UnknownAlert {
        /// The unknown name.
        alert: String,
        /// The most similar existing name.
        nearest: Option<String>,
    },
    /// A setting of an alert is out of range.
    AlertSetting {
        /// The name of the alert.
        alert: String,
        /// The field of [`AlertSettings`](super::AlertSettings).
        field: &'static str,
        /// The given value.
        given: String,
        /// The allowed values.
        expected: String,
    },
    /// A label in `keep_labels` that no series has.
    KeptLabel {
        /// The label.
        label: String,
        /// The reason, and the labels that can be kept.
        expected: String,
    },
    /// The target of an objective is out of range, such as 100 %.
    Objective {
        /// The name of the objective.
        slo: String,
        /// The given target, in percent.
        percent: f64,
    },
    /// An alert of an objective could never fire, since it would require more than 100 % of the calls to fail.
    NeverFires {
        /// The name of the objective.
        slo: String,
        /// The burn rate of the window multiplied by the error budget.
        share: f64,
        /// The lengths of the window, such as `1h/5m`.
        window: String,
        /// The windows that would work, with their burn rates.
        working: Vec<String>,
    },
    /// The limit of a latency objective is not a bucket bound, so that the histogram can't measure it.
    NoBound {
        /// The name of the objective.
        slo: String,
        /// The name of the histogram.
        family: String,
        /// The missing bound, in seconds.
        seconds: f64,
        /// The nearest bounds, in seconds.
        neighbours: Vec<f64>,
    },
    /// Two different objectives for the same calls.
    Conflict {
        /// The name of the objective.
        slo: String,
        /// The place and the target of the first objective.
        first: String,
        /// The place and the target of the second objective.
        second: String,
    },
    /// An objective on a tracked function whose label is known only at run time, so that its calls
    /// can't be distinguished from those of other functions.
    NoLabel {
        /// The tracked function.
        site: String,
        /// The name of the label.
        label: &'static str,
    },
    /// A query, a rule or an objective names a metric that the catalogue doesn't have.
    UnknownMetric {
        /// The file, rule, panel or objective with the name.
        asset: String,
        /// The unknown name.
        metric: String,
        /// The most similar existing name.
        nearest: Option<String>,
    },
    /// A query names a label that the metric doesn't have.
    UnknownLabel {
        /// The rule or panel with the label.
        asset: String,
        /// The name of the metric.
        metric: String,
        /// The name of the label.
        label: String,
        /// The labels of the metric.
        known: Vec<String>,
    },
    /// A query has a syntax error.
    Query {
        /// The rule or panel with the query.
        asset: String,
        /// The query.
        query: String,
        /// The reason.
        why: String,
    },
    /// Two dashboards have the same uid, so that the second would replace the first.
    DuplicateUid {
        /// The uid.
        uid: String,
        /// The titles of the dashboards.
        dashboards: [String; 2],
    },
    /// A file or a folder could not be written.
    Write {
        /// The path.
        path: String,
        /// The message of the operating system.
        message: String,
    },
}

impl fmt::Display for MonitoringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting { field, given, expected } => {
                write!(f, "invalid value {given} for `{field}`: expected {expected}")
            }
            Self::UnknownAlert { alert, nearest } => {
                write!(f, "`alerts`: there is no alert `{alert}`")?;
                match nearest {
                    Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
                    None => f.write_str("; `runbooks/README.md` lists all alerts"),
                }
            }
            Self::AlertSetting { alert, field, given, expected } => {
                write!(f, "invalid value {given} for `alerts[\"{alert}\"].{field}`: expected {expected}")
            }
            Self::KeptLabel { label, expected } => {
                write!(f, "invalid label `{label}` in `keep_labels`: expected {expected}")
            }
            Self::Objective { slo, percent } => write!(
                f,
                "objective `{slo}`: {percent} % is not possible; expected more than 0 and less than 100, such as 99.9"
            ),
            Self::NeverFires { slo, share, window, working } => {
                write!(
                    f,
                    "objective `{slo}`: the alert over {window} would require {} % of the calls to fail, so it could never fire; ",
                    super::number(share * 100.0)
                )?;
                if working.is_empty() {
                    f.write_str("no window would work; set a higher objective")
                } else {
                    write!(
                        f,
                        "these windows would work: {}; use them with `slo.windows`, or set `slo.leave_out_unreachable`",
                        working.join(", ")
                    )
                }
            }
            Self::NoBound { slo, family, seconds, neighbours } => write!(
                f,
                "objective `{slo}`: `{family}` has no bucket bound at {seconds} s, so it can't count slower calls; \
                 add the bound {seconds} to its buckets, or use an existing one ({})",
                list(neighbours)
            ),
            Self::Conflict { slo, first, second } => write!(
                f,
                "objective `{slo}` is declared twice with different targets: {first}, and {second}; declare it once, or give the calls another label"
            ),
            Self::NoLabel { site, label } => write!(
                f,
                "{site} has an objective, but its `{label}` is known only at run time; \
                 give the attribute a constant `{label}`, or declare the objective in code for each value"
            ),
            Self::UnknownMetric { asset, metric, nearest } => {
                write!(f, "{asset}: there is no metric `{metric}`")?;
                match nearest {
                    Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
                    None => f.write_str(" in the catalogue"),
                }
            }
            Self::UnknownLabel { asset, metric, label, known } => write!(
                f,
                "{asset}: `{metric}` has no label `{label}`; it has {}",
                if known.is_empty() { "none".to_owned() } else { known.join(", ") }
            ),
            // The reason may contain the query already.
            Self::Query { asset, query, why } if query.is_empty() || why.contains('\n') => {
                write!(f, "{asset}: {why}")
            }
            Self::Query { asset, query, why } => write!(f, "{asset}: {why} in `{query}`"),
            Self::DuplicateUid { uid, dashboards: [first, second] } => write!(
                f,
                "the dashboards `{first}` and `{second}` have the same uid `{uid}`; change one of them"
            ),
            Self::Write { path, message } => {
                write!(f, "can't write {path}: {message}; nothing was changed")
            }
        }
    }
}

fn list(numbers: &[f64]) -> String {
    numbers.iter().map(|number| format!("{} s", super::number(*number))).collect::<Vec<_>>().join(" or ")
}

impl std::error::Error for MonitoringError {}
