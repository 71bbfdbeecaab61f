//! The schema of price files.

use toml::de::DeTable;

use super::mistake::PriceMistake;
use super::reader::{FieldPath, Reader};
use crate::pricing::bundled;
use crate::pricing::table::PriceTable;
use crate::pricing::tariff::Tariff;

// The top-level keys.
const VERSION: &str = "version";
const DATE: &str = "date";
const MODELS: &str = "models";
const ALIASES: &str = "aliases";
const TOP: [&str; 4] = [VERSION, DATE, MODELS, ALIASES];

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

/// Returns the prices of a model in the bundled table. A regional endpoint of a cloud has the price of today.
fn bundled_tariff(model: &str) -> Option<Tariff> {
    bundled::tariff(model).or_else(|| PriceTable::bundled().get(model).map(Tariff::new))
}

impl Reader<'_> {
    /// Reads the whole document.
    fn table(&mut self, document: &DeTable<'_>) -> PriceTable {
        let top = |key| FieldPath { within: None, key };
        self.check_known(document, None, &TOP);
        let mut table = PriceTable::empty();
        for (name, at, value) in self.entries(document, top(MODELS)) {
            let path = FieldPath { within: Some(&top(MODELS)), key: name };
            if let Some(tariff) = self.tariff(value, &at, &path) {
                table = table.with(name, tariff);
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
                } else if let Some(tariff) = bundled_tariff(model) {
                    table = table.with(name, tariff);
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

    fn top_string(&mut self, document: &DeTable<'_>, key: &str) -> Option<String> {
        self.string(document.get(key)?, &FieldPath { within: None, key }).map(str::to_owned)
    }

    /// Reads the date of the table.
    fn date(&mut self, document: &DeTable<'_>, path: FieldPath<'_>) -> Option<String> {
        self.day(document.get(path.key)?, &path).map(|(date, _)| date)
    }
}
