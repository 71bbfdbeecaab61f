//! Errors in queries, and their messages.

use super::labels::{Labels, is_discovered};
use super::text::{Message, part, starts_with};
use super::{FamilyShape, PROMETHEUS, QueryScope};
use crate::name::MetricKind;

/// An error in a query, with its position.
#[derive(Clone, Copy)]
pub struct QueryError<'a> {
    pub(super) what: QueryErrorKind<'a>,
    /// The byte range of the wrong part.
    pub(super) from: usize,
    pub(super) to: usize,
}

#[derive(Clone, Copy)]
pub(crate) enum QueryErrorKind<'a> {
    /// No family has samples of this name.
    Metric { nearest: Candidate<'a> },
    /// The family exists, but has no sample with exactly its name.
    BareHistogram,
    /// The metric doesn't have the label.
    Label { metric: &'a str, labels: Labels<'a> },
    /// The grouped or matched series don't have the label.
    Clause { word: &'a str, labels: Labels<'a> },
    /// The label never has the value.
    Value { label: &'a str, allowed: &'a [&'a str] },
    /// The histogram has no bucket with this bound.
    Bound { metric: &'a str },
    /// A function of counters is called with a gauge.
    CountedGauge { function: &'a str },
    /// The buckets were aggregated without their bounds.
    QuantileWithoutLe,
    /// Prometheus 2.42 doesn't have the function.
    Function,
    /// A length of time without a unit, which only newer versions of Prometheus accept.
    NoUnit,
    /// An expected token is missing.
    Expected(&'static str),
}

/// The name of a sample: a family name with the suffix that the format adds.
#[derive(Clone, Copy)]
pub(crate) struct Candidate<'a> {
    name: &'a str,
    suffix: &'static str,
}

impl Candidate<'_> {
    const NONE: Self = Self { name: "", suffix: "" };

    /// Returns the name, if any.
    #[cfg(feature = "monitoring")]
    pub(crate) fn text(&self) -> Option<String> {
        let Self { name, suffix } = self;
        (!name.is_empty()).then(|| format!("{name}{suffix}"))
    }
}

impl QueryError<'_> {
    /// Creates the error of a metric without a similar name.
    #[cfg(feature = "promql")]
    pub(super) const fn is_far_from_all(&self) -> bool {
        matches!(&self.what, QueryErrorKind::Metric { nearest } if nearest.name.is_empty())
    }

    /// Returns the message, with the line of the query and a mark under the wrong part.
    pub(super) const fn say(&self, query: &str) -> Message {
        let found = part(query, self.from, self.to);
        let mut said = Message::new();
        match &self.what {
            QueryErrorKind::Metric { nearest } => {
                said.push("unknown metric ");
                said.push_quoted(found);
                if !nearest.name.is_empty() {
                    said.push("; did you mean `");
                    said.push(nearest.name);
                    said.push(nearest.suffix);
                    said.push("`?");
                }
            }
            QueryErrorKind::BareHistogram => {
                said.push("histogram ");
                said.push_quoted(found);
                said.push(" has no sample of this name outside of `histogram_quantile(..)` and its like, expected its `_bucket`, `_sum` or `_count`");
            }
            QueryErrorKind::Label { metric, labels } => {
                said.push("unknown label ");
                said.push_quoted(found);
                said.push(" of ");
                said.push_quoted(metric);
                push_expected(&mut said, found, labels);
            }
            QueryErrorKind::Clause { word, labels } => {
                said.push("unknown label ");
                said.push_quoted(found);
                said.push(" in ");
                said.push_quoted(word);
                push_expected(&mut said, found, labels);
            }
            QueryErrorKind::Value { label, allowed } => {
                said.push_quoted(found);
                said.push(" is no value of ");
                said.push_quoted(label);
                push_list(&mut said, found, allowed, false);
            }
            QueryErrorKind::Bound { metric } => {
                said.push_quoted(found);
                said.push(" is no bucket bound of ");
                said.push_quoted(metric);
                said.push("; the metrics reference lists its buckets");
            }
            QueryErrorKind::CountedGauge { function } => {
                said.push_quoted(function);
                said.push(" of ");
                said.push_quoted(found);
                said.push(", which is a gauge and not a counter; use `delta`, `deriv` or `avg_over_time`");
            }
            QueryErrorKind::QuantileWithoutLe => {
                said.push_quoted(found);
                said.push(" needs the label `le` of the buckets; aggregate them with `sum by (le, ..)`");
            }
            QueryErrorKind::Function => {
                said.push("Prometheus 2.42 has no function ");
                said.push_quoted(found);
            }
            QueryErrorKind::NoUnit => {
                said.push_quoted(found);
                said.push(" has no unit of time, such as `5m`");
            }
            QueryErrorKind::Expected(what) => {
                said.push("expected ");
                said.push(what);
            }
        }
        self.show(query, &mut said);
        said
    }

    /// Returns the line with the error, shortened on both sides.
    const fn show(&self, query: &str, said: &mut Message) {
        const MOST: usize = 60;
        let bytes = query.as_bytes();
        let (mut from, mut to) = (self.from, self.to);
        while from > 0
            && bytes[from - 1] != b'\n'
            && (self.from - from < MOST || !query.is_char_boundary(from))
        {
            from -= 1;
        }
        while to < bytes.len() && bytes[to] != b'\n' && (to - self.to < MOST || !query.is_char_boundary(to)) {
            to += 1;
        }
        said.push("\n  ");
        said.push(part(query, from, to));
        said.push("\n  ");
        said.push_times(" ", characters(part(query, from, self.from)));
        let wide = characters(part(query, self.from, self.to));
        said.push_times("^", if wide == 0 { 1 } else { wide });
    }

    #[cfg(feature = "monitoring")]
    pub(crate) fn what(&self) -> QueryErrorKind<'_> {
        self.what
    }

    /// Returns the wrong part.
    #[cfg(feature = "monitoring")]
    pub(crate) fn found<'q>(&self, query: &'q str) -> &'q str {
        part(query, self.from, self.to)
    }

    /// Returns the message.
    #[cfg(feature = "monitoring")]
    pub(crate) fn text(&self, query: &str) -> String {
        self.say(query).as_str().to_owned()
    }
}

