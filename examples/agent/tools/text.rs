//! Words of a text, as search and summary both see them.

/// Words too common to tell one text from another.
const STOP_WORDS: &str = "\
    a about an and any are as at be by can do does doesn find for from has have how in information is it \
    its me most of on one or say so some such tell than that the their them then there they this to up \
    use was we what when where which who why will with you your";

/// The terms of `text`: lower-case words without stop words, a plural `s` removed.
pub(super) fn terms(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .filter(|word| STOP_WORDS.split(' ').all(|common| common != word))
        .map(singular)
}

fn singular(mut word: String) -> String {
    if word.len() > 4 && word.ends_with("ies") {
        word.truncate(word.len() - 3);
        word.push('y');
    } else if word.len() > 3 && word.ends_with('s') && !word.ends_with("ss") {
        word.pop();
    }
    word
}

/// At most `limit` characters of `text`, cut at a line where there is one.
pub(super) fn shorten(text: &str, limit: usize) -> &str {
    let Some((end, _)) = text.char_indices().nth(limit) else { return text };
    let cut = &text[..end];
    cut.rfind('\n').map_or(cut, |line| &cut[..line])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_lower_case_singular_and_not_common() {
        assert_eq!(
            terms("What are the Benefits of micro-services?").collect::<Vec<_>>(),
            ["benefit", "micro", "service"]
        );
        assert_eq!(terms("SQL vs class").collect::<Vec<_>>(), ["sql", "vs", "class"]);
        assert_eq!(terms("Queries, retries").collect::<Vec<_>>(), ["query", "retry"]);
        assert_eq!(terms("…—").count(), 0);
    }

    #[test]
    fn shorten_never_splits_a_character() {
        assert_eq!(shorten("ééé", 2), "éé");
        assert_eq!(shorten("one\ntwo", 5), "one");
        assert_eq!(shorten("short", 10), "short");
    }
}
