//! Price tables from TOML.

mod mistake;
mod reader;
mod schema;
mod tariff;

use std::path::Path;

pub use mistake::{PriceError, PriceMistake};
use schema::read;

use super::table::PriceTable;

impl PriceTable {
    /// Parses prices from a TOML text, to be [combined](Self::overlay) with another table. Needs the feature `toml`.
    ///
    /// All amounts are in USD per million tokens, except for fees. `input` and `output` are required; the other kinds of
    /// tokens default to the price of input or output. See [`Price::above`](crate::Price::above) for tiers.
    ///
    /// `variants` are the prices of service tiers: a table like that of a model, or a number by which the model's prices are
    /// multiplied. `dated` are prices that replace the model's on days from `from` on and before `until` (UTC). Without
    /// `until` they apply until the next ones begin.
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
    ///     variants = { batch = 0.5, priority = { input = 2, output = 16 } }   # also flex, fast, us
    ///     per_thousand_web_searches = 10  # and per_thousand_requests, audio_hours
    ///     dated = [{ from = 2027-01-01, input = 2, output = 12 }]             # `until` is optional
    ///
    ///     [aliases]
    ///     "our-azure-deployment" = "gpt-4o"
    /// "#)?;
    /// let prices = PriceTable::bundled().overlay(prices);
    /// assert_eq!(prices.get("our-azure-deployment"), prices.get("gpt-4o"));
    /// let call = Usage::new(300_000, 0).cache_read(200_000);
    /// assert_eq!(prices.get("our-model").map(|price| price.cost(&call).total()), Some(0.3));
    /// # Ok::<(), agent_metrics::pricing::PriceError>(())
    /// ```
    ///
    /// An alias names a model of the text, or a model of [`bundled`](Self::bundled), whose bundled price it then has.
    ///
    /// # Errors
    /// Returns [`PriceError::Invalid`] with the line and the field of every mistake: a syntax error, a model or field
    /// given twice, an unknown or missing field, a value of the wrong type, a price that is negative, not finite or above
    /// a billion, more than three tiers, two tiers with one threshold, a variant without a base price, prices whose dates
    /// overlap, an alias of an unknown model or for a name that has a price, an invalid date.
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

    /// Parses prices from a TOML file; see [`from_toml`](Self::from_toml).
    ///
    /// # Errors
    /// Returns [`PriceError::Invalid`] as [`from_toml`](Self::from_toml) does, with the file's path, and
    /// [`PriceError::Unreadable`] if the file can't be read or isn't UTF-8.
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::pricing::time::day_start;
    use crate::pricing::{Price, PriceQuery};
    use crate::usage::ServiceTier;

    fn mistakes(text: &str) -> Vec<String> {
        let error = PriceTable::from_toml(text).unwrap_err();
        error.to_string().lines().skip(1).map(|line| line.trim().to_owned()).collect()
    }

