//! The rules for names of metrics and labels, for units and for bucket bounds: one `const fn` for each rule.
//!
//! Generated code calls these in `const` items, so that a wrong name is a compile error on the
//! name itself; registration calls the same functions where a name is only known at run time.
//!
//! Source of the rules: the Prometheus data model
//! (<https://prometheus.io/docs/concepts/data_model/>) and the OpenMetrics 1.0 specification.

/// Suffixes with a meaning in the exposition formats.
const RESERVED_SUFFIXES: [&str; 6] = ["_total", "_bucket", "_sum", "_count", "_created", "_info"];

/// The kind of a metric family.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum MetricKind {
    /// A value that only increases; the name ends in `_total`.
    Counter,
    /// A value that increases and decreases.
    Gauge,
    /// Observations in buckets, with their sum and count.
    Histogram,
    /// The sum and the count of observations.
    Summary,
    /// A constant 1 whose labels carry the information; the name ends in `_info`.
    Info,
    /// A value without a declared kind: `untyped` in text 0.0.4, `unknown` in OpenMetrics.
    Unknown,
}

/// The reason for refusing a name, a label, a unit or bucket bounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidName(pub(crate) &'static str);

const fn is_name(text: &str, colon: bool) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let fine = byte.is_ascii_alphabetic()
            || byte == b'_'
            || (colon && byte == b':')
            || (at > 0 && byte.is_ascii_digit());
        if !fine {
            return false;
        }
        at += 1;
    }
    !bytes.is_empty()
}

const fn ends_with(text: &str, suffix: &str) -> bool {
    let (text, suffix) = (text.as_bytes(), suffix.as_bytes());
    if text.len() < suffix.len() {
        return false;
    }
    let from = text.len() - suffix.len();
    let mut at = 0;
    while at < suffix.len() {
        if text[from + at] != suffix[at] {
            return false;
        }
        at += 1;
    }
    true
}

const fn same(left: &str, right: &str) -> bool {
    left.len() == right.len() && ends_with(left, right)
}

pub(crate) const fn metric_name(kind: MetricKind, name: &str) -> Result<(), InvalidName> {
    if !is_name(name, true) {
        return Err(InvalidName("invalid metric name: expected [a-zA-Z_:][a-zA-Z0-9_:]*"));
    }
    match kind {
        MetricKind::Counter if !ends_with(name, "_total") => {
            return Err(InvalidName("invalid counter name: a counter's name ends in `_total`"));
        }
        MetricKind::Info if !ends_with(name, "_info") => {
            return Err(InvalidName("invalid info name: an info's name ends in `_info`"));
        }
        MetricKind::Counter | MetricKind::Info | MetricKind::Unknown => return Ok(()),
        MetricKind::Gauge | MetricKind::Histogram | MetricKind::Summary => {}
    }
    let mut at = 0;
    while at < RESERVED_SUFFIXES.len() {
        if ends_with(name, RESERVED_SUFFIXES[at]) {
            return Err(InvalidName(
                "invalid metric name: `_total`, `_bucket`, `_sum`, `_count`, `_created` and `_info` \
                 at the end have a meaning of their own in the exposition formats",
            ));
        }
        at += 1;
    }
    Ok(())
}

/// Returns the names of the samples of a family.
pub(crate) fn sample_names(kind: MetricKind, name: &str) -> Vec<String> {
    let suffixes: &[&str] = match kind {
        MetricKind::Histogram => &["", "_bucket", "_sum", "_count"],
        MetricKind::Summary => &["", "_sum", "_count"],
        MetricKind::Counter | MetricKind::Gauge | MetricKind::Info | MetricKind::Unknown => &[""],
    };
    suffixes.iter().map(|suffix| format!("{name}{suffix}")).collect()
}

/// Returns the names that no other family may have: those of the samples, and the name of the family in OpenMetrics.
pub(crate) fn claimed_names(kind: MetricKind, name: &str) -> Vec<String> {
    let mut names = sample_names(kind, name);
    let open_name = match kind {
        MetricKind::Counter => name.strip_suffix("_total"),
        MetricKind::Info => name.strip_suffix("_info"),
        MetricKind::Gauge | MetricKind::Histogram | MetricKind::Summary | MetricKind::Unknown => None,
    };
    names.extend(open_name.map(str::to_owned));
    names
}

