//! A writer for YAML that keeps the order of keys, has comments, and writes queries as blocks.

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Yaml {
    /// Text, in quotes where a reader could take it for another type.
    Text(String),
    /// A number, a duration or a truth value, without quotes.
    Plain(String),
    /// Text of several lines, written as a literal block.
    Block(String),
    List(Vec<Yaml>),
    /// A list with an empty line between its items.
    Spaced(Vec<Yaml>),
    Map(Map),
}

/// A mapping that keeps the order of its keys.
#[derive(Clone, Default, Debug)]
pub(super) struct Map(Vec<Entry>);

#[derive(Clone, Debug)]
struct Entry {
    comment: String,
    key: String,
    value: Yaml,
}

impl Map {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn with(mut self, key: impl Into<String>, value: Yaml) -> Self {
        self.0.push(Entry { comment: String::new(), key: key.into(), value });
        self
    }

    /// Writes a comment above the entry that was added last.
    pub(super) fn comment(mut self, comment: impl Into<String>) -> Self {
        if let Some(last) = self.0.last_mut() {
            last.comment = comment.into();
        }
        self
    }

    pub(super) fn text(self, key: impl Into<String>, text: impl Into<String>) -> Self {
        self.with(key, Yaml::Text(text.into()))
    }

    pub(super) fn plain(self, key: impl Into<String>, plain: impl Into<String>) -> Self {
        self.with(key, Yaml::Plain(plain.into()))
    }

    pub(super) fn map(self, key: impl Into<String>, map: Map) -> Self {
        self.with(key, Yaml::Map(map))
    }

    /// Adds a query, on the line of its key if it needs no quotes there.
    pub(super) fn query(self, key: impl Into<String>, query: &str) -> Self {
        let is_plain = !query.contains(['\n', '#'])
            && !query.contains(": ")
            && query.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '(');
        let query = query.to_owned();
        self.with(key, if is_plain { Yaml::Plain(query) } else { Yaml::Block(query) })
    }

    /// Adds a list of texts, one on each line.
    pub(super) fn texts<T: Into<String>>(
        self,
        key: impl Into<String>,
        texts: impl IntoIterator<Item = T>,
    ) -> Self {
        self.with(key, Yaml::List(texts.into_iter().map(|text| Yaml::Text(text.into())).collect()))
    }

    /// Returns the document, with a comment at its top.
    pub(super) fn document(&self, comment: &str) -> String {
        let mut text = String::new();
        write_comment(&mut text, comment, 0);
        self.write(&mut text, 0, true);
        text
    }

    fn write(&self, text: &mut String, indent: usize, at_line_start: bool) {
        let mut at_line_start = at_line_start;
        for Entry { comment, key, value } in &self.0 {
            // The first key of a list's item follows the dash; `write_items` has written its comment above the dash.
            if at_line_start {
                write_comment(text, comment, indent);
                push_indent(text, indent);
            }
            at_line_start = true;
            text.push_str(&scalar(key));
            text.push(':');
            value.write(text, indent);
        }
    }
}

impl Yaml {
    /// Writes the value after its key, and ends the line.
    fn write(&self, text: &mut String, indent: usize) {
        match self {
            Self::Text(value) if value.contains('\n') => write_block(text, value, indent),
            Self::Text(value) => text.extend([" ", &scalar(value), "\n"]),
            Self::Plain(value) => text.extend([" ", value, "\n"]),
            Self::Block(value) => write_block(text, value, indent),
            Self::List(items) | Self::Spaced(items) if items.is_empty() => text.push_str(" []\n"),
            Self::List(items) => {
                text.push('\n');
                write_items(text, items, indent + 2, false);
            }
            Self::Spaced(items) => {
                text.push('\n');
                write_items(text, items, indent + 2, true);
            }
            Self::Map(map) if map.0.is_empty() => text.push_str(" {}\n"),
            Self::Map(map) => {
                text.push('\n');
                map.write(text, indent + 2, true);
            }
        }
    }
}