    #[test]
    fn prices_tiers_and_aliases_are_read_from_a_file() {
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
    fn every_mistake_is_reported_with_its_line_and_field() {
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
        let rates = "cache_read, cache_write, cache_write_long, cache_read_audio, audio_input, audio_output, image_input, image_output";
        let fees = "per_thousand_web_searches, per_thousand_requests, audio_hours";
        assert_eq!(
            mistakes(text),
            [
                "line 1: `date`: invalid value `\"yesterday\"`; it takes a date such as 2026-05-01".to_owned(),
                "line 2: `modles`: unknown field; the known fields are version, date, models, aliases".to_owned(),
                "line 4: `models.\"a b\".input`: invalid price `-3`; it takes 0 to 1000000000 USD per million tokens"
                    .to_owned(),
                "line 5: `models.\"a b\".output`: invalid price `nan`; it takes 0 to 1000000000 USD per million tokens"
                    .to_owned(),
                format!("line 6: `models.\"a b\".cache_raed`: unknown field; the known fields are input, output, {rates}, {fees}, tiers, variants, dated"),
                "line 7: `models.c.output`: missing; it takes USD per million tokens".to_owned(),
                "line 8: `models.c.input`: invalid value `\"1\"`; it takes USD per million tokens".to_owned(),
                "line 9: `models.c.tiers.output`: invalid price `inf`; it takes 0 to 1000000000 USD per million tokens"
                    .to_owned(),
                "line 9: `models.c.tiers.above`: missing; it takes a number of input tokens".to_owned(),
                "line 9: `models.c.tiers.above`: invalid value `1.5`; it takes a whole number of input tokens".to_owned(),
                "line 13: `models.d.tiers`: two tiers with the threshold 1".to_owned(),
                "line 15: `aliases.e`: unknown model `nothing`; use a model under `models` or one of the bundled table"
                    .to_owned(),
                "line 16: `aliases.d`: an alias can't have the name of a model under `models`".to_owned(),
                "line 17: `aliases.f`: invalid value `3`; it takes a string".to_owned(),
            ]
        );
    }

    /// Returns the price of a model in a text at the start of a day.
    fn on(text: &str, day: &str, tier: ServiceTier) -> Price {
        let time = UNIX_EPOCH + Duration::from_secs(day_start(day).expect("a day"));
        let table = PriceTable::from_toml(text).unwrap_or_else(|error| panic!("{error}"));
        table.find(&PriceQuery::new("a").tier(tier).at(time)).expect("a price")
    }

    #[test]
    fn variants_and_dated_prices_are_read_from_a_file() {
        let text = r#"
            [models.a]
            input = 4
            output = 8
            per_thousand_web_searches = 10
            variants = { batch = 0.5, priority = { input = 8, output = 20, cache_read = 1 }, us = 1.1 }

            [[models.a.dated]]
            from = "2027-03-01"
            input = 3
            output = 6

            [[models.a.dated]]
            from = 2027-01-01
            until = 2027-02-01
            input = 2
            output = 4
            tiers = [{ above = 100, input = 5, output = 6 }]
            variants.batch = 0.25
        "#;
        let standard = |day| on(text, day, ServiceTier::STANDARD);
        let search = |price: Price| price.per_thousand_web_searches(10.0);
        assert_eq!(standard("2026-12-31"), search(Price::per_million(4.0, 8.0)));
        let january = Price::per_million(2.0, 4.0).above(100, Price::per_million(5.0, 6.0));
        assert_eq!([standard("2027-01-01"), standard("2027-01-31")], [january; 2]);
        // Between the periods the model's own price applies.
        assert_eq!(standard("2027-02-01"), search(Price::per_million(4.0, 8.0)));
        assert_eq!(standard("2027-03-01"), Price::per_million(3.0, 6.0));
        let tier = |day, tier| on(text, day, tier);
        assert_eq!(tier("2026-12-31", ServiceTier::BATCH), search(Price::per_million(2.0, 4.0)));
        let priority = search(Price::per_million(8.0, 20.0).cache_read(1.0));
        assert_eq!(tier("2026-12-31", ServiceTier::PRIORITY), priority);
        let quarter = Price::per_million(0.5, 1.0).above(100, Price::per_million(1.25, 1.5));
        assert_eq!(tier("2027-01-15", ServiceTier::BATCH), quarter);
        assert_eq!(tier("2027-03-15", ServiceTier::BATCH), Price::per_million(3.0, 6.0));
    }

    #[test]
    fn prices_whose_dates_overlap_are_a_mistake() {
        let period =
            |from, until| format!("[[models.a.dated]]\nfrom = {from}\n{until}input = 1\noutput = 1\n");
        let base = "[models.a]\ninput = 1\noutput = 1\n";
        let text =
            format!("{base}{}{}", period("2027-02-01", ""), period("2027-01-01", "until = 2027-02-02\n"));
        assert_eq!(
            mistakes(&text),
            [
                "line 4: `models.a.dated`: the prices from 2027-01-01 (line 9) overlap those from 2027-02-01 (line 5); write \
              `until = 2027-02-01` for the former, or a later `from` for the latter"
            ]
        );
        let text = format!("{base}{}{}", period("2027-02-01", ""), period("2027-02-01", ""));
        assert_eq!(
            mistakes(&text),
            [
                "line 4: `models.a.dated`: two prices from 2027-02-01 (lines 5 and 9); give one of them another `from`"
            ]
        );
        let text = format!("{base}{}", period("2027-02-01", "until = 2027-02-01\n"));
        assert_eq!(
            mistakes(&text),
            [
                "line 6: `models.a.dated.until`: not after `from`; it takes the day after the last one, later than 2027-02-01"
            ]
        );
        let text = format!("{base}{}", period("\"soon\"", ""));
        assert_eq!(
            mistakes(&text),
            ["line 5: `models.a.dated.from`: invalid value `\"soon\"`; it takes a date such as 2026-05-01"]
        );
        let mistakes = mistakes("[models.a]\ninput = 1\noutput = 1\ndated = [{ input = 1, output = 1 }]");
        assert_eq!(
            mistakes,
            [
                "line 4: `models.a.dated.from`: missing; it takes the first day of these prices, such as 2026-05-01"
            ]
        );
    }

    #[test]
    fn a_variant_without_a_base_price_is_a_mistake() {
        assert_eq!(
            mistakes("[models.a]\nvariants = { flex = 0.5 }\n"),
            [
                "line 1: `models.a.input`: missing; it takes USD per million tokens",
                "line 1: `models.a.output`: missing; it takes USD per million tokens",
                "line 2: `models.a.variants`: no base price; write `input` and `output` of the standard tier in `models.a`",
            ]
        );
        let base = "[models.a]\ninput = 1\noutput = 1\nvariants = ";
        for (variants, mistake) in [
            (
                "{ flx = 1 }",
                "`models.a.variants.flx`: unknown field; the known fields are flex, priority, batch, fast, us",
            ),
            ("2", "`models.a.variants`: invalid value `2`; it takes a table such as { batch = 0.5 }"),
            (
                "{ us = { input = 1 } }",
                "`models.a.variants.us.output`: missing; it takes USD per million tokens",
            ),
            (
                "{ us = -1 }",
                "`models.a.variants.us`: invalid price `-1`; it takes 0 to 1000000000 times the standard price, or a table with \
                 `input` and `output`",
            ),
        ] {
            assert_eq!(mistakes(&format!("{base}{variants}")), [format!("line 4: {mistake}")]);
        }
    }

    #[test]
    fn a_syntax_error_does_not_hide_other_mistakes() {
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
    fn a_value_of_the_wrong_type_is_a_mistake() {
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
    fn errors_name_the_file() {
        let error = PriceTable::from_file("no/such/prices.toml").unwrap_err();
        assert!(error.to_string().starts_with("cannot read prices from `no/such/prices.toml`: "), "{error}");
        let file = std::env::temp_dir().join(format!("agent-metrics-prices-{}.toml", std::process::id()));
        std::fs::write(&file, "[models.a]\ninput = -1\noutput = 1").unwrap();
        let error = PriceTable::from_file(&file).unwrap_err();
        std::fs::remove_file(&file).unwrap();
        let PriceError::Invalid { file: Some(named), mistakes } = &error else { panic!("{error}") };
        assert_eq!(*named, file.display().to_string());
        assert_eq!((mistakes[0].line, &*mistakes[0].field), (2, "models.a.input"));
    }

    #[test]
    fn no_malformed_text_makes_the_parser_panic() {
        let text = "version = \"\u{e9}\"\n[models.\"a.b\"]\ninput = 1.5 # \u{e9}\noutput = -2\ntiers = [{ above = 1 }]\nvariants = { us = 2 }\ndated = [{ from = 2027-01-01, input = 1, output = 1 }]\n[aliases]\nc = \"a\"\n";
        for (at, character) in text.char_indices() {
            let rest = &text[at + character.len_utf8()..];
            for instead in ["", "\n", "\"", "[", "}", "=", ".", "\u{1f600}", "1e999"] {
                let _ = PriceTable::from_toml(&format!("{}{instead}{rest}", &text[..at]));
            }
            let _ = PriceTable::from_toml(rest);
        }
    }
}
