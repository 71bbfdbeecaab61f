//! A query as a value: it is checked against the families of an instance, is written as PromQL, and is evaluated in process.

use std::fmt;

use crate::name::MetricKind;
use crate::sample::{FamilyInfo, bound_text};

/// An expression over families. Its result has one value for each combination of the labels by which it is grouped.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Expression {
    /// The samples of a family, aggregated.
    Series(Selection),
    /// A quantile, 0 to 1, of the observations of a histogram in the window of the selection.
    Quantile(f64, Selection),
    /// A constant.
    Number(f64),
    /// An operation on the values with equal labels.
    Binary(Operation, Box<Expression>, Box<Expression>),
    /// `part / whole` where `whole` is above 0, and no value elsewhere. A missing part counts as 0.
    Ratio(Box<Expression>, Box<Expression>),
}

/// An arithmetic operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Operation {
    Subtract,
    Multiply,
}

/// Samples of one family: which ones, which part of them, and how they become one value for each group.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Selection {
    pub(crate) family: String,
    pub(crate) part: Part,
    pub(crate) matchers: Vec<Matcher>,
    /// The labels that the result keeps.
    pub(crate) by: Vec<&'static str>,
    pub(crate) aggregate: Aggregate,
    pub(crate) function: Function,
}

/// The part of a sample that is read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Part {
    /// The value of a counter or gauge.
    Value,
    /// The number of observations of a histogram.
    Count,
    /// The sum of the observations of a histogram.
    Sum,
    /// The buckets of a histogram.
    Buckets,
}

/// A condition on one label.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Matcher {
    pub(crate) label: &'static str,
    /// True if the label must have the value, false if it must have another one.
    pub(crate) is_equal: bool,
    pub(crate) value: String,
}

/// The aggregation of the samples of one group.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Aggregate {
    Sum,
    Avg,
    Max,
}

/// The function over time; windows are in seconds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Function {
    /// The current value.
    Last,
    /// The increase per second of a counter.
    Rate(u32),
    /// The increase of a counter.
    Increase(u32),
}

impl Function {
    /// The length of the window in seconds.
    pub(crate) fn window(self) -> Option<u32> {
        match self {
            Self::Last => None,
            Self::Rate(window) | Self::Increase(window) => Some(window),
        }
    }
}

/// The reason why an expression does not fit the families.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum ExpressionError {
    UnknownFamily(String),
    UnknownLabel {
        family: String,
        label: String,
    },
    /// The family's kind does not have the selected part, or the function does not apply to it.
    WrongKind {
        family: String,
        kind: MetricKind,
    },
    /// Only a sum of rates is a rate.
    AggregatedRate(String),
    /// The two sides of an operation have different labels.
    DifferentLabels(Vec<&'static str>, Vec<&'static str>),
    InvalidQuantile,
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownFamily(family) => write!(f, "there is no family `{family}`"),
            Self::UnknownLabel { family, label } => write!(f, "the family `{family}` has no label `{label}`"),
            Self::WrongKind { family, kind } => {
                write!(f, "the query does not fit `{family}`, which is of the kind {kind:?}")
            }
            Self::AggregatedRate(family) => write!(f, "a rate of `{family}` can only be aggregated by a sum"),
            Self::DifferentLabels(left, right) => {
                write!(f, "the sides of the operation have the labels {left:?} and {right:?}")
            }
            Self::InvalidQuantile => f.write_str("a quantile is between 0 and 1"),
        }
    }
}

impl std::error::Error for ExpressionError {}

impl Selection {
    /// Selects the value of every sample of a counter or gauge, and sums them up.
    pub(crate) fn of(family: &str) -> Self {
        Self {
            family: family.to_owned(),
            part: Part::Value,
            matchers: Vec::new(),
            by: Vec::new(),
            aggregate: Aggregate::Sum,
            function: Function::Last,
        }
    }

    /// Selects the number of observations of a histogram.
    pub(crate) fn count(family: &str) -> Self {
        Self { part: Part::Count, ..Self::of(family) }
    }

    /// Selects the sum of the observations of a histogram.
    pub(crate) fn sum(family: &str) -> Self {
        Self { part: Part::Sum, ..Self::of(family) }
    }

    /// Selects the buckets of a histogram.
    pub(crate) fn buckets(family: &str) -> Self {
        Self { part: Part::Buckets, ..Self::of(family) }
    }

    pub(crate) fn with(mut self, label: &'static str, value: &str) -> Self {
        self.matchers.push(Matcher { label, is_equal: true, value: value.to_owned() });
        self
    }