fn write_items(text: &mut String, items: &[Yaml], indent: usize, spaced: bool) {
    for (at, item) in items.iter().enumerate() {
        if spaced && at > 0 {
            text.push('\n');
        }
        if let Yaml::Map(map) = item {
            if let Some(first) = map.0.first() {
                write_comment(text, &first.comment, indent);
            }
            push_indent(text, indent);
            text.push_str("- ");
            map.write(text, indent + 2, false);
        } else {
            push_indent(text, indent);
            text.push('-');
            item.write(text, indent);
        }
    }
}

fn write_block(text: &mut String, value: &str, indent: usize) {
    text.push_str(if value.ends_with('\n') { " |\n" } else { " |-\n" });
    for line in value.lines() {
        if !line.is_empty() {
            push_indent(text, indent + 2);
        }
        text.extend([line, "\n"]);
    }
}

fn write_comment(text: &mut String, comment: &str, indent: usize) {
    for line in comment.lines() {
        push_indent(text, indent);
        text.extend(["#", if line.is_empty() { "" } else { " " }, line, "\n"]);
    }
}

fn push_indent(text: &mut String, indent: usize) {
    text.extend(std::iter::repeat_n(' ', indent));
}

/// The words that YAML 1.1 reads as a truth value or as null, in lower case. Most readers still follow YAML 1.1, in which an
/// unquoted `n` or `off` is false.
const RESERVED: [&str; 9] = ["y", "yes", "true", "on", "n", "no", "false", "off", "null"];

/// Returns text for one line: unquoted if every reader takes it for text, in double quotes otherwise.
///
/// Unquoted text begins with a letter, `/` or `_`, so that it is no number, date, `~` or special key such as `=` and `<<`.
fn scalar(text: &str) -> String {
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '/' | '_'))
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:".contains(c))
        && !text.ends_with(':')
        && !RESERVED.contains(&text.to_ascii_lowercase().as_str());
    if is_plain {
        return text.to_owned();
    }
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\t', "\\t");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_keep_order_comments_and_blocks() {
        let rule = Map::new()
            .text("alert", "Slow")
            .comment("Why it is slow.")
            .query("expr", "a{b=\"c\"} > 1")
            .plain("for", "5m")
            .map("labels", Map::new().text("severity", "critical").text("on", "1.0"));
        let lines = Map::new().query("expr", "a\nand b").text("description", "{{ $value }} of \"it\"");
        let all = Map::new()
            .plain("interval", "30s")
            .with("rules", Yaml::Spaced(vec![Yaml::Map(rule), Yaml::Map(lines)]))
            .texts("names", ["a", "no"])
            .with("empty", Yaml::List(Vec::new()));
        let expected = r#"# Made.
interval: 30s
rules:
  # Why it is slow.
  - alert: Slow
    expr: a{b="c"} > 1
    for: 5m
    labels:
      severity: critical
      "on": "1.0"

  - expr: |-
      a
      and b
    description: "{{ $value }} of \"it\""
names:
  - a
  - "no"
empty: []
"#;
        assert_eq!(all.document("Made."), expected);
    }

    #[test]
    fn text_that_yaml_1_1_reads_as_another_type_is_quoted() {
        let words = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
        let cases = words.iter().flat_map(|word| {
            let capitalized = word[..1].to_uppercase() + &word[1..];
            [(*word).to_owned(), capitalized, word.to_uppercase()]
        });
        let others = [
            "", "~", "=", "<<", "-", "?", "1", "-1", "+1", "1.0", ".5", "1e3", ".inf", "-.INF", ".nan",
            "0x1F", "0o17", "017", "0b11", "1_000", "12:30:45", "2026-12-01", "a: b", "a #b", "a:", "- a",
            "*a", "&a", "!a", "%a", "@a", "{a}", "[a]", " a", "a ",
        ];
        for text in cases.chain(others.map(str::to_owned)) {
            assert_eq!(scalar(&text), format!("\"{text}\""));
        }
        for text in
            ["yesterday", "none", "nan", "only", "/metrics", "_1", "agent-metrics", "rules/a.yml", "a:1"]
        {
            assert_eq!(scalar(text), text);
        }
    }
}
