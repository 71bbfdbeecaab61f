//! A common form for the route templates of all frameworks.

use std::borrow::Cow;

/// The value of the label `endpoint` for a request whose path matches no route.
pub const UNMATCHED: &str = "unmatched";

/// Converts a framework's route template to a common form: `{id}` for a parameter, `{*path}` for the rest of the path,
/// and a leading slash. Patterns that restrict a parameter are removed.
///
/// ```
/// use agent_metrics::web::template;
///
/// assert_eq!(template("/tasks/{id}"), "/tasks/{id}"); // axum, actix-web, salvo: unchanged
/// assert_eq!(template("/tasks/:id"), "/tasks/{id}"); // poem
/// assert_eq!(template("/tasks/<id>"), "/tasks/{id}"); // rocket
/// assert_eq!(template("/files/<path..>"), "/files/{*path}");
/// assert_eq!(template(r"tasks/{id:\d{4}}"), "/tasks/{id}");
/// ```
pub fn template(pattern: &str) -> Cow<'_, str> {
    if is_common_form(pattern) {
        return Cow::Borrowed(pattern);
    }
    let mut common = String::with_capacity(pattern.len() + 3);
    if !pattern.starts_with('/') {
        common.push('/');
    }
    let mut rest = pattern;
    let mut begins_segment = true;
    while let Some(first) = rest.chars().next() {
        if let Some((parameter, after)) = Parameter::read(rest, begins_segment) {
            common.push_str(if parameter.takes_the_rest { "{*" } else { "{" });
            common.push_str(parameter.name);
            common.push('}');
            rest = after;
            begins_segment = false;
        } else {
            common.push(first);
            rest = &rest[first.len_utf8()..];
            begins_segment = first == '/';
        }
    }
    Cow::Owned(common)
}

/// Returns true if a template certainly has the common form, as most templates have. They need no allocation.
fn is_common_form(pattern: &str) -> bool {
    pattern.starts_with('/')
        && !pattern.contains([':', '<', '|'])
        && !["{*", "}*", "/*", "{}"].iter().any(|written| pattern.contains(written))
}

/// A parameter of a route template.
struct Parameter<'a> {
    name: &'a str,
    takes_the_rest: bool,
}

impl<'a> Parameter<'a> {
    /// Parses the parameter at the start of a text. Returns it with the text after it.
    fn read(text: &'a str, begins_segment: bool) -> Option<(Self, &'a str)> {
        match text.as_bytes()[0] {
            b'{' => Self::in_braces(text),
            b'<' if begins_segment => Self::in_angles(text),
            b':' if begins_segment => {
                let (name, after) = split_name(&text[1..]);
                // poem: `:id<\d+>`
                let after = split_brackets(after, '<', '>').map_or(after, |(_, after)| after);
                (!name.is_empty()).then_some((Self { name, takes_the_rest: false }, after))
            }
            b'*' if begins_segment => {
                let (name, after) = split_name(&text[1..]);
                Some((Self { name: or_blank(name), takes_the_rest: true }, after))
            }
            _ => None,
        }
    }

    /// Parses `{id}`, with an optional pattern after `:` (actix-web, salvo) or `|` (salvo), and the rest of the path as
    /// `{*path}` (axum), `{**path}`, `{*+path}`, `{*?path}` (salvo), `{path}*` or `{path:.*}` (actix-web).
    fn in_braces(text: &'a str) -> Option<(Self, &'a str)> {
        let (inner, after) = split_brackets(text, '{', '}')?;
        let plain = inner.trim_start_matches(['*', '+', '?']);
        let (name, pattern) = split_name(plain);
        let (is_tail, after) = match after.strip_prefix('*') {
            Some(after) => (true, after),
            None => (false, after),
        };
        let takes_the_rest = is_tail || plain.len() < inner.len() || pattern == ":.*";
        Some((Self { name: or_blank(name), takes_the_rest }, after))
    }

    /// Parses `<id>` and `<path..>` (rocket), or a pattern without a name (poem).
    fn in_angles(text: &'a str) -> Option<(Self, &'a str)> {
        let (inner, after) = split_brackets(text, '<', '>')?;
        let (name, pattern) = split_name(inner);
        let parameter = match pattern {
            "" => Self { name: or_blank(name), takes_the_rest: false },
            ".." => Self { name: or_blank(name), takes_the_rest: true },
            _ => Self { name: "_", takes_the_rest: false },
        };
        Some((parameter, after))
    }
}

/// Returns the name, or `_` for a parameter without one.
fn or_blank(name: &str) -> &str {
    if name.is_empty() { "_" } else { name }
}

/// Splits a text after the name at its start.
fn split_name(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').unwrap_or(text.len());
    text.split_at(end)
}

/// Returns the text inside the brackets at the start of a text, and the text after them.
fn split_brackets(text: &str, open: char, close: char) -> Option<(&str, &str)> {
    let text = text.strip_prefix(open)?;
    let mut depth = 1;
    for (at, found) in text.char_indices() {
        depth += i32::from(found == open) - i32::from(found == close);
        if depth == 0 {
            return Some((&text[..at], &text[at + close.len_utf8()..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_of_every_framework_become_the_common_form() {
        for (pattern, common) in [
            // axum, actix-web, salvo, poem, rocket
            ("/", "/"),
            ("/tasks/{id}", "/tasks/{id}"),
            ("/files/{*path}", "/files/{*path}"),
            (r"/tasks/{id:\d+}/{part:[a-z]{2}}", "/tasks/{id}/{part}"),
            ("/files/{path}*", "/files/{*path}"),
            ("/files/{path:.*}", "/files/{*path}"),
            ("tasks/{id:num(3..=10)}", "/tasks/{id}"),
            ("files/{**path}", "/files/{*path}"),
            ("files/{*+path}", "/files/{*path}"),
            ("files/{*?path}", "/files/{*path}"),
            ("tasks/{id|[0-9]+}", "/tasks/{id}"),
            ("/tasks/:id", "/tasks/{id}"),
            (r"/tasks/:id<\d+>/parts", "/tasks/{id}/parts"),
            (r"/tasks/<\d+>", "/tasks/{_}"),
            ("/files/*path", "/files/{*path}"),
            ("/files/*", "/files/{*_}"),
            ("/tasks/<id>", "/tasks/{id}"),
            ("/tasks/<_>", "/tasks/{_}"),
            ("/files/<path..>", "/files/{*path}"),
            ("/<_..>", "/{*_}"),
            // Not parameters.
            ("", "/"),
            ("/{name}.json", "/{name}.json"),
            ("/v1/models/{model}:generate", "/v1/models/{model}:generate"),
            ("/chat.Chat/Ask", "/chat.Chat/Ask"),
            ("/open/{id", "/open/{id"),
            ("/open/<id", "/open/<id"),
            ("/größe/:größe", "/größe/{größe}"),
            ("/:", "/:"),
        ] {
            assert_eq!(template(pattern), common, "{pattern}");
            assert_eq!(template(common), common, "the common form is unchanged");
        }
    }

    #[test]
    fn a_template_in_the_common_form_is_not_copied() {
        assert!(matches!(template("/tasks/{id}/parts/{part}"), Cow::Borrowed(_)));
    }
}
