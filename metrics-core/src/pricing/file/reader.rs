//! Reading of TOML values, with a record of every mistake.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistake::PriceMistake;
use crate::pricing::price::MAX_USD;
use crate::pricing::time::day_start;

/// Reads values as far as possible and collects every mistake.
pub(super) struct Reader<'t> {
    text: &'t str,
    mistakes: Vec<PriceMistake>,
    /// Lines with a syntax error. Further mistakes on them are not reported, since they may only follow from it.
    broken: Vec<usize>,
}

/// The path of a value: its key and the keys of the tables that contain it.
#[derive(Clone, Copy)]
pub(super) struct FieldPath<'p> {
    pub(super) within: Option<&'p FieldPath<'p>>,
    pub(super) key: &'p str,
}

impl FieldPath<'_> {
    /// Returns the path as written in TOML.
    pub(super) fn to_toml(self) -> String {
        // A key that isn't bare is quoted, as in the file.
        let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let key = match self.key {
            key if !key.is_empty() && key.chars().all(bare) => Cow::Borrowed(key),
            key => Cow::Owned(format!("{key:?}")),
        };
        match self.within {
            Some(within) => format!("{}.{key}", within.to_toml()),
            None => key.into_owned(),
        }
    }
}

pub(super) type Value<'i> = Spanned<DeValue<'i>>;

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, mistakes: Vec::new(), broken: Vec::new() }
    }

    /// Returns the entries of a top-level table, in the order of their lines.
    pub(super) fn entries<'a, 'i>(
        &mut self,
        document: &'a DeTable<'i>,
        path: FieldPath<'_>,
    ) -> Vec<(&'a str, Range<usize>, &'a Value<'i>)> {
        let Some(value) = document.get(path.key) else { return Vec::new() };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(value, &path, "a table");
            return Vec::new();
        };
        let mut entries: Vec<_> =
            table.iter().map(|(key, value)| (&**key.get_ref(), key.span(), value)).collect();
        entries.sort_by_key(|(_, at, _)| at.start);
        entries
    }

    /// Reads an amount in a unit such as `USD per million tokens`.
    pub(super) fn amount(&mut self, value: &Value<'_>, path: &FieldPath<'_>, unit: &str) -> Option<f64> {
        let usd = match value.get_ref() {
            DeValue::Float(number) => number.as_str().parse().ok(),
            DeValue::Integer(number) => {
                i64::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number as f64)
            }
            _ => {
                self.wrong_type(value, path, unit);
                return None;
            }
        };
        match usd {
            Some(usd) if (0.0..=MAX_USD).contains(&usd) => Some(usd),
            _ => {
                let found = self.text.get(value.span()).unwrap_or_default();
                self.mistake(
                    &value.span(),
                    path,
                    format!("invalid price `{found}`; it takes 0 to {MAX_USD} {unit}"),
                );
                None
            }
        }
    }

    /// Reads a day, as a string or as a TOML date. Returns it as text and its start in seconds since 1970-01-01.
    pub(super) fn day(&mut self, value: &Value<'_>, path: &FieldPath<'_>) -> Option<(String, u64)> {
        let date = match value.get_ref() {
            DeValue::Datetime(date) => date.to_string(),
            DeValue::String(date) => date.to_string(),
            _ => String::new(),
        };
        let start = day_start(&date);
        if start.is_none() {
            self.wrong_type(value, path, "a date such as 2026-05-01");
        }
        Some((date, start?))
    }

    /// Reads a string.
    pub(super) fn string<'a>(&mut self, value: &'a Value<'_>, path: &FieldPath<'_>) -> Option<&'a str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong_type(value, path, "a string");
        }
        text
    }

    /// Reports every key of a table that is not one of `known`.
    pub(super) fn check_known(
        &mut self,
        table: &DeTable<'_>,
        within: Option<&FieldPath<'_>>,
        known: &[&str],
    ) {
        for key in table.keys().filter(|key| !known.contains(&&**key.get_ref())) {
            let why = format!("unknown field; the known fields are {}", known.join(", "));
            self.mistake(&key.span(), &FieldPath { within, key: key.get_ref() }, why);
        }
    }

    /// Reports a value that is not of the type `wanted`.
    pub(super) fn wrong_type(&mut self, value: &Value<'_>, path: &FieldPath<'_>, wanted: &str) {
        let found = self.text.get(value.span()).unwrap_or_default();
        let found = found.lines().next().unwrap_or_default();
        self.mistake(&value.span(), path, format!("invalid value `{found}`; it takes {wanted}"));
    }

    /// Reports a mistake, unless its line has a syntax error.
    pub(super) fn mistake(&mut self, at: &Range<usize>, path: &FieldPath<'_>, why: String) {
        let line = self.line(at);
        if !self.broken.contains(&line) {
            self.mistakes.push(PriceMistake { line, field: path.to_toml(), why });
        }
    }

    /// Reports an error found by the TOML parser. For a repeated key, the field is that key.
    pub(super) fn syntax(&mut self, message: &str, at: Range<usize>) {
        let line = self.line(&at);
        let found = self.text.get(at).unwrap_or_default();
        let repeated = message.contains("duplicate key");
        let field = if repeated { found.to_owned() } else { String::new() };
        let why = if repeated { "given twice".to_owned() } else { message.replace('\n', " ") };
        self.broken.push(line);
        self.mistakes.push(PriceMistake { line, field, why });
    }

    /// Returns the line number of a place in the text.
    pub(super) fn line(&self, at: &Range<usize>) -> usize {
        1 + self.text.as_bytes().iter().take(at.start).filter(|byte| **byte == b'\n').count()
    }

    /// Returns all mistakes, in the order of their lines.
    pub(super) fn into_mistakes(mut self) -> Vec<PriceMistake> {
        self.mistakes.sort_by_key(|mistake| mistake.line);
        self.mistakes
    }
}
