//! Prices from TOML.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::price::{MAX_TIERS, MOST};
use super::{Price, PriceError, PriceMistake, PriceTable, bundled};

impl PriceTable {
    /// The prices in a TOML text, to be [laid over](Self::overlay) others. All amounts are USD per million
    /// tokens; `input` and `output` must be there. What is left out costs as other input or output
    /// does. See [`Price::above`] for tiers.
    ///
    /// ```
    /// use agent_metrics::{PriceTable, Usage};
    ///
    /// let prices = PriceTable::from_toml(r#"
    ///     version = "our contract of May" # optional, as the date is
    ///     date = "2026-05-01"
    ///
    ///     [models."our-model"]
    ///     input = 1.25
    ///     output = 10
    ///     cache_read = 0.125              # and cache_write, cache_write_long,
    ///     audio_input = 2.5               # audio_output, image_input, image_output
    ///     tiers = [{ above = 200_000, input = 2.5, output = 15, cache_read = 0.25 }]
    ///
    ///     [aliases]
    ///     "our-azure-deployment" = "gpt-4o"
    /// "#)?;
    /// let prices = PriceTable::bundled().overlay(prices);
    /// assert_eq!(prices.get("our-azure-deployment"), prices.get("gpt-4o"));
    /// let call = Usage::new(300_000, 0).cache_read(200_000);
    /// assert_eq!(prices.get("our-model").map(|price| price.cost(&call).total()), Some(0.3));
    /// # Ok::<(), agent_metrics::PriceError>(())
    /// ```
    ///
    /// An alias stands for a model of the text or of [`bundled`](Self::bundled).
    ///
    /// # Errors
    /// With the line and the field of each mistake: wrong syntax, a model or field given twice, an unknown or
    /// missing field, a value of another type, a price that is negative, not finite or above a billion, more
    /// than three tiers, two for one threshold, an alias to an unknown model or for a name that has a
    /// price, a date that is none.
    ///
    /// ```
    /// use agent_metrics::PriceTable;
    ///
    /// let error = PriceTable::from_toml("[models.mine]\ninput = -3\noutput = 1").unwrap_err();
    /// assert!(error.to_string().contains("line 2: `models.mine.input`: invalid price `-3`"));
    /// ```
    pub fn from_toml(text: &str) -> Result<Self, PriceError> {
        read(text).map_err(|mistakes| PriceError::Invalid { file: None, mistakes })
    }

    /// The prices in a TOML file; see [`from_toml`](Self::from_toml).
    ///
    /// # Errors
    /// As of [`from_toml`](Self::from_toml), with the file's path; and when it can't be read or isn't UTF-8.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, PriceError> {
        let file = path.as_ref().display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => read(&text).map_err(|mistakes| PriceError::Invalid { file: Some(file), mistakes }),
            Err(error) => {
                Err(PriceError::Unreadable { file, kind: error.kind(), message: error.to_string() })
            }
        }
    }
}

/// The keys of the file.
const VERSION: &str = "version";
const DATE: &str = "date";
const MODELS: &str = "models";
const ALIASES: &str = "aliases";
const TOP: [&str; 4] = [VERSION, DATE, MODELS, ALIASES];

/// The keys of a price.
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

fn read(text: &str) -> Result<PriceTable, Vec<PriceMistake>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader { text, mistakes: Vec::new() };
    for error in errors {
        reader.syntax(error.message(), error.span().unwrap_or_default());
    }
    let syntax = reader.mistakes.len();
    let table = reader.table(document.get_ref());
    reader.into_result(table, syntax)
}

/// Reads what it can, and keeps every mistake.
struct Reader<'t> {
    text: &'t str,
    mistakes: Vec<PriceMistake>,
}

/// Where a value is: the names of the tables around it and its own.
#[derive(Clone, Copy)]
struct Place<'p> {
    within: Option<&'p Place<'p>>,
    key: &'p str,
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

type Value<'i> = Spanned<DeValue<'i>>;

