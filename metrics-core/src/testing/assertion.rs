//! The macro `assert_metrics!`.

use std::fmt::{self, Write as _};

use super::snapshot::Snapshot;
use crate::instance::AgentMetrics;

/// A comparison operator of [`assert_metrics!`](crate::assert_metrics).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Relation {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

impl Relation {
    #[allow(clippy::float_cmp)] // The assertion compares exactly, as its user wrote it.
    /// Compares two values.
    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::More => left > right,
            Self::AtLeast => left >= right,
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        })
    }
}

/// One assertion of [`assert_metrics!`](crate::assert_metrics).
#[derive(Clone, Copy, Debug)]
pub struct Assertion<'a> {
    /// The name of the sample.
    pub name: &'a str,
    /// Labels that a series must have; the values of all such series are added.
    pub labels: &'a [(&'a str, &'a str)],
    /// The comparison operator.
    pub relation: Relation,
    /// The value on the right of the operator.
    pub expected: f64,
}

/// Checks assertions; the function behind [`assert_metrics!`](crate::assert_metrics).
///
/// # Panics
/// Panics if an assertion fails. The message lists every failed assertion.
#[track_caller]
pub fn check(metrics: &AgentMetrics, assertions: &[Assertion<'_>]) {
    let snapshot = Snapshot::new(metrics);
    let failed: String = assertions.iter().filter_map(|assertion| failure(&snapshot, assertion)).collect();
    assert!(failed.is_empty(), "metric assertions failed\n{failed}");
}

/// Returns the description of a failed assertion, or `None` if it holds.
fn failure(snapshot: &Snapshot, assertion: &Assertion<'_>) -> Option<String> {
    let Assertion { name, labels, relation, expected } = *assertion;
    let found = snapshot.sum(name, labels);
    if found.is_some_and(|found| relation.holds(found, expected)) {
        return None;
    }
    let mut text = format!("  {name}");
    for (index, (label, value)) in labels.iter().enumerate() {
        let _ = write!(text, "{}{label}={value:?}", if index == 0 { "{" } else { ", " });
    }
    text.push_str(if labels.is_empty() { "" } else { "}" });
    let found = found.map_or("no such sample".to_owned(), |found| found.to_string());
    let _ = writeln!(text, "\n    expected {relation} {expected}, found {found}");
    let mut with_name = snapshot.matching(name, &[]).peekable();
    if with_name.peek().is_none() {
        text.push_str(&similar_names(snapshot, name));
    }
    for (series, value) in with_name {
        let _ = writeln!(text, "    {series} {value}");
    }
    Some(text)
}

/// Lists up to three existing names that share the most words with `name`, if that is at least half of its words.
fn similar_names(snapshot: &Snapshot, name: &str) -> String {
    let words = |name: &str| name.split('_').map(str::to_owned).collect::<Vec<_>>();
    let wanted = words(name);
    let shared = |candidate: &str| words(candidate).iter().filter(|word| wanted.contains(word)).count();
    let max_shared = snapshot.names().map(shared).max().unwrap_or(0);
    let mut text = String::new();
    if max_shared * 2 >= wanted.len() {
        let mut names: Vec<_> =
            snapshot.names().filter(|candidate| shared(candidate) == max_shared).collect();
        names.sort_by_key(|candidate| candidate.len().abs_diff(name.len()));
        names.truncate(3);
        let _ = writeln!(text, "    similar names: {}", names.join(", "));
    }
    text
}

/// Asserts values of an instance's metrics. Needs the feature `testing`.
///
/// The first argument is an [`AgentMetrics`](crate::AgentMetrics) or a [`testing::Isolated`](crate::testing::Isolated). Each
/// assertion consists of the name of a sample, optional labels, a comparison operator (`==`, `!=`, `<`, `<=`, `>`, `>=`)
/// and a number. Labels may be given in part: the values of all series that have these labels are added. For a histogram,
/// use the names of its samples, which end in `_sum`, `_count` or `_bucket`.
///
/// # Panics
/// Panics if an assertion fails or names a sample that doesn't exist. The message lists every failed assertion with the
/// values of all series of that name, or with similar names if there is no such series.
///
/// # Examples
/// ```
/// use agent_metrics::{AgentMetrics, Status, assert_metrics};
///
/// let metrics = AgentMetrics::builder().build()?;
/// metrics.track_task("search").finish(Status::Success);
/// assert_metrics!(metrics, {
///     agent_tasks_total { task_type = "search", status = "success" } == 1,
///     agent_task_duration_seconds_sum { task_type = "search" } < 1.0,
///     agent_active_tasks == 0,
/// });
/// # Ok::<(), agent_metrics::BuildError>(())
/// ```
#[macro_export]
macro_rules! assert_metrics {
    ($metrics:expr, { $($assertions:tt)+ }) => {
        $crate::testing::check(
            ::core::convert::AsRef::<$crate::AgentMetrics>::as_ref(&$metrics),
            &$crate::__assertions!([] $($assertions)+),
        )
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __assertions {
    ([$($done:tt)*]) => {
        [$($done)*]
    };
    (
        [$($done:tt)*]
        $name:ident { $($label:ident = $value:expr),* $(,)? } $relation:tt $expected:expr
        $(, $($rest:tt)*)?
    ) => {
        $crate::__assertions!(
            [$($done)* $crate::testing::Assertion {
                name: ::core::stringify!($name),
                labels: &[$((
                    ::core::stringify!($label),
                    ::core::convert::AsRef::<str>::as_ref(&$value),
                )),*],
                relation: $crate::__relation!($relation),
                expected: {
                    #[allow(
                        trivial_numeric_casts,
                        clippy::cast_lossless,
                        clippy::cast_precision_loss,
                        clippy::unnecessary_cast
                    )]
                    let expected = $expected as ::core::primitive::f64;
                    expected
                },
            },]
            $($($rest)*)?
        )
    };
    ([$($done:tt)*] $name:ident $relation:tt $expected:expr $(, $($rest:tt)*)?) => {
        $crate::__assertions!([$($done)*] $name {} $relation $expected $(, $($rest)*)?)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __relation {
    (==) => {
        $crate::testing::Relation::Equal
    };
    (!=) => {
        $crate::testing::Relation::NotEqual
    };
    (<) => {
        $crate::testing::Relation::Less
    };
    (<=) => {
        $crate::testing::Relation::AtMost
    };
    (>) => {
        $crate::testing::Relation::More
    };
    (>=) => {
        $crate::testing::Relation::AtLeast
    };
}
