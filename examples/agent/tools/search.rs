//! Full-text search: an inverted index over the sections of the documents, ranked by BM25.

use std::collections::HashMap;

use serde::Serialize;

use super::{
    library::Document,
    text::{shorten, terms},
};

/// BM25's saturation of repeated terms and its correction for long sections: the usual values
/// (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009).
const K1: f64 = 1.2;
const B: f64 = 0.75;
/// Characters of a section that a hit quotes.
const EXCERPT: usize = 700;

/// One section that answers a query.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Hit {
    pub(crate) file: String,
    pub(crate) heading: String,
    pub(crate) score: f64,
    pub(crate) excerpt: String,
}

#[derive(Debug)]
struct Section {
    file: String,
    heading: String,
    body: String,
    terms: u32,
}

/// An occurrence of a term: the section and the count.
#[derive(Debug, Clone, Copy)]
struct Posting {
    section: usize,
    count: u32,
}

#[derive(Debug)]
pub(crate) struct Index {
    sections: Vec<Section>,
    postings: HashMap<String, Vec<Posting>>,
    mean_terms: f64,
}

impl Index {
    pub(crate) fn new(documents: &[Document]) -> Self {
        let mut sections: Vec<Section> = documents.iter().flat_map(sections_of).collect();
        let mut postings: HashMap<String, Vec<Posting>> = HashMap::new();
        for (number, section) in sections.iter_mut().enumerate() {
            let mut counts: HashMap<String, u32> = HashMap::new();
            for term in terms(&section.heading).chain(terms(&section.body)) {
                *counts.entry(term).or_insert(0) += 1;
            }
            section.terms = counts.values().sum();
            for (term, count) in counts {
                postings.entry(term).or_default().push(Posting { section: number, count });
            }
        }
        let all_terms: u32 = sections.iter().map(|section| section.terms).sum();
        let mean_terms = f64::from(all_terms) / sections.len().max(1) as f64;
        Self { sections, postings, mean_terms }
    }

    /// The best `limit` sections for `query`, best first. A section without any of its terms is no hit.
    pub(crate) fn search(&self, query: &str, limit: usize) -> Vec<Hit> {
        let mut scores: HashMap<usize, f64> = HashMap::new();
        for term in terms(query) {
            let found = self.postings.get(&term).map_or(&[][..], Vec::as_slice);
            let rarity = self.rarity(found.len());
            for posting in found {
                *scores.entry(posting.section).or_insert(0.0) += rarity * self.weight(*posting);
            }
        }
        let mut ranked: Vec<(usize, f64)> = scores.into_iter().collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        ranked.into_iter().take(limit).map(|(section, score)| self.hit(section, score)).collect()
    }

    /// Inverse document frequency, in the form that is never negative.
    fn rarity(&self, sections_with_term: usize) -> f64 {
        let (all, with) = (self.sections.len() as f64, sections_with_term as f64);
        (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
    }

    fn weight(&self, posting: Posting) -> f64 {
        let count = f64::from(posting.count);
        let length = f64::from(self.sections[posting.section].terms) / self.mean_terms;
        count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length))
    }

    fn hit(&self, section: usize, score: f64) -> Hit {
        let Section { file, heading, body, .. } = &self.sections[section];
        Hit {
            file: file.clone(),
            heading: heading.clone(),
            score: (score * 1000.0).round() / 1000.0,
            excerpt: shorten(body, EXCERPT).to_owned(),
        }
    }
}

/// The sections of a document: each heading with the lines under it. A `#` inside a code block is no heading.
fn sections_of(document: &Document) -> Vec<Section> {
    let new = |heading: &str| Section {
        file: document.name.clone(),
        heading: heading.to_owned(),
        body: String::new(),
        terms: 0,
    };
    let mut sections = vec![new(&document.name)];
    let mut in_code = false;
    for line in document.text.lines() {
        in_code ^= line.starts_with("```");
        match line.strip_prefix('#').filter(|_| !in_code) {
            Some(heading) => sections.push(new(heading.trim_start_matches('#').trim())),
            None => {
                if let Some(section) = sections.last_mut() {
                    section.body.push_str(line);
                    section.body.push('\n');
                }
            }
        }
    }
    sections.retain_mut(|section| {
        section.body = section.body.trim().to_owned();
        !section.body.is_empty()
    });
    sections
}

#[cfg(test)]
mod tests {
    use super::{super::library::Library, *};

    fn best(query: &str) -> Hit {
        Library::built_in().index().search(query, 3).into_iter().next().expect("a hit")
    }

    #[test]
    fn questions_find_their_section() {
        assert_eq!(best("benefits of microservices").heading, "Benefits of microservices");
        assert_eq!(best("Compare SQL with NoSQL").heading, "SQL compared with NoSQL");
        assert_eq!(best("Write a function that sorts a list").heading, "Sort a list");
        assert_eq!(best("a function that retries with backoff").heading, "Retry with backoff");
        assert!(best("FastAPI documentation").heading.starts_with("FastAPI"));
        assert_eq!(best("Find information about Python").file, "python.md");
    }

    #[test]
    fn a_rare_term_outweighs_a_common_one() {
        let text = "# One\ncommon common common\n# Two\ncommon rare\n# Three\ncommon";
        let index = Index::new(&[Document { name: "a.md".into(), text: text.into() }]);
        let hits = index.search("common rare", 5);
        assert_eq!(hits.iter().map(|hit| hit.heading.as_str()).collect::<Vec<_>>(), ["Two", "One", "Three"]);
        assert!(hits.windows(2).all(|pair| pair[0].score >= pair[1].score));
    }

    #[test]
    fn nothing_in_common_is_no_hit() {
        assert!(Library::built_in().index().search("zeppelin", 3).is_empty());
        assert!(Library::built_in().index().search("", 3).is_empty());
        assert!(Index::new(&[]).search("python", 3).is_empty());
    }

    #[test]
    fn a_comment_in_code_is_no_heading() {
        let text = "# Title\n```sh\n# not a heading\n```\n";
        let sections = sections_of(&Document { name: "a.md".into(), text: text.into() });
        assert_eq!(sections.len(), 1);
        assert!(sections[0].body.contains("not a heading"));
    }
}
