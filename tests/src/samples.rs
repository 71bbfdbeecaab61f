//! A strict reader of Prometheus text 0.0.4, independent of the code that writes it.

use std::collections::{BTreeMap, BTreeSet};

/// The samples of an exposition by `name{labels sorted by name}`.
#[derive(Default, PartialEq, Debug)]
pub struct Samples {
    kinds: BTreeMap<String, String>,
    values: BTreeMap<String, f64>,
}

impl Samples {
    /// Reads an exposition.
    ///
    /// # Panics
    /// Panics on a malformed line, a duplicate sample, or a type after its samples.
    pub fn parse(text: &str) -> Self {
        let mut samples = Self::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap_or_else(|| panic!("bad type: {line}"));
                let known = samples.kinds.insert(name.to_owned(), kind.to_owned());
                assert!(known.is_none(), "type twice: {line}");
            } else if !line.starts_with("# HELP ") {
                assert!(!line.starts_with('#'), "an unknown comment: {line}");
                let (series, value) = read(line);
                let known = samples.values.insert(series, value);
                assert!(known.is_none(), "a sample twice: {line}");
            }
        }
        samples
    }

    pub(crate) fn set_kind(&mut self, family: &str, kind: &str) {
        self.kinds.insert(family.to_owned(), kind.to_owned());
    }

    pub(crate) fn add(&mut self, name: &str, labels: &BTreeMap<String, String>, value: f64) {
        let series = series(name, labels);
        let known = self.values.insert(series.clone(), value);
        assert!(known.is_none(), "a sample twice: {series}");
    }

    /// Rewrites bounds and quantiles as Rust formats numbers, for formats that have them as numbers only.
    #[must_use]
    pub fn with_plain_bounds(&self) -> Self {
        let mut plain = Self { kinds: self.kinds.clone(), values: BTreeMap::new() };
        for (series, value) in &self.values {
            let (name, mut labels, _) = split(series);
            for bound in ["le", "quantile"] {
                if let Some(text) = labels.get_mut(bound) {
                    let number = if text == "+Inf" { f64::INFINITY } else { text.parse().expect("a number") };
                    *text = number.to_string();
                }
            }
            plain.add(&name, &labels, *value);
        }
        plain
    }

    /// Removes the samples about scrapes, which change with each scrape.
    #[must_use]
    pub fn without_scrapes(mut self) -> Self {
        self.values.retain(|series, _| !series.starts_with("agent_metrics_scrape_"));
        self
    }

    /// Returns the value of a sample.
    pub fn get(&self, series: &str) -> Option<f64> {
        self.values.get(series).copied()
    }

    /// Returns the value of a sample that must exist.
    ///
    /// # Panics
    /// Panics when it doesn't exist.
    pub fn value(&self, series: &str) -> f64 {
        self.get(series).unwrap_or_else(|| panic!("no sample {series}"))
    }

    /// Returns all samples.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.values.iter().map(|(series, value)| (series.as_str(), *value))
    }

    /// Returns the type of a family.
    pub fn kind(&self, family: &str) -> Option<&str> {
        self.kinds.get(family).map(String::as_str)
    }

    /// Returns the labels of the samples of a family.
    pub fn label_names(&self, family: &str) -> Vec<String> {
        let of_family = self.values.keys().filter(|series| {
            let name = series.split('{').next().unwrap_or_default();
            name == family
                || [("_bucket"), ("_sum"), ("_count")]
                    .iter()
                    .any(|end| name.strip_suffix(end) == Some(family))
        });
        let names: BTreeSet<_> = of_family.flat_map(|series| labels(series).into_keys()).collect();
        names.into_iter().collect()
    }

    /// Returns the finite bucket bounds of a family, ascending.
    pub fn bounds(&self, family: &str) -> Vec<f64> {
        let prefix = format!("{family}_bucket{{");
        let buckets = self.values.keys().filter(|series| series.starts_with(&prefix));
        let bounds = buckets.filter_map(|series| labels(series).remove("le")?.parse::<f64>().ok());
        let mut bounds: Vec<_> = bounds.filter(|bound| bound.is_finite()).collect();
        bounds.sort_by(f64::total_cmp);
        bounds.dedup();
        bounds
    }

    /// Returns the sum of a family's samples that have all these labels.
    pub fn sum(&self, name: &str, with: &[(&str, &str)]) -> f64 {
        let matches = |series: &str| {
            let labels = labels(series);
            series.split('{').next() == Some(name)
                && with.iter().all(|(label, value)| labels.get(*label).map(String::as_str) == Some(*value))
        };
        self.values.iter().filter(|(series, _)| matches(series)).map(|(_, value)| value).sum()
    }
}

fn labels(series: &str) -> BTreeMap<String, String> {
    let (_, labels, _) = split(series);
    labels
}

/// Splits a line into `name{sorted labels}` and value.
fn read(line: &str) -> (String, f64) {
    let (name, labels, rest) = split(line);
    let value = rest.trim();
    let value = match value {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        other => other.parse().unwrap_or_else(|_| panic!("bad value: {line}")),
    };
    (series(&name, &labels), value)
}

fn series(name: &str, labels: &BTreeMap<String, String>) -> String {
    if labels.is_empty() {
        return name.to_owned();
    }
    let labels: Vec<_> = labels
        .iter()
        .map(|(label, value)| {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            format!("{label}=\"{escaped}\"")
        })
        .collect();
    format!("{name}{{{}}}", labels.join(","))
}

fn split(line: &str) -> (String, BTreeMap<String, String>, &str) {
    let end = line.find(['{', ' ']).unwrap_or(line.len());
    let (name, mut rest) = line.split_at(end);
    assert!(
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':'),
        "{line}"
    );
    let mut labels = BTreeMap::new();
    if let Some(after) = rest.strip_prefix('{') {
        rest = after;
        while !rest.starts_with('}') {
            let (label, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("bad labels: {line}"));
            let mut value = String::new();
            let mut characters = after.char_indices();
            let end = loop {
                match characters.next() {
                    Some((at, '"')) => break at + 1,
                    Some((_, '\\')) => match characters.next() {
                        Some((_, 'n')) => value.push('\n'),
                        Some((_, escaped @ ('\\' | '"'))) => value.push(escaped),
                        other => panic!("bad escape {other:?}: {line}"),
                    },
                    Some((_, plain)) => value.push(plain),
                    None => panic!("an open quote: {line}"),
                }
            };
            assert!(labels.insert(label.to_owned(), value).is_none(), "a label twice: {line}");
            rest = &after[end..];
            rest = rest.strip_prefix(',').unwrap_or(rest);
        }
        rest = &rest[1..];
    }
    (name.to_owned(), labels, rest)
}
