//! Why files were not made or not written.

use std::fmt;

/// Why monitoring files were not made or not written. Nothing was written.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum MonitoringError {
    /// A number of the settings is out of range.
    Setting {
        /// The field, as in `thresholds.error_ratio`.
        field: &'static str,
        /// What it was given.
        given: String,
        /// What it takes.
        expected: String,
    },
    /// An objective that nothing can be held to, such as 100 %.
    Objective {
        /// The objective's name.
        slo: String,
        /// What it was given, in percent.
        percent: f64,
    },
    /// An alert on an objective that could never fire, since no more than all calls can fail.
    NeverFires {
        /// The objective's name.
        slo: String,
        /// The factor of the window, times what the objective leaves for failures.
        share: f64,
        /// The window's two lengths, as in `1h/5m`.
        window: String,
        /// The windows that would work, with their factors.
        working: Vec<String>,
    },
    /// A latency objective between two bucket bounds: what lies between them can't be told apart.
    NoBound {
        /// The objective's name.
        slo: String,
        /// The histogram.
        family: String,
        /// The bound to add, in seconds.
        seconds: f64,
        /// The bounds next to it.
        neighbours: Vec<f64>,
    },
    /// Two different objectives for the same calls.
    Conflict {
        /// The objective's name.
        slo: String,
        /// Where the first is stated, and what it says.
        first: String,
        /// Where the other is stated, and what it says.
        second: String,
    },
    /// An objective on a tracked function whose label is only known at the call, so that its calls
    /// can't be told from those of others.
    NoLabel {
        /// The tracked function.
        site: String,
        /// The label.
        label: &'static str,
    },
    /// A query, a rule or an objective names a metric that the catalogue doesn't have.
    UnknownMetric {
        /// The asset or the objective that names it.
        asset: String,
        /// The name.
        metric: String,
        /// The nearest name that there is.
        nearest: Option<String>,
    },
    /// A query names a label that the metric doesn't have.
    UnknownLabel {
        /// The asset that names it.
        asset: String,
        /// The metric.
        metric: String,
        /// The label.
        label: String,
        /// The labels that there are.
        known: Vec<String>,
    },
    /// A query that can't be read.
    Query {
        /// The asset that it is in.
        asset: String,
        /// The query.
        query: String,
        /// What is wrong with it.
        why: String,
    },
    /// Two dashboards with one uid: the second would replace the first.
    DuplicateUid {
        /// The uid.
        uid: String,
        /// The two dashboards.
        dashboards: [String; 2],
    },
    /// A file or a folder could not be written.
    Write {
        /// Which.
        path: String,
        /// The system's own words.
        message: String,
    },
}

impl fmt::Display for MonitoringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting { field, given, expected } => {
                write!(f, "invalid value {given} for `{field}`: expected {expected}")
            }
            Self::Objective { slo, percent } => write!(
                f,
                "objective `{slo}`: {percent} % can't be held to; expected more than 0 and less than 100, such as 99.9"
            ),
            Self::NeverFires { slo, share, window, working } => {
                write!(
                    f,
                    "objective `{slo}`: the alert over {window} would ask for {} % of all calls to fail, which can't be; ",
                    super::number(share * 100.0)
                )?;
                if working.is_empty() {
                    f.write_str("no window would work: set a higher objective")
                } else {
                    write!(
                        f,
                        "windows that would work: {}; keep to those with `slo.windows`, or set `slo.leave_out_unreachable`",
                        working.join(", ")
                    )
                }
            }
            Self::NoBound { slo, family, seconds, neighbours } => write!(
                f,
                "objective `{slo}`: `{family}` has no bucket bound at {seconds} s, so that it can't tell which calls took longer; \
                 add the bound {seconds} to its buckets, or take one that is there ({})",
                list(neighbours)
            ),
            Self::Conflict { slo, first, second } => write!(
                f,
                "objective `{slo}` is stated twice and differently: {first}, and {second}; state it once, or give the calls another label"
            ),
            Self::NoLabel { site, label } => write!(
                f,
                "{site} has an objective, but its `{label}` is only known at the call; \
                 give the attribute a constant `{label}`, or state the objective in code for each value"
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
            // It may show the query itself.
            Self::Query { asset, query, why } if query.is_empty() || why.contains('\n') => {
                write!(f, "{asset}: {why}")
            }
            Self::Query { asset, query, why } => write!(f, "{asset}: {why} in `{query}`"),
            Self::DuplicateUid { uid, dashboards: [first, second] } => write!(
                f,
                "the dashboards `{first}` and `{second}` have one uid, `{uid}`: give one of them another"
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
