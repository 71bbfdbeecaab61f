//! Labels as the exposition formats write them: `name="value",other="value"`, escaped once.

use std::borrow::Cow;
use std::ops::Range;

/// The labels of one sample: those of its series, written and escaped when it was made, and at most
/// two more whose text needs no escaping.
#[derive(Clone, Copy)]
pub(crate) struct Labels<'a> {
    pub(crate) series: &'a str,
    pub(crate) more: &'a [(&'static str, &'static str)],
}

impl<'a> Labels<'a> {
    pub(crate) const NONE: Labels<'static> = Labels { series: "", more: &[] };

    pub(crate) fn of(series: &'a str) -> Self {
        Self { series, more: &[] }
    }

    pub(crate) fn with(series: &'a str, more: &'a [(&'static str, &'static str)]) -> Self {
        Self { series, more }
    }
}

/// Escapes a label value: backslash, quote and line feed, the same in both text formats.
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

/// Writes labels, each with its value.
pub(crate) fn render<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Box<str> {
    let mut out = String::new();
    for (name, value) in labels {
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str(name);
        out.push_str("=\"");
        escape_into(value, &mut out);
        out.push('"');
    }
    out.into()
}

/// Labels read back from what [`render`] wrote.
pub(crate) struct Pairs<'a>(&'a str);

impl<'a> Pairs<'a> {
    pub(crate) fn of(rendered: &'a str) -> Self {
        Self(rendered)
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a str, Cow<'a, str>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        // After the name come `="`, after the value a quote and perhaps a comma.
        let equals = self.0.bytes().position(|byte| byte == b'=')?;
        let (name, after) = (&self.0[..equals], &self.0[equals + 2..]);
        let end = after.bytes().position(|byte| byte == b'"' || byte == b'\\')?;
        let (value, end) = if after.as_bytes()[end] == b'"' {
            (Cow::Borrowed(&after[..end]), end)
        } else {
            let (value, end) = unescaped(after);
            (Cow::Owned(value), end)
        };
        self.0 = after.get(end + 2..).unwrap_or_default();
        Some((name, value))
    }
}

/// Where rendered labels lie in their text, for who copies them without a look at each byte: the ranges of a name and of
/// its value. `None` where a value has escapes, which only [`Pairs`] reads.
#[inline]
pub(crate) fn for_each_plain(
    rendered: &str,
    mut see: impl FnMut(&[u8], Range<usize>, Range<usize>),
) -> Option<()> {
    let bytes = rendered.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let equals = at + position(&bytes[at..], [b'='; 2])?;
        let value = equals + 2;
        let end = value + position(bytes.get(value..)?, [b'"', b'\\'])?;
        if bytes[end] == b'\\' {
            return None;
        }
        see(bytes, at..equals, value..end);
        at = end + 2;
    }
    Some(())
}

/// Where the first of two bytes is, looked for eight bytes at a time.
#[inline]
fn position(bytes: &[u8], wanted: [u8; 2]) -> Option<usize> {
    const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    // The high bit of each byte that is 0, and perhaps of later ones.
    let zeros = |word: u64| word.wrapping_sub(LOW) & !word & HIGH;
    let mut at = 0;
    while let Some(Ok(chunk)) = bytes.get(at..at + 8).map(<[u8; 8]>::try_from) {
        let word = u64::from_le_bytes(chunk);
        let found = wanted.map(|byte| zeros(word ^ (u64::from(byte) * LOW)));
        let found = found[0] | found[1];
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = bytes.get(at..)?.iter().position(|byte| wanted.contains(byte))?;
    Some(at + rest)
}

/// A value up to its quote, and where that is.
#[cold]
fn unescaped(text: &str) -> (String, usize) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, at),
            '\\' => match characters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, escaped)) => value.push(escaped),
                None => {}
            },
            plain => value.push(plain),
        }
    }
    (value, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rendered_is_read_back() {
        let values = ["", "plain", "a\"b", "a\\", "line\nfeed", "\\\"\n", "ünï🦀", "a\",b=\"c"];
        for value in values {
            let rendered = render([("first", value), ("second", "x"), ("third", value)]);
            let pairs: Vec<_> = Pairs::of(&rendered).collect();
            let expected = [("first", value.into()), ("second", "x".into()), ("third", value.into())];
            assert_eq!(pairs, expected, "{rendered}");
            let mut plain = Vec::new();
            let all = for_each_plain(&rendered, |bytes, name, value| {
                plain.push([name, value].map(|range| String::from_utf8(bytes[range].to_vec()).unwrap()));
            });
            assert_eq!(all.is_none(), rendered.contains('\\'), "{rendered}");
            if all.is_some() {
                let pairs: Vec<_> =
                    pairs.iter().map(|(name, value)| [(*name).to_owned(), value.to_string()]).collect();
                assert_eq!(plain, pairs, "{rendered}");
            }
        }
        assert!(Pairs::of("").next().is_none());
    }
}
