//! Values out of TOML, and the mistakes in them.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::PriceMistake;
use crate::pricing::price::MOST;

/// Reads what it can, and keeps every mistake.
pub(super) struct Reader<'t> {
    text: &'t str,
    mistakes: Vec<PriceMistake>,
    /// Lines with wrong syntax, of which nothing more is said: it might only follow from that.
    broken: Vec<usize>,
}

/// Where a value is: the names of the tables around it and its own.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    pub(super) within: Option<&'p Place<'p>>,
    pub(super) key: &'p str,
}

impl Place<'_> {
    fn path(&self) -> String {
        // A key that isn't bare is quoted, as in the file.
        let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let key = match self.key {
            key if !key.is_empty() && key.chars().all(bare) => Cow::Borrowed(key),
            key => Cow::Owned(format!("{key:?}")),
        };
        match self.within {
            Some(within) => format!("{}.{key}", within.path()),
            None => key.into_owned(),
        }
    }
}

pub(super) type Value<'i> = Spanned<DeValue<'i>>;

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, mistakes: Vec::new(), broken: Vec::new() }
    }

    /// The entries of a table of the document, in the order of their lines.
    pub(super) fn entries<'a, 'i>(
        &mut self,
        document: &'a DeTable<'i>,
        place: Place<'_>,
    ) -> Vec<(&'a str, Range<usize>, &'a Value<'i>)> {
        let Some(value) = document.get(place.key) else { return Vec::new() };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(value, &place, "a table");
            return Vec::new();
        };
        let mut entries: Vec<_> =
            table.iter().map(|(key, value)| (&**key.get_ref(), key.span(), value)).collect();
        entries.sort_by_key(|(_, at, _)| at.start);
        entries
    }

    pub(super) fn amount(&mut self, value: &Value<'_>, place: &Place<'_>) -> Option<f64> {
        let usd = match value.get_ref() {
            DeValue::Float(number) => number.as_str().parse().ok(),
            DeValue::Integer(number) => {
                i64::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number as f64)
            }
            _ => {
                self.wrong_type(value, place, "USD per million tokens");
                return None;
            }
        };
        match usd {
            Some(usd) if (0.0..=MOST).contains(&usd) => Some(usd),
            _ => {
                let found = self.text.get(value.span()).unwrap_or_default();
                self.mistake(
                    &value.span(),
                    place,
                    format!("invalid price `{found}`; it takes 0 to {MOST} USD per million tokens"),
                );
                None
            }
        }
    }

    pub(super) fn string<'a>(&mut self, value: &'a Value<'_>, place: &Place<'_>) -> Option<&'a str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong_type(value, place, "a string");
        }
        text
    }

    pub(super) fn check_known(&mut self, table: &DeTable<'_>, within: Option<&Place<'_>>, known: &[&str]) {
        for key in table.keys().filter(|key| !known.contains(&&**key.get_ref())) {
            let why = format!("unknown field; known are {}", known.join(", "));
            self.mistake(&key.span(), &Place { within, key: key.get_ref() }, why);
        }
    }

    pub(super) fn wrong_type(&mut self, value: &Value<'_>, place: &Place<'_>, wanted: &str) {
        let found = self.text.get(value.span()).unwrap_or_default();
        let found = found.lines().next().unwrap_or_default();
        self.mistake(&value.span(), place, format!("invalid value `{found}`; it takes {wanted}"));
    }

    pub(super) fn mistake(&mut self, at: &Range<usize>, place: &Place<'_>, why: String) {
        let line = self.line(at);
        if !self.broken.contains(&line) {
            self.mistakes.push(PriceMistake { line, field: place.path(), why });
        }
    }

    /// A mistake that the parser found; of a repeated key, it says the key.
    pub(super) fn syntax(&mut self, message: &str, at: Range<usize>) {
        let line = self.line(&at);
        let found = self.text.get(at).unwrap_or_default();
        let repeated = message.contains("duplicate key");
        let field = if repeated { found.to_owned() } else { String::new() };
        let why = if repeated { "given twice".to_owned() } else { message.replace('\n', " ") };
        self.broken.push(line);
        self.mistakes.push(PriceMistake { line, field, why });
    }

    fn line(&self, at: &Range<usize>) -> usize {
        1 + self.text.as_bytes().iter().take(at.start).filter(|byte| **byte == b'\n').count()
    }

    /// All mistakes, in the order of their lines.
    pub(super) fn into_mistakes(mut self) -> Vec<PriceMistake> {
        self.mistakes.sort_by_key(|mistake| mistake.line);
        self.mistakes
    }
}
