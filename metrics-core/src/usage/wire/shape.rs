//! The description of a wire format, as data.

use crate::status::Status;
use crate::usage::{ServiceTier, Usage};

/// The paths of the facts in a provider's JSON, in the syntax of [`find`](super::path::find).
pub(super) struct Shape {
    /// Paths of a body: the top level, or a field of a stream's event or of a line of a batch's output.
    pub bodies: &'static [&'static str],
    /// Paths in a body of the object with the token counts. The first one with any count is used.
    pub usage: &'static [&'static str],
    /// Counts in that object.
    pub counts: &'static [Count],
    /// Path in that object of the parts of which the bill is the sum, if the counts of the object itself leave some out.
    pub iterations: Option<&'static str>,
    /// Paths in that object of the sum of input and output, if the format has one.
    pub total: &'static [&'static str],
    /// True if imitators of the format count reasoning or cached tokens beside the output or the input. The total then
    /// decides; see [`Usage::reconciled`].
    pub reconciled: bool,
    /// The form of the token counts.
    pub numbers: Numbers,
    /// The rule by which web searches are counted in a body.
    pub searches: Searches,
    /// Paths of values whose presence means that the response has no output tokens, such as embeddings.
    pub no_output: &'static [&'static str],
    /// Paths of values whose presence means that a body is part of a stream, so that its output counts are final only if
    /// the model has finished.
    pub part_of_stream: &'static [&'static str],
    /// Paths in a body of the words that name the service tier. Those that are found are combined.
    pub tiers: &'static [&'static str],
    /// Path at the top level whose presence means that the body is a line of a batch's output.
    pub batch: Option<&'static str>,
    /// Paths of the served model.
    pub model: &'static [&'static str],
    /// Paths of the finish reason.
    pub finish: &'static [&'static str],
    /// Values at those paths that mean that the model has not finished.
    pub unfinished: &'static [&'static str],
    /// Paths of finish reasons, error codes and error types, the most specific first. A number is an HTTP status code.
    pub codes: &'static [&'static str],
    /// The statuses of those codes. A word that isn't listed is ignored.
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
        usage: &["usage"],
        counts: &[],
        iterations: None,
        total: &[],
        reconciled: false,
        numbers: Numbers::Whole,
        searches: Searches::None,
        no_output: &[],
        part_of_stream: &[],
        tiers: &[],
        batch: None,
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

/// The paths at which providers put one number. The first path with a number other than 0 is used, else the first path with
/// a 0. The values that one path matches are added up.
pub(super) type Places = &'static [&'static str];

/// One count of a [`Usage`], as a sum of numbers in the JSON.
pub(super) struct Count {
    /// The setter of the count.
    pub set: fn(Usage, u64) -> Usage,
    /// A required number, without which there is no sum. `None` if no number is required.
    pub base: Option<Places>,
    /// Numbers that are added if they are present.
    pub plus: &'static [Places],
    /// The form of the numbers, if it is not that of the format's token counts.
    pub numbers: Option<Numbers>,
}

/// Describes a count that is one number.
pub(super) const fn at(set: fn(Usage, u64) -> Usage, places: Places) -> Count {
    Count { set, base: Some(places), plus: &[], numbers: None }
}

/// Describes a count whose number in the JSON excludes others that belong to it, and that are added.
pub(super) const fn with(set: fn(Usage, u64) -> Usage, base: Places, plus: &'static [Places]) -> Count {
    Count { set, base: Some(base), plus, numbers: None }
}

/// Describes a sum of numbers of which each may be left out because it is 0.
pub(super) const fn any(set: fn(Usage, u64) -> Usage, plus: &'static [Places]) -> Count {
    Count { set, base: None, plus, numbers: None }
}

/// Describes a number of seconds, of which a started one counts as a whole.
pub(super) const fn seconds(set: fn(Usage, u64) -> Usage, places: Places) -> Count {
    Count { set, base: Some(places), plus: &[], numbers: Some(Numbers::RoundedUp) }
}

/// The form of a provider's numbers.
#[derive(Clone, Copy)]
pub(super) enum Numbers {
    /// Whole numbers.
    Whole,
    /// Floating-point numbers, which are rounded.
    Rounded,
    /// Floating-point numbers, which are rounded up.
    RoundedUp,
}

/// The rule by which the web searches of a response are counted, beside the counts of its usage.
#[derive(Clone, Copy)]
pub(super) enum Searches {
    /// The usage alone reports them.
    None,
    /// The items at a path of the body.
    Items(&'static str),
    /// The distinct search queries at a path of the body. A model of one of the `generations`, by the beginning of its name,
    /// is billed for each query, and any other model for the prompt.
    Queries { path: &'static str, by_prompt: &'static [&'static str] },
}

impl Shape {
    /// Returns the service tiers that a body names, at the index of their path in [`tiers`](Self::tiers).
    pub fn tiers_in(&self, body: &serde_json::Value) -> impl Iterator<Item = (usize, ServiceTier)> {
        let word = |path: &&str| super::path::text(body, &[path]).map(ServiceTier::reported);
        self.tiers.iter().enumerate().filter_map(move |(at, path)| Some((at, word(path)?)))
    }
}