const fn characters(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut count) = (0, 0);
    while at < bytes.len() {
        // Every byte except continuation bytes of a character.
        count += ((bytes[at] & 0xc0) != 0x80) as usize;
        at += 1;
    }
    count
}

const fn push_expected(said: &mut Message, found: &str, labels: &Labels<'_>) {
    push_list(said, found, labels.names(), true);
}

/// Appends the allowed names, and the one that is most similar to what was found.
const fn push_list(said: &mut Message, found: &str, names: &[&str], are_labels: bool) {
    let mut listed = 0;
    let mut at = 0;
    while at < names.len() {
        listed += !(are_labels && is_discovered(names[at])) as usize;
        at += 1;
    }
    if names.is_empty() {
        said.push(", which has no labels");
        return;
    }
    if listed > 0 {
        said.push(if listed == 1 { ", expected " } else { ", expected one of " });
    }
    let (mut best, mut least) = ("", allowed(found) + 1);
    let (mut at, mut before) = (0, 0);
    while at < names.len() {
        if !(are_labels && is_discovered(names[at])) {
            said.push(if before == 0 { "" } else { ", " });
            said.push_quoted(names[at]);
            before += 1;
        }
        let far = if starts_with(names[at], found) { 0 } else { distance(found, names[at], "") };
        if far < least {
            (best, least) = (names[at], far);
        }
        at += 1;
    }
    if !best.is_empty() {
        said.push("; did you mean ");
        said.push_quoted(best);
        said.push("?");
    }
}

/// The suffixes that the format adds to a family name, by kind.
pub(super) const fn suffixes(kind: MetricKind) -> &'static [&'static str] {
    match kind {
        MetricKind::Histogram => &["_bucket", "_sum", "_count", ""],
        MetricKind::Summary => &["_sum", "_count", ""],
        MetricKind::Counter | MetricKind::Gauge | MetricKind::Info | MetricKind::Unknown => &[""],
    }
}

/// Returns the sample with the most similar name, if one is similar.
pub(super) const fn nearest<'a>(found: &str, scope: &QueryScope<'a>) -> Candidate<'a> {
    let (mut best, mut least) = (Candidate::NONE, allowed(found) + 1);
    let mut table = 0;
    while table <= scope.families.len() {
        let families = if table == scope.families.len() { PROMETHEUS } else { scope.families[table] };
        let mut at = 0;
        while at < families.len() {
            (best, least) = nearer(found, &families[at], best, least);
            at += 1;
        }
        table += 1;
    }
    best
}

const fn nearer<'a>(
    found: &str,
    family: &FamilyShape<'a>,
    mut best: Candidate<'a>,
    mut least: usize,
) -> (Candidate<'a>, usize) {
    let suffixes = suffixes(family.kind);
    let mut at = 0;
    while at < suffixes.len() {
        // A missing suffix is closer than any typo: `agent_tasks` is `agent_tasks_total`.
        let is_begun = starts_with(family.name, found) && family.name.len() - found.len() <= found.len();
        let far = if is_begun { 0 } else { distance(found, family.name, suffixes[at]) };
        if far < least {
            (best, least) = (Candidate { name: family.name, suffix: suffixes[at] }, far);
        }
        at += 1;
    }
    (best, least)
}

/// The number of edits that still counts as a typo.
const fn allowed(found: &str) -> usize {
    if found.len() < 6 { 1 } else { found.len() / 3 }
}

const LONGEST: usize = 96;

/// Returns the edit distance (insert, remove, replace, swap of neighbours) between a word and another one of two parts.
const fn distance(left: &str, first: &str, second: &str) -> usize {
    let (left, first, second) = (left.as_bytes(), first.as_bytes(), second.as_bytes());
    let length = first.len() + second.len();
    if left.len() > LONGEST || length > LONGEST {
        return usize::MAX;
    }
    let mut right = [0; LONGEST];
    let mut at = 0;
    while at < length {
        right[at] = if at < first.len() { first[at] } else { second[at - first.len()] };
        at += 1;
    }
    let mut two_before = [0; LONGEST + 1];
    let mut before = [0; LONGEST + 1];
    let mut j = 0;
    while j <= length {
        before[j] = j;
        j += 1;
    }
    let mut i = 1;
    while i <= left.len() {
        let mut row = [0; LONGEST + 1];
        row[0] = i;
        let mut j = 1;
        while j <= length {
            let mut least = before[j - 1] + (left[i - 1] != right[j - 1]) as usize;
            if before[j] + 1 < least {
                least = before[j] + 1;
            }
            if row[j - 1] + 1 < least {
                least = row[j - 1] + 1;
            }
            if i > 1
                && j > 1
                && left[i - 1] == right[j - 2]
                && left[i - 2] == right[j - 1]
                && two_before[j - 2] + 1 < least
            {
                least = two_before[j - 2] + 1;
            }
            row[j] = least;
            j += 1;
        }
        two_before = before;
        before = row;
        i += 1;
    }
    before[length]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        assert_eq!(distance("stauts", "status", ""), 1);
        assert_eq!(distance("", "ab", "c"), 3);
        assert_eq!(
            distance("agent_task_duration_seconds_bucket", "agent_task_duration_seconds", "_bucket"),
            0
        );
    }
}