    pub(crate) fn without(mut self, label: &'static str, value: &str) -> Self {
        self.matchers.push(Matcher { label, is_equal: false, value: value.to_owned() });
        self
    }

    pub(crate) fn by(mut self, labels: &[&'static str]) -> Self {
        self.by.extend_from_slice(labels);
        self
    }

    pub(crate) fn aggregate(mut self, aggregate: Aggregate) -> Self {
        self.aggregate = aggregate;
        self
    }

    fn function(mut self, function: Function) -> Self {
        self.function = function;
        self
    }

    /// The current value.
    pub(crate) fn last(self) -> Expression {
        Expression::Series(self)
    }

    /// The increase per second, over a window in seconds.
    pub(crate) fn rate(self, window: u32) -> Expression {
        Expression::Series(self.function(Function::Rate(window)))
    }

    /// The increase over a window in seconds.
    pub(crate) fn increase(self, window: u32) -> Expression {
        Expression::Series(self.function(Function::Increase(window)))
    }

    /// A quantile of the observations of a histogram over a window in seconds.
    pub(crate) fn quantile(self, quantile: f64, window: u32) -> Expression {
        Expression::Quantile(quantile, self.function(Function::Rate(window)))
    }

    fn check(&self, families: &[FamilyInfo]) -> Result<(), ExpressionError> {
        let Some(info) = families.iter().find(|info| info.name == self.family) else {
            return Err(ExpressionError::UnknownFamily(self.family.clone()));
        };
        let labels = self.by.iter().chain(self.matchers.iter().map(|matcher| &matcher.label));
        for label in labels {
            if !info.labels.contains(label) {
                let (family, label) = (self.family.clone(), (*label).to_owned());
                return Err(ExpressionError::UnknownLabel { family, label });
            }
        }
        let fits = match self.part {
            Part::Value => match info.kind {
                MetricKind::Counter => true,
                MetricKind::Gauge | MetricKind::Unknown => self.function == Function::Last,
                _ => false,
            },
            Part::Count | Part::Sum => matches!(info.kind, MetricKind::Histogram | MetricKind::Summary),
            Part::Buckets => info.kind == MetricKind::Histogram,
        };
        if !fits {
            return Err(ExpressionError::WrongKind { family: self.family.clone(), kind: info.kind });
        }
        if self.function != Function::Last && self.aggregate != Aggregate::Sum {
            return Err(ExpressionError::AggregatedRate(self.family.clone()));
        }
        Ok(())
    }

    /// Writes the selection as PromQL, with `le` among the labels of buckets.
    fn write(&self, out: &mut String) {
        out.push_str(match self.aggregate {
            Aggregate::Sum => "sum",
            Aggregate::Avg => "avg",
            Aggregate::Max => "max",
        });
        let le = (self.part == Part::Buckets).then_some("le");
        let by: Vec<_> = le.into_iter().chain(self.by.iter().copied()).collect();
        if !by.is_empty() {
            out.push_str(" by (");
            out.push_str(&by.join(", "));
            out.push_str(") ");
        }
        out.push('(');
        match self.function {
            Function::Last => self.write_selector(out),
            Function::Rate(window) | Function::Increase(window) => {
                let is_rate = matches!(self.function, Function::Rate(_));
                out.push_str(if is_rate { "rate(" } else { "increase(" });
                self.write_selector(out);
                out.push('[');
                out.push_str(&duration(window));
                out.push_str("])");
            }
        }
        out.push(')');
    }

    fn write_selector(&self, out: &mut String) {
        out.push_str(&self.family);
        out.push_str(match self.part {
            Part::Value => "",
            Part::Count => "_count",
            Part::Sum => "_sum",
            Part::Buckets => "_bucket",
        });
        for (at, Matcher { label, is_equal, value }) in self.matchers.iter().enumerate() {
            out.push_str(if at == 0 { "{" } else { ", " });
            out.push_str(label);
            out.push_str(if *is_equal { "=" } else { "!=" });
            out.push('"');
            for character in value.chars() {
                match character {
                    '\\' => out.push_str("\\\\"),
                    '"' => out.push_str("\\\""),
                    '\n' => out.push_str("\\n"),
                    other => out.push(other),
                }
            }
            out.push('"');
        }
        if !self.matchers.is_empty() {
            out.push('}');
        }
    }
}

/// Writes a number of seconds as PromQL writes a duration.
fn duration(seconds: u32) -> String {
    match seconds {
        0 => "0s".to_owned(),
        s if s % 86_400 == 0 => format!("{}d", s / 86_400),
        s if s % 3600 == 0 => format!("{}h", s / 3600),
        s if s % 60 == 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

impl Expression {
    /// Divides by another expression, where that is above 0.
    pub(crate) fn ratio(self, whole: Self) -> Self {
        Self::Ratio(Box::new(self), Box::new(whole))
    }

    pub(crate) fn times(self, factor: f64) -> Self {
        Self::Binary(Operation::Multiply, Box::new(self), Box::new(Self::Number(factor)))
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Self::Binary(Operation::Subtract, Box::new(self), Box::new(other))
    }

    /// Checks the expression against the families of an instance.
    pub(crate) fn checked(self, families: &[FamilyInfo]) -> Result<Query, ExpressionError> {
        let by = self.check(families)?.unwrap_or_default();
        Ok(Query { expression: self, by })
    }

    /// Returns the labels of the result; `None` for a constant.
    fn check(&self, families: &[FamilyInfo]) -> Result<Option<Vec<&'static str>>, ExpressionError> {
        match self {
            Self::Number(_) => Ok(None),
            Self::Series(selection) => {
                selection.check(families)?;
                Ok(Some(selection.by.clone()))
            }
            Self::Quantile(quantile, selection) => {
                if !(0.0..=1.0).contains(quantile) {
                    return Err(ExpressionError::InvalidQuantile);
                }
                selection.check(families)?;
                Ok(Some(selection.by.clone()))
            }
            Self::Binary(_, left, right) | Self::Ratio(left, right) => {
                match (left.check(families)?, right.check(families)?) {
                    (Some(left), Some(right)) if left != right => {
                        Err(ExpressionError::DifferentLabels(left, right))
                    }
                    (left, right) => Ok(left.or(right)),
                }
            }
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Number(number) => out.push_str(&number.to_string()),
            Self::Series(selection) => selection.write(out),
            Self::Quantile(quantile, selection) => {
                out.push_str("histogram_quantile(");
                out.push_str(&quantile.to_string());
                out.push_str(", ");
                selection.write(out);
                out.push(')');
            }
            Self::Binary(operation, left, right) => {
                left.write_operand(out);
                out.push_str(match operation {
                    Operation::Subtract => " - ",
                    Operation::Multiply => " * ",
                });
                right.write_operand(out);
            }
            Self::Ratio(part, whole) => {
                out.push('(');
                part.write_operand(out);
                out.push_str(" or ");
                whole.write_operand(out);
                out.push_str(" * 0) / (");
                whole.write_operand(out);
                out.push_str(" > 0)");
            }
        }
    }

    fn write_operand(&self, out: &mut String) {
        let is_compound = matches!(self, Self::Binary(..) | Self::Ratio(..));
        if is_compound {
            out.push('(');
        }
        self.write(out);
        if is_compound {
            out.push(')');
        }
    }
}

/// An expression that fits the families of an instance.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Query {
    expression: Expression,
    by: Vec<&'static str>,
}

impl Query {
    pub(crate) fn expression(&self) -> &Expression {
        &self.expression
    }

