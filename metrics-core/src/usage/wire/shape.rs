//! How a format is described.

use crate::status::Status;
use crate::usage::Usage;

/// Where a provider puts its facts, as data. Paths are those of [`find`](super::path::find).
pub(super) struct Shape {
    /// Where a body stands: at the top, or inside an event of a stream.
    pub bodies: &'static [&'static str],
    /// In a body, the object with the numbers.
    pub usage: &'static str,
    /// In that object, the numbers.
    pub counts: &'static [Count],
    /// There too, the sum of input and output, if a format has it.
    pub total: &'static [&'static str],
    pub numbers: Numbers,
    /// How the usages of one stream make one.
    pub merge: Merge,
    pub model: &'static [&'static str],
    /// Why the model stopped.
    pub finish: &'static [&'static str],
    /// What stands there as long as it didn't stop.
    pub unfinished: &'static [&'static str],
    /// Finish reasons, error codes and error types, the most telling first.
    pub codes: &'static [&'static str],
    /// What those stand for. A code that isn't here says nothing.
    pub words: &'static [(&'static str, Status)],
    /// HTTP status codes of the provider's own.
    pub http: &'static [(u16, Status)],
    /// What says a status by being there.
    pub marks: &'static [(&'static str, Status)],
    /// Where a text stands only when something failed.
    pub messages: &'static [&'static str],
    /// What such a text contains, in lower case, when the input was too long.
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

/// One number of a [`Usage`]: a sum.
pub(super) struct Count {
    pub set: fn(Usage, u64) -> Usage,
    /// Without it there is no sum. The first path that leads somewhere is it.
    pub base: Option<&'static [&'static str]>,
    /// What is added, where it is there.
    pub plus: &'static [&'static str],
}

/// A number that stands at the first of these paths.
pub(super) const fn at(set: fn(Usage, u64) -> Usage, paths: &'static [&'static str]) -> Count {
    Count { set, base: Some(paths), plus: &[] }
}

/// A number that excludes some others which belong to it.
pub(super) const fn with(
    set: fn(Usage, u64) -> Usage,
    base: &'static [&'static str],
    plus: &'static [&'static str],
) -> Count {
    Count { set, base: Some(base), plus }
}

/// A number of which any part may be left out because it is 0.
pub(super) const fn any(set: fn(Usage, u64) -> Usage, plus: &'static [&'static str]) -> Count {
    Count { set, base: None, plus }
}

/// What a provider's token counts are.
#[derive(Clone, Copy)]
pub(super) enum Numbers {
    Whole,
    /// Floating point numbers, to be rounded.
    Rounded,
}

/// How the usages of one stream make one.
#[derive(Clone, Copy)]
pub(super) enum Merge {
    /// Each says all that is known by then.
    Last,
    /// Each number counts from the start of the stream, but not each usage has every number.
    Largest,
}
