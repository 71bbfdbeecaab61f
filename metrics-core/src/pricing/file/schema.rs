//! The schema of price files.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::mistake::PriceMistake;
use super::reader::{FieldPath, Reader, Value};
use crate::pricing::price::{MAX_TIERS, Price};
use crate::pricing::table::PriceTable;
use crate::pricing::time::day_start;

// The top-level keys.
const VERSION: &str = "version";
const DATE: &str = "date";
const MODELS: &str = "models";
const ALIASES: &str = "aliases";
const TOP: [&str; 4] = [VERSION, DATE, MODELS, ALIASES];

// The keys of a price.
const INPUT: &str = "input";
const OUTPUT: &str = "output";
const TIERS: &str = "tiers";
const ABOVE: &str = "above";

type Setter = fn(Price, f64) -> Price;
const PARTS: [(&str, Setter); 7] = [
    ("cache_read", Price::cache_read),
    ("cache_write", Price::cache_write),
    ("cache_write_long", Price::cache_write_long),
    ("audio_input", Price::audio_input),
    ("audio_output", Price::audio_output),
    ("image_input", Price::image_input),
    ("image_output", Price::image_output),
];

/// Parses a price table from TOML, or returns all mistakes.
pub(super) fn read(text: &str) -> Result<PriceTable, Vec<PriceMistake>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader::new(text);
    for error in errors {
        reader.syntax(error.message(), error.span().unwrap_or_default());
    }
    let table = reader.table(document.get_ref());
    let mistakes = reader.into_mistakes();
    if mistakes.is_empty() { Ok(table) } else { Err(mistakes) }
}

impl Reader<'_> {
    /// Reads the whole document.
    fn table(&mut self, document: &DeTable<'_>) -> PriceTable {
        let top = |key| FieldPath { within: None, key };
        self.check_known(document, None, &TOP);
        let mut table = PriceTable::empty();
        for (name, at, value) in self.entries(document, top(MODELS)) {
            let path = FieldPath { within: Some(&top(MODELS)), key: name };
            if let Some(price) = self.model(value, at, &path) {
                table = table.with(name, price);
            }
        }
        let models = document.get(MODELS).and_then(|models| models.get_ref().as_table());
        for (name, at, value) in self.entries(document, top(ALIASES)) {
            let path = FieldPath { within: Some(&top(ALIASES)), key: name };
            if models.is_some_and(|models| models.contains_key(name)) {
                self.mistake(&at, &path, "an alias can't have the name of a model under `models`".to_owned());
            } else if let Some(model) = self.string(value, &path) {
                if models.is_some_and(|models| models.contains_key(model)) {
                    table = table.alias(name, model);
                } else if let Some(price) = PriceTable::bundled().get(model) {
                    table = table.with(name, price);
                } else {
                    let why = format!(
                        "unknown model `{model}`; use a model under `models` or one of the bundled table"
                    );
                    self.mistake(&value.span(), &path, why);
                }
            }
        }
        let version = self.top_string(document, VERSION).unwrap_or_default();
        let date = self.date(document, top(DATE)).unwrap_or_default();
        table.versioned(version, date)
    }

    /// Reads a model's price with its tiers.
    fn model(&mut self, value: &Value<'_>, at: Range<usize>, path: &FieldPath<'_>) -> Option<Price> {
        let price = self.rates(value, at, path, TIERS);
        let Some(tiers) = value.get_ref().as_table().and_then(|model| model.get(TIERS)) else { return price };
        let path = FieldPath { within: Some(path), key: TIERS };
        let Some(array) = tiers.get_ref().as_array() else {
            self.wrong_type(tiers, &path, "an array of tables");
            return None;
        };
        if array.len() > MAX_TIERS {
            self.mistake(
                &tiers.span(),
                &path,
                format!("{} tiers; a price has at most {MAX_TIERS}", array.len()),
            );
        }
        let mut read = BTreeMap::new();
        for tier in array {
            let rates = self.rates(tier, tier.span(), &path, ABOVE);
            if let (Some(rates), Some(above)) = (rates, self.above(tier, &path))
                && read.insert(above, rates).is_some()
            {
                self.mistake(&tier.span(), &path, format!("two tiers with the threshold {above}"));
            }
        }
        read.into_iter().try_fold(price?, |price, (above, tier)| price.try_above(above, tier.rates(0)))
    }

    /// Reads a tier's threshold.
    fn above(&mut self, tier: &Value<'_>, path: &FieldPath<'_>) -> Option<u64> {
        let path = FieldPath { within: Some(path), key: ABOVE };
        let Some(value) = tier.get_ref().as_table()?.get(ABOVE) else {
            self.mistake(&tier.span(), &path, "missing; it takes a number of input tokens".to_owned());
            return None;
        };
        let above = value.get_ref().as_integer();
        let above = above.and_then(|number| u64::from_str_radix(number.as_str(), number.radix()).ok());
        if above.is_none() {
            self.wrong_type(value, &path, "a whole number of input tokens");
        }
        above
    }

    /// Reads the rates in a table in which one more key is allowed.
    fn rates(
        &mut self,
        value: &Value<'_>,
        at: Range<usize>,
        path: &FieldPath<'_>,
        more: &str,
    ) -> Option<Price> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(value, path, "a table with `input` and `output`");
            return None;
        };
        let known: Vec<_> =
            [INPUT, OUTPUT].into_iter().chain(PARTS.map(|(key, _)| key)).chain([more]).collect();
        self.check_known(table, Some(path), &known);
        let mut amount = |key: &str, needed: bool| match table.get(key) {
            Some(value) => self.amount(value, &FieldPath { within: Some(path), key }),
            None if needed => {
                let path = FieldPath { within: Some(path), key };
                self.mistake(&at, &path, "missing; it takes USD per million tokens".to_owned());
                None
            }
            None => None,
        };
        let (input, output) = (amount(INPUT, true), amount(OUTPUT, true));
        let mut set = Vec::new();
        for (key, setter) in PARTS {
            set.extend(amount(key, false).map(|usd| (setter, usd)));
        }
        let price = Price::per_million(input?, output?);
        Some(set.into_iter().fold(price, |price, (setter, usd)| setter(price, usd)))
    }

    fn top_string(&mut self, document: &DeTable<'_>, key: &str) -> Option<String> {
        self.string(document.get(key)?, &FieldPath { within: None, key }).map(str::to_owned)
    }

    /// Reads the date, as a string or as a TOML date.
    fn date(&mut self, document: &DeTable<'_>, path: FieldPath<'_>) -> Option<String> {
        let value = document.get(path.key)?;
        let date = match value.get_ref() {
            DeValue::Datetime(date) => date.to_string(),
            DeValue::String(date) => date.to_string(),
            _ => String::new(),
        };
        if day_start(&date).is_some() {
            return Some(date);
        }
        self.wrong_type(value, &path, "a date such as 2026-05-01");
        None
    }
}
