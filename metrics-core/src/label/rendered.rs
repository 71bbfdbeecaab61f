//! The labels of a series, rendered once, and the labels of one sample.

use std::ops::Range;

/// The labels of a series, in both forms that formats need: the text that the text formats write, and the pairs of a
/// name and a value that every other format encodes.
///
/// Both are made when the series is first read and are kept in one allocation, since a process has many series: each
/// label takes three bytes more than its text. The string consists of
///
/// - the length of the index,
/// - the index: for each label the length of its name, the length of its value in the text, the length of its raw value,
///   and the raw value itself,
/// - the text: `name="value",other="value"`, where backslashes, quotes and line feeds of values are escaped.
///
/// The index repeats a raw value only if the text has it escaped. Otherwise the length of the raw value is 0, and the
/// value is read from the text.
pub(crate) struct RenderedLabels(Box<str>);

impl RenderedLabels {
    /// Renders labels in the given order.
    pub(crate) fn new<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let (mut index, mut text) = (String::new(), String::new());
        for (name, value) in labels {
            if !text.is_empty() {
                text.push(',');
            }
            text.push_str(name);
            text.push_str("=\"");
            let begin = text.len();
            escape_into(value, &mut text);
            let escaped = text.len() - begin;
            text.push('"');
            let raw = if escaped == value.len() { "" } else { value };
            for length in [name.len(), escaped, raw.len()] {
                push_length(&mut index, length);
            }
            index.push_str(raw);
        }
        let mut all = String::with_capacity(2 + index.len() + text.len());
        push_length(&mut all, index.len());
        all.push_str(&index);
        all.push_str(&text);
        Self(all.into())
    }

    /// Returns these labels and one more after them.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        Self::new(self.pairs().chain([(name, value)]))
    }

    /// The labels as the text formats write them.
    #[inline]
    pub(crate) fn text(&self) -> &str {
        let (begin, length) = read_length(self.as_bytes(), 0);
        &self.0[begin + length..]
    }

    /// The labels with their values as they were given.
    #[inline]
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.ranges().map(|(name, value)| (&self.0[name], &self.0[value]))
    }

    /// The bytes that [`ranges`](Self::ranges) refers to.
    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The positions of each name and value, for writers that copy faster with the bytes that follow a value.
    #[inline]
    pub(crate) fn ranges(&self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        let bytes = self.as_bytes();
        let (mut at, length) = read_length(bytes, 0);
        let end = at + length;
        let mut name_at = end;
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let (next, name_length) = read_length(bytes, at);
            let (next, escaped_length) = read_length(bytes, next);
            let (raw_at, raw_length) = read_length(bytes, next);
            at = raw_at + raw_length;
            let name = name_at..name_at + name_length;
            // `="` follows the name; a quote and, unless it is the last label, a comma follow the value.
            let value_at = name.end + 2;
            name_at = value_at + escaped_length + 2;
            let value = if raw_length > 0 { raw_at..at } else { value_at..value_at + escaped_length };
            Some((name, value))
        })
    }
}

impl Default for RenderedLabels {
    /// No labels.
    fn default() -> Self {
        Self::new([])
    }
}

/// Escapes a label value as both text formats require it.
fn escape_into(value: &str, out: &mut String) {
    for character in value.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
}

/// The bits of a length that one byte holds. Lengths are written as ASCII characters, so that they fit into a string.
const LENGTH_BITS: u32 = 6;

/// The bit of a byte which says that the length goes on in the next one.
const CONTINUES: u8 = 1 << LENGTH_BITS;

/// Writes a length, its lowest bits first.
fn push_length(out: &mut String, mut length: usize) {
    while length >= usize::from(CONTINUES) {
        out.push(char::from(length as u8 & (CONTINUES - 1) | CONTINUES));
        length >>= LENGTH_BITS;
    }
    out.push(char::from(length as u8));
}

/// Reads the length at a position. Returns the position after it, and the length.
#[inline]
fn read_length(bytes: &[u8], mut at: usize) -> (usize, usize) {
    let (mut length, mut shift) = (0, 0);
    loop {
        let byte = bytes[at];
        at += 1;
        length |= usize::from(byte & (CONTINUES - 1)) << shift;
        if byte < CONTINUES {
            return (at, length);
        }
        shift += LENGTH_BITS;
    }
}

/// The labels of one sample: the labels of its series, and at most two more whose values need no escaping.
#[derive(Clone, Copy)]
pub(crate) struct Labels<'a> {
    series: Option<&'a RenderedLabels>,
    /// The labels that tell apart the samples of one series, such as `status`.
    pub(crate) extra: &'a [(&'static str, &'static str)],
}

impl<'a> Labels<'a> {
    pub(crate) const NONE: Labels<'static> = Labels { series: None, extra: &[] };

    pub(crate) fn new(series: &'a RenderedLabels) -> Self {
        Self::with(series, &[])
    }

    pub(crate) fn with(series: &'a RenderedLabels, extra: &'a [(&'static str, &'static str)]) -> Self {
        Self { series: Some(series), extra }
    }

    /// The labels of a sample whose series has none.
    pub(crate) fn only(extra: &'a [(&'static str, &'static str)]) -> Self {
        Self { series: None, extra }
    }

    /// The labels of the series, if it has any.
    #[inline]
    pub(crate) fn series(self) -> Option<&'a RenderedLabels> {
        self.series
    }

    /// The labels of the series as the text formats write them.
    #[inline]
    pub(crate) fn series_text(self) -> &'a str {
        self.series.map_or("", RenderedLabels::text)
    }

    /// The labels of the series as pairs.
    #[inline]
    pub(crate) fn series_pairs(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.series.into_iter().flat_map(RenderedLabels::pairs)
    }

    /// All labels of the sample as pairs.
    pub(crate) fn pairs(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.series_pairs().chain(self.extra.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_the_given_labels_and_the_text_has_them_escaped() {
        let long = "x".repeat(5000);
        let values = ["", "plain", "a\"b", "a\\", "line\nfeed", "\\\"\n", "ünï🦀", "a\",b=\"c", &long];
        for value in values {
            let pairs = [("first", value), ("second", "x"), ("third", value)];
            let labels = RenderedLabels::new(pairs);
            assert_eq!(labels.pairs().collect::<Vec<_>>(), pairs);
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let text = format!("first=\"{escaped}\",second=\"x\",third=\"{escaped}\"");
            assert_eq!(labels.text(), text);
            let more = labels.with("fourth", value);
            assert_eq!(more.text(), format!("{text},fourth=\"{escaped}\""));
            assert_eq!(more.pairs().last(), Some(("fourth", value)));
        }
        assert_eq!(RenderedLabels::default().text(), "");
        assert!(RenderedLabels::default().pairs().next().is_none());
    }

    #[test]
    fn an_index_of_short_labels_takes_three_bytes_per_label() {
        let labels = RenderedLabels::new([("model", "gpt-4o"), ("tenant", "acme")]);
        assert_eq!(labels.as_bytes().len(), labels.text().len() + 2 * 3 + 1);
    }
}
