//! Collects all mistakes of one macro call, so that one build reports every one of them.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct Errors {
    found: Vec<syn::Error>,
}

impl Errors {
    pub(crate) fn push(&mut self, span: Span, message: impl Display) {
        self.found.push(syn::Error::new(span, message));
    }

    pub(crate) fn extend(&mut self, error: syn::Error) {
        self.found.push(error);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Returns the value of a result, or records its error.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.extend(error)).ok()
    }

    /// Combines the recorded mistakes into one error.
    pub(crate) fn into_result(self) -> syn::Result<()> {
        let all = self.found.into_iter().reduce(|mut all, error| {
            all.combine(error);
            all
        });
        all.map_or(Ok(()), Err)
    }

    /// Returns the built value if no mistake was recorded, and otherwise the tokens that report the mistakes.
    pub(crate) fn finish<T>(self, built: Option<T>) -> Result<T, TokenStream> {
        match built {
            Some(built) if self.found.is_empty() => Ok(built),
            _ => Err(self.into_tokens()),
        }
    }

    /// Returns the tokens that report the mistakes as compile errors.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.found.iter().map(syn::Error::to_compile_error).collect()
    }

    #[cfg(test)]
    pub(crate) fn messages(&self) -> Vec<String> {
        self.found.iter().flat_map(|error| error.clone().into_iter().map(|one| one.to_string())).collect()
    }
}

/// Returns the error message for a word that is not in `known`, with the nearest word of `known` as a suggestion.
pub(crate) fn unknown<'k>(what: &str, found: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    unknown_or(what, found, known, None)
}

/// Returns the error message of [`unknown`], with the word that is `meant` as the suggestion, if that is known.
pub(crate) fn unknown_or<'k>(
    what: &str,
    found: &str,
    known: impl IntoIterator<Item = &'k str>,
    meant: Option<&'k str>,
) -> String {
    let known: Vec<_> = known.into_iter().collect();
    let list = known.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    let expected =
        if known.len() == 1 { format!("expected {list}") } else { format!("expected one of {list}") };
    match meant.or_else(|| nearest(found, &known)) {
        Some(word) => format!("unknown {what} `{found}`, {expected}; did you mean `{word}`?"),
        None => format!("unknown {what} `{found}`, {expected}"),
    }
}

/// Returns true if `found` is likely a misspelling of `word`.
pub(crate) fn resembles(found: &str, word: &str) -> bool {
    nearest(found, &[word]).is_some()
}

/// Returns the word of `known` with the smallest distance to `found`, if it is close enough to be meant.
fn nearest<'k>(found: &str, known: &[&'k str]) -> Option<&'k str> {
    let allowed = (found.chars().count() / 3).max(1);
    known
        .iter()
        .map(|word| (edit_distance(found, word), *word))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Returns the edit distance between two words: insertions, removals, replacements, and swaps of neighbouring characters.
///
/// `promql!` has a `const` version in the runtime crate, which this crate cannot depend on.
fn edit_distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<_>, Vec<_>) = (left.chars().collect(), right.chars().collect());
    let mut rows = vec![vec![0; right.len() + 1]; left.len() + 1];
    for (at, row) in rows.iter_mut().enumerate() {
        row[0] = at;
    }
    for (at, cell) in rows[0].iter_mut().enumerate() {
        *cell = at;
    }
    for i in 1..=left.len() {
        for j in 1..=right.len() {
            let changed = rows[i - 1][j - 1] + usize::from(left[i - 1] != right[j - 1]);
            let mut least = changed.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = least;
        }
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_similar_word_is_suggested() {
        assert_eq!(
            unknown("key", "tool_nam", ["tool_name", "crate"]),
            "unknown key `tool_nam`, expected one of `tool_name`, `crate`; did you mean `tool_name`?"
        );
    }

    #[test]
    fn a_different_word_is_not_suggested() {
        assert_eq!(unknown("key", "colour", ["crate"]), "unknown key `colour`, expected `crate`");
    }

    #[test]
    fn swapped_neighbours_count_as_one_edit() {
        assert_eq!(edit_distance("stauts", "status"), 1);
        assert_eq!(edit_distance("", "abc"), 3);
    }

    #[test]
    fn all_recorded_mistakes_are_reported() {
        let mut errors = Errors::default();
        errors.push(Span::call_site(), "one");
        errors.push(Span::call_site(), "two");
        assert_eq!(errors.messages(), ["one", "two"]);
        assert!(errors.finish(Some(())).is_err());
    }
}
