//! Labels as the exposition formats write them: `name="value",other="value"`, escaped once.

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

/// Reads back what [`render`] wrote.
pub(crate) fn pairs(rendered: &str) -> Vec<(&str, String)> {
    let mut pairs = Vec::new();
    let mut rest = rendered;
    while let Some((name, after)) = rest.split_once("=\"") {
        let mut value = String::new();
        let mut characters = after.char_indices();
        let mut end = after.len();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    end = at + 1;
                    break;
                }
                '\\' => match characters.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, escaped)) => value.push(escaped),
                    None => {}
                },
                plain => value.push(plain),
            }
        }
        pairs.push((name, value));
        rest = after[end..].strip_prefix(',').unwrap_or_default();
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rendered_is_read_back() {
        let values = ["", "plain", "a\"b", "a\\", "line\nfeed", "\\\"\n", "ünï🦀", "a\",b=\"c"];
        for value in values {
            let rendered = render([("first", value), ("second", "x"), ("third", value)]);
            let expected =
                vec![("first", value.to_owned()), ("second", "x".to_owned()), ("third", value.to_owned())];
            assert_eq!(pairs(&rendered), expected, "{rendered}");
        }
        assert!(pairs("").is_empty());
    }
}
