//! The description of a wire format, as data.

use crate::status::Status;
use crate::usage::Usage;

/// The paths of the facts in a provider's JSON, in the syntax of [`find`](super::path::find).
pub(super) struct Shape {
    /// Paths of a body: the top level, or a field of a stream's event.
    pub bodies: &'static [&'static str],
    /// Path in a body of the object with the token counts.
    pub usage: &'static str,
    /// Token counts in that object.
    pub counts: &'static [Count],
    /// Paths in that object of the sum of input and output, if the format has one.
    pub total: &'static [&'static str],
    /// The form of the token counts.
    pub numbers: Numbers,
    /// The rule that combines the usages of one stream.
    pub merge: Merge,
    /// Paths of the served model.
    pub model: &'static [&'static str],
    /// Paths of the finish reason.
    pub finish: &'static [&'static str],
    /// Values at those paths that mean that the model has not finished.
    pub unfinished: &'static [&'static str],
    /// Paths of finish reasons, error codes and error types, the most specific first.
    pub codes: &'static [&'static str],
    /// The statuses of those codes. A code that isn't listed is ignored.
    pub words: &'static [(&'static str, Status)],
    /// Statuses of HTTP status codes that only this provider uses.
    pub http: &'static [(u16, Status)],
    /// Paths whose mere presence means a status.
    pub marks: &'static [(&'static str, Status)],
    /// Paths of texts that are present only after a failure.
    pub messages: &'static [&'static str],
    /// Phrases, in lower case, that such a text contains when the input was too long.
    pub too_long: &'static [&'static str],
}

impl Shape {
    pub const EMPTY: Self = Self {
        bodies: &[""],
        usage: "usage",
        counts: &[],
        total: &[],
        numbers: Numbers::Whole,
        merge: Merge::Last,
        model: &["model"],
        finish: &[],
        unfinished: &[],
        codes: &[],
        words: &[],
        http: &[],
        marks: &[],
        messages: &[],
        too_long: &[],
    };
}

/// One count of a [`Usage`], as a sum of numbers in the JSON.
pub(super) struct Count {
    /// The setter of the count.
    pub set: fn(Usage, u64) -> Usage,
    /// Paths of a required number: the first path that matches is used, and without a match there is no sum. `None` if
    /// no number is required.
    pub base: Option<&'static [&'static str]>,
    /// Paths of numbers that are added if they are present.
    pub plus: &'static [&'static str],
}

/// Describes a count that is the number at the first path that matches.
pub(super) const fn at(set: fn(Usage, u64) -> Usage, paths: &'static [&'static str]) -> Count {
    Count { set, base: Some(paths), plus: &[] }
}

/// Describes a count whose number in the JSON excludes others that belong to it, and that are added.
pub(super) const fn with(
    set: fn(Usage, u64) -> Usage,
    base: &'static [&'static str],
    plus: &'static [&'static str],
) -> Count {
    Count { set, base: Some(base), plus }
}

/// Describes a sum of numbers of which each may be left out because it is 0.
pub(super) const fn any(set: fn(Usage, u64) -> Usage, plus: &'static [&'static str]) -> Count {
    Count { set, base: None, plus }
}

/// The form of a provider's token counts.
#[derive(Clone, Copy)]
pub(super) enum Numbers {
    /// Whole numbers.
    Whole,
    /// Floating-point numbers, which are rounded.
    Rounded,
}

/// The rule that combines the usages of one stream.
#[derive(Clone, Copy)]
pub(super) enum Merge {
    /// The last usage replaces the earlier ones, since each is complete so far.
    Last,
    /// The largest value of each number is taken: numbers count from the start of the stream, but a usage may lack some.
    Largest,
}