pub(crate) const fn label_name(name: &str) -> Result<(), InvalidName> {
    let bytes = name.as_bytes();
    if !is_name(name, false) {
        return Err(InvalidName("invalid label name: expected [a-zA-Z_][a-zA-Z0-9_]*"));
    }
    if bytes.len() >= 2 && bytes[0] == b'_' && bytes[1] == b'_' {
        return Err(InvalidName("invalid label name: names that begin with `__` belong to Prometheus"));
    }
    Ok(())
}

/// Refuses labels that the exposition formats write for families of this kind.
pub(crate) const fn reserved_labels(kind: MetricKind, labels: &[&str]) -> Result<(), InvalidName> {
    match kind {
        MetricKind::Histogram if has(labels, "le") => {
            Err(InvalidName("reserved label name: `le` is the bucket's bound in a histogram"))
        }
        MetricKind::Summary if has(labels, "quantile") => {
            Err(InvalidName("reserved label name: `quantile` is the quantile's in a summary"))
        }
        _ => Ok(()),
    }
}

/// Refuses labels that the runtime or the formats write for a call family: `status`, and `le` of its histogram.
pub(crate) const fn call_labels(labels: &[&str]) -> Result<(), InvalidName> {
    if has(labels, "status") {
        return Err(InvalidName("reserved label name: `status` is written by the runtime"));
    }
    reserved_labels(MetricKind::Histogram, labels)
}

const fn has(labels: &[&str], wanted: &str) -> bool {
    let mut at = 0;
    while at < labels.len() {
        if same(labels[at], wanted) {
            return true;
        }
        at += 1;
    }
    false
}

/// Checks that the name ends in its unit, as OpenMetrics requires; in a counter's name, `_total` follows the unit.
pub(crate) const fn unit(kind: MetricKind, name: &str, unit: &str) -> Result<(), InvalidName> {
    let (name, unit) = (name.as_bytes(), unit.as_bytes());
    let end = match kind {
        MetricKind::Counter => name.len().saturating_sub("_total".len()),
        MetricKind::Info => return Err(InvalidName("a unit for an info, which measures nothing")),
        _ => name.len(),
    };
    let mut fits = !unit.is_empty() && end > unit.len() && name[end - unit.len() - 1] == b'_';
    let mut at = 0;
    while fits && at < unit.len() {
        fits = name[end - unit.len() + at] == unit[at];
        at += 1;
    }
    if fits { Ok(()) } else { Err(InvalidName("the name doesn't end in the unit, as in `duration_seconds`")) }
}

pub(crate) const fn buckets(bounds: &[f64]) -> Result<(), InvalidName> {
    if bounds.is_empty() {
        return Err(InvalidName("no bucket bounds: give at least one"));
    }
    if bounds.len() > MAX_BUCKETS {
        return Err(InvalidName("too many bucket bounds: at most 200"));
    }
    let mut at = 0;
    while at < bounds.len() {
        if !bounds[at].is_finite() {
            return Err(InvalidName(
                "invalid bucket bound: bounds are finite, `+Inf` is added by the runtime",
            ));
        }
        if at > 0 && bounds[at] <= bounds[at - 1] {
            return Err(InvalidName(
                "unordered bucket bounds: each bound must be larger than the one before",
            ));
        }
        at += 1;
    }
    Ok(())
}

/// The largest number of bucket bounds of one histogram.
pub(crate) const MAX_BUCKETS: usize = 200;

macro_rules! checked {
    ($result:expr) => {
        if let Err(fault) = $result {
            panic!("{}", fault.0);
        }
    };
}

/// Refuses, at compile time, a name that a family of this kind cannot carry.
///
/// # Panics
/// Panics when the name is invalid; in a `const` that is a compile error at the caller.
#[track_caller]
pub(crate) const fn check_metric_name(kind: MetricKind, name: &str) {
    checked!(metric_name(kind, name));
}

/// Refuses, at compile time, an invalid or reserved label name.
///
/// # Panics
/// Panics when the name is invalid; in a `const` that is a compile error at the caller.
#[track_caller]
pub const fn check_label_name(name: &str) {
    checked!(label_name(name));
}

