//! Extractive summary of a document: its headings, its size and the sentences that say most of what it is about.

use std::collections::HashMap;

use serde::Serialize;

use super::{library::Document, text::terms};

const KEY_SENTENCES: usize = 3;
/// A sentence with fewer terms says too little to stand for a document.
const SHORTEST_KEY_SENTENCE: usize = 4;

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    pub(crate) file: String,
    pub(crate) headings: Vec<String>,
    pub(crate) words: usize,
    pub(crate) sentences: usize,
    /// The sentences, in the order of the text.
    pub(crate) key_sentences: Vec<String>,
}

/// Headings, counts and key sentences of the prose of `document`; code blocks aren't read.
pub(crate) fn summarize(document: &Document) -> Summary {
    let Outline { headings, prose } = Outline::parse(&document.text);
    let sentences = sentences(&prose);
    let key_sentences = key_sentences(&sentences, &prose);
    Summary {
        file: document.name.clone(),
        headings,
        words: prose.split_whitespace().count(),
        sentences: sentences.len(),
        key_sentences,
    }
}

struct Outline {
    headings: Vec<String>,
    prose: String,
}

impl Outline {
    fn parse(text: &str) -> Self {
        let mut outline = Self { headings: Vec::new(), prose: String::new() };
        let mut in_code = false;
        for line in text.lines().map(str::trim) {
            if line.starts_with("```") {
                in_code = !in_code;
            } else if !in_code {
                outline.read(line);
            }
        }
        outline
    }

    /// A heading or an empty line ends the paragraph.
    fn read(&mut self, line: &str) {
        if let Some(heading) = line.strip_prefix('#') {
            self.headings.push(heading.trim_start_matches('#').trim().to_owned());
            self.prose.push('\n');
        } else if line.is_empty() {
            self.prose.push('\n');
        } else {
            self.prose.push_str(line.trim_start_matches(['-', '*', '>']).trim_start());
            self.prose.push(' ');
        }
    }
}

/// Sentences end at `.`, `!` or `?` before a space, and at the end of a paragraph.
fn sentences(prose: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for paragraph in prose.split('\n') {
        let mut rest = paragraph.trim();
        while let Some(end) = end_of_sentence(rest) {
            found.push(&rest[..end]);
            rest = rest[end..].trim_start();
        }
        if !rest.is_empty() {
            found.push(rest);
        }
    }
    found
}

/// Just past the first mark that a space follows, so that `99.9` is one word.
fn end_of_sentence(text: &str) -> Option<usize> {
    let mut followed = text.char_indices().zip(text.chars().skip(1));
    let end = |((at, mark), next): ((usize, char), char)| {
        (matches!(mark, '.' | '!' | '?') && next.is_whitespace()).then_some(at + 1)
    };
    followed.find_map(end)
}

/// The sentences whose terms are the most frequent in the whole text, on average over the sentence.
fn key_sentences(sentences: &[&str], prose: &str) -> Vec<String> {
    let mut frequency: HashMap<String, u32> = HashMap::new();
    for term in terms(prose) {
        *frequency.entry(term).or_insert(0) += 1;
    }
    let score = |sentence: &str| {
        let (sum, count) =
            terms(sentence).fold((0, 0_u32), |(sum, count), term| (sum + frequency[&term], count + 1));
        (count as usize >= SHORTEST_KEY_SENTENCE).then(|| f64::from(sum) / f64::from(count))
    };
    let mut ranked: Vec<(usize, f64)> =
        sentences.iter().enumerate().filter_map(|(at, sentence)| Some((at, score(sentence)?))).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked.truncate(KEY_SENTENCES);
    ranked.sort_by_key(|&(at, _)| at);
    ranked.into_iter().map(|(at, _)| sentences[at].to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(text: &str) -> Summary {
        summarize(&Document { name: "a.md".into(), text: text.into() })
    }

    #[test]
    fn headings_and_counts_leave_code_out() {
        let found =
            summary("# Cats\nCats sleep. They purr!\n\n## Food\n- fish\n```sh\n# cats in code\n```\n");
        assert_eq!(found.headings, ["Cats", "Food"]);
        assert_eq!(found.words, 5);
        assert_eq!(found.sentences, 3);
    }

    #[test]
    fn key_sentences_are_about_the_subject_and_in_order() {
        let found = summary(
            "Cats hunt mice at night. The weather was cold on that particular Tuesday. \
             Mice fear cats at night. Cats and mice share night and house.",
        );
        assert_eq!(
            found.key_sentences,
            ["Cats hunt mice at night.", "Mice fear cats at night.", "Cats and mice share night and house."]
        );
    }

    #[test]
    fn a_decimal_point_ends_no_sentence() {
        assert_eq!(
            sentences("An objective of 99.9 % is strict. So be it"),
            ["An objective of 99.9 % is strict.", "So be it"]
        );
    }

    #[test]
    fn an_empty_text_has_an_empty_summary() {
        let found = summary("");
        assert_eq!((found.words, found.sentences, found.key_sentences.len()), (0, 0, 0));
    }
}