    /// The labels of the result.
    pub(crate) fn labels(&self) -> &[&'static str] {
        &self.by
    }

    /// The query in PromQL.
    pub(crate) fn promql(&self) -> String {
        let mut out = String::new();
        self.expression.write(&mut out);
        out
    }
}

/// Returns a quantile of observations in buckets, by linear interpolation within the bucket, as Prometheus'
/// `histogram_quantile` does; NaN without observations. `counts` has one more element than `bounds`: the observations
/// above the last bound.
pub(crate) fn bucket_quantile(quantile: f64, bounds: &[f64], counts: &[f64]) -> f64 {
    let total: f64 = counts.iter().sum();
    if total.is_nan() || total <= 0.0 || bounds.is_empty() || counts.len() != bounds.len() + 1 {
        return f64::NAN;
    }
    let rank = quantile * total;
    let mut below = 0.0;
    for (at, count) in counts.iter().enumerate() {
        if below + count >= rank && (*count > 0.0 || at == bounds.len()) {
            // Nothing is known about the observations above the last bound.
            let Some(upper) = bounds.get(at) else { return bounds[bounds.len() - 1] };
            let lower = match at {
                0 if *upper <= 0.0 => return *upper,
                0 => 0.0,
                _ => bounds[at - 1],
            };
            return lower + (upper - lower) * ((rank - below) / count).clamp(0.0, 1.0);
        }
        below += count;
    }
    bounds[bounds.len() - 1]
}

/// Returns the names of the buckets with these bounds, as values of the label `le`.
pub(crate) fn bucket_names(bounds: &[f64]) -> Vec<String> {
    bounds.iter().chain(&[f64::INFINITY]).map(|bound| bound_text(*bound)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AgentMetrics;

    fn families() -> Vec<FamilyInfo> {
        AgentMetrics::builder().build().expect("the defaults are valid").families()
    }

    #[test]
    fn expressions_are_written_as_promql() {
        let tasks = || Selection::of("agent_tasks_total");
        for (expression, text) in [
            (
                tasks().by(&["status"]).rate(60).times(60.0),
                "sum by (status) (rate(agent_tasks_total[1m])) * 60",
            ),
            (
                tasks().without("status", "success").increase(300).ratio(tasks().increase(300)),
                "(sum(increase(agent_tasks_total{status!=\"success\"}[5m])) or sum(increase(agent_tasks_total[5m])) * 0) / (sum(increase(agent_tasks_total[5m])) > 0)",
            ),
            (
                Selection::buckets("agent_task_duration_seconds").by(&["task_type"]).quantile(0.95, 3600),
                "histogram_quantile(0.95, sum by (le, task_type) (rate(agent_task_duration_seconds_bucket[1h])))",
            ),
            (
                Expression::Number(1.0)
                    .minus(Selection::of("agent_active_tasks").aggregate(Aggregate::Max).last()),
                "1 - max(agent_active_tasks)",
            ),
            (tasks().with("task_type", "a\"b\\").last(), "sum(agent_tasks_total{task_type=\"a\\\"b\\\\\"})"),
        ] {
            assert_eq!(expression.checked(&families()).expect(text).promql(), text);
        }
    }

    #[test]
    fn an_expression_that_does_not_fit_the_families_is_refused() {
        let families = families();
        let error = |expression: Expression| expression.checked(&families).unwrap_err().to_string();
        assert_eq!(error(Selection::of("agent_task_total").last()), "there is no family `agent_task_total`");
        assert_eq!(
            error(Selection::of("agent_tasks_total").by(&["model"]).last()),
            "the family `agent_tasks_total` has no label `model`"
        );
        assert_eq!(
            error(Selection::of("agent_active_tasks").rate(60)),
            "the query does not fit `agent_active_tasks`, which is of the kind Gauge"
        );
        assert!(
            error(Selection::buckets("agent_tasks_total").quantile(0.5, 60))
                .starts_with("the query does not fit")
        );
        assert!(error(Selection::buckets("agent_task_cost_usd").quantile(1.5, 60)).starts_with("a quantile"));
        let max = Selection::of("agent_tasks_total").aggregate(Aggregate::Max).rate(60);
        assert!(error(max).starts_with("a rate of"));
        let (left, right) = (Selection::of("agent_tasks_total"), Selection::of("agent_tasks_total"));
        let different = left.by(&["status"]).rate(60).ratio(right.rate(60));
        assert!(error(different).starts_with("the sides"));
    }

    #[test]
    fn quantiles_are_interpolated_as_prometheus_does() {
        let bounds = [1.0, 5.0, 10.0];
        let quantile = |q: f64, counts: [f64; 4]| bucket_quantile(q, &bounds, &counts);
        assert!((quantile(0.5, [0.0, 10.0, 0.0, 0.0]) - 3.0).abs() < 1e-12);
        assert!((quantile(0.5, [10.0, 0.0, 0.0, 0.0]) - 0.5).abs() < 1e-12);
        assert!((quantile(0.99, [0.0, 0.0, 0.0, 7.0]) - 10.0).abs() < 1e-12);
        assert!((quantile(1.0, [1.0, 1.0, 0.0, 0.0]) - 5.0).abs() < 1e-12);
        assert!((quantile(0.0, [0.0, 4.0, 0.0, 0.0]) - 1.0).abs() < 1e-12);
        assert!(quantile(0.5, [0.0; 4]).is_nan());
    }

    #[test]
    fn a_quantile_lies_in_the_bucket_of_its_rank_and_grows_with_it() {
        let bounds = [0.1, 0.5, 1.0, 2.5];
        let mut random = 7_u64;
        for _ in 0..500 {
            let counts: Vec<f64> = (0..5)
                .map(|_| {
                    random = random
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    ((random >> 33) % 7) as f64
                })
                .collect();
            let mut last = 0.0;
            for step in 0..=20_u32 {
                let value = bucket_quantile(f64::from(step) / 20.0, &bounds, &counts);
                if counts.iter().sum::<f64>() == 0.0 {
                    assert!(value.is_nan());
                    continue;
                }
                assert!(
                    (0.0..=2.5).contains(&value) && value >= last - 1e-12,
                    "{counts:?} {step} {value} {last}"
                );
                last = value;
            }
        }
    }
}