impl Reader<'_> {
    fn table(&mut self, document: &DeTable<'_>) -> PriceTable {
        let top = |key| Place { within: None, key };
        self.check_known(document, None, &TOP);
        let mut table = PriceTable::empty();
        for (name, at, value) in self.entries(document, top(MODELS)) {
            let place = Place { within: Some(&top(MODELS)), key: name };
            if let Some(price) = self.model(value, at, &place) {
                table = table.with(name, price);
            }
        }
        let models = document.get(MODELS).and_then(|models| models.get_ref().as_table());
        for (name, at, value) in self.entries(document, top(ALIASES)) {
            let place = Place { within: Some(&top(ALIASES)), key: name };
            if models.is_some_and(|models| models.contains_key(name)) {
                self.mistake(
                    &at,
                    &place,
                    "this name has a price under `models`; an alias can't have one".to_owned(),
                );
            } else if let Some(model) = self.string(value, &place) {
                if models.is_some_and(|models| models.contains_key(model)) {
                    table = table.alias(name, model);
                } else if let Some(price) = PriceTable::bundled().get(model) {
                    table = table.with(name, price);
                } else {
                    let why = format!(
                        "unknown model `{model}`; name one under `models`, or one of the bundled table"
                    );
                    self.mistake(&value.span(), &place, why);
                }
            }
        }
        let version = self.top_string(document, VERSION).unwrap_or_default();
        let date = self.date(document, top(DATE)).unwrap_or_default();
        table.versioned(version, date)
    }

    /// The entries of a table of the document, in the order of their lines.
    fn entries<'a, 'i>(
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

    /// A model's price with its tiers.
    fn model(&mut self, value: &Value<'_>, at: Range<usize>, place: &Place<'_>) -> Option<Price> {
        let price = self.rates(value, at, place, TIERS);
        let Some(tiers) = value.get_ref().as_table().and_then(|model| model.get(TIERS)) else { return price };
        let place = Place { within: Some(place), key: TIERS };
        let Some(array) = tiers.get_ref().as_array() else {
            self.wrong_type(tiers, &place, "an array of tables");
            return None;
        };
        if array.len() > MAX_TIERS {
            self.mistake(
                &tiers.span(),
                &place,
                format!("{} tiers; a price has at most {MAX_TIERS}", array.len()),
            );
        }
        let mut read = BTreeMap::new();
        for tier in array {
            let rates = self.rates(tier, tier.span(), &place, ABOVE);
            if let (Some(rates), Some(above)) = (rates, self.above(tier, &place))
                && read.insert(above, rates).is_some()
            {
                self.mistake(&tier.span(), &place, format!("two tiers above {above}"));
            }
        }
        read.into_iter().try_fold(price?, |price, (above, tier)| price.try_above(above, tier.rates(0)))
    }

    /// A tier's threshold.
    fn above(&mut self, tier: &Value<'_>, place: &Place<'_>) -> Option<u64> {
        let place = Place { within: Some(place), key: ABOVE };
        let Some(value) = tier.get_ref().as_table()?.get(ABOVE) else {
            self.mistake(&tier.span(), &place, "missing; it takes a number of input tokens".to_owned());
            return None;
        };
        let above = value.get_ref().as_integer();
        let above = above.and_then(|number| u64::from_str_radix(number.as_str(), number.radix()).ok());
        if above.is_none() {
            self.wrong_type(value, &place, "a whole number of input tokens");
        }
        above
    }

    /// The rates in a table, in which one more key is allowed.
    fn rates(&mut self, value: &Value<'_>, at: Range<usize>, place: &Place<'_>, more: &str) -> Option<Price> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(value, place, "a table with `input` and `output`");
            return None;
        };
        let known: Vec<_> =
            [INPUT, OUTPUT].into_iter().chain(PARTS.map(|(key, _)| key)).chain([more]).collect();
        self.check_known(table, Some(place), &known);
        let mut amount = |key: &str, needed: bool| match table.get(key) {
            Some(value) => self.amount(value, &Place { within: Some(place), key }),
            None if needed => {
                let place = Place { within: Some(place), key };
                self.mistake(&at, &place, "missing; it takes USD per million tokens".to_owned());
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

    fn amount(&mut self, value: &Value<'_>, place: &Place<'_>) -> Option<f64> {
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

    fn top_string(&mut self, document: &DeTable<'_>, key: &str) -> Option<String> {
        self.string(document.get(key)?, &Place { within: None, key }).map(str::to_owned)
    }

    /// The day, as a string or as TOML's own.
    fn date(&mut self, document: &DeTable<'_>, place: Place<'_>) -> Option<String> {
        let value = document.get(place.key)?;
        let date = match value.get_ref() {
            DeValue::Datetime(date) => date.to_string(),
            DeValue::String(date) => date.to_string(),
            _ => String::new(),
        };
        if bundled::is_dashed_date(&date) {
            return Some(date);
        }
        self.wrong_type(value, &place, "a date such as 2026-05-01");
        None
    }

    fn string<'a>(&mut self, value: &'a Value<'_>, place: &Place<'_>) -> Option<&'a str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong_type(value, place, "a string");
        }
        text
    }

    fn check_known(&mut self, table: &DeTable<'_>, within: Option<&Place<'_>>, known: &[&str]) {
        for key in table.keys().filter(|key| !known.contains(&&**key.get_ref())) {
            let why = format!("unknown field; known are {}", known.join(", "));
            self.mistake(&key.span(), &Place { within, key: key.get_ref() }, why);
        }
    }

    fn wrong_type(&mut self, value: &Value<'_>, place: &Place<'_>, wanted: &str) {
        let found = self.text.get(value.span()).unwrap_or_default();
        let found = found.lines().next().unwrap_or_default();
        self.mistake(&value.span(), place, format!("invalid value `{found}`; it takes {wanted}"));
    }

    fn mistake(&mut self, at: &Range<usize>, place: &Place<'_>, why: String) {
        let line = self.line(at);
        self.mistakes.push(PriceMistake { line, field: place.path(), why });
    }

    /// A mistake that the parser found; of a repeated key, it says the key.
    fn syntax(&mut self, message: &str, at: Range<usize>) {
        let line = self.line(&at);
        let found = self.text.get(at).unwrap_or_default();
        let repeated = message.contains("duplicate key");
        let field = if repeated { found.to_owned() } else { String::new() };
        let why = if repeated { "given twice".to_owned() } else { message.replace('\n', " ") };
        self.mistakes.push(PriceMistake { line, field, why });
    }

    fn line(&self, at: &Range<usize>) -> usize {
        1 + self.text.as_bytes().iter().take(at.start).filter(|byte| **byte == b'\n').count()
    }

    /// The table, when there was no mistake. Those that follow from wrong syntax on the same line are
    /// left out.
    fn into_result(self, table: PriceTable, syntax: usize) -> Result<PriceTable, Vec<PriceMistake>> {
        let mut mistakes = self.mistakes;
        let later = mistakes.split_off(syntax);
        let broken: Vec<_> = mistakes.iter().map(|mistake| mistake.line).collect();
        mistakes.extend(later.into_iter().filter(|mistake| !broken.contains(&mistake.line)));
        mistakes.sort_by_key(|mistake| mistake.line);
        if mistakes.is_empty() { Ok(table) } else { Err(mistakes) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> Vec<String> {
        let error = PriceTable::from_toml(text).unwrap_err();
        error.to_string().lines().skip(1).map(|line| line.trim().to_owned()).collect()
    }

    #[test]
    fn a_file_says_what_models_cost() {
        let text = r#"
            version = "acme 7"
            date = 2026-05-01

            [models.plain]
            input = 1
            output = 0x10

            [models."vendor/full model"]
            input = 1.5
            output = 2e1
            cache_read = 0.1
            cache_write = 2
            cache_write_long = 3
            audio_input = 4
            audio_output = 5
            image_input = 6
            image_output = 7
            tiers = [{ above = 200_000, input = 3, output = 4 }, { above = 100, input = 2, output = 3, cache_read = 1 }]

            [aliases]
            mine = "plain"
            deployment = "claude-sonnet-4-5"
        "#;
        let table = PriceTable::from_toml(text).unwrap();
        assert_eq!((table.version(), table.date()), ("acme 7", "2026-05-01"));
        let plain = Price::per_million(1.0, 16.0);
        assert_eq!([table.get("plain"), table.get("mine")], [Some(plain); 2]);
        let full = Price::per_million(1.5, 20.0).cache_read(0.1).cache_write(2.0).cache_write_long(3.0);
        let full = full.audio_input(4.0).audio_output(5.0).image_input(6.0).image_output(7.0);
        let full = full.above(100, Price::per_million(2.0, 3.0).cache_read(1.0));
        assert_eq!(table.get("vendor/full model"), Some(full.above(200_000, Price::per_million(3.0, 4.0))));
        assert_eq!(table.get("deployment"), PriceTable::bundled().get("claude-sonnet-4-5"));
        assert_eq!(table.get("gpt-4o"), None);
        assert!(PriceTable::from_toml("").unwrap().models().next().is_none());
    }

    #[test]
    fn every_mistake_is_told_with_its_line_and_field() {
        let text = r#"date = "yesterday"
modles = 1
[models."a b"]
input = -3
output = nan
cache_raed = 1
[models.c]
input = "1"
tiers = [{ input = 1, output = inf }, { above = 1.5, input = 1, output = 1 }]
[models.d]
input = 1
output = 1
tiers = [{ above = 1, input = 1, output = 1 }, { above = 1, input = 1, output = 1 }]
[aliases]
e = "nothing"
d = "c"
f = 3
"#;
        let known =
            "cache_read, cache_write, cache_write_long, audio_input, audio_output, image_input, image_output";
        assert_eq!(
            mistakes(text),
            [
                "line 1: `date`: invalid value `\"yesterday\"`; it takes a date such as 2026-05-01".to_owned(),
                "line 2: `modles`: unknown field; known are version, date, models, aliases".to_owned(),
                "line 4: `models.\"a b\".input`: invalid price `-3`; it takes 0 to 1000000000 USD per million tokens"
                    .to_owned(),
                "line 5: `models.\"a b\".output`: invalid price `nan`; it takes 0 to 1000000000 USD per million tokens"
                    .to_owned(),
                format!("line 6: `models.\"a b\".cache_raed`: unknown field; known are input, output, {known}, tiers"),
                "line 7: `models.c.output`: missing; it takes USD per million tokens".to_owned(),
                "line 8: `models.c.input`: invalid value `\"1\"`; it takes USD per million tokens".to_owned(),
                "line 9: `models.c.tiers.output`: invalid price `inf`; it takes 0 to 1000000000 USD per million tokens"
                    .to_owned(),
                "line 9: `models.c.tiers.above`: missing; it takes a number of input tokens".to_owned(),
                "line 9: `models.c.tiers.above`: invalid value `1.5`; it takes a whole number of input tokens".to_owned(),
                "line 13: `models.d.tiers`: two tiers above 1".to_owned(),
                "line 15: `aliases.e`: unknown model `nothing`; name one under `models`, or one of the bundled table"
                    .to_owned(),
                "line 16: `aliases.d`: this name has a price under `models`; an alias can't have one".to_owned(),
                "line 17: `aliases.f`: invalid value `3`; it takes a string".to_owned(),
            ]
        );
    }

    #[test]
    fn wrong_syntax_does_not_hide_other_mistakes() {
        let text = "[models.a]\ninput = \noutput = -1\n[models.a]\ninput = 1\noutput = 2\n";
        let mistakes = mistakes(text);
        assert!(mistakes.iter().any(|mistake| mistake.starts_with("line 2: ")), "{mistakes:#?}");
        assert!(
            mistakes.iter().any(|mistake| mistake.starts_with("line 4: `a`: given twice")),
            "{mistakes:#?}"
        );
        assert_eq!(
            self::mistakes("[models.a]\ninput = 1\ninput = 2\noutput = 3\n"),
            ["line 3: `input`: given twice"]
        );
    }

    #[test]
    fn a_value_of_another_type_is_a_mistake() {
        for text in [
            "models = 1",
            "[models]\na = 1",
            "aliases = []",
            "version = 1",
            "[models.a]\ninput = 1\noutput = 1\ntiers = 1",
        ] {
            assert_eq!(mistakes(text).len(), 1, "{text}");
        }
        let tier = "{ above = 1, input = 1, output = 1 },";
        let text = format!("[models.a]\ninput = 1\noutput = 1\ntiers = [{}]", tier.repeat(4));
        assert!(mistakes(&text)[0].contains("4 tiers; a price has at most 3"));
    }

    #[test]
    fn a_file_is_named_in_its_errors() {
        let error = PriceTable::from_file("no/such/prices.toml").unwrap_err();
        assert!(error.to_string().starts_with("prices in `no/such/prices.toml` are unreadable: "), "{error}");
        let file = std::env::temp_dir().join(format!("agent-metrics-prices-{}.toml", std::process::id()));
        std::fs::write(&file, "[models.a]\ninput = -1\noutput = 1").unwrap();
        let error = PriceTable::from_file(&file).unwrap_err();
        std::fs::remove_file(&file).unwrap();
        let PriceError::Invalid { file: Some(named), mistakes } = &error else { panic!("{error}") };
        assert_eq!(*named, file.display().to_string());
        assert_eq!((mistakes[0].line, &*mistakes[0].field), (2, "models.a.input"));
    }
}
