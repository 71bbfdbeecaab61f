//! `assert_metrics!`.

use std::fmt::{self, Write as _};

use super::Snapshot;
use crate::instance::AgentMetrics;

/// How a value is compared.
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
    #[allow(clippy::float_cmp)] // What is asserted is what was written.
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

/// One line of `assert_metrics!`.
pub struct Assertion<'a> {
    /// The sample's name.
    pub name: &'a str,
    /// Labels that its series have; the values of several are added up.
    pub labels: &'a [(&'a str, &'a str)],
    /// How it's compared.
    pub relation: Relation,
    /// With what.
    pub expected: f64,
}

/// Checks every assertion; see [`assert_metrics!`](crate::assert_metrics).
///
/// # Panics
/// When one of them doesn't hold, with all that don't.
#[track_caller]
pub fn check(metrics: &AgentMetrics, assertions: &[Assertion<'_>]) {
    let snapshot = Snapshot::of(metrics);
    let failed: String = assertions.iter().filter_map(|assertion| failure(&snapshot, assertion)).collect();
    assert!(failed.is_empty(), "metrics are not as asserted\n{failed}");
}

/// What is there in place of what was asserted, if it isn't.
fn failure(snapshot: &Snapshot, assertion: &Assertion<'_>) -> Option<String> {
    let Assertion { name, labels, relation, expected } = *assertion;
    let found = snapshot.sum(name, labels);
    if found.is_some_and(|found| relation.holds(found, expected)) {
        return None;
    }
    let mut text = format!("  {name}");
    for (place, (label, value)) in labels.iter().enumerate() {
        let _ = write!(text, "{}{label}={value:?}", if place == 0 { "{" } else { ", " });
    }
    text.push_str(if labels.is_empty() { "" } else { "}" });
    let found = found.map_or("no such sample".to_owned(), |found| found.to_string());
    let _ = writeln!(text, "\n    expected {relation} {expected}, found {found}");
    let mut of_name = snapshot.matching(name, &[]).peekable();
    if of_name.peek().is_none() {
        text.push_str(&near(snapshot, name));
    }
    for (series, value) in of_name {
        let _ = writeln!(text, "    {series} {value}");
    }
    Some(text)
}

/// Names that may have been meant: they share most of their words.
fn near(snapshot: &Snapshot, name: &str) -> String {
    let words = |name: &str| name.split('_').map(str::to_owned).collect::<Vec<_>>();
    let wanted = words(name);
    let shared = |candidate: &str| words(candidate).iter().filter(|word| wanted.contains(word)).count();
    let most = snapshot.names().map(shared).max().unwrap_or(0);
    let mut text = String::new();
    if most * 2 >= wanted.len() {
        let mut names: Vec<_> = snapshot.names().filter(|candidate| shared(candidate) == most).collect();
        names.sort_by_key(|candidate| candidate.len().abs_diff(name.len()));
        names.truncate(3);
        let _ = writeln!(text, "    there is {}", names.join(", "));
    }
    text
}

/// Asserts what an instance's metrics are.
///
/// Each line is a sample's name, labels that its series have, a comparison and a number; the values of
/// several series are added up. When some don't hold, all of them are shown with what is there.
///
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