/// Refuses, at compile time, labels that a family of this kind writes itself.
///
/// # Panics
/// Panics when one of them is among `labels`; in a `const` that is a compile error at the caller.
#[track_caller]
pub(crate) const fn check_reserved_labels(kind: MetricKind, labels: &[&str]) {
    checked!(reserved_labels(kind, labels));
}

/// Refuses, at compile time, labels that the runtime adds to a call family itself.
///
/// # Panics
/// Panics when one of them is among `labels`; in a `const` that is a compile error at the caller.
#[track_caller]
pub const fn check_call_labels(labels: &[&str]) {
    checked!(call_labels(labels));
}

/// Refuses, at compile time, a unit that a family of this kind and name can't have.
///
/// # Panics
/// Panics when the name doesn't end in the unit; in a `const` that is a compile error at the caller.
#[track_caller]
pub(crate) const fn check_unit(kind: MetricKind, name: &str, expected: &str) {
    checked!(unit(kind, name, expected));
}

/// Refuses, at compile time, native buckets of a family that has no buckets.
///
/// # Panics
/// Panics when it isn't a histogram; in a `const` that is a compile error at the caller.
#[track_caller]
pub(crate) const fn check_native(kind: MetricKind) {
    checked!(match kind {
        MetricKind::Histogram => Ok(()),
        _ => Err(InvalidName("`native` is for histograms: other metrics have no buckets")),
    });
}

/// Refuses, at compile time, the name of a call family; its families are `{name}_calls_total`,
/// `{name}_call_duration_seconds` and `{name}_calls_in_progress`.
///
/// # Panics
/// Panics when the name is invalid; in a `const` that is a compile error at the caller.
#[track_caller]
pub const fn check_call_name(name: &str) {
    assert!(is_name(name, true), "invalid call family name: expected [a-zA-Z_:][a-zA-Z0-9_:]*");
}

/// Refuses, at compile time, bucket bounds that are empty, unordered, repeated or not finite.
///
/// # Panics
/// Panics when the bounds are invalid; in a `const` that is a compile error at the caller.
#[track_caller]
pub const fn check_buckets(bounds: &[f64]) {
    checked!(buckets(bounds));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_prometheus() {
        assert!(metric_name(MetricKind::Counter, "agent_tasks_total").is_ok());
        assert!(metric_name(MetricKind::Counter, "agent_tasks").is_err());
        assert!(metric_name(MetricKind::Histogram, "agent_steps_count").is_err());
        assert!(metric_name(MetricKind::Gauge, "9lives").is_err());
        assert!(metric_name(MetricKind::Gauge, "").is_err());
        assert!(label_name("task_type").is_ok());
        for refused in ["", "__name", "a-b", "a:b", "é"] {
            assert!(label_name(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn labels_written_by_the_runtime_are_reserved() {
        assert!(reserved_labels(MetricKind::Counter, &["le", "quantile", "status"]).is_ok());
        assert!(reserved_labels(MetricKind::Histogram, &["a", "le"]).is_err());
        assert!(reserved_labels(MetricKind::Summary, &["quantile"]).is_err());
        assert!(call_labels(&["a", "status"]).is_err());
        assert!(call_labels(&["le"]).is_err());
    }

    #[test]
    fn names_end_in_their_units() {
        assert!(unit(MetricKind::Histogram, "wait_seconds", "seconds").is_ok());
        assert!(unit(MetricKind::Counter, "spent_usd_total", "usd").is_ok());
        for (kind, name) in [
            (MetricKind::Gauge, "seconds"),
            (MetricKind::Gauge, "milliseconds"),
            (MetricKind::Counter, "seconds_total"),
        ] {
            assert!(unit(kind, name, "seconds").is_err(), "{name}");
        }
        assert!(unit(MetricKind::Info, "app_info", "info").is_err());
    }

    #[test]
    fn bounds_ascend_and_are_finite() {
        assert!(buckets(&[0.1, 1.0]).is_ok());
        for refused in [&[][..], &[1.0, 1.0], &[2.0, 1.0], &[f64::NAN], &[1.0, f64::INFINITY]] {
            assert!(buckets(refused).is_err(), "{refused:?}");
        }
    }
}
